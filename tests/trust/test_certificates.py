"""Which certificates may sign, for which role, and when; and what is said of those that may not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.errors import ConfigurationFault
from gateway.trust.authority import Authority, Credential
from gateway.trust.certificates import Anchor, Endorsement, Role, TrustStore
from gateway.trust.keys import KnownCertificate, known_certificate
from gateway.trust.verification import Verified
from licencexml.rejection import Rejection

ISSUER = frozenset({Role.ISSUER})
SECOND = timedelta(seconds=1)


def known(certificate: x509.Certificate) -> KnownCertificate:
    return known_certificate(certificate.public_bytes(Encoding.DER))


def codes(outcome: Endorsement | tuple[Rejection, ...]) -> set[str]:
    return set() if isinstance(outcome, Endorsement) else {rejection.code for rejection in outcome}


SIGNERS = {
    "issuer": set(),
    "rsa": set(),
    "expired": {"CERTIFICATE_EXPIRED"},
    "future": {"CERTIFICATE_NOT_YET_VALID"},
    "customs": {"WRONG_ROLE"},
    "stranger": {"SIGNER_UNKNOWN"},
    "impostor": {"SIGNER_UNKNOWN"},
    "seal": {"WRONG_ROLE", "SENDER_MISMATCH"},
    "other": {"SENDER_MISMATCH"},
}


@pytest.mark.parametrize(("name", "expected"), SIGNERS.items())
def test_who_may_sign_an_issue_of_issuer_1(world: Any, name: str, expected: set[str]) -> None:
    assert world.codes(world.signed(name)) == expected


@pytest.mark.parametrize(("name", "expected"), SIGNERS.items())
def test_xmlsec1_agrees_as_to_authority_and_validity(
    world: Any, xmlsec: Any, name: str, expected: set[str]
) -> None:
    # It knows neither the participants nor, with one authority, the roles.
    assert xmlsec(world.signed(name)) == (expected <= {"SENDER_MISMATCH"})


def test_a_wrong_role_is_named_with_the_right_one(world: Any) -> None:
    (rejection,) = world.ask(world.signed("customs"))
    assert "role CUSTOMS" in rejection.en
    assert "by ISSUER" in rejection.en
    assert "海关" in rejection.zh
    assert "发证机构" in rejection.zh
    assert rejection.where.xpath == "/LicenceIssue/Signature"


def test_one_of_several_roles_is_enough_and_the_signer_tells_which(world: Any) -> None:
    document = world.document.replace(b"ISSUER-1<", b"SEAL-1<")
    outcome = world.ask(world.signed("seal", document), roles=frozenset({Role.ISSUER, Role.SEAL}))
    assert isinstance(outcome, Verified)
    assert outcome.signer.role is Role.SEAL
    certificate = world.credentials["seal"].certificate
    assert outcome.signer.fingerprint_sha256 == certificate.fingerprint(hashes.SHA256()).hex()
    assert int(outcome.signer.serial, 16) == certificate.serial_number
    assert outcome.signer.not_after == certificate.not_valid_after_utc


def test_validity_includes_both_ends(world: Any) -> None:
    leaf = known(world.credentials["expired"].certificate)
    for at, expected in {
        leaf.not_before - SECOND: {"CERTIFICATE_NOT_YET_VALID"},
        leaf.not_before: set(),
        leaf.not_after: set(),
        leaf.not_after + SECOND: {"CERTIFICATE_EXPIRED"},
    }.items():
        assert codes(world.trust.check(leaf, ISSUER, at)) == expected


def test_an_expired_authority_endorses_nothing(world: Any) -> None:
    authority = Authority.create("CA", at=world.now, lifetime=timedelta(days=1))
    leaf = known(authority.issue_signing("ISSUER-1", at=world.now).certificate)
    trust = TrustStore([Anchor(Role.ISSUER, known(authority.credential.certificate))])
    assert codes(trust.check(leaf, ISSUER, world.now)) == set()
    (rejection,) = trust.check(leaf, ISSUER, world.now + timedelta(days=2))
    assert rejection.code == "CERTIFICATE_EXPIRED"
    assert "CN=CA" in rejection.en


def test_a_renewed_authority_with_the_same_key_endorses_what_the_old_one_issued(world: Any) -> None:
    old = Authority.create("CA", at=world.now, lifetime=timedelta(days=1))
    renewed = world.self_signed(
        old.credential.key,
        (x509.BasicConstraints(ca=True, path_length=None), True),
        names=("CA",),
        signing=False,
    )
    later = world.now + timedelta(hours=23)
    trust = TrustStore(Anchor(Role.ISSUER, known(each)) for each in (old.credential.certificate, renewed))
    leaf = known(old.issue_signing("ISSUER-1", at=world.now).certificate)
    assert codes(trust.check(leaf, ISSUER, later)) == set()


def test_an_authoritys_own_certificate_must_not_sign(world: Any) -> None:
    authority = world.authorities["ISSUER"].credential
    world.credentials["authority"] = Credential(authority.key, authority.certificate)
    assert world.codes(world.crafted("authority")) == {"CA_CERTIFICATE", "SENDER_MISMATCH"}


def test_a_certificate_issued_by_an_end_entity_is_unknown(world: Any) -> None:
    issuer = world.credentials["issuer"]
    leaf = Authority(issuer).issue_signing("ISSUER-1", at=world.now)
    anchors = [*world.trust.anchors, Anchor(Role.ISSUER, known(issuer.certificate))]
    assert codes(TrustStore(anchors).check(known(leaf.certificate), ISSUER, world.now)) == {"SIGNER_UNKNOWN"}


P256 = ec.generate_private_key(ec.SECP256R1())
MISUSED = {
    "no key usage": ({"signing": False}, (), {"NOT_FOR_SIGNING"}),
    "two names": ({"names": ("A", "B")}, (), {"NO_PARTICIPANT"}),
    "no name": ({"names": ()}, (), {"NO_PARTICIPANT"}),
    "a hash off the list": ({"algorithm": hashes.SHA224()}, (), {"CERTIFICATE_HASH_REFUSED"}),
    "authority": ({}, ((x509.BasicConstraints(ca=True, path_length=None), True),), {"CA_CERTIFICATE"}),
    "unknown critical extension": (
        {},
        ((x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True),),
        {"CRITICAL_EXTENSION"},
    ),
    "unknown extension": (
        {},
        ((x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), False),),
        set(),
    ),
}


@pytest.mark.parametrize(("how", "extensions", "expected"), MISUSED.values(), ids=MISUSED)
def test_a_certificate_must_be_made_for_signing(
    world: Any, how: dict[str, Any], extensions: Any, expected: set[str]
) -> None:
    certificate = known(world.self_signed(P256, *extensions, **how))
    trust = TrustStore([Anchor(Role.ISSUER, certificate)])
    assert codes(trust.check(certificate, ISSUER, world.now)) == expected


KEYS = {
    "RSA 1024": (lambda: rsa.generate_private_key(65537, 1024), "RSA 1024"),
    "RSA exponent 3": (lambda: rsa.generate_private_key(3, 2048), "exponent 3"),
    "P-521": (lambda: ec.generate_private_key(ec.SECP521R1()), "secp521r1"),
    "secp256k1": (lambda: ec.generate_private_key(ec.SECP256K1()), "secp256k1"),
    "DSA": (lambda: dsa.generate_private_key(1024), "DSA"),
    "Ed25519": (ed25519.Ed25519PrivateKey.generate, "Ed25519"),
}


@pytest.mark.parametrize(("generate", "named"), KEYS.values(), ids=KEYS)
def test_a_key_of_another_kind_or_strength_is_refused(world: Any, generate: Any, named: str) -> None:
    key = generate()
    issuer = world.authorities["ISSUER"].credential
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ISSUER-1")])
    usage = world.credentials["issuer"].certificate.extensions.get_extension_for_class(x509.KeyUsage)
    certificate = (
        x509.CertificateBuilder(issuer.certificate.subject, name, key.public_key(), 1)
        .not_valid_before(world.now)
        .not_valid_after(world.now + SECOND)
        .add_extension(usage.value, critical=True)
        .sign(issuer.key, hashes.SHA256())
    )
    (rejection,) = world.trust.check(known(certificate), ISSUER, world.now)
    assert rejection.code == "KEY_REFUSED"
    assert named in rejection.en


def test_the_sender_is_taken_from_the_signed_content(world: Any) -> None:
    """A comment splits the name for a reader of the file; signed is the whole name, which is another's."""
    document = world.document.replace(b"ISSUER-1<", b"ISSUER-1<!-- -->9<")
    assert world.codes(world.signed("issuer", document), sender="ISSUER-1") == {"SENDER_MISMATCH"}


