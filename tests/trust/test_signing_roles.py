"""Who may sign which message, and what anyone is told of it: every kind, every role."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from gateway.trust.certificates import SIGNING_ROLES, Role
from gateway.trust.genuine import Verdict, judge
from gateway.trust.signing import Signer
from licencexml import writing
from licencexml.mapping import MESSAGES as KINDS
from licencexml.mapping_issuing import ISSUER_MESSAGES
from licencexml.messages import Header, Message, SealedLicence, kind_of
from licencexml.schema import Schemas
from tests.licencexml.examples import MESSAGES
from tests.trust.conftest import known

XSD = Path(__file__).parents[2] / "xsd"
BY_PARTIES = {Role.CUSTOMS, Role.GATEWAY}
#: design.md 5.2 and domain.md A10, A11: issuers confirm by signature, the seal is held centrally.
MAY_SIGN = {
    "LicenceIssue": {Role.ISSUER},
    "LicenceReplacement": {Role.ISSUER},
    "LicenceRevocation": {Role.ISSUER},
    "LicenceSuspension": {Role.ISSUER},
    "SealedLicence": {Role.SEAL},
    "WriteOff": {Role.CUSTOMS},
    "WriteOffAmendment": {Role.CUSTOMS},
    "WriteOffReversal": {Role.CUSTOMS},
    "LicenceQuery": BY_PARTIES,
    "LicenceQueryReply": BY_PARTIES,
    "Reconciliation": BY_PARTIES,
    "TechnicalAck": BY_PARTIES,
    "ApplicationAck": BY_PARTIES,
}
ALONE = {name: message for name, message in MESSAGES.items() if not isinstance(message, SealedLicence)}
SEALED = {name: message for name, message in MESSAGES.items() if isinstance(message, SealedLicence)}


@pytest.fixture(scope="module")
def schemas() -> Schemas:
    return Schemas.load(XSD)


@pytest.fixture(scope="module")
def signers(world: Any) -> dict[Role, Signer]:
    """One signer a role, all of one name: only the authority behind them tells them apart."""
    credentials = {role: world.authorities[role].issue_signing("ISSUER-A", at=world.now) for role in Role}
    return {role: Signer.of(one.key, known(one.certificate)) for role, one in credentials.items()}


def signed(world: Any, message: Message, signer: Signer) -> bytes:
    header = dataclasses.replace(message.header, created=world.now)
    element = writing.write_message(dataclasses.replace(message, header=header))
    signer.sign(element)
    return writing.serialise(element)


def sealed(world: Any, inner: bytes, signer: Signer) -> bytes:
    header = Header("S1", signer.participant, "CN-CUSTOMS", world.now)
    element = writing.seal_envelope(header, etree.fromstring(inner))
    signer.sign(element)
    return writing.serialise(element)


def ask(world: Any, schemas: Schemas, data: bytes) -> Verdict:
    verdict = judge(data, world.trust, schemas, world.now)
    json.dumps(verdict.to_dict(), ensure_ascii=False)
    return verdict


def test_every_kind_of_message_has_its_signers() -> None:
    assert SIGNING_ROLES == MAY_SIGN
    assert set(SIGNING_ROLES) == set(KINDS)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", ALONE)
def test_only_who_may_sign_a_message_makes_it_genuine(
    world: Any, schemas: Schemas, signers: dict[Role, Signer], name: str, role: Role
) -> None:
    message = ALONE[name]
    verdict = ask(world, schemas, signed(world, message, signers[role]))
    if role in MAY_SIGN[kind_of(message)]:
        assert verdict.genuine
        assert [fact.kind for fact in verdict.what] == [kind_of(message)]
    else:
        assert {one.code for one in verdict.rejections} == {"WRONG_ROLE"}
        assert verdict.what == ()


@pytest.mark.parametrize("name", SEALED)
def test_each_message_of_an_issuer_is_verified_under_the_seal(
    world: Any, schemas: Schemas, signers: dict[Role, Signer], name: str
) -> None:
    content = SEALED[name].content
    inner = signed(world, content, signers[Role.ISSUER])
    data = sealed(world, inner, signers[Role.SEAL])
    verdict = ask(world, schemas, data)
    assert verdict.genuine
    assert [(each.kind, each.signer and each.signer.role) for each in verdict.signatures] == [
        ("SealedLicence", Role.SEAL),
        (kind_of(content), Role.ISSUER),
    ]
    assert kind_of(content) in ISSUER_MESSAGES
    assert inner in data


def test_a_seal_over_a_revocation_that_no_issuer_signed_is_not_enough(
    world: Any, schemas: Schemas, signers: dict[Role, Signer]
) -> None:
    inner = signed(world, MESSAGES["revocation"], signers[Role.CUSTOMS])
    verdict = ask(world, schemas, sealed(world, inner, signers[Role.SEAL]))
    assert {one.code for one in verdict.rejections} == {"WRONG_ROLE"}
    assert [each.holds for each in verdict.signatures] == [True, False]
    assert verdict.what == ()


def test_what_is_no_message_of_an_issuer_is_not_sealed(world: Any) -> None:
    element = writing.write_message(MESSAGES["write-off"])
    with pytest.raises(AssertionError, match="issuer's message"):
        writing.seal_envelope(Header("S1", "SEAL-1", "CN-CUSTOMS", world.now), element)


TOLD: dict[str, tuple[str | None, int, dict[str, str]]] = {
    "import": ("IMPORT/26-AA-000001", 2, {}),
    "replacement-export": (
        "EXPORT/26-AA-000001",
        2,
        {"replaces": "EXPORT/26-AA-000009", "mode": "WRITE_OFF", "kind": "EXTENSION"},
    ),
    "revocation": (
        "IMPORT/26-AA-000001",
        0,
        {
            "ground": "NOT_TO_BE_USED",
            "confirmed_by": "北京样例公司 91110000600037341L",
            "confirmed_at": "2026-11-21T03:09:00+00:00",
        },
    ),
    "suspension": (
        "IMPORT/26-AA-000001",
        0,
        {
            "action": "SUSPEND",
            "ground": "RELEASE_IN_FLIGHT",
            "effective_time": "2026-11-21T03:09:00+00:00",
        },
    ),
    "amendment": (
        "IMPORT/26-AA-000001",
        1,
        {
            "entry_id": "220120261000000001",
            "line_number": "1",
            "sequence": "1",
            "amendment": "2",
            "amendment_time": "2026-11-21T03:09:00+00:00",
        },
    ),
    "reversal": (
        "IMPORT/26-AA-000001",
        2,
        {
            "entry_id": "220120261000000001",
            "reversal": "1",
            "withdrawal_time": "2026-11-21T03:09:00+00:00",
        },
    ),
    "query": ("IMPORT/26-AA-000001", 0, {}),
    "reply": (
        "IMPORT/26-AA-000001",
        2,
        {
            "status": "PART_USED",
            "suspended": "True",
            "as_of": "2026-11-21T03:09:00+00:00",
            "validity": "2026-11-01 / 2026-12-31",
            "uses": "2 / 12",
        },
    ),
    "reconciliation": (
        None,
        0,
        {
            "business_date": "2026-11-20",
            "as_of": "2026-11-21T03:09:00+00:00",
            "part": "1 / 2",
            "transfers": "2 / 3",
            "licences": "2 / 2",
        },
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_what_a_message_says_is_told(
    world: Any, schemas: Schemas, signers: dict[Role, Signer], name: str
) -> None:
    role = min(MAY_SIGN[kind_of(MESSAGES[name])])
    verdict = ask(world, schemas, signed(world, MESSAGES[name], signers[role]))
    (fact,) = verdict.what
    assert (fact.licence, len(fact.goods), fact.details) == TOLD[name]
    (told,) = verdict.to_dict()["what"]
    assert told.get("details", {}) == TOLD[name][2]


def test_what_is_sealed_is_told_with_its_kind(
    world: Any, schemas: Schemas, signers: dict[Role, Signer]
) -> None:
    inner = signed(world, MESSAGES["revocation"], signers[Role.ISSUER])
    (fact,) = ask(world, schemas, sealed(world, inner, signers[Role.SEAL])).what
    assert (fact.kind, fact.licence) == ("SealedLicence", "IMPORT/26-AA-000001")
    assert fact.details == {"content": "LicenceRevocation", **TOLD["revocation"][2]}
