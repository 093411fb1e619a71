"""What customs told of a licence's use, in its own order, and what became of each message."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from gateway.clock import local_words
from gateway.licences.account import Account, Told, Trouble
from gateway.licences.facts import entry_id_of
from gateway.licences.sentences import (
    ALL_WITHDRAWN,
    AMENDMENT,
    APPLIED,
    CHANGED,
    COUNTS,
    DISCREPANCY_OPEN,
    DISCREPANCY_RESOLVED,
    DRAWN,
    NOT_APPLIED,
    NOTHING_SAID,
    OTHER_CONTENT,
    REPEATED,
    REVERSAL,
    REVERSED_LINE,
    SAID_BY,
    WAITS,
    WRITE_OFF,
    Said,
    word,
)
from gateway.licences.settlement import Verdict
from gateway.licences.state import LicenceState
from gateway.licences.steps import About, Step, left_of, listed, quantity, remedies, why
from gateway.licences.uses import LineUse
from licencexml.messages import WriteOff, WriteOffAmendment, WriteOffLineKey

#: When goods were released, and by which declaration.
_Place = tuple[str, str]
#: The place of what corrects a release that nobody has told.
_LAST = "~"


def uses_explained(account: Account) -> Iterator[Step]:
    """Each message of customs about a release, in the order in which releases count; then what is no fact."""
    state = account.state.unused()
    lines: defaultdict[str, list[LineUse]] = defaultdict(list)
    for use in account.uses:
        lines[use.message_id].append(use)
    for told in _in_order(account):
        result = NOT_APPLIED.say() + why(told.rejections)
        if told.verdict is Verdict.PARKED:
            result = WAITS.say(entry_id=entry_id_of(told.fact.message))
        elif told.verdict is Verdict.REPEATED:
            result = REPEATED.say()
        elif told.verdict is Verdict.APPLIED and isinstance(told.fact.message, WriteOff):
            state, result = _drawn(state, lines[told.fact.message_id], account)
        elif told.verdict is Verdict.APPLIED:
            result = COUNTS.say()
        yield _step(told, result)
    for trouble in account.troubles:
        yield _trouble(trouble)


def _in_order(account: Account) -> list[Told]:
    """Releases in customs' own order, each with its corrections by their numbers; what waits comes last."""
    order = _Order.of(account)
    return sorted(account.told, key=order.place)


@dataclass(frozen=True, slots=True)
class _Order:
    """Where write-offs stand, by message and (the first) by declaration; and whose each line is."""

    places: Mapping[str, _Place]
    first: Mapping[str, _Place]
    owners: Mapping[WriteOffLineKey, str]

    @classmethod
    def of(cls, account: Account) -> _Order:
        # What was amended stands where it stands now: at the first of its lines.
        places: dict[str, _Place] = {}
        for use in account.uses:
            places.setdefault(use.message_id, (use.declaration.release_time.isoformat(), use.key.entry_id))
        first: dict[str, _Place] = {}
        for told in account.told:
            if isinstance(told.fact.message, WriteOff):
                one = told.fact.message.declaration
                place = places.setdefault(told.fact.message_id, (one.release_time.isoformat(), one.entry_id))
                first[one.entry_id] = min(first.get(one.entry_id, place), place)
        return cls(places, first, {use.key: use.message_id for use in account.uses})

    def place(self, told: Told) -> tuple[object, ...]:
        message = told.fact.message
        if isinstance(message, WriteOff):
            return (*self.places[told.fact.message_id], 0, 0, *told.fact.precedence)
        if isinstance(message, WriteOffAmendment):
            place = self._of_line(message.amends)
            return (*place, 1, message.amendment_number, *told.fact.precedence)
        place = self._of_line(message.keys[0])
        return (*place, 2, message.reversal_number, *told.fact.precedence)

    def _of_line(self, key: WriteOffLineKey) -> _Place:
        if key in self.owners:
            return self.places[self.owners[key]]
        return self.first.get(key.entry_id, (_LAST, key.entry_id))


def _drawn(state: LicenceState, uses: list[LineUse], account: Account) -> tuple[LicenceState, Said]:
    """The licence after these lines of one write-off, and what is said of that."""
    drawn: defaultdict[int, Decimal] = defaultdict(Decimal)
    for use in uses:
        if use.key in account.drawn_on:
            drawn[account.drawn_on[use.key]] += use.counts.amount
    touched = [line for line in state.lines if line.line_number in drawn]
    after = tuple(
        replace(line, balance=line.balance - drawn.get(line.line_number, Decimal(0))) for line in state.lines
    )
    left = left_of(line for line in after if line.line_number in drawn or not drawn)
    if not drawn:
        return state, ALL_WITHDRAWN.say(left=left)
    said = listed(
        DRAWN.say(line=line.line_number, quantity=quantity(drawn[line.line_number], line.unit))
        for line in touched
    )
    return replace(state, lines=after), APPLIED.say(drawn=said, left=left)


def _step(told: Told, result: Said) -> Step:
    said = _what(told) + SAID_BY.say(message=told.fact.message_id) + result
    for change in told.changes:
        said += CHANGED.say(
            at=local_words(change.at), cause=change.cause, before=word(change.before), now=word(change.now)
        )
    if told.trouble is not None:
        said += _ended(told.trouble)
    articles = "; ".join(dict.fromkeys(one.article for one in told.rejections))
    settled = told.trouble is not None and not told.trouble.is_open
    to_do = () if settled else remedies(told.rejections)
    return Step(About.USE, said, articles or None, told.fact.message_id, to_do)


def _what(told: Told) -> Said:
    message = told.fact.message
    if isinstance(message, WriteOff):
        declaration = message.declaration
        return WRITE_OFF.say(entry_id=declaration.entry_id, at=local_words(declaration.release_time))
    if isinstance(message, WriteOffAmendment):
        key = message.amends
        return AMENDMENT.say(
            entry_id=key.entry_id,
            line=key.line_number,
            sequence=key.sequence,
            number=message.amendment_number,
            at=local_words(message.amendment_time),
            quantity=message.content.quantity,
        )
    lines = listed(REVERSED_LINE.say(line=one.line_number, quantity=one.quantity) for one in message.lines)
    return REVERSAL.say(
        entry_id=message.entry_id,
        number=message.reversal_number,
        at=local_words(message.withdrawal_time),
        lines=lines,
    )


def _trouble(trouble: Trouble) -> Step:
    said = OTHER_CONTENT.say(message=trouble.message_id, kind=trouble.kind) + why(trouble.rejections)
    articles = "; ".join(dict.fromkeys(one.article for one in trouble.rejections))
    return Step(
        About.USE,
        said + _ended(trouble),
        articles or None,
        trouble.message_id,
        remedies(trouble.rejections) if trouble.is_open else (),
    )


def _ended(trouble: Trouble) -> Said:
    if trouble.is_open:
        return DISCREPANCY_OPEN.say(number=trouble.number)
    if trouble.by is not None:
        return DISCREPANCY_RESOLVED.say(number=trouble.number, by=trouble.by, note=trouble.note)
    return NOTHING_SAID
