"""What an issuing system does: sign what is its own, and hand it over by rename."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.config import GatewayConfig
from gateway.data import data_dir
from gateway.errors import EnvironmentFault
from gateway.operations.inspection import anchors_of
from gateway.operations.instance import create_instance
from gateway.operations.issuer import Issuer, NotToBeSigned, hand_over
from gateway.trust.certificates import TrustStore
from gateway.trust.genuine import judge
from licencexml import writing
from licencexml.parsing import Malformed
from licencexml.schema import Schemas
from tests.operations.issues import an_issue

LIMIT = 1024 * 1024


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("i") / "i"
    create_instance(folder, at=datetime.now(UTC))
    return folder


def _genuine(instance: Path, data: bytes) -> bool:
    trust = TrustStore.load(anchors_of(GatewayConfig.load(instance / "gateway.toml")))
    return judge(data, trust, Schemas.load(data_dir("xsd")), datetime.now(UTC)).genuine


def test_what_it_issues_and_what_it_signs_is_genuine(instance: Path) -> None:
    issuer = Issuer.of_instance(instance)
    unsigned = writing.serialise(writing.write_message(an_issue()))
    for document in (issuer.issue(an_issue()), issuer.sign(unsigned, max_bytes=LIMIT)):
        assert _genuine(instance, document)
        assert not _genuine(instance, document.replace(b">1000.00000<", b">9000.00000<"))


def test_what_is_not_its_own_is_not_signed(instance: Path) -> None:
    issuer = Issuer.of_instance(instance)
    for document, told in (
        (issuer.issue(an_issue()), "signed already"),
        (writing.serialise(writing.write_message(an_issue("ISSUER-ELSE"))), '"ISSUER-ELSE"'),
    ):
        with pytest.raises(NotToBeSigned, match=told):
            issuer.sign(document, max_bytes=LIMIT)
    with pytest.raises(Malformed):
        issuer.sign(b"<not-a-licence/>", max_bytes=LIMIT)


def test_a_document_is_handed_over_whole(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    assert hand_over(tmp_path, "one.urgent", b"whole") == tmp_path / "in/one.urgent.xml"
    assert [(path.name, path.read_bytes()) for path in (tmp_path / "in").iterdir()] == [
        ("one.urgent.xml", b"whole")
    ]


def test_a_spool_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="cannot be handed over"):
        hand_over(tmp_path / "nowhere", "one", b"")
