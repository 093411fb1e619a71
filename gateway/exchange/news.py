"""What the issuing system learns of its licences from customs: one file for `out/` each time, once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.exchange.answers import CUSTOMS_ACCEPTED, CUSTOMS_REJECTED, answer
from gateway.exchange.names import answer_name
from gateway.ledger import book, feedback
from gateway.ledger.kinds import OutcomeStatus
from gateway.ledger.outcome import Outcome
from gateway.ledger.store import UnitOfWork
from gateway.licences.facts import Clearance, entry_id_of
from licencexml.messages import (
    AckStatus,
    ApplicationAck,
    WriteOff,
    WriteOffAmendment,
    WriteOffReversal,
    kind_of,
)
from licencexml.values import Quantity


def tell_of_clearances(uow: UnitOfWork, settled: Sequence[tuple[book.ClearanceReceived, Outcome]]) -> None:
    """What customs says of releases against licences that are known here, applied or not; no repeats."""
    news = [(one, outcome) for one, outcome in settled if outcome.status is not OutcomeStatus.REPEATED]
    origins = book.origins(uow.connection, [one.message.licence for one, _ in news])
    files = [
        _clearance(uow, origins[one.message.licence], one, outcome)
        for one, outcome in news
        if one.message.licence in origins
    ]
    feedback.add_all(uow, files)


def tell_of_changes(uow: UnitOfWork, changes: Sequence[book.Change]) -> None:
    """Messages that came before and now stand otherwise."""
    keys = [change.outcome.licence for change in changes if change.outcome.licence is not None]
    origins = book.origins(uow.connection, keys)
    files = [
        _change(uow, origins[change.outcome.licence], change)
        for change in changes
        if change.outcome.licence in origins
    ]
    feedback.add_all(uow, files)


def tell_of_answers(uow: UnitOfWork, acks: Sequence[ApplicationAck]) -> None:
    """Each answer of customs about a licence that is known here, named after the drop that it is about."""
    named = [(ack, ack.licence) for ack in acks if ack.licence is not None]
    acts = book.sealed_acts(uow.connection, [ack.answers.message_id for ack in acks])
    origins = book.origins(uow.connection, [key for _, key in named])
    drops = [(acts.get(ack.answers.message_id) or origins.get(key), ack) for ack, key in named]
    feedback.add_all(uow, [_answer(uow, drop, ack) for drop, ack in drops if drop is not None])


#: For each kind of message: the word in the name of its file, and its outcome, when it is applied.
_APPLIED = {
    WriteOff.__name__: ("written-off", "WRITTEN_OFF"),
    WriteOffAmendment.__name__: ("amended", "AMENDED"),
    WriteOffReversal.__name__: ("withdrawn", "WITHDRAWN"),
}

#: The same of a message that waits, and of one that another has turned out to have said first.
_OTHERWISE = {OutcomeStatus.PARKED: ("parked", "PARKED"), OutcomeStatus.REPEATED: ("repeated", "REPEATED")}


def _words(kind: str, outcome: Outcome) -> tuple[str, str]:
    if outcome.rejections:
        return "discrepancy", "DISCREPANCY"
    return _OTHERWISE.get(outcome.status) or _APPLIED[kind]


def _clearance(
    uow: UnitOfWork, origin: book.Origin, one: book.ClearanceReceived, outcome: Outcome
) -> feedback.NewFeedback:
    message = one.message
    word, said = _words(kind_of(message), outcome)
    entry_id = entry_id_of(message)
    content = answer(
        said,
        at=uow.now,
        file=origin.source,
        message_id=outcome.message_id,
        licence=message.licence,
        rejections=outcome.rejections,
        entry_id=entry_id,
        **_said(message),
    )
    name = answer_name(origin.source, f"{word}-{entry_id}.json")
    # Two contents may come under one MessageID; the first may have been refused too, under the same name.
    conflict = outcome.status is OutcomeStatus.CONFLICT
    told = f"{outcome.message_id}#{one.digest.hex()}" if conflict else outcome.message_id
    return feedback.NewFeedback(origin.tree, told, name, content, origin.urgent)


def _change(uow: UnitOfWork, origin: book.Origin, change: book.Change) -> feedback.NewFeedback:
    outcome = change.outcome
    word, said = _words(change.kind, outcome)
    content = answer(
        said,
        at=uow.now,
        file=origin.source,
        message_id=outcome.message_id,
        licence=outcome.licence,
        rejections=outcome.rejections,
        entry_id=change.entry_id,
        changed=True,
    )
    name = answer_name(origin.source, f"{word}-{change.entry_id}.json")
    # The same message may change its standing several times, even within one commit; each is told.
    codes = ",".join(rejection.code for rejection in outcome.rejections)
    told = f"{outcome.message_id}@{uow.now.isoformat()}:{said}:{codes}"
    return feedback.NewFeedback(origin.tree, told, name, content, origin.urgent)


def _said(message: Clearance) -> dict[str, Any]:
    """What the message says, in the words of its own kind."""
    if isinstance(message, WriteOff):
        declaration = message.declaration
        lines = [
            {"line": line.line_number, "sequence": line.sequence, "goods_code": line.goods_code}
            | _amount(line.quantity)
            for line in declaration.lines
        ]
        return {"release_time": declaration.release_time.isoformat(), "lines": lines}
    if isinstance(message, WriteOffAmendment):
        content = message.content
        line = {"line": message.amends.line_number, "sequence": message.amends.sequence}
        return {
            "amendment": message.amendment_number,
            "amendment_time": message.amendment_time.isoformat(),
            "reason": message.reason,
            "lines": [line | {"goods_code": content.goods_code} | _amount(content.quantity)],
        }
    return {
        "reversal": message.reversal_number,
        "withdrawal_time": message.withdrawal_time.isoformat(),
        "reason": message.reason,
        "lines": [
            {"line": line.line_number, "sequence": line.sequence} | _amount(line.quantity)
            for line in message.lines
        ],
    }


def _amount(quantity: Quantity) -> dict[str, str]:
    return {"quantity": f"{quantity.amount:f}", "unit": quantity.unit}


def _answer(
    uow: UnitOfWork, origin: book.Origin | book.SealedAct, ack: ApplicationAck
) -> feedback.NewFeedback:
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
    return feedback.NewFeedback(origin.tree, ack.header.message_id, name, content, origin.urgent)
