"""Messages that the schema has and the daemons do not handle: a clear refusal, never a fault of ours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from gateway.customs.bench import FROM_GATEWAY
from gateway.exchange.bench import FROM_CUSTOMS, FROM_ISSUERS
from gateway.exchange.examination import Document, Examined, Examiner, Refused
from gateway.trust.authority import Authority
from gateway.trust.certificates import SIGNING_ROLES, Anchor, Role, TrustStore
from gateway.trust.keys import known_certificate
from gateway.trust.signing import Signer
from licencexml import writing
from licencexml.messages import Header, Message, kind_of
from licencexml.schema import Schemas
from tests.licencexml.examples import MESSAGES

NOW = datetime(2026, 11, 21, 4, tzinfo=UTC)
SCHEMAS = Schemas.load(Path(__file__).parents[2] / "xsd")
SENDER, RECEIVER = "ISSUER-A", "CN-GATEWAY"
AUTHORITIES = {role: Authority.create(f"CA {role}", at=NOW) for role in Role}
TRUST = TrustStore(
    Anchor(role, known_certificate(one.credential.certificate.public_bytes(Encoding.DER)))
    for role, one in AUTHORITIES.items()
)
NOT_SEALED = {name: message for name, message in MESSAGES.items() if kind_of(message) != "SealedLicence"}


def signed(element: etree._Element, role: Role) -> etree._Element:
    credential = AUTHORITIES[role].issue_signing(SENDER, at=NOW)
    certificate = known_certificate(credential.certificate.public_bytes(Encoding.DER))
    Signer.of(credential.key, certificate).sign(element)
    return element


def examined(element: etree._Element, accepts: Mapping[str, frozenset[Role]]) -> Examined | Refused:
    examiner = Examiner(participant=RECEIVER, schemas=SCHEMAS, trust=TRUST, accepts=accepts, max_bytes=2**20)
    return examiner.message(Document(writing.serialise(element), NOW))


@pytest.mark.parametrize(
    "table", [FROM_ISSUERS, FROM_CUSTOMS, FROM_GATEWAY], ids=["spool", "line", "customs"]
)
@pytest.mark.parametrize("name", NOT_SEALED)
def test_a_kind_that_is_not_taken_is_refused_as_such(name: str, table: Mapping[str, frozenset[Role]]) -> None:
    message: Message = NOT_SEALED[name]
    role = min(SIGNING_ROLES[kind_of(message)])
    answer = examined(signed(writing.write_message(message), role), table)
    if kind_of(message) in table:
        assert "WRONG_KIND" not in {one.code for one in getattr(answer, "rejections", ())}
        return
    assert isinstance(answer, Refused)
    assert [one.code for one in answer.rejections] == ["WRONG_KIND"]
    assert kind_of(message) in answer.rejections[0].zh


@pytest.mark.parametrize("name", ["import", "replacement-export", "revocation", "suspension"])
def test_whatever_is_sealed_has_its_issuers_own_signature(name: str) -> None:
    header = Header("S1", SENDER, RECEIVER, NOW)

    def sealed(role: Role) -> Examined | Refused:
        inner = signed(writing.write_message(MESSAGES[name]), role)
        return examined(signed(writing.seal_envelope(header, inner), Role.SEAL), FROM_GATEWAY)

    assert isinstance(sealed(Role.ISSUER), Examined)
    answer = sealed(Role.CUSTOMS)
    assert isinstance(answer, Refused)
    assert [one.code for one in answer.rejections] == ["WRONG_ROLE"]
    assert answer.readable
    assert answer.message_id == "S1"
    assert str(answer.licence).endswith("26-AA-000001")
