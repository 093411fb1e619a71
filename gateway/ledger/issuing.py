"""Licences taken in and sealed, by the batch. Exported by `gateway.ledger.book`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select

from gateway.clock import business_date
from gateway.ledger import acts_sent, calls, whereabouts
from gateway.ledger.correspondence import (
    Known,
    Received,
    answer_again,
    known_messages,
    own_message,
    register,
)
from gateway.ledger.journal import Journal, licence_columns
from gateway.ledger.kinds import SEALED_LICENCE, EntryKind, OutcomeStatus, Priority
from gateway.ledger.outbox import sending
from gateway.ledger.outcome import Outcome
from gateway.ledger.portable import is_literally
from gateway.ledger.projection import key_of, life_columns, load_lives, load_states, save_lives
from gateway.ledger.refusals import enter_refusal
from gateway.ledger.state_data import permitted_data, state_data, suspension_data
from gateway.ledger.store import UnitOfWork
from gateway.ledger.tables import licence, licence_line, message, outbox
from gateway.licences.issue import decide_issue
from gateway.licences.life import ENDED, LicenceEvent, Transmission
from gateway.licences.policy import Policy
from gateway.licences.state import LicenceState
from licencexml.messages import LicenceIssue, LicenceReplacement, kind_of
from licencexml.values import LicenceKey

_UNSEALED = (
    select(
        licence.c.id,
        licence.c.licence_type,
        licence.c.licence_no,
        licence.c.priority,
        licence.c.accepted_at,
        licence.c.clearance_port,
        licence.c.replaces,
        licence.c.partner,
        licence.c.tree,
        licence.c.source,
        licence.c.issue_message_id,
        message.c.xml,
    )
    .join(message, message.c.message_id == licence.c.issue_message_id)
    .where(is_literally(licence.c.transmission, Transmission.ACCEPTED), licence.c.standing.not_in(ENDED))
    .order_by(licence.c.priority, licence.c.id)
    .limit(bindparam("limit"))
)


@dataclass(frozen=True, slots=True)
class IssueReceived:
    """An examined message that issues a licence, by itself or in the place of another.

    With it its content digest, its own bytes, the spool tree and file it came in.
    """

    issue: LicenceIssue | LicenceReplacement
    digest: bytes
    xml: bytes
    tree: str
    source: str


@dataclass(frozen=True, slots=True)
class ToSeal:
    """An accepted licence that has no seal yet: its issuer's message, and where that came from.

    `is_act`: it is another act of the issuer's, about a licence that exists. `partner` is the one that the
    licence was sealed for (None: it has no seal yet), or that it replaces; `port` its place of clearance.
    """

    message_id: str
    licence: LicenceKey
    xml: bytes
    urgent: bool
    tree: str
    source: str
    port: str
    partner: str | None = None
    is_act: bool = False


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed licence, or another sealed act of the issuer's, that is to go to `partner`."""

    issue_message_id: str
    licence: LicenceKey
    sealed_message_id: str
    xml: bytes
    digest: bytes
    partner: str
    urgent: bool
    is_act: bool = False


def accept_issues(uow: UnitOfWork, batch: Sequence[IssueReceived], policy: Policy) -> list[Outcome]:
    """Decide about each licence in the order of the batch; the outcomes are in that order too.

    What is accepted is in the ledger with status ACCEPTED. A refusal or a conflict is an entry and does not
    use up its MessageID; a repeat changes nothing. The number of statements does not grow with the batch.
    """
    known = known_messages(uow.connection, [one.issue.header.message_id for one in batch])
    states = load_states(uow.connection, [one.issue.licence.key for one in batch])
    today = business_date(uow.now)
    journal = Journal(uow)
    outcomes = []
    for one in batch:
        header, key = one.issue.header, one.issue.licence.key
        if header.message_id in known:
            outcome = answer_again(header.message_id, one.digest, known[header.message_id])
        else:
            decision = decide_issue(one.issue.licence, states.get(key), policy, today)
            status = OutcomeStatus.REFUSED if decision.state is None else OutcomeStatus.ACCEPTED
            outcome = Outcome(status, header.message_id, key, decision.rejections)
            if decision.state is not None:
                states[key] = decision.state
                known[header.message_id] = enter_licence(uow, journal, one, decision.state, outcome)
        if outcome.status in {OutcomeStatus.REFUSED, OutcomeStatus.CONFLICT}:
            _enter_refused(journal, one, outcome)
        outcomes.append(outcome)
    journal.flush()
    return outcomes


def to_seal(connection: Connection, limit: int) -> list[ToSeal]:
    """Licences and acts accepted and not sealed: urgent ones first, then the oldest.

    A licence that has ended is never sealed: customs would have it in force.
    """
    rows = connection.execute(_UNSEALED, {"limit": limit})
    licences = [(row, row.issue_message_id, False) for row in rows]
    acts = [(row, row.message_id, True) for row in acts_sent.unsealed(connection, limit)]
    in_order = sorted(
        (*licences, *acts), key=lambda one: (one[0].priority, one[0].accepted_at, one[2], one[0].id)
    )
    replaced = {row.replaces: LicenceKey.parse(row.replaces) for row, _, _ in licences if row.replaces}
    places = whereabouts.places(connection, replaced.values())
    partners = {name: places[key].partner for name, key in replaced.items() if key in places}
    return [
        ToSeal(
            message_id=message_id,
            licence=key_of(row),
            xml=row.xml,
            urgent=row.priority == Priority.URGENT,
            tree=row.tree,
            source=row.source,
            port=row.clearance_port,
            partner=row.partner if is_act else partners.get(row.replaces),
            is_act=is_act,
        )
        for row, message_id, is_act in in_order[:limit]
    ]


