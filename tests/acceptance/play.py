"""A worked case while it is played: its ledger, its clock, and the way of each of its messages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from typing import Any, TypeVar

from sqlalchemy import select

from gateway.clock import BUSINESS_ZONE
from gateway.ledger import book, post
from gateway.ledger.kinds import Priority
from gateway.ledger.outcome import Outcome
from gateway.ledger.projection import load_states
from gateway.ledger.store import Ledger
from gateway.ledger.tables import clearance
from gateway.licences.policy import Policy, PortMatch
from gateway.licences.state import LicenceState
from licencexml import parsing, reading, writing
from licencexml.messages import Header, LicenceIssue, Message
from licencexml.rejection import Rejection
from licencexml.schema import Schemas
from licencexml.values import LicenceKey, LicenceType
from tests.acceptance import documents
from tests.acceptance.documents import Said
from tests.ledger.makers import (
    PARTNER,
    FakeClock,
    act_received,
    answer_received,
    clearance_received,
    digest,
    issue_received,
    now,
    sealed,
)
from tests.licences.makers import NOW, POLICY

M = TypeVar("M", bound=Message)


@dataclass
class Ended:
    """How a message ended, in the words of the file, and the reasons that were given."""

    word: str
    reasons: tuple[Rejection, ...] = ()


@dataclass
class Play:
    """A case; `standard` is what [licence] and [message] of the file say."""

    case: Said
    standard: Said
    ledger: Ledger
    clock: FakeClock
    schemas: Schemas
    declarations: int = 0
    messages: int = 0
    #: The MessageID of the last message that each entry of the case stood for.
    ids: list[str] = field(default_factory=list)

    @property
    def licence(self) -> dict[str, Any]:
        return {**self.standard["licence"], **self.case.get("licence", {})}

    def key(self, serial: int = 1) -> LicenceKey:
        return LicenceKey(LicenceType(self.licence["type"]), f"26-AA-{serial:06d}")

    @property
    def policy(self) -> Policy:
        options = dict(self.case.get("options", {}))
        if "port_match" in options:
            options["port_match"] = PortMatch(options["port_match"])
        return replace(POLICY, **options)

    def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return now(self.ledger.submit(lambda uow: function(uow, *arguments)))

    def state(self, serial: int = 1) -> LicenceState | None:
        found = now(self.ledger.read(lambda connection: load_states(connection, [self.key(serial)])))
        return found.get(self.key(serial))

    def verdict(self, number: int) -> str:
        """What the message of the case's entry `number` (from 1) has come to."""
        which = clearance.c.message_id == self.ids[number - 1]
        query = select(clearance.c.verdict, clearance.c.rejections).where(which)
        row = now(self.ledger.read(lambda connection: connection.execute(query).one()))
        return " ".join(one["code"] for one in row.rejections) or row.verdict.lower()

    def examined(self, message: M) -> M:
        """`message` as it comes out of its own document."""
        root = parsing.parse(writing.serialise(writing.write_message(message)), max_bytes=2**20)
        assert self.schemas.check(root) == ()
        assert reading.read_message(root) == message
        return message

    def issue(self) -> Outcome:
        issued_on = self.licence.get("issued_on")
        noon = datetime.combine(issued_on, time(12), BUSINESS_ZONE).astimezone(UTC) if issued_on else NOW
        self.clock.instant = noon
        header = documents.from_issuer("i-1", noon)
        issue = self.examined(LicenceIssue(header, documents.licence(self.key(), self.licence)))
        [outcome] = self.run(book.accept_issues, [issue_received(issue.licence)], self.policy)
        if self.licence.get("sealed", True) and not outcome.rejections:
            self.run(book.record_seals, [sealed(self.key(), "s-1")])
        self.clock.instant = NOW
        return outcome

    def present(self, said: Said) -> Ended:
        """Play one entry of the case: a message, or that a day has come."""
        if "arrives" in said:
            self.clock.instant = documents.instant(said["arrives"])
        self.messages += 1
        kind, message_id = said.get("kind", "write-off"), f"m-{self.messages:03d}"
        self.ids.append(message_id)
        if kind == "expiry":
            return self._expire(said["day"])
        if kind == "figures":
            return self._compare(said, message_id)
        if kind in ("write-off", "amendment", "reversal"):
            return self._clear(kind, {**self.standard["message"], **said}, message_id)
        return self._act(kind, said, message_id)

    def _clear(self, kind: str, said: Said, message_id: str) -> Ended:
        key = LicenceKey.parse(said["licence"]) if "licence" in said else self.key(said.get("of", 1))
        made: Any
        if kind == "amendment":
            made = documents.amendment(key, said, message_id)
        elif kind == "reversal":
            made = documents.reversal(key, said, message_id)
        else:
            self.declarations += 1
            face = documents.paper_face(self.licence, said["paper"]) if "paper" in said else None
            made = documents.write_off(key, said, self.declarations, message_id, face)
        received = clearance_received(self.examined(made))
        [outcome] = self.run(book.record_clearances, [received], self.policy).outcomes
        return _ended(outcome)

    def _act(self, kind: str, said: Said, message_id: str) -> Ended:
        key = self.key(said.get("of", 1))
        header = documents.from_issuer(message_id, self.clock.instant, said.get("sender", documents.ISSUER))
        made: Any
        if kind == "replacement":
            new = {**self.licence, "licence_date": date(2026, 6, 1), **said.get("licence", {})}
            if "licence_date" not in said.get("licence", {}):
                new["valid_from"] = max(new["valid_from"], new["licence_date"])
            serial = said.get("new", said.get("of", 1) + 1)
            made = documents.replacement(key, said, header, documents.licence(self.key(serial), new))
        elif kind == "revocation":
            made = documents.revocation(key, said, header)
        else:
            made = documents.suspension(key, said, header)
        [outcome] = self.run(book.accept_acts, [act_received(self.examined(made))], self.policy)
        if not outcome.rejections:
            self._carry(key, message_id)
        return _ended(outcome)

    def _carry(self, key: LicenceKey, message_id: str) -> None:
        """What was decided is sealed, sent, taken by customs, and settled again."""
        waiting = now(self.ledger.read(lambda connection: book.to_seal(connection, 50)))
        for one in waiting:
            seal = sealed(one.licence, f"s-{one.message_id}", one.message_id)
            self.run(book.record_seals, [replace(seal, is_act=one.is_act)])
            answer = answer_received(f"s-{one.message_id}", f"a-{one.message_id}", licence=one.licence)
            self.run(book.record_customs_answers, [answer])
        self.run(book.resettle, {key: f"a-{message_id}"}, self.policy)

    def _compare(self, said: Said, message_id: str) -> Ended:
        """The gateway asks customs for its figures, and is answered."""
        key = self.key(said.get("of", 1))
        state = self.state(said.get("of", 1))
        assert state is not None
        asked = f"q-{message_id}"
        self.run(
            lambda uow: post.enqueue(
                uow, PARTNER, asked, kind="LicenceQuery", priority=Priority.NORMAL, xml=b"?", licence=key
            )
        )
        header = Header(message_id, "CN-CUSTOMS", "CN-GATEWAY", self.clock.instant, asked)
        reply = self.examined(documents.figures(state, said, header))
        received = book.ReplyReceived(reply, digest(repr(reply)), b"<reply/>", "customs:1")
        [found] = self.run(book.record_replies, [received])
        codes = " ".join(one.code for one in found.differences)
        return Ended(codes or "equal", found.differences)

    def _expire(self, day: date) -> Ended:
        noon = datetime.combine(day, time(12), BUSINESS_ZONE)
        self.clock.instant = noon.astimezone(UTC)
        expired = self.run(lambda uow: [one.key for batch in book.expire(uow, day) for one in batch])
        return Ended("expired" if expired else "nothing")


def _ended(outcome: Outcome) -> Ended:
    if outcome.rejections:
        return Ended(" ".join(one.code for one in outcome.rejections), outcome.rejections)
    return Ended({"ACCEPTED": "applied"}.get(outcome.status.value, outcome.status.value.lower()))
