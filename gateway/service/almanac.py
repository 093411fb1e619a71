"""The almanac: does each day's duties once it is over, and tells what of them is not in order.

A business day is closed at `close_at` of the morning after it, in Asia/Shanghai, every day of the week: none
is exempt (外经贸配管发〔2000〕539号 art. 2, 4). What is to be done is asked of the ledger: days that went by
while nothing ran are closed, one after the other, at the next start.

The clock is not believed blindly. When it is ahead by more than a day from one look to the next, no day is
closed until it is back or the daemon starts anew. A day that is closed and turns out not to be over, because
the clock was set back, is opened again: what comes until its end belongs to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial

from sqlalchemy import Connection
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from gateway.clock import BUSINESS_ZONE, Clock, business_date
from gateway.exchange.day import Daybook
from gateway.exchange.notices import publish
from gateway.exchange.pump import Pump
from gateway.exchange.threads import InThread
from gateway.ledger import daily, daily_query, daily_sides
from gateway.ledger.store import Ledger
from gateway.licences.differences import ContactRole
from gateway.service.day_shelf import DayShelf
from gateway.service.directory import Directory

_log = Logger(namespace="gateway.almanac")

#: After a longer pause than this the days before are left: customs would not know what to do with them.
MAX_MISSED_DAYS = 31
#: How often the clock is looked at.
LOOK_SECONDS = 10.0
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """When a day is closed (in the morning after it), and how long customs has to answer its report."""

    close_at: time
    answer_within: timedelta

    def last_over(self, now: datetime) -> date:
        """The last business day that is to be closed by `now`."""
        local = now.astimezone(BUSINESS_ZONE)
        return local.date() - (_DAY if local.time() >= self.close_at else 2 * _DAY)


class Almanac:
    """Closes days as they are over, from `start` to `stop`."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        daybook: Daybook,
        shelf: DayShelf,
        hours: Hours,
        directory: Directory,
        clock: Clock,
        reactor: IReactorTime,
        in_thread: InThread,
        written: Callable[[], None],
        alarm: Callable[[str, str | None], None],
    ) -> None:
        """`written` is called after each commit that puts a report into the outbox."""
        self._ledger = ledger
        self._daybook = daybook
        self._shelf = shelf
        self._hours = hours
        self._directory = directory
        self._clock = clock
        self._in_thread = in_thread
        self._written = written
        self._alarm = alarm
        self._next: date | None = None
        self._believed: datetime | None = None
        self._leapt = False
        self._opened_again: set[date] = set()
        self._alarmed: frozenset[str] = frozenset()
        self._pump = Pump("day's end", self._step, reactor, idle_seconds=LOOK_SECONDS, alarm=alarm)

    def start(self) -> None:
        """Begin with what was missed."""
        self._pump.start()

    async def stop(self) -> None:
        """Finish what is in hand."""
        await self._pump.stop()

    def wake(self) -> None:
        """Something may have changed: look at once."""
        self._pump.wake()

    async def report_again(self, day: date, partner: str | None = None) -> None:
        """Send each partner (or this one) our report about `day` once more, as the ledger stands now."""
        notices = await self._ledger.submit(lambda uow: self._daybook.report(uow, day, partner), first=False)
        publish(_log, notices)
        self._written()
        self.wake()

    async def _step(self) -> bool:
        now = self._clock()
        if await self._closes_one(now):
            return True
        await self._put_on_shelf()
        await self._look_round(now)
        return False

    async def _closes_one(self, now: datetime) -> bool:
        """Close the next day, if it is over and the clock can be believed; whether it was."""
        self._leapt = self._believed is not None and now - self._believed > _DAY
        if self._leapt:
            return False
        self._believed = now if self._believed is None else max(self._believed, now)
        await self._open_again(now)
        over = self._hours.last_over(now)
        if self._next is None or self._next > over + _DAY:
            self._next = await self._first(now)
        day = self._next = self._without_the_long_past(self._next, over)
        if day > over:
            return False
        notice = await self._ledger.submit(lambda uow: self._daybook.close(uow, day), first=False)
        self._next = day + _DAY
        self._opened_again.discard(day)
        publish(_log, [] if notice is None else [notice])
        self._written()
        return True

    async def _open_again(self, now: datetime) -> None:
        """Days that are closed and not over were closed by a clock that was ahead."""
        today = business_date(now)
        early = await self._ledger.read(lambda connection: daily.closed_since(connection, today))
        if early:
            await self._ledger.submit(lambda uow: daily.reopen(uow, early))
            self._opened_again |= set(early)
            _log.warn("the clock was ahead: {days} not over yet, and closed again later", days=_listed(early))

    async def _first(self, now: datetime) -> date:
        """The first day that is not closed; a ledger begins with the day of its first entry, or today."""
        over = self._hours.last_over(now)
        return await self._ledger.read(lambda connection: _following(connection, over)) or business_date(now)

    def _without_the_long_past(self, day: date, over: date) -> date:
        """`day`, or the first of the last `MAX_MISSED_DAYS` up to `over` if that is later."""
        earliest = over - (MAX_MISSED_DAYS - 1) * _DAY
        if day < earliest:
            _log.warn(
                "{count} days from {first} on went by and are not closed any more",
                count=(earliest - day).days,
                first=day.isoformat(),
            )
        return max(day, earliest)

    async def _put_on_shelf(self) -> None:
        for report in await self._ledger.read(daily.unwritten):
            await self._in_thread(self._shelf.put, report.day, report.partner, report.content)
            await self._ledger.submit(partial(daily.mark_written, report_id=report.id))

    async def _look_round(self, now: datetime) -> None:
        """Tell what is not in order now, and of what was that it is again."""
        standing = await self._ledger.read(daily_query.standing)
        troubles = self._troubles(standing, now)
        for name, trouble in troubles.items():
            self._alarm(name, trouble)
        for name in self._alarmed - troubles.keys():
            self._alarm(name, None)
        self._alarmed = frozenset(troubles)

    def _clock_troubles(self, now: datetime) -> dict[str, str]:
        troubles = {}
        if self._leapt and self._believed is not None:
            before, after = (
                one.astimezone(BUSINESS_ZONE).isoformat(" ", "seconds") for one in (self._believed, now)
            )
            troubles["clock"] = (
                f"the clock went from {before} to {after} at once: no day is closed until it is back or,"
                " if it is right now, the daemon is started again"
            )
        if self._opened_again:
            troubles["days closed too early"] = (
                f"the clock was ahead when it closed {_listed(self._opened_again)}: to be closed and"
                " reported again when over"
            )
        return troubles

    def _troubles(self, standing: daily_query.Standing, now: datetime) -> Mapping[str, str]:
        customs = self._directory.told(ContactRole.CUSTOMS_HOTLINE)
        bureau = self._directory.told(ContactRole.LICENCE_BUREAU_DUTY)
        troubles = self._clock_troubles(now)
        offices = self._daybook.offices
        for (day, partner), count in standing.differences.items():
            which = f" --partner {partner}" if offices.with_whom(partner) else ""
            told = f"{_several(count, 'difference')}: see `ctl reconcile show {day}{which}`"
            # 外经贸配管发〔2000〕539号 art. 4: the other side and the licence bureau, at once.
            troubles[f"reconciliation of {day}{offices.with_whom(partner)}"] = f"{told}; {customs}; {bureau}"
        for one in standing.unanswered:
            is_waited_for = now - one.as_of < self._hours.answer_within and not one.refused
            # Nobody is there to answer who was taken out; the day can be reported again to the others.
            if is_waited_for or one.partner not in offices:
                continue
            refused = f" and has refused it ({', '.join(one.refused)})" if one.refused else ""
            which = f"reconciliation of {one.day}{offices.with_whom(one.partner)}"
            troubles[f"answer to the {which}"] = f"customs has not answered the {which}{refused}; {customs}"
        if standing.calls:
            hub = self._directory.told(ContactRole.EXCHANGE_HUB_DUTY)
            troubles["telephone calls"] = (
                f"{_several(standing.calls, 'call')} to be made: see `ctl call list`; {hub}"
            )
        return troubles


def _listed(days: Iterable[date]) -> str:
    return ", ".join(day.isoformat() for day in sorted(days))


def _following(connection: Connection, over: date) -> date | None:
    last = daily.last_closed(connection, over)
    if last is not None:
        return last + _DAY
    first = daily_sides.first_entry_at(connection)
    return None if first is None else business_date(first)


def _several(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
