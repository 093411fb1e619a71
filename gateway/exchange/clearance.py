"""What customs says of releases: settled, answered, told to the issuing system; verdicts that change too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from gateway.exchange.correspondence import Correspondent
from gateway.exchange.enquiry import ask_customs
from gateway.exchange.examination import Examined
from gateway.exchange.mail import Mail
from gateway.exchange.news import tell_of_changes, tell_of_clearances
from gateway.exchange.notices import Notice
from gateway.ledger import book, whereabouts
from gateway.ledger.kinds import OutcomeStatus
from gateway.ledger.outcome import Outcome
from gateway.licences.facts import Clearance
from gateway.licences.policy import Policy
from licencexml.messages import (
    AckStatus,
    AckSubject,
    WriteOff,
    WriteOffAmendment,
    WriteOffReversal,
    kind_of,
)
from licencexml.values import LicenceKey

_ACK_STATUS = MappingProxyType(
    {
        OutcomeStatus.ACCEPTED: AckStatus.ACCEPTED,
        OutcomeStatus.PARKED: AckStatus.ACCEPTED,
        OutcomeStatus.REPEATED: AckStatus.REPEATED,
        OutcomeStatus.CONFLICT: AckStatus.REFUSED,
        OutcomeStatus.REFUSED: AckStatus.REFUSED,
    }
)


def clear(mail: Mail, received: Sequence[Examined], reference: str, policy: Policy) -> list[Notice]:
    """Take in those of an interchange's messages that are about releases, and answer each."""
    candidates = [
        book.ClearanceReceived(one.message, one.digest, one.xml, reference)
        for one in received
        if isinstance(one.message, WriteOff | WriteOffAmendment | WriteOffReversal)
    ]
    if not candidates:
        return []
    cleared = book.record_clearances(mail.uow, candidates, policy)
    settled = list(zip(candidates, cleared.outcomes, strict=True))
    for candidate, outcome in settled:
        _answer(mail, kind_of(candidate.message), outcome)
    tell_of_clearances(mail.uow, settled)
    notices = [_cleared(candidate.message, outcome) for candidate, outcome in settled]
    # What was equal at both ends before this came is to be asked for anew.
    ask_customs(mail, sorted(cleared.unconfirmed))
    return notices + _tell_changes(mail, cleared.changes)


def clear_again(mail: Mail, causes: Mapping[LicenceKey, str], policy: Policy) -> list[Notice]:
    """Settle these licences once more; `causes` names the message that changed how each of them stands."""
    return _tell_changes(mail, book.resettle(mail.uow, causes, policy))


def _tell_changes(mail: Mail, changes: Sequence[book.Change]) -> list[Notice]:
    """Verdicts that have changed: who told it is answered anew, issuing system and operators get news."""
    told_by = whereabouts.senders(mail.uow.connection, [one.outcome.message_id for one in changes])
    for change in changes:
        teller = mail.offices.of_participant(told_by.get(change.outcome.message_id))
        _answer(mail, change.kind, change.outcome, teller)
    tell_of_changes(mail.uow, changes)
    return [_changed(change) for change in changes]


def _answer(mail: Mail, kind: str, outcome: Outcome, to: Correspondent | None = None) -> None:
    subject = AckSubject(outcome.message_id, kind)
    mail.acknowledge(subject, _ACK_STATUS[outcome.status], outcome.licence, outcome.rejections, to=to)


def _cleared(message: Clearance, outcome: Outcome) -> Notice:
    sentence = "{kind} against {licence} not applied: {codes}" if outcome.rejections else _AS_IT_IS
    return _notice(sentence, kind_of(message), outcome)


def _changed(change: book.Change) -> Notice:
    sentence = "{kind} against {licence} does not hold any more: {codes}"
    return _notice(sentence if change.outcome.rejections else _AS_IT_IS, change.kind, change.outcome)


_AS_IT_IS = "{kind} against {licence}: {outcome}"


def _notice(sentence: str, kind: str, outcome: Outcome) -> Notice:
    return Notice.of(
        sentence,
        refused=bool(outcome.rejections),
        kind=kind,
        licence=str(outcome.licence),
        message_id=outcome.message_id,
        outcome=str(outcome.status),
        codes=", ".join(rejection.code for rejection in outcome.rejections),
    )