def record_seals(uow: UnitOfWork, batch: Sequence[Sealed]) -> list[Sealed]:
    """Put sealed licences and acts into the outbox, in their order; returns those recorded.

    What has a seal already is left out: it is never sealed, and so never sent, twice.
    """
    lives = load_lives(uow.connection, [one.licence for one in batch if not one.is_act])
    unsealed = {key for key, life in lives.items() if life.transmission is Transmission.ACCEPTED}
    acts = acts_sent.unsealed_ids(uow.connection, [one.issue_message_id for one in batch if one.is_act])
    journal = Journal(uow)
    recorded: list[Sealed] = []
    for one in batch:
        if one.is_act and one.issue_message_id in acts:
            acts.remove(one.issue_message_id)
        elif not one.is_act and one.licence in unsealed:
            unsealed.remove(one.licence)
        else:
            continue
        recorded.append(one)
        _enter_sealed(uow, journal, one)
    journal.flush()
    licences = [one for one in recorded if not one.is_act]
    save_lives(
        uow,
        {one.licence: lives[one.licence].after(LicenceEvent.SEAL) for one in licences},
        {one.licence: one.partner for one in licences},
    )
    seals = {one.issue_message_id: one.sealed_message_id for one in recorded if one.is_act}
    acts_sent.record_sealed(uow, seals)
    return recorded


def enter_licence(
    uow: UnitOfWork,
    journal: Journal,
    one: IssueReceived,
    state: LicenceState,
    outcome: Outcome,
    *,
    priority: Priority | None = None,
) -> Known:
    """Have an accepted licence entered, in its first state; `priority` if not the message's own."""
    header = one.issue.header
    received = Received(header, kind_of(one.issue), one.digest, one.xml, f"{one.tree}:{one.source}")
    known = register(journal, uow, received, outcome)
    provenance = {"issuer": header.sender, "tree": one.tree, "source": one.source}
    if priority is None:
        priority = Priority.URGENT if one.issue.urgent else Priority.NORMAL
    data = {"licence": state_data(state), "priority": int(priority), **provenance}
    journal.enter(EntryKind.ISSUE_ACCEPTED, data, licence=state.key, message_id=header.message_id)
    journal.add(
        licence,
        licence_row(state)
        | provenance
        | {
            "priority": int(priority),
            "issue_message_id": header.message_id,
            "accepted_at": uow.now,
            "partner": None,
        },
    )
    for line in line_rows(state):
        journal.add(licence_line, line)
    if one.issue.urgent:
        calls.urgent_licence(journal, uow, state.key, header.message_id)
    return known


def _enter_refused(journal: Journal, one: IssueReceived, outcome: Outcome) -> None:
    enter_refusal(
        journal,
        kind=kind_of(one.issue),
        message_id=outcome.message_id,
        licence=one.issue.licence.key,
        source=f"{one.tree}:{one.source}",
        rejections=outcome.rejections,
        digest=one.digest,
    )


def licence_row(state: LicenceState) -> dict[str, Any]:
    """What the row of `licence` says of the state itself."""
    return (
        licence_columns(state.key)
        | life_columns(state.life)
        | {
            "medium": state.medium,
            "usage_mode": state.usage_mode,
            "cap": state.cap,
            "licence_date": state.licence_date,
            "valid_from": state.valid_from,
            "valid_to": state.valid_to,
            "operator_code": state.operator.code,
            "operator_name": state.operator.name,
            "counterpart_code": state.counterpart.code,
            "counterpart_name": state.counterpart.name,
            "clearance_port": state.clearance_port,
            "country": state.country,
            "terms_of_trade": state.terms_of_trade,
            "permitted": permitted_data(state.permitted),
            "suspensions": suspension_data(state.suspensions),
            "replaces": None if state.replaces is None else str(state.replaces),
            "replaced_by": None if state.replaced_by is None else str(state.replaced_by),
            "confirmed_at": state.confirmed_at,
        }
    )


def line_rows(state: LicenceState) -> list[dict[str, Any]]:
    """The rows of `licence_line`."""
    return [
        licence_columns(state.key)
        | {
            "line_number": line.line_number,
            "goods_code": line.goods_code,
            "unit": line.unit,
            "issued": line.issued,
            "balance": line.balance,
            "tolerance_percent": line.tolerance_percent,
            "unified_operation": line.unified_operation,
            "goods_name": line.goods_name,
        }
        for line in state.lines
    ]


def _enter_sealed(uow: UnitOfWork, journal: Journal, one: Sealed) -> None:
    journal.add(
        message,
        own_message(
            uow,
            message_id=one.sealed_message_id,
            partner=one.partner,
            kind=SEALED_LICENCE,
            digest=one.digest,
            xml=one.xml,
            licence=one.licence,
        ),
    )
    journal.add(
        outbox,
        sending(
            uow,
            one.partner,
            one.sealed_message_id,
            kind=SEALED_LICENCE,
            priority=Priority.URGENT if one.urgent else Priority.NORMAL,
            size_bytes=len(one.xml),
            licence=one.licence,
        ),
    )
    data = {"issue_message_id": one.issue_message_id, "partner": one.partner}
    kind = EntryKind.ACT_SEALED if one.is_act else EntryKind.SEALED
    journal.enter(kind, data, licence=one.licence, message_id=one.sealed_message_id)
