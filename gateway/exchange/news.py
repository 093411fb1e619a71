"""What the issuing system learns of its licences from customs: one file for `out/` each time, once."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.exchange.answers import CUSTOMS_ACCEPTED, CUSTOMS_REJECTED, answer
from gateway.exchange.names import answer_name
from gateway.ledger import book, feedback
from gateway.ledger.kinds import OutcomeStatus
from gateway.ledger.outcome import Outcome
from gateway.ledger.store import UnitOfWork
from licencexml.messages import AckStatus, ApplicationAck, Declaration
from licencexml.values import LicenceKey


def tell_of_releases(uow: UnitOfWork, settled: Sequence[tuple[book.WriteOffReceived, Outcome]]) -> None:
    """Each release against a licence that is known here, applied or not; a repeat is no news."""
    news = [
        (one.write_off, outcome) for one, outcome in settled if outcome.status is not OutcomeStatus.REPEATED
    ]
    origins = book.origins(uow.connection, [write_off.licence for write_off, _ in news])
    files = [
        _release(uow, origins[write_off.licence], write_off.licence, write_off.declaration, outcome)
        for write_off, outcome in news
        if write_off.licence in origins
    ]
    feedback.add_all(uow, files)


def tell_of_answers(uow: UnitOfWork, acks: Sequence[ApplicationAck]) -> None:
    """Each answer of customs about a licence that is known here."""
    named = [(ack, ack.licence) for ack in acks if ack.licence is not None]
    origins = book.origins(uow.connection, [key for _, key in named])
    feedback.add_all(uow, [_answer(uow, origins[key], ack) for ack, key in named if key in origins])


def _release(
    uow: UnitOfWork, origin: book.Origin, licence: LicenceKey, declaration: Declaration, outcome: Outcome
) -> feedback.NewFeedback:
    applied = outcome.status is OutcomeStatus.ACCEPTED
    word = "written-off" if applied else "discrepancy"
    content = answer(
        "WRITTEN_OFF" if applied else "DISCREPANCY",
        at=uow.now,
        file=origin.source,
        message_id=outcome.message_id,
        licence=licence,
        rejections=outcome.rejections,
        entry_id=declaration.entry_id,
        release_time=declaration.release_time.isoformat(),
        lines=[
            {
                "line": line.line_number,
                "sequence": line.sequence,
                "goods_code": line.goods_code,
                "quantity": f"{line.quantity.amount:f}",
                "unit": line.quantity.unit,
            }
            for line in declaration.lines
        ],
    )
    name = answer_name(origin.source, f"{word}-{declaration.entry_id}.json")
    return feedback.NewFeedback(origin.tree, outcome.message_id, name, content)


def _answer(uow: UnitOfWork, origin: book.Origin, ack: ApplicationAck) -> feedback.NewFeedback:
    accepted = ack.status is not AckStatus.REFUSED
    content = answer(
        "CUSTOMS_ACCEPTED" if accepted else "CUSTOMS_REJECTED",
        at=uow.now,
        file=origin.source,
        message_id=ack.answers.message_id,
        licence=ack.licence,
        rejections=ack.rejections,
    )
    name = answer_name(origin.source, CUSTOMS_ACCEPTED if accepted else CUSTOMS_REJECTED)
    return feedback.NewFeedback(origin.tree, ack.header.message_id, name, content)