def test_white_space_round_the_sender_is_not_part_of_the_name(world: Any) -> None:
    document = world.document.replace(b"ISSUER-1<", b"\n ISSUER-1\t<")
    assert world.codes(world.signed("issuer", document), sender="ISSUER-1 ") == set()


def test_a_sender_that_the_caller_expects_must_be_the_signer_too(world: Any) -> None:
    document = world.document.replace(b"<Sender>ISSUER-1</Sender>", b"")
    assert world.codes(world.signed(document=document), sender="ISSUER-1") == set()
    assert world.codes(world.signed(document=document), sender="ISSUER-2") == {"SENDER_MISMATCH"}


class TestFolders:
    def test_every_certificate_in_a_roles_folder_is_an_anchor(self, world: Any, tmp_path: Path) -> None:
        for role, names in {"ISSUER": ("ISSUER", "STRANGER"), "SEAL": ("SEAL",)}.items():
            for name in names:
                file = tmp_path / role / f"{name}.pem"
                world.authorities[name].credential.save_certificate(file)
        (tmp_path / "ISSUER" / "README").write_text("not a certificate")
        trust = TrustStore.load({Role.ISSUER: tmp_path / "ISSUER", Role.SEAL: tmp_path / "SEAL"})
        assert sorted(anchor.role for anchor in trust.anchors) == ["ISSUER", "ISSUER", "SEAL"]
        assert world.codes(world.signed("stranger"), trust=trust) == set()

    def test_a_participants_own_certificate_can_be_pinned(self, world: Any, tmp_path: Path) -> None:
        world.credentials["stranger"].save_certificate(tmp_path / "pinned.pem")
        trust = TrustStore.load({Role.ISSUER: tmp_path})
        assert world.codes(world.signed("stranger"), trust=trust) == set()
        assert world.codes(world.signed("issuer"), trust=trust) == {"SIGNER_UNKNOWN"}

    @pytest.mark.parametrize("content", [None, b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
    def test_a_folder_without_a_usable_certificate_is_the_operators_fault(
        self, tmp_path: Path, content: bytes | None
    ) -> None:
        if content is not None:
            (tmp_path / "ca.pem").write_bytes(content)
        with pytest.raises(ConfigurationFault, match=str(tmp_path)):
            TrustStore.load({Role.ISSUER: tmp_path})

    def test_an_absent_folder_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationFault, match=r"absent.*ISSUER"):
            TrustStore.load({Role.ISSUER: tmp_path / "absent"})

    def test_an_unfit_anchor_is_refused_with_its_fault(self, world: Any, tmp_path: Path) -> None:
        weak = rsa.generate_private_key(65537, 1024)
        certificate = world.self_signed(weak, (x509.BasicConstraints(ca=True, path_length=0), True))
        (tmp_path / "weak.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        with pytest.raises(ConfigurationFault, match=r"RSA 1024.*keyCertSign"):
            TrustStore.load({Role.ISSUER: tmp_path})
