"""What customs answers to each licence and act sent, by the batch. Exported by `gateway.ledger.book`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import update

from gateway.ledger import acts_sent
from gateway.ledger.acts_sent import SealedAct
from gateway.ledger.correspondence import (
    Known,
    Received,
    answer_again,
    known_messages,
    register,
    rejection_data,
)
from gateway.ledger.journal import Journal
from gateway.ledger.kinds import SEALED_LICENCE, Direction, EntryKind, OutboxStatus, OutcomeStatus
from gateway.ledger.outcome import Outcome
from gateway.ledger.projection import load_lives, save_lives
from gateway.ledger.refusals import enter_refusal
from gateway.ledger.refused_acts import REPLACEMENT, Answered, acts_only, open_all, settle_all
from gateway.ledger.statements import one_of
from gateway.ledger.store import UnitOfWork
from gateway.ledger.tables import outbox
from gateway.licences.identity import ANSWERED_LICENCE_DIFFERS, ANSWERED_MESSAGE_UNKNOWN
from gateway.licences.life import LicenceEvent, Transmission
from licencexml.messages import AckStatus, ApplicationAck, kind_of
from licencexml.rejection import Rejection
from licencexml.values import LicenceKey

_DELIVERED = (
    update(outbox)
    .where(
        one_of(outbox.c.message_id, "message_ids"),
        outbox.c.status.in_((OutboxStatus.DUE, OutboxStatus.HELD, OutboxStatus.ASSIGNED)),
    )
    .values(status=OutboxStatus.DELIVERED)
)


@dataclass(frozen=True, slots=True)
class AnswerReceived:
    """An examined ApplicationAck: its content digest, its own bytes, the interchange that it came in."""

    ack: ApplicationAck
    digest: bytes
    xml: bytes
    source: str


def record_customs_answers(uow: UnitOfWork, batch: Sequence[AnswerReceived]) -> list[Outcome]:
    """Take in what customs says of licences, in the order of the batch; the outcomes are in that order too.

    The licence, or the act on it that is answered, becomes RECEIVED or CUSTOMS_REFUSED; an answer that comes
    late or twice does no harm. An answer to what was never sent is refused, entered, and does not use up its
    MessageID.
    """
    acks = [one.ack for one in batch]
    ids = [ack.header.message_id for ack in acks] + [ack.answers.message_id for ack in acks]
    known = known_messages(uow.connection, ids)
    acts = acts_sent.by_seal(uow.connection, [ack.answers.message_id for ack in acks])
    licences = [known[ack.answers.message_id].licence for ack in acks if ack.answers.message_id in known]
    before = load_lives(uow.connection, [key for key in licences if key is not None])
    after = dict(before)
    journal = Journal(uow)
    answered: list[str] = []
    happened: list[tuple[SealedAct, LicenceEvent]] = []
    progress = {act.message_id: act.transmission for act in acts.values()}
    turned: list[Answered] = []
    outcomes = []
    for one in batch:
        message_id = one.ack.header.message_id
        if message_id in known:
            outcomes.append(answer_again(message_id, one.digest, known[message_id]))
            continue
        sent = _sent(known.get(one.ack.answers.message_id))
        rejection = _fault(one.ack, sent)
        if rejection is not None:
            outcomes.append(_refuse(journal, one, rejection))
            continue
        assert sent is not None, "without a fault the answered licence is known"
        outcome = Outcome(OutcomeStatus.ACCEPTED, message_id, sent)
        received = Received(one.ack.header, kind_of(one.ack), one.digest, one.xml, one.source)
        known[message_id] = register(journal, uow, received, outcome)
        act = acts.get(one.ack.answers.message_id)
        event = _enter(journal, one, sent, of_act=act is not None)
        was = after[sent].transmission if act is None else progress[act.message_id]
        now = acts_sent.moved(was, event)
        if act is None:
            after[sent] = after[sent].after(event)
        else:
            progress[act.message_id] = now
            happened.append((act, event))
        if was is not now and Transmission.CUSTOMS_REFUSED in (was, now):
            kind = REPLACEMENT if act is None else act.kind
            refused = now is Transmission.CUSTOMS_REFUSED
            turned.append(Answered(one.ack, one.digest, sent, kind, refused))
        answered.append(one.ack.answers.message_id)
        outcomes.append(outcome)
    turned = acts_only(uow.connection, turned)
    open_all(uow, journal, turned)
    journal.flush()
    settle_all(uow, turned)
    save_lives(uow, {key: life for key, life in after.items() if life != before[key]})
    acts_sent.save(uow, happened)
    _delivered(uow, answered)
    return outcomes


def _sent(answered: Known | None) -> LicenceKey | None:
    """The licence of the answered message, if that is a sealed licence of ours."""
    if answered is None or answered.direction is not Direction.OUT or answered.kind != SEALED_LICENCE:
        return None
    return answered.licence


def _fault(ack: ApplicationAck, sent: LicenceKey | None) -> Rejection | None:
    if sent is None:
        return ANSWERED_MESSAGE_UNKNOWN.reject(message_id=ack.answers.message_id)
    if ack.licence is not None and ack.licence != sent:
        return ANSWERED_LICENCE_DIFFERS.reject(
            stated=ack.licence, message_id=ack.answers.message_id, licence=sent
        )
    return None


def _refuse(journal: Journal, one: AnswerReceived, rejection: Rejection) -> Outcome:
    message_id = one.ack.header.message_id
    enter_refusal(
        journal,
        kind=kind_of(one.ack),
        message_id=message_id,
        licence=one.ack.licence,
        source=one.source,
        rejections=[rejection],
        digest=one.digest,
    )
    return Outcome(OutcomeStatus.REFUSED, message_id, one.ack.licence, (rejection,))


def _enter(journal: Journal, one: AnswerReceived, key: LicenceKey, *, of_act: bool) -> LicenceEvent:
    ack = one.ack
    # A repeated message gets its earlier answer: with reasons, if it was refused then.
    refused = ack.status is AckStatus.REFUSED or bool(ack.rejections)
    if of_act:
        kind = EntryKind.ACT_CUSTOMS_REFUSED if refused else EntryKind.ACT_CUSTOMS_ACCEPTED
    else:
        kind = EntryKind.CUSTOMS_REFUSED if refused else EntryKind.CUSTOMS_ACCEPTED
    data = {
        "answers": ack.answers.message_id,
        "status": ack.status.value,
        "rejections": rejection_data(ack.rejections),
        "digest": one.digest.hex(),
    }
    journal.enter(kind, data, licence=key, message_id=ack.header.message_id)
    return LicenceEvent.CUSTOMS_REFUSE if refused else LicenceEvent.CUSTOMS_ACCEPT


def _delivered(uow: UnitOfWork, message_ids: Sequence[str]) -> None:
    if message_ids:
        uow.connection.execute(_DELIVERED, {"message_ids": message_ids})
