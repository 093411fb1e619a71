"""The partner's word on whether an interchange of ours could be read. Exported by `gateway.ledger.post`."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from gateway.ledger.correspondence import (
    Received,
    answer_again,
    known_messages,
    register,
    rejection_data,
)
from gateway.ledger.interchanges import mark_delivered, mark_read, mark_refused
from gateway.ledger.journal import Journal
from gateway.ledger.kinds import EntryKind, OutcomeStatus
from gateway.ledger.outcome import Outcome
from gateway.ledger.store import UnitOfWork
from gateway.ledger.tables import interchange
from gateway.licences.identity import CONTROL_REFERENCE_UNKNOWN
from licencexml.messages import TechnicalAck, TechnicalStatus, kind_of

_BY_REFERENCE = select(interchange.c.id).where(interchange.c.control_reference == bindparam("reference"))


def technical_answer(uow: UnitOfWork, ack: TechnicalAck, digest: bytes, xml: bytes, source: str) -> Outcome:
    """Take in a TechnicalAck: what was read is delivered; what was not is refused, its members held.

    An acknowledgement of what was never sent is refused and does not use up its MessageID.
    """
    message_id = ack.header.message_id
    known = known_messages(uow.connection, [message_id]).get(message_id)
    if known is not None:
        return answer_again(message_id, digest, known)
    journal = Journal(uow)
    asked = {"reference": ack.control_reference}
    interchange_id = uow.connection.execute(_BY_REFERENCE, asked).scalar_one_or_none()
    if interchange_id is None:
        rejection = CONTROL_REFERENCE_UNKNOWN.reject(control_reference=ack.control_reference)
        data = {"rejections": rejection_data([rejection]), "digest": digest.hex(), "source": source}
        journal.enter(EntryKind.MESSAGE_REFUSED, data, message_id=message_id)
        journal.flush()
        return Outcome(OutcomeStatus.REFUSED, message_id, None, (rejection,))
    outcome = Outcome(OutcomeStatus.ACCEPTED, message_id, None)
    register(journal, uow, Received(ack.header, kind_of(ack), digest, xml, source), outcome)
    if ack.status is TechnicalStatus.ACCEPTED:
        journal.enter(EntryKind.INTERCHANGE_ACCEPTED, {"interchange": interchange_id}, message_id=message_id)
        mark_delivered(uow, interchange_id)
        mark_read(uow, interchange_id)
    else:
        mark_refused(uow, interchange_id, "; ".join(f"{r.code}: {r.en}" for r in ack.rejections))
    journal.flush()
    return outcome
