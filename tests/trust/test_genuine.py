"""`judge`: what anyone who holds a copy of a licence is told about it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from gateway.trust.certificates import Role
from gateway.trust.genuine import Verdict, judge
from licencexml import writing
from licencexml.messages import (
    AckStatus,
    AckSubject,
    ApplicationAck,
    GoodsLine,
    Header,
    InterchangeFrame,
    Licence,
    LicenceIssue,
)
from licencexml.party_code import uscc_check_character
from licencexml.schema import Schemas
from licencexml.values import LicenceKey, LicenceType, Medium, Money, Party, Quantity, UsageMode

XSD = Path(__file__).parents[2] / "xsd"
_CODE = "91110000710925243"
PARTY = Party("某某进出口有限公司", _CODE + uscc_check_character(_CODE))
LINE = GoodsLine(
    line_number=1,
    goods_code="0203299010",
    goods_name="冻猪肉",
    quantity=Quantity.of("1200", "035"),
    unit_price=Money.of("2.5", "USD"),
    amount=Money.of("3000", "USD"),
    amount_usd=Money.of("3000", "USD"),
)
LICENCE = Licence(
    key=LicenceKey(LicenceType.IMPORT, "26-AA-123456"),
    medium=Medium.ELECTRONIC,
    usage_mode=UsageMode.SINGLE,
    operator=PARTY,
    counterpart=PARTY,
    valid_from=date(2026, 1, 1),
    valid_to=date(2026, 12, 31),
    licence_date=date(2026, 1, 1),
    issuing_authority="某某发证机构",
    terms_of_trade="一般贸易",
    clearance_port="2200",
    country="BRA",
    terms_of_foreign_exchange="银行购汇",
    country_of_origin="BRA",
    use="内销",
    lines=(LINE,),
)


@pytest.fixture(scope="session")
def schemas() -> Schemas:
    return Schemas.load(XSD)


@pytest.fixture
def ask(world: Any, schemas: Schemas) -> Any:
    def verdict(data: bytes, **how: Any) -> Verdict:
        answer = judge(data, world.trust, schemas, how.get("at", world.now))
        json.dumps(answer.to_dict(), ensure_ascii=False)
        assert answer.genuine == (not answer.rejections)
        return answer

    return verdict


def issue(world: Any, name: str = "issuer", **header: Any) -> bytes:
    values = {
        "message_id": "M1",
        "sender": "ISSUER-1",
        "receiver": "CN-GATEWAY",
        "created": world.now,
    } | header
    element = writing.write_message(LicenceIssue(Header(**values), LICENCE))
    world.signer(name).sign(element)
    return writing.serialise(element)


def sealed(world: Any, inner: bytes, **header: Any) -> bytes:
    values = {"message_id": "S1", "sender": "SEAL-1", "receiver": "CN-CUSTOMS", "created": world.now} | header
    element = writing.seal_envelope(Header(**values), etree.fromstring(inner))
    world.signer("seal").sign(element)
    return writing.serialise(element)


def codes(verdict: Verdict) -> set[str]:
    return {rejection.code for rejection in verdict.rejections}


def test_a_signed_licence_is_genuine_and_its_content_is_told(world: Any, ask: Any) -> None:
    verdict = ask(issue(world))
    assert verdict.genuine
    (signature,) = verdict.signatures
    assert (signature.kind, signature.created) == ("LicenceIssue", world.now)
    assert (signature.signer.participant, signature.signer.role) == ("ISSUER-1", Role.ISSUER)
    assert signature.expired_since is None
    (fact,) = verdict.what
    assert (fact.message_id, fact.licence) == ("M1", "IMPORT/26-AA-123456")
    assert [(line.goods_code, line.goods_name, line.quantity) for line in fact.goods] == [
        ("0203299010", "冻猪肉", LINE.quantity)
    ]


def test_a_sealed_licence_has_two_signatures_each_of_its_own_role(world: Any, ask: Any) -> None:
    verdict = ask(sealed(world, issue(world)))
    assert verdict.genuine
    assert [(each.kind, each.signer.role) for each in verdict.signatures] == [
        ("SealedLicence", Role.SEAL),
        ("LicenceIssue", Role.ISSUER),
    ]
    assert verdict.what[0].licence == "IMPORT/26-AA-123456"


def test_one_digit_changed_and_nothing_of_the_content_is_told_as_signed(world: Any, ask: Any) -> None:
    data = sealed(world, issue(world))
    verdict = ask(data.replace(b"1200.00000", b"1201.00000"))
    assert codes(verdict) == {"CONTENT_CHANGED"}
    assert [each.holds for each in verdict.signatures] == [False, False]
    assert verdict.what == ()


def test_a_seal_over_a_forged_licence_is_not_enough(world: Any, ask: Any) -> None:
    forged = issue(world).replace(b"1200.00000", b"1201.00000")
    verdict = ask(sealed(world, forged))
    assert codes(verdict) == {"CONTENT_CHANGED"}
    assert [each.holds for each in verdict.signatures] == [True, False]
    assert verdict.what == ()


def test_a_certificate_that_expired_after_signing_is_said_and_does_no_harm(world: Any, ask: Any) -> None:
    then = world.credentials["expired"].certificate.not_valid_before_utc + timedelta(days=1)
    verdict = ask(issue(world, "expired", created=then))
    assert verdict.genuine
    expired = world.credentials["expired"].certificate.not_valid_after_utc
    assert verdict.signatures[0].expired_since == expired


def test_a_certificate_that_had_expired_when_the_message_was_created_is_refused(world: Any, ask: Any) -> None:
    assert codes(ask(issue(world, "expired"))) == {"CERTIFICATE_EXPIRED"}


def test_a_message_from_the_future_is_refused(world: Any, ask: Any) -> None:
    soon = world.now + timedelta(minutes=4)
    assert ask(issue(world, created=soon)).genuine
    later = world.now + timedelta(minutes=6)
    assert codes(ask(issue(world, created=later))) == {"CREATED_AFTER_NOW"}


def test_schema_and_signature_faults_are_told_together(world: Any, ask: Any) -> None:
    verdict = ask(issue(world, "stranger").replace(b"0203299010", b"02032990"))
    assert {"CONTENT_CHANGED", "SIGNER_UNKNOWN"} < codes(verdict)
    assert any("GoodsCode" in (rejection.where.xpath or "") for rejection in verdict.rejections)


def test_each_message_of_an_interchange_is_judged(world: Any, ask: Any) -> None:
    ack = writing.write_message(
        ApplicationAck(
            Header("A1", "ISSUER-1", "CN-GATEWAY", world.now, "S1"),
            AckSubject("S1", "SealedLicence"),
            AckStatus.ACCEPTED,
            LICENCE.key,
        )
    )
    world.signer("customs").sign(ack)
    members = [sealed(world, issue(world)), writing.serialise(ack)]
    frame = InterchangeFrame("R1", "CN-GATEWAY", "CN-CUSTOMS", world.now, len(members))
    data = writing.interchange(frame, members)
    verdict = ask(data)
    assert verdict.genuine
    assert [fact.kind for fact in verdict.what] == ["SealedLicence", "ApplicationAck"]
    assert [fact.licence for fact in verdict.what] == ["IMPORT/26-AA-123456"] * 2
    verdict = ask(data.replace(b"<Status>ACCEPTED<", b"<Status>REPEATED<"))
    assert codes(verdict) == {"CONTENT_CHANGED"}
    assert [fact.kind for fact in verdict.what] == ["SealedLicence"]
    assert verdict.rejections[0].where.xpath == "/Interchange/ApplicationAck/Signature"


@pytest.mark.parametrize("data", [b"", b"\0\1\2", b"<a/>", b"<LicenceIssue", "许可证".encode("gb18030")])
def test_what_is_no_message_gets_a_reason(ask: Any, data: bytes) -> None:
    verdict = ask(data)
    assert not verdict.genuine
    assert verdict.rejections
    assert verdict.signatures == ()


def test_a_message_without_signature_is_not_genuine(world: Any, ask: Any) -> None:
    data = writing.serialise(writing.write_message(LicenceIssue(Header("M1", "A", "B", world.now), LICENCE)))
    verdict = ask(data)
    assert "UNSIGNED" in codes(verdict)
    assert not verdict.signatures[0].holds


def test_a_signed_licence_whose_values_contradict_each_other_is_not_genuine(world: Any, ask: Any) -> None:
    twice = replace(LICENCE, lines=(LINE, replace(LINE, line_number=2)))
    element = writing.write_message(LicenceIssue(Header("M1", "ISSUER-1", "B", world.now), twice))
    element.findall(".//{*}LineNumber")[1].text = "1"
    world.signer().sign(element)
    verdict = ask(writing.serialise(element))
    assert not verdict.genuine
    assert verdict.signatures[0].holds
    assert verdict.what == ()


def test_the_number_of_messages_is_bounded(world: Any, ask: Any) -> None:
    frame = InterchangeFrame("R1", "A", "B", world.now, 2_001)
    verdict = ask(writing.interchange(frame, [b"<WriteOff/>"] * 2_001))
    assert codes(verdict) == {"TOO_MANY_MESSAGES"}


def test_an_interchange_does_not_stand_for_a_message(world: Any, ask: Any) -> None:
    inner = issue(world)
    frame = InterchangeFrame("R1", "A", "B", world.now, 1)
    nested = writing.interchange(frame, [writing.interchange(frame, [inner]).split(b"\n", 1)[1]])
    assert "NOT_SIGNED_KIND" in codes(ask(nested))
