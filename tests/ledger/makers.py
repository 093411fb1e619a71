"""Received messages, files and times for the ledger's tests."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from gateway.ledger import book
from gateway.ledger.acts import IssuerAct
from gateway.licences.facts import Clearance
from licencexml.messages import AckStatus, AckSubject, ApplicationAck, Licence
from licencexml.rejection import Rejection
from licencexml.values import LicenceKey
from oftp2.identity import FileIdentity
from tests.licences import makers as law

T = TypeVar("T")
PARTNER = "customs"


class FakeClock:
    """Tells the same instant until it is moved."""

    def __init__(self) -> None:
        self.instant = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.instant

    def advance(self, **amount: float) -> None:
        self.instant += timedelta(**amount)


def now(deferred: Deferred[T]) -> T:
    """The result of a Deferred that has fired; raises its failure."""
    results: list[T | Failure] = []
    deferred.addBoth(results.append)
    assert results, "it has not fired"
    [result] = results
    if isinstance(result, Failure):
        result.raiseException()
    assert not isinstance(result, Failure)
    return result


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def issue_received(
    licence: Licence | None = None, message_id: str = "i-1", *, content: str = "", urgent: bool = False
) -> book.IssueReceived:
    issue = law.issue(licence, message_id, urgent=urgent)
    what = content or f"{message_id} {issue.licence.key}"
    return book.IssueReceived(issue, digest(what), what.encode(), "default", f"{message_id}.xml")


def act_received(act: IssuerAct, content: str = "") -> book.ActReceived:
    what = content or repr(act)
    return book.ActReceived(act, digest(what), what.encode(), "default", f"{act.header.message_id}.xml")


def sealed(licence_key: LicenceKey, message_id: str, issue_message_id: str = "i-1") -> book.Sealed:
    xml = f"sealed {message_id}".encode()
    return book.Sealed(
        issue_message_id, licence_key, message_id, xml, digest(message_id), PARTNER, urgent=False
    )


def clearance_received(message: Clearance, content: str = "") -> book.ClearanceReceived:
    what = content or repr(message)
    return book.ClearanceReceived(message, digest(what), what.encode(), "customs:1")


def answer_received(
    sealed_message_id: str,
    message_id: str,
    status: AckStatus = AckStatus.ACCEPTED,
    licence: LicenceKey | None = None,
    rejections: Sequence[Rejection] = (),
) -> book.AnswerReceived:
    ack = ApplicationAck(
        law.header(message_id, in_reply_to=sealed_message_id),
        AckSubject(sealed_message_id, "SealedLicence"),
        status,
        licence,
        tuple(rejections),
    )
    what = repr(ack)
    return book.AnswerReceived(ack, digest(what), what.encode(), "customs:1")


def identity(number: int) -> FileIdentity:
    return FileIdentity(f"LICENCES.{number:06d}", "20260601", f"120000{number % 10000:04d}", "O0GW", "O0CUS")
