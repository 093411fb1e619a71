"""The worked cases of `cases.toml`, by the real path: document, schema, codec, book, law, entries, replay."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest

from gateway.clock import BUSINESS_ZONE
from gateway.data import data_dir
from gateway.ledger import book
from gateway.ledger.check import differences
from gateway.ledger.outcome import Outcome
from gateway.ledger.projection import load_states
from gateway.ledger.store import Ledger
from gateway.licences.acts import ACTS, QUIET
from gateway.licences.amending import AMENDMENT, REVERSAL
from gateway.licences.catalogue import BOOKS, CATALOGUE
from gateway.licences.confirm import CONFIRM
from gateway.licences.policy import PortMatch
from gateway.licences.replace import REPLACE
from gateway.licences.revoke import REVOKE
from gateway.licences.suspend import SUSPEND
from licencexml import parsing, reading, writing
from licencexml.messages import (
    Declaration,
    DeclarationLine,
    GoodsLine,
    Licence,
    LicenceIssue,
    PaperFace,
    PaperLine,
    WriteOff,
)
from licencexml.schema import Schemas
from licencexml.values import (
    LicenceKey,
    LicenceType,
    Medium,
    Money,
    Party,
    PermittedEnterprise,
    PermittedGround,
    Quantity,
    UsageMode,
)
from tests.ledger.makers import FakeClock, clearance_received, issue_received, now, sealed
from tests.licences.makers import NOW, POLICY, header

BOOK = tomllib.loads(Path(__file__).with_name("cases.toml").read_text("utf-8"))
CASES: list[dict[str, Any]] = BOOK["case"]
NAME = "样例公司"
GOODS_NAME = "样例商品"
M = TypeVar("M", LicenceIssue, WriteOff)


@dataclass
class Play:
    """A case while it is played: its licence, its ledger, the options that hold."""

    case: Mapping[str, Any]
    ledger: Ledger
    clock: FakeClock
    schemas: Schemas

    @property
    def licence(self) -> dict[str, Any]:
        return BOOK["licence"] | self.case.get("licence", {})

    @property
    def key(self) -> LicenceKey:
        return LicenceKey(LicenceType(self.licence["type"]), "26-AA-000001")

    @property
    def policy(self) -> Any:
        options = self.case.get("options", {})
        return replace(POLICY, port_match=PortMatch(options["port_match"])) if options else POLICY

    def run(self, function: Any, *arguments: Any) -> Any:
        return now(self.ledger.submit(lambda uow: function(uow, *arguments)))

    def examined(self, message: M) -> M:
        """`message` as it comes out of its own document."""
        root = parsing.parse(writing.serialise(writing.write_message(message)), max_bytes=2**20)
        assert self.schemas.check(root) == ()
        read = reading.read_message(root)
        assert read == message
        return message

    def issue(self) -> Outcome:
        issued_on = self.licence.get("issued_on")
        noon = datetime.combine(issued_on, time(12), BUSINESS_ZONE).astimezone(UTC) if issued_on else NOW
        self.clock.instant = noon
        issue = self.examined(LicenceIssue(header("i-1", "ISSUER-BEIJING"), licence(self.key, self.licence)))
        [outcome] = self.run(book.accept_issues, [issue_received(issue.licence)], self.policy)
        if self.licence.get("sealed", True) and not outcome.rejections:
            self.run(book.record_seals, [sealed(self.key, "s-1")])
        self.clock.instant = NOW
        return outcome

    def present(self, message: Mapping[str, Any], declaration: int, message_id: str) -> Outcome:
        face = paper_face(self.licence, message["paper"]) if "paper" in message else None
        made = self.examined(write_off(self.key, BOOK["message"] | message, declaration, message_id, face))
        [outcome] = self.run(book.record_clearances, [clearance_received(made)], self.policy).outcomes
        return outcome


def licence(key: LicenceKey, said: Mapping[str, Any]) -> Licence:
    medium, export = Medium(said["medium"]), key.type is LicenceType.EXPORT
    return Licence(
        key=key,
        medium=medium,
        usage_mode=UsageMode(said["usage"]),
        operator=Party(NAME, said["operator"]),
        counterpart=Party(NAME, said["counterpart"]),
        valid_from=said["valid_from"],
        valid_to=said["valid_to"],
        licence_date=said["licence_date"],
        issuing_authority="许可证局",
        terms_of_trade=said["terms_of_trade"],
        clearance_port=said["port"],
        country=said["country"],
        lines=tuple(goods_line(key, number, line) for number, line in enumerate(said["lines"], 1)),
        terms_of_foreign_exchange=None if export else "银行购汇",
        contract_number="HT-001" if export else None,
        country_of_origin=None if export else said["country"],
        terms_of_payment="信用证" if export else None,
        use=None if export else "自用",
        mode_of_transport="江海运输" if export else None,
        permitted=tuple(
            PermittedEnterprise(Party(NAME, one["code"]), PermittedGround(one["ground"]))
            for one in said.get("permitted", ())
        ),
        remarks=said.get("remarks"),
        form_number="0000001" if medium is Medium.PAPER else None,
    )


def goods_line(key: LicenceKey, number: int, said: Mapping[str, str]) -> GoodsLine:
    return GoodsLine(
        line_number=number,
        goods_code=said["goods"],
        goods_name=GOODS_NAME,
        quantity=Quantity.of(said["amount"], said["unit"]),
        unit_price=Money.of(1, "USD"),
        amount=Money.of(1, "USD"),
        amount_usd=Money.of(1, "USD"),
        goods_status="新" if key.type is LicenceType.AUTOMATIC_IMPORT else None,
    )


def paper_face(licence: dict[str, Any], differently: dict[str, Any]) -> PaperFace:
    """What the paper shows: what the licence says, but for what is said `differently`."""
    shown = {name: value for name, value in licence.items() if name != "valid_from"} | differently
    return PaperFace(
        operator=Party(shown.get("name", NAME), shown["operator"]),
        lines=tuple(
            PaperLine(line["goods"], line.get("name", GOODS_NAME), Quantity.of(line["amount"], line["unit"]))
            for line in shown["lines"]
        ),
        country=shown["country"],
        terms_of_trade=shown["terms_of_trade"],
        valid_to=shown["valid_to"],
        clearance_port=shown["port"],
        valid_from=shown.get("valid_from"),
    )


def write_off(
    key: LicenceKey, said: Mapping[str, Any], declaration: int, message_id: str, face: PaperFace | None
) -> WriteOff:
    lines = tuple(
        DeclarationLine(
            number, 1, line["goods"], Quantity.of(line["amount"], line["unit"]), line.get("licence_line")
        )
        for number, line in enumerate(said["lines"], 1)
    )
    return WriteOff(
        header(message_id),
        LicenceKey.parse(said["licence"]) if "licence" in said else key,
        Declaration(
            f"2200202600{said.get('declaration', declaration):08d}",
            Party("另一名称", said["unit"]),
            said["port"],
            said["country"],
            datetime.fromisoformat(said["released"]),
            lines,
            face,
        ),
    )


def ended(outcome: Outcome) -> str:
    """How a message ended, in the words of the file."""
    if outcome.rejections:
        return " ".join(one.code for one in outcome.rejections)
    return {"ACCEPTED": "applied"}.get(outcome.status.value, outcome.status.value.lower())


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
    issued = play.issue()
    assert [one.code for one in issued.rejections] == case.get("refused", [])

    outcomes = list(issued.rejections)
    declaration = 0
    for message, expected in zip(case.get("messages", []), case.get("expect", []), strict=True):
        for _ in range(message.get("times", 1)):
            declaration += 1
            outcome = play.present(message, declaration, f"w-{declaration}")
            assert ended(outcome) == expected
            outcomes += outcome.rejections

    if outcomes and case["article"] != "several":
        assert {one.article for one in outcomes} == {case["article"]}
    state = now(play.ledger.read(lambda connection: load_states(connection, [play.key]))).get(play.key)
    if "left" in case:
        assert [line.balance for line in state.lines] == [Decimal(amount) for amount in case["left"]]
    assert now(play.ledger.read(lambda connection: list(differences(connection)))) == []


def test_there_are_cases_enough() -> None:
    assert len(CASES) >= 60


def test_every_rule_of_issue_and_use_has_a_case() -> None:
    """Left out are what no document can say: its schema or its codec refuses it first."""
    unsayable = {"QUANTITY_NOT_POSITIVE", "LINE_TWICE"}
    later = {"LICENCE_EXISTS"}
    others = {
        rule.reason.code
        for rulebook in (ACTS, QUIET, SUSPEND, REPLACE, REVOKE, CONFIRM, AMENDMENT, REVERSAL)
        for rule in rulebook.rules
    } | {"LICENCE_SUSPENDED", "LICENCE_REPLACED", "LICENCE_REVOKED"}
    told = {
        code
        for case in CASES
        for said in (*case.get("expect", []), *case.get("refused", []))
        for code in said.split()
    }
    rules = {rule.reason.code for rulebook in BOOKS for rule in rulebook.rules}
    assert rules - told == unsayable | later | others
    assert told - {"applied", "repeated"} <= CATALOGUE.keys()
