"""How a licence stands and why, step by step, in both languages.

Composed of what is known of the licence (`account`), the sentences of `sentences`, and what rules and tables
say of themselves: their articles, sources and remedies. Nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from gateway.clock import local_words
from gateway.licences import sentences as s
from gateway.licences.account import Account, Milestone
from gateway.licences.explaining_uses import uses_explained
from gateway.licences.goods import quantity_exceeds_balance
from gateway.licences.life import LicenceEvent, Standing
from gateway.licences.next_steps import cap_reason, next_steps
from gateway.licences.sentences import Said, Sentence, word
from gateway.licences.state import Suspension
from gateway.licences.steps import About, Step, left_of, remedies, why
from gateway.licences.tables import Row
from gateway.licences.use import licence_suspended, outside_validity
from licencexml.values import Quantity, UsageMode

_WAY: dict[LicenceEvent, Sentence] = {
    LicenceEvent.SEAL: s.SEALED,
    LicenceEvent.SEND: s.SENT,
    LicenceEvent.CUSTOMS_ACCEPT: s.RECEIVED,
    LicenceEvent.CUSTOMS_REFUSE: s.CUSTOMS_REFUSED,
}
_SEALED_AND_SENT, _REPLACED, _REVOKED = (
    f"商办配函〔2015〕494号 {article}" for article in ("art. 11, 12", "art. 16, 17", "art. 18")
)


def explain(account: Account) -> list[Step]:
    """All of it, in the order in which a person asks."""
    return [
        *_stands(account),
        *_issued(account),
        *_way(account),
        *uses_explained(account),
        *_suspended(account),
        *_ended(account),
        *_left(account),
        *next_steps(account),
    ]


def _stands(account: Account) -> Iterator[Step]:
    state = account.state
    said = s.STANDS.say(licence=state.key, status=word(state.status))
    if state.is_suspended_at(account.now):
        said += s.STOPPED_NOW.say()
    yield Step(About.STANDING, said)


def _issued(account: Account) -> Iterator[Step]:
    state, tables = account.state, account.policy.tables
    said = s.ISSUED.say(
        medium=word(state.medium),
        type=word(state.key.type),
        issuer=account.issuer,
        operator=state.operator.name,
        code=state.operator.code,
        licence_date=state.licence_date,
        port=state.clearance_port,
        country=state.country,
    )
    for line in state.lines:
        said += s.GOODS_LINE.say(
            line=line.line_number,
            name=line.goods_name,
            goods_code=line.goods_code,
            issued=Quantity.of(line.issued, line.unit),
        )
    if state.replaces is not None:
        said += s.REPLACES.say(licence=state.replaces)
    yield Step(About.ISSUE, said)
    yield _mode(account)
    yield from _tolerances(account)
    row = tables.validity.row(state.key.type, "", state.licence_date)
    valid = s.VALID.say(valid_from=state.valid_from, valid_to=state.valid_to)
    article = outside_validity.reason.article
    yield Step(About.ISSUE, valid + _source(tables.validity.name, row), article)


def _mode(account: Account) -> Step:
    state, caps = account.state, account.policy.tables.caps
    article = cap_reason(account).article
    if state.usage_mode is UsageMode.SINGLE:
        return Step(About.ISSUE, s.MODE_SINGLE.say(), article)
    row = caps.row(state.key.type, "", state.licence_date)
    said = s.MODE_MULTI.say(cap=state.cap) + _source(caps.name, row)
    if row is not None and row.value != state.cap:
        said += s.ROW_CHANGED.say(table=_name(caps.name), now=row.value, then=state.cap)
    return Step(About.ISSUE, said, article)


def _tolerances(account: Account) -> Iterator[Step]:
    """The over-shipment of each line of bulk goods; the others are told together.

    What the table says by now may be something else.
    """
    state, table = account.state, account.policy.tables.tolerances
    others: list[int] = []
    for line in state.lines:
        row = table.row(state.key.type, line.goods_code, state.licence_date)
        now = 0 if row is None else row.value
        if not line.tolerance_percent and not now:
            others.append(line.line_number)
            continue
        said = s.TOLERANCE.say(line=line.line_number, percent=line.tolerance_percent)
        if now == line.tolerance_percent:
            said += _source(table.name, row)
        else:
            said += s.ROW_CHANGED.say(table=_name(table.name), now=now, then=line.tolerance_percent)
        yield Step(About.ISSUE, said)
    if others:
        said = s.NO_TOLERANCE.say(lines=", ".join(map(str, others)))
        yield Step(About.ISSUE, said, quantity_exceeds_balance.reason.article)


def _source(table: str, row: Row[Any] | None) -> Said:
    return s.NOTHING_SAID if row is None else s.ROW.say(table=_name(table), source=row.source)


def _name(table: str) -> str:
    """A table is known by the path of its file; people know it by the file's name."""
    return PurePath(table).name


def _way(account: Account) -> Iterator[Step]:
    accepted = s.ACCEPTED.say(at=local_words(account.accepted_at), message=account.issue_message_id)
    yield Step(About.WAY, accepted, message_id=account.issue_message_id)
    for one in account.milestones:
        if one.event in _WAY:
            yield _passed(one)


def _passed(one: Milestone) -> Step:
    sentence = s.SEALED_FOR if one.partner is not None else _WAY[one.event]
    said = sentence.say(at=local_words(one.at), message=one.message_id, partner=one.partner)
    if one.rejections:
        said += why(one.rejections)
    return Step(About.WAY, said, _SEALED_AND_SENT, one.message_id, remedies(one.rejections))


def _suspended(account: Account) -> Iterator[Step]:
    for one in account.state.suspensions:
        yield Step(About.SUSPENSION, _suspension(one), licence_suspended.reason.article)
    if account.state.confirmed_at is not None:
        yield Step(About.SUSPENSION, s.CONFIRMED.say(at=local_words(account.state.confirmed_at)))


def _suspension(one: Suspension) -> Said:
    facts = {"since": local_words(one.since), "ground": word(one.ground)}
    if one.until is None:
        return s.SUSPENDED.say(**facts)
    return s.SUSPENDED_UNTIL.say(**facts, until=local_words(one.until))


def _ended(account: Account) -> Iterator[Step]:
    state = account.state
    for one in account.milestones:
        match one.event:
            case LicenceEvent.REPLACE:
                said = s.REPLACED_BY.say(at=local_words(one.at), successor=state.replaced_by)
                yield Step(About.END, said, _REPLACED, one.message_id)
            case LicenceEvent.REVOKE:
                ground = s.NOTHING_SAID if one.ground is None else word(one.ground)
                said = s.REVOKED.say(at=local_words(one.at), ground=ground)
                yield Step(About.END, said, _REVOKED, one.message_id)
            case LicenceEvent.EXPIRE:
                yield Step(About.END, s.EXPIRED.say(valid_to=state.valid_to), outside_validity.reason.article)


def _left(account: Account) -> Iterator[Step]:
    state = account.state
    usable = state.life.standing is Standing.IN_FORCE
    said = (s.LEFT if usable else s.LEFT_UNUSABLE).say(left=left_of(state.lines, s.BALANCE))
    yield Step(About.LEFT, said + s.COUNTED.say(counted=len(state.declarations), cap=state.cap))
