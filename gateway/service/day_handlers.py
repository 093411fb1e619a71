"""What the gateway answers about its daily duties: contacts, calls to be made, reconciliation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import Connection
from twisted.internet.defer import Deferred

from gateway.clock import Clock, business_date
from gateway.exchange.offices import Offices
from gateway.ledger import calls, daily_query
from gateway.ledger.store import Ledger
from gateway.operations.commands import MAX_REPLY_BYTES, CommandRefused, Commands
from gateway.service.almanac import Almanac
from gateway.service.day_shelf import DayShelf
from gateway.service.directory import Directory

T = TypeVar("T")
Arguments = dict[str, Any]
Answer = dict[str, Any]

_MAX_ROWS = 1_000
_MAX_NUMBER = 2**63 - 1
_MAX_NAME, _MAX_NOTE = 64, 1_000
#: A report is part of an answer, which is written without its spaces but may need more bytes elsewhere.
_MAX_REPORT_BYTES = MAX_REPLY_BYTES * 3 // 4


class DayHandlers:
    """The control commands about the daily duties."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        almanac: Almanac,
        shelf: DayShelf,
        directory: Directory,
        offices: Offices,
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._almanac = almanac
        self._shelf = shelf
        self._directory = directory
        self._offices = offices
        self._clock = clock

    def register(self, commands: Commands) -> None:
        """Add all of them."""
        for name, handler in {
            "contact list": self.contact_list,
            "call list": self.call_list,
            "call done": self.call_done,
            "reconcile run": self.reconcile_run,
            "reconcile list": self.reconcile_list,
            "reconcile show": self.reconcile_show,
        }.items():
            commands.add(name, handler)

    async def contact_list(self, arguments: Arguments) -> Answer:
        """The register of contacts."""
        return {"rows": self._directory.rows()}

    async def call_list(self, arguments: Arguments) -> Answer:
        """The calls to be made, each with whom to call."""
        rows = await self._read(lambda connection: calls.open_calls(connection, _MAX_ROWS))
        return {"rows": [{**row, "contact": self._whom(row["role"])} for row in rows]}

    async def call_done(self, arguments: Arguments) -> Answer:
        """Somebody has made a call."""
        number = arguments.get("id")
        if type(number) is not int or not 1 <= number <= _MAX_NUMBER:
            raise CommandRefused("usage", "id: expected the number of a call, as `call list` shows it")
        by, note = _text(arguments, "by", _MAX_NAME), _text(arguments, "note", _MAX_NOTE)
        if by is None:
            raise CommandRefused("usage", "by: expected the name of who has made the call")
        if not await self._ledger.submit(lambda uow: calls.call_made(uow, number, by, note)):
            known = await self._read(lambda connection: calls.call(connection, number))
            if known is None:
                raise CommandRefused("not-found", f"there is no call {number}")
            raise CommandRefused("refused", f"{known['made_by']} has made call {number} already")
        self._almanac.wake()
        made = await self._read(lambda connection: calls.call(connection, number))
        assert made is not None, "a call that was made is there"
        return made

    async def reconcile_run(self, arguments: Arguments) -> Answer:
        """Report a day to customs once more, at once: to each partner, or to the one that is named."""
        day, partner = await self._day(arguments), _text(arguments, "partner", _MAX_NAME)
        if partner is not None and partner not in self._offices:
            known = ", ".join(self._offices.correspondents)
            raise CommandRefused("not-found", f"no partner {partner!r}; there are: {known}")
        if day > business_date(self._clock()):
            raise CommandRefused("usage", f"date: {day} has not begun yet")
        await self._almanac.report_again(day, partner)
        rows = await self._read(lambda connection: daily_query.days_of(connection, [day]))
        names = ("day", "partner", "sent_at", "parts", "transfers", "licences")
        wanted = self._offices.correspondents if partner is None else (partner,)
        told = [{name: row[name] for name in names} for row in rows if row["partner"] in wanted]
        return told[0] if len(told) == 1 else {"rows": told}

    async def reconcile_list(self, arguments: Arguments) -> Answer:
        """The last days: closed, sent, answered, and how many differences there are."""
        limit = arguments.get("limit", 31)
        if type(limit) is not int or not 1 <= limit <= _MAX_ROWS:
            raise CommandRefused("usage", f"limit: expected a whole number from 1 to {_MAX_ROWS}")
        return {"rows": await self._read(lambda connection: daily_query.days(connection, limit))}

    async def reconcile_show(self, arguments: Arguments) -> Answer:
        """A day, with what was compared if `compared` is asked for, and whom to call."""
        shown = await self._shown(await self._day(arguments), _text(arguments, "partner", _MAX_NAME))
        report = shown.pop("report")
        if report is not None and not arguments.get("compared"):
            report = {name: value for name, value in report.items() if name != "compared"}
        answer = {**shown, "report": report, "contacts": self._directory.of_all()}
        if len(str(answer)) > _MAX_REPORT_BYTES:
            files = self._shelf.path(date.fromisoformat(shown["day"]), shown["partner"], "*")
            raise CommandRefused("failed", f"the report is too large to be shown; it is in {files}")
        return answer

    async def _day(self, arguments: Arguments) -> date:
        given = arguments.get("date")
        if given is not None:
            try:
                return date.fromisoformat(given)
            except (TypeError, ValueError):
                raise CommandRefused("usage", "date: expected a date such as 2026-11-20") from None
        last = await self._read(daily_query.last_day)
        if last is None:
            raise CommandRefused("not-found", "no day has been closed yet")
        return last

    async def _shown(self, day: date, partner: str | None) -> Answer:
        partners = await self._read(lambda connection: daily_query.reported_to(connection, day))
        if partner is None and len(partners) > 1:
            raise CommandRefused(
                "usage",
                f"partner: {day} was reported to several, say which (--partner): {', '.join(partners)}",
            )
        shown = await self._read(lambda connection: daily_query.report(connection, day, partner))
        if shown is None and partner is not None and partners:
            known = ", ".join(partners)
            raise CommandRefused("not-found", f"{day} was not reported to {partner!r}, but to: {known}")
        if shown is None:
            raise CommandRefused("not-found", f"{day} was neither closed nor reported")
        return shown

    def _whom(self, role: str) -> str:
        return "; ".join(self._directory.of(role)) or f"no contact is configured for {role}"

    def _read(self, question: Callable[[Connection], T]) -> Deferred[T]:
        return self._ledger.read(question)


def _text(arguments: Arguments, name: str, most: int) -> str | None:
    given = arguments.get(name)
    if given is None:
        return None
    if not isinstance(given, str) or not given.strip() or len(given) > most or not given.isprintable():
        raise CommandRefused("usage", f"{name}: expected a text of 1 to {most} characters on one line")
    return given.strip()
