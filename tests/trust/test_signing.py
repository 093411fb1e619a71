"""What a signer will not be made from, and will not sign; what an instance's files look like."""

from __future__ import annotations

import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from lxml import etree

from gateway.errors import ConfigurationFault, EnvironmentFault
from gateway.trust.authority import Credential, InstanceTrust, KeyKind, Party, create_instance_trust
from gateway.trust.canonical import CanonicalisationError
from gateway.trust.certificates import Role, TrustStore
from gateway.trust.signing import Signer
from gateway.trust.verification import Verified, verify

PARTICIPANTS = {
    Role.ISSUER: "ISSUER-1",
    Role.SEAL: "CN-GATEWAY",
    Role.CUSTOMS: "CN-CUSTOMS",
    Role.GATEWAY: "CN-GATEWAY",
}


def save(credential: Credential, folder: Path) -> tuple[Path, Path]:
    paths = folder / "x.key", folder / "x.pem"
    credential.save(*paths)
    return paths


class TestSigner:
    def test_the_same_content_gives_the_same_signed_part(self, world: Any) -> None:
        first, second = (etree.fromstring(world.signed())[-1][0] for _ in range(2))
        assert etree.tostring(first) == etree.tostring(second)

    def test_a_subtree_can_be_signed_in_its_place(self, world: Any) -> None:
        root = etree.fromstring(
            b'<Interchange xmlns="urn:licence-exchange:1">1%s2</Interchange>' % world.document
        )
        world.signer().sign(root[0])
        assert root[0].tail == "2"
        assert world.codes(etree.tostring(root), path="x:LicenceIssue") == set()

    def test_what_stands_round_the_root_is_not_signed(self, world: Any) -> None:
        root = etree.fromstring(b"<?before x?>%s<?after x?>" % world.document)
        world.signer().sign(root)
        assert world.codes(etree.tostring(root.getroottree())) == set()
        assert world.codes(etree.tostring(root)) == set()

    def test_the_signer_knows_the_digest_that_whoever_verifies_finds(self, world: Any) -> None:
        root = etree.fromstring(b"<Interchange>1%s2</Interchange>" % world.document)
        digest = world.signer().sign(root[0])
        assert world.ask(etree.tostring(root), path="x:LicenceIssue").digest == digest

    def test_a_key_of_another_certificate_is_refused(self, world: Any, tmp_path: Path) -> None:
        credential = Credential(world.credentials["other"].key, world.credentials["issuer"].certificate)
        with pytest.raises(ConfigurationFault, match="does not belong"):
            Signer.load(*save(credential, tmp_path))

    def test_an_authoritys_certificate_is_refused(self, world: Any, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationFault, match="authority's own"):
            Signer.load(*save(world.authorities["SEAL"].credential, tmp_path))

    def test_p384_is_refused_because_the_shape_has_sha256(self, world: Any, tmp_path: Path) -> None:
        key = ec.generate_private_key(ec.SECP384R1())
        with pytest.raises(ConfigurationFault, match="P-256"):
            Signer.load(*save(Credential(key, world.self_signed(key)), tmp_path))

    @pytest.mark.parametrize("content", [None, b"", b"junk"])
    def test_an_unreadable_key_is_named(self, world: Any, tmp_path: Path, content: bytes | None) -> None:
        key, certificate = save(world.credentials["seal"], tmp_path)
        key.unlink()
        if content is not None:
            key.write_bytes(content)
        with pytest.raises(ConfigurationFault, match=r"x\.key"):
            Signer.load(key, certificate)

    def test_an_encrypted_key_is_refused_with_a_reason(self, world: Any, tmp_path: Path) -> None:
        key, certificate = save(world.credentials["seal"], tmp_path)
        key.write_bytes(
            world.credentials["seal"].key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.BestAvailableEncryption(b"secret"),
            )
        )
        with pytest.raises(ConfigurationFault, match=r"x\.key.*encrypted"):
            Signer.load(key, certificate)

    @pytest.mark.parametrize("identity", ["", "1", "a b", 'a"', "许", "_" * 129])
    def test_an_id_that_would_need_escaping_is_a_bug_of_the_caller(self, world: Any, identity: str) -> None:
        root = etree.Element("{urn:licence-exchange:1}LicenceIssue", ID=identity)
        with pytest.raises(AssertionError):
            world.signer().sign(root)

    def test_a_message_is_signed_once(self, world: Any) -> None:
        root = etree.fromstring(world.signed())
        with pytest.raises(AssertionError):
            world.signer().sign(root)

    def test_what_has_no_canonical_form_is_not_signed(self, world: Any) -> None:
        root = etree.fromstring(b'<a ID="_1" xmlns:r="relative"><r:b/></a>')
        with pytest.raises(CanonicalisationError):
            world.signer().sign(root)
        assert len(root) == 1


@pytest.fixture(scope="module", params=list(KeyKind))
def instance(request: pytest.FixtureRequest, world: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("instance")
    return folder, create_instance_trust(folder, PARTICIPANTS, at=world.now, kind=request.param)


class TestInstance:
    def test_each_role_signs_what_its_anchor_accepts_and_no_other_does(
        self, world: Any, instance: Any
    ) -> None:
        _, files = instance
        trust = TrustStore.load(files.anchors)
        for role, party in files.signing.items():
            root = etree.fromstring(world.document.replace(b"ISSUER-1<", PARTICIPANTS[role].encode() + b"<"))
            Signer.load(party.key, party.certificate).sign(root)
            for accepted in Role:
                outcome = verify(root, trust=trust, roles=frozenset({accepted}), at=world.now)
                assert isinstance(outcome, Verified) == (accepted is role)

    def test_keys_are_their_owners_alone(self, instance: Any) -> None:
        folder, _ = instance
        keys = sorted(folder.rglob("*.key"))
        assert len(keys) == 4 + 4 + 1 + 2
        assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}

    def test_nothing_is_overwritten(self, world: Any, instance: Any) -> None:
        folder, _ = instance
        before = {path: path.read_bytes() for path in folder.rglob("*.*")}
        with pytest.raises(EnvironmentFault, match="exists"):
            create_instance_trust(folder, PARTICIPANTS, at=world.now)
        assert {path: path.read_bytes() for path in folder.rglob("*.*")} == before

    def test_openssl_accepts_the_certificates_for_their_purposes(self, instance: Any) -> None:
        program = shutil.which("openssl")
        if program is None:
            pytest.skip("openssl is not installed")
        files: InstanceTrust = instance[1]
        for end in (files.tls_gateway, files.tls_customs):
            for purpose in ("sslserver", "sslclient"):
                command = [program, "verify", "-x509_strict", "-purpose", purpose, "-verify_ip", "127.0.0.1"]
                run_openssl(command, files.tls_anchor, end)
        for role, party in files.signing.items():
            run_openssl([program, "verify", "-x509_strict"], files.anchors[role] / "ca.pem", party)


def run_openssl(command: list[str], anchor: Path, party: Party) -> None:
    command = [*command, "-CAfile", str(anchor), str(party.certificate)]
    subprocess.run(command, check=True, capture_output=True, timeout=20)
