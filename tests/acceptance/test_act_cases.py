"""The worked cases of `act_cases.toml`, by the real path: document, schema, codec, book, law, replay."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from gateway.clock import BUSINESS_ZONE, business_date
from gateway.data import data_dir
from gateway.ledger import book, post
from gateway.ledger.check import differences
from gateway.ledger.kinds import Priority
from gateway.ledger.projection import load_states
from gateway.ledger.store import Ledger
from gateway.licences.acts import ACTS, QUIET
from gateway.licences.catalogue import CATALOGUE
from gateway.licences.figures import reply_to
from gateway.licences.replace import REPLACE
from gateway.licences.revoke import REVOKE
from gateway.licences.state import LicenceState
from gateway.licences.suspend import SUSPEND
from licencexml import messages as m
from licencexml import parsing, reading, writing
from licencexml.rejection import Rejection
from licencexml.schema import Schemas
from licencexml.values import LicenceKey, LicenceType, Medium, Money, Party, Quantity, UsageMode
from tests.ledger.makers import (
    PARTNER,
    FakeClock,
    act_received,
    answer_received,
    clearance_received,
    issue_received,
    now,
    sealed,
)
from tests.licences.makers import OPERATOR, POLICY

BOOK = tomllib.loads(Path(__file__).with_name("act_cases.toml").read_text("utf-8"))
CASES: list[dict[str, Any]] = BOOK["case"]
ISSUER = "ISSUER-BEIJING"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class Play:
    """A case while it is played."""

    def __init__(self, case: Mapping[str, Any], ledger: Ledger, clock: FakeClock, schemas: Schemas) -> None:
        self.said = BOOK["licence"] | case.get("licence", {})
        self.ledger = ledger
        self.clock = clock
        self.schemas = schemas
        self.key = LicenceKey(LicenceType(self.said["type"]), "26-AA-000001")
        self.numbers = count(1)

    def run(self, function: Any, *arguments: Any, **named: Any) -> Any:
        return now(self.ledger.submit(lambda uow: function(uow, *arguments, **named)))

    def state(self) -> LicenceState:
        found: LicenceState = now(self.ledger.read(lambda it: load_states(it, [self.key])))[self.key]
        return found

    def examined(self, message: Any) -> Any:
        """`message` as it comes out of its own document."""
        root = parsing.parse(writing.serialise(writing.write_message(message)), max_bytes=2**20)
        assert self.schemas.check(root) == ()
        read = reading.read_message(root)
        assert read == message
        return message

    def begin(self) -> None:
        """The licence as the case finds it, and another one whose number is taken."""
        self.clock.instant = noon(self.said["licence_date"])
        for key in (self.key, LicenceKey(self.key.type, "26-AA-000009")):
            issue = self.examined(m.LicenceIssue(self.header(ISSUER), self.licence(key, {})))
            received = replace(issue_received(issue.licence, issue.header.message_id), issue=issue)
            assert not self.run(book.accept_issues, [received], POLICY)[0].rejections
            seal = f"z-{key.number}"
            self.run(book.record_seals, [sealed(key, seal, issue.header.message_id)])
            refused = self.said.get("at_customs") == "refused"
            status = m.AckStatus.REFUSED if refused else m.AckStatus.ACCEPTED
            self.run(book.record_customs_answers, [answer_received(seal, f"a-{key.number}", status, key)])
        self.clock.instant = noon(date(2026, 6, 1))

    def header(self, sender: str, in_reply_to: str | None = None) -> m.Header:
        message_id = f"m-{next(self.numbers)}"
        return m.Header(message_id, sender, "CN-GATEWAY", self.clock.instant, in_reply_to)

    def licence(self, key: LicenceKey, said: Mapping[str, Any]) -> m.Licence:
        medium = Medium(self.said["medium"])
        today = business_date(self.clock.instant)
        return m.Licence(
            key=key,
            medium=medium,
            usage_mode=UsageMode.MULTI,
            operator=OPERATOR,
            counterpart=OPERATOR,
            licence_date=today,
            valid_from=max(today, self.said["valid_from"]),
            valid_to=said.get("valid_to", self.said["valid_to"]),
            issuing_authority="许可证局",
            terms_of_trade="一般贸易",
            clearance_port="2200",
            country="JPN",
            lines=tuple(
                goods_line(number, line)
                for number, line in enumerate(said.get("lines", self.said["lines"]), 1)
            ),
            contract_number="HT-001",
            terms_of_payment="信用证",
            mode_of_transport="江海运输",
            form_number="0000001" if medium is Medium.PAPER else None,
        )

    def step(self, said: Mapping[str, Any]) -> tuple[str, tuple[Rejection, ...]]:
        """Play one step; how it ended, and the reasons against it."""
        self.clock.advance(minutes=1)
        match next(iter(said)):
            case "release":
                return self.release(said)
            case "figures":
                return self.figures()
            case "day":
                self.clock.instant = noon(said["day"])
                expired = self.run(
                    lambda uow: [one for some in book.expire(uow, said["day"]) for one in some]
                )
                return ("expired" if expired else "nothing"), ()
        outcome = self.run(book.accept_acts, [act_received(self.examined(self.act(said)))], POLICY)[0]
        return "accepted", outcome.rejections

    def act(self, said: Mapping[str, Any]) -> m.IssuerMessage:
        now_, key = self.clock.instant, LicenceKey.parse(said.get("licence", str(self.key)))
        if "replace" in said:
            new = self.licence(LicenceKey(key.type, said.get("number", "26-AA-000002")), said)
            mode, kind = m.ReplacementMode(said["replace"]), m.ReplacementKind(said.get("kind", "CHANGE"))
            return m.LicenceReplacement(self.header(ISSUER), key, mode, kind, "变更", new)
        if "revoke" in said:
            ground = m.RevocationGround(said["revoke"])
            by = Party("样例公司", said.get("by", OPERATOR.code)) if ground.needs_enterprise else None
            confirmed = now_ - said.get("confirmed_ago", 0) * HOUR
            return m.LicenceRevocation(self.header(ISSUER), key, ground, confirmed, "合同取消", by)
        action = m.SuspensionAction.SUSPEND if "suspend" in said else m.SuspensionAction.RESUME
        ground_of_use = m.SuspensionGround(said["suspend"] if "suspend" in said else said["resume"])
        effective = now_ - said.get("ago", 0) * HOUR
        return m.LicenceSuspension(self.header(said.get("by", ISSUER)), key, action, ground_of_use, effective)

    def release(self, said: Mapping[str, Any]) -> tuple[str, tuple[Rejection, ...]]:
        goods = self.said["lines"][0]
        line = m.DeclarationLine(1, 1, goods["goods"], Quantity.of(said["release"], goods["unit"]))
        released = self.clock.instant - HOUR
        declaration = m.Declaration("220020260000000001", OPERATOR, "2200", "JPN", released, (line,))
        made = self.examined(m.WriteOff(self.header("CN-CUSTOMS"), self.key, declaration))
        [outcome] = self.run(book.record_clearances, [clearance_received(made)], POLICY).outcomes
        return "applied", outcome.rejections

    def figures(self) -> tuple[str, tuple[Rejection, ...]]:
        query = m.LicenceQuery(self.header("CN-GATEWAY"), self.key)
        asked = query.header.message_id
        kind = "LicenceQuery"
        self.run(
            post.enqueue, PARTNER, asked, kind=kind, priority=Priority.NORMAL, xml=b"?", licence=self.key
        )
        header = self.header("CN-CUSTOMS", asked)
        reply = self.examined(reply_to(query, self.state(), header, self.clock.instant))
        received = book.ReplyReceived(reply, header.message_id.encode().ljust(32), b"?", "customs:1")
        [found] = self.run(book.record_replies, [received])
        assert found.state is not None
        return "equal", found.differences


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), BUSINESS_ZONE)


def goods_line(number: int, said: Mapping[str, str]) -> m.GoodsLine:
    one = Money.of(1, "USD")
    return m.GoodsLine(
        line_number=number,
        goods_code=said["goods"],
        goods_name="样例商品",
        quantity=Quantity.of(said["amount"], said["unit"]),
        unit_price=one,
        amount=one,
        amount_usd=one,
    )


@pytest.fixture(scope="module")
def schemas() -> Schemas:
    return Schemas.load(data_dir("xsd"))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[tuple[Ledger, FakeClock]]:
    clock = FakeClock()
    opened = Ledger.open(tmp_path / "ledger.sqlite3", clock=clock)
    yield opened, clock
    now(opened.close())


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['requirement']}: {case['what']}")
def test_worked_case(case: Mapping[str, Any], ledger: tuple[Ledger, FakeClock], schemas: Schemas) -> None:
    play = Play(case, *ledger, schemas)
    play.begin()
    rejections: tuple[Rejection, ...] = ()
    for said, expected in zip(case["steps"], case["expect"], strict=True):
        ended, rejections = play.step(said)
        assert (" ".join(one.code for one in rejections) or ended) == expected
    if rejections:
        assert {one.article for one in rejections} == {case["article"]}
    assert now(play.ledger.read(lambda connection: list(differences(connection)))) == []


def test_every_rule_of_acts_has_a_case() -> None:
    """Left out is what needs a calendar that says nothing."""
    told = {code for case in CASES for said in case["expect"] for code in said.split()}
    rules = {
        rule.reason.code for rulebook in (ACTS, QUIET, SUSPEND, REPLACE, REVOKE) for rule in rulebook.rules
    }
    assert rules - told == {"DEADLINE_UNKNOWN"}
    assert {"LICENCE_SUSPENDED", "LICENCE_REPLACED", "LICENCE_REVOKED"} <= told
    assert told - {"accepted", "applied", "equal", "expired"} <= CATALOGUE.keys()
