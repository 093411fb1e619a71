"""Accepting: one transaction for a batch of dropped files, with the answers that the issuers get.

examined, lawful      licence or act, and message, in the   out/NAME.accepted.json
                      ledger
known already         nothing changes                       out/NAME.accepted.json, the same outcome again
refused               an entry that says why                out/NAME.rejected.json
not a message         an entry, and the file in corrupt/    out/NAME.rejected.json
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection
from twisted.logger import Logger

from gateway.exchange import faults
from gateway.exchange.agenda import Name
from gateway.exchange.answers import ACCEPTED, REJECTED, answer
from gateway.exchange.examination import Examined, Refused
from gateway.exchange.names import answer_name, is_urgent, printable
from gateway.exchange.spool import Contents, NotReadable, SpoolTree
from gateway.exchange.workers import Poisoned
from gateway.ledger import book, feedback
from gateway.ledger.store import UnitOfWork
from gateway.licences.policy import Policy
from licencexml.messages import (
    LicenceIssue,
    LicenceReplacement,
    LicenceRevocation,
    LicenceSuspension,
    Message,
    is_of_urgent_licence,
    kind_of,
)
from licencexml.rejection import Rejection
from licencexml.values import LicenceKey

#: A file's time may be ahead of our clock by so much; further ahead it says nothing about its age.
MAX_SKEW_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Drop:
    """A claimed file, what it held, and what the worker made of it (None if it could not be read)."""

    name: Name
    contents: Contents | NotReadable
    result: Examined | Refused | Poisoned | None

    @property
    def spool(self) -> SpoolTree:
        """Where it was dropped."""
        return self.name.tree.spool

    @property
    def source(self) -> str:
        """The file's name in the ledger, the log and the answers."""
        return printable(self.name.name)

    @property
    def origin(self) -> str:
        """What tells one drop from the next of the same name: with it, an answer is given once a drop."""
        stamp = self.contents.stamp if isinstance(self.contents, Contents) else (0, 0)
        return f"{self.source}@{stamp[1]}+{stamp[0]}"

    @property
    def message_id(self) -> str | None:
        """What the message calls itself, as far as it could be read."""
        if isinstance(self.result, Examined):
            return self.result.message.header.message_id
        return self.result.message_id if isinstance(self.result, Refused) else None

    def refusal(self) -> Refused | None:
        """Why the file is refused before any law is asked; None if it was examined and is good."""
        if isinstance(self.contents, NotReadable):
            rejection = faults.NOT_A_FILE.reject(name=self.source, what=self.contents.what)
            return Refused(None, None, None, None, (rejection,), readable=False, xml=b"")
        if isinstance(self.result, Poisoned):
            rejection = faults.POISONED.reject(reason=self.result.reason)
            return Refused(None, None, None, None, (rejection,), readable=False, xml=self.contents.data)
        return self.result if isinstance(self.result, Refused) else None


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a drop, by a durable transaction."""

    drop: Drop
    accepted: bool
    outcome: str
    message_id: str | None
    licence: LicenceKey | None
    rejections: tuple[Rejection, ...]
    corrupt: bool = False

    @property
    def message(self) -> Message | None:
        """What was dropped, if it was a message in order."""
        return self.drop.result.message if isinstance(self.drop.result, Examined) else None

    def log(self, log: Logger) -> None:
        """One line about it, for the operators."""
        about = {
            "file": self.drop.source,
            "spool": self.drop.spool.name,
            "message_id": self.message_id,
            "licence": None if self.licence is None else str(self.licence),
            "outcome": self.outcome,
        }
        if self.accepted:
            kind = None if self.message is None else kind_of(self.message)
            log.info("{kind} of {licence} accepted from {file} ({outcome})", kind=kind, **about)
        else:
            codes = [rejection.code for rejection in self.rejections]
            log.warn("{file} refused: {codes}", codes=", ".join(codes), **about)


def settle(uow: UnitOfWork, drops: Sequence[Drop], policy: Policy) -> list[Settled]:
    """Accept or refuse each drop, and write its answer for `out/`; one unit of work for all.

    What was settled before it could be put away keeps the answer that it has.
    """
    answered = _answered_before(uow.connection, drops)
    known = {id(one.drop) for one in answered}
    drops = [drop for drop in drops if id(drop) not in known]
    refusals = [(drop, refusal) for drop in drops if (refusal := drop.refusal()) is not None]
    refused = {id(drop) for drop, _ in refusals}
    settled = _accept(uow, [drop for drop in drops if id(drop) not in refused], policy)
    settled += [_refuse(uow, drop, refusal) for drop, refusal in refusals]
    feedback.add_all(uow, [_answer(one, uow.now) for one in settled])
    return answered + settled


def _answered_before(connection: Connection, drops: Sequence[Drop]) -> list[Settled]:
    """Those that a run, or a try, before this one has answered: the law may say something else by now.

    An act that came before its licence is refused, and would be accepted after it.
    """
    again = [drop for drop in drops if drop.name.may_be_settled and isinstance(drop.contents, Contents)]
    if not again:
        return []
    by_tree: defaultdict[str, set[str]] = defaultdict(set)
    for drop in again:
        by_tree[drop.spool.name].add(drop.origin)
    given = {
        (tree, *one) for tree, origins in by_tree.items() for one in feedback.given(connection, tree, origins)
    }

    def has(drop: Drop, answer: str) -> bool:
        return (drop.spool.name, drop.origin, answer_name(drop.source, answer)) in given

    accepted = [drop for drop in again if has(drop, ACCEPTED) and not has(drop, REJECTED)]
    rejected = [drop for drop in again if has(drop, REJECTED)]
    reasons = book.refused(connection, filter(None, (drop.message_id for drop in rejected)))
    return [
        *[_as_before(drop, None) for drop in accepted],
        *[_as_before(drop, reasons.get(drop.message_id or "", ())) for drop in rejected],
    ]


def _as_before(drop: Drop, reasons: tuple[Rejection, ...] | None) -> Settled:
    """A drop that has its answer; `reasons` of the rejection, if it is one."""
    refusal = drop.refusal()
    return Settled(
        drop=drop,
        accepted=reasons is None,
        outcome="ANSWERED_BEFORE",
        message_id=drop.message_id,
        licence=refusal.licence if refusal is not None else None,
        rejections=() if reasons is None else reasons or (refusal.rejections if refusal is not None else ()),
        corrupt=reasons is not None and refusal is not None and not refusal.readable,
    )


def _answer(one: Settled, at: datetime) -> feedback.NewFeedback:
    return feedback.NewFeedback(
        tree=one.drop.spool.name,
        origin=one.drop.origin,
        name=answer_name(one.drop.source, ACCEPTED if one.accepted else REJECTED),
        content=answer(
            one.outcome,
            at=at,
            file=one.drop.source,
            message_id=one.message_id,
            licence=one.licence,
            rejections=one.rejections,
            **_more(one.message),
        ),
        urgent=is_urgent(one.drop.source) or is_of_urgent_licence(one.message),
    )


def _more(message: Message | None) -> dict[str, str]:
    """What an act on a licence that exists asks for, told with its answer."""
    match message:
        case LicenceReplacement():
            return {"replaces": str(message.replaced), "mode": message.mode, "kind": message.kind}
        case LicenceRevocation():
            return {"act": "REVOKE", "ground": message.ground}
        case LicenceSuspension():
            return {"act": message.action, "ground": message.ground}
        case _:
            return {}


def _accept(uow: UnitOfWork, drops: Sequence[Drop], policy: Policy) -> list[Settled]:
    """Licences first, then acts: what one batch brings may be about a licence that it brings too."""
    issues = [
        (drop, book.IssueReceived(message, *_evidence(drop, result)))
        for drop, result, message in _good(drops)
        if isinstance(message, LicenceIssue)
    ]
    acts = [
        (drop, book.ActReceived(message, *_evidence(drop, result)))
        for drop, result, message in _good(drops)
        if isinstance(message, LicenceReplacement | LicenceRevocation | LicenceSuspension)
    ]
    assert len(issues) + len(acts) == len(drops), "only good messages of issuers come here"
    outcomes = book.accept_issues(uow, [received for _, received in issues], policy)
    outcomes += book.accept_acts(uow, [received for _, received in acts], policy)
    settled = [drop for drop, _ in issues] + [drop for drop, _ in acts]
    return [
        Settled(
            drop=drop,
            accepted=not outcome.rejections,
            outcome=str(outcome.status),
            message_id=outcome.message_id,
            licence=outcome.licence,
            rejections=outcome.rejections,
        )
        for drop, outcome in zip(settled, outcomes, strict=True)
    ]


def _good(drops: Sequence[Drop]) -> Iterator[tuple[Drop, Examined, Message]]:
    for drop in drops:
        if isinstance(drop.result, Examined):
            yield drop, drop.result, drop.result.message


def _evidence(drop: Drop, result: Examined) -> tuple[bytes, bytes, str, str]:
    """Digest, bytes, tree and file of a drop, as the ledger keeps them."""
    return result.digest, result.xml, drop.spool.name, drop.source


def _refuse(uow: UnitOfWork, drop: Drop, refusal: Refused) -> Settled:
    book.refuse(
        uow,
        kind=refusal.kind,
        message_id=refusal.message_id,
        licence=refusal.licence,
        source=f"{drop.spool.name}:{drop.origin}",
        rejections=refusal.rejections,
        digest=hashlib.sha256(refusal.xml).digest(),
    )
    return Settled(
        drop=drop,
        accepted=False,
        outcome="REFUSED" if refusal.readable else "CORRUPT",
        message_id=refusal.message_id,
        licence=refusal.licence,
        rejections=refusal.rejections,
        corrupt=not refusal.readable,
    )


def still_growing(drops: Sequence[Drop], now_seconds: float, settle_seconds: float) -> list[Drop]:
    """The drops that make no sense and may still be being written: young, or changed since they were read.

    A careful issuer renames a finished file, and never sees this. Blocks on the disk.
    """
    return [
        drop for drop in drops if _makes_no_sense(drop) and _is_growing(drop, now_seconds, settle_seconds)
    ]


def _makes_no_sense(drop: Drop) -> bool:
    return isinstance(drop.result, Refused) and not drop.result.readable


def _is_growing(drop: Drop, now_seconds: float, settle_seconds: float) -> bool:
    assert isinstance(drop.contents, Contents)
    age_seconds = now_seconds - drop.contents.modified_seconds
    is_young = -MAX_SKEW_SECONDS < age_seconds < settle_seconds
    return is_young or drop.spool.changed(drop.name.name, drop.contents)
