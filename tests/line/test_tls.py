"""Who is let through TLS, and with what; in memory, without sockets."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from OpenSSL import SSL

from gateway.config.endpoints import Endpoint, Transport
from gateway.errors import ConfigurationFault
from gateway.line.anchorage import Anchorage
from gateway.line.settings import LineSettings, PartnerSettings
from gateway.line.tls import make_context
from gateway.line.tls_files import load_certificates, load_crls
from gateway.line.vault import Holdings, Vault
from gateway.line.verdicts import in_words
from tests.line.judging import HOST, answer, call, settings
from tests.line.papers import DAY, Issued, bundle, issue, rsa_key


@pytest.fixture
def root(tmp_path: Path) -> Issued:
    return issue(tmp_path, "root", authority=True)


@pytest.fixture
def us(root: Issued) -> Issued:
    return root.issue("us", names=("us.example",))


class TestMadness:
    def test_a_stranger_whose_certificate_cannot_be_read_is_refused_as_any_other(
        self, root: Issued, us: Issued, tmp_path: Path
    ) -> None:
        mad = issue(tmp_path, "ABCDEFGH")
        der = mad.certificate.public_bytes(Encoding.DER)
        # A T61String has any octets: good enough for OpenSSL.
        der = der.replace(b"\x0c\x08ABCDEFGH", b"\x14\x08" + b"\xff" * 8)
        mad.path.write_text(ssl.DER_cert_to_PEM_cert(der))
        for judged in (call, answer):
            assert judged(us, root.path, mad) == (
                "the certificate of somebody whose name cannot be read is refused:"
                " it signed itself, and is not in tls_anchor"
            )
        twice = bytes.fromhex("0603551d13")
        other = issue(tmp_path, "twice")
        der = other.certificate.public_bytes(Encoding.DER).replace(bytes.fromhex("0603551d0e"), twice)
        other.path.write_text(ssl.DER_cert_to_PEM_cert(der))
        for judged in (call, answer):
            assert "is refused" in judged(us, root.path, other)

    def test_a_host_with_the_dot_of_the_root_is_the_same_host(self, root: Issued, us: Issued) -> None:
        one = root.issue("one", names=(HOST,))
        assert call(us, root.path, one, host=f"{HOST.upper()}.") == ""


class TestDates:
    def test_expired_and_not_yet_valid_are_told_apart(self, root: Issued, us: Issued) -> None:
        expired = root.issue("expired", names=(HOST,), begins=-2 * DAY, ends=-DAY)
        early = root.issue("early", names=(HOST,), begins=DAY, ends=2 * DAY)
        for judged in (call, answer):
            assert judged(us, root.path, expired).endswith("CN=expired is refused: it has expired")
            assert judged(us, root.path, early).endswith("CN=early is refused: it is not valid yet")
        assert answer(us, expired.path, expired).endswith("it has expired"), "pinned or not"


class TestChains:
    def test_an_intermediate_comes_with_the_certificate(self, root: Issued, us: Issued) -> None:
        between = root.issue("between", authority=True)
        leaf = between.issue("leaf", names=(HOST,))
        assert "is in tls_anchor" in call(us, root.path, leaf)
        bundle(leaf.path, leaf, between)
        assert call(us, root.path, leaf) == answer(us, root.path, leaf) == ""
        assert call(us, between.path, leaf) == "", "and may be the anchor"

    def test_an_expired_intermediate_is_named(self, root: Issued, us: Issued) -> None:
        between = root.issue("between", authority=True, begins=-2 * DAY, ends=-DAY)
        leaf = between.issue("leaf", names=(HOST,))
        bundle(leaf.path, leaf, between)
        assert call(us, root.path, leaf) == (
            "the certificate is refused because of its authority CN=between: it has expired"
        )

    def test_a_certificate_for_the_other_end_only_does_not_do(self, root: Issued, us: Issued) -> None:
        server = root.issue("server", names=(HOST,), usage=ExtendedKeyUsageOID.SERVER_AUTH)
        assert call(us, root.path, server) == ""
        assert "extended key usage" in answer(us, root.path, server)


class TestRevocation:
    def test_a_revoked_certificate_is_refused_at_both_ends(self, root: Issued, us: Issued) -> None:
        good, bad = (root.issue(name, names=(HOST,)) for name in ("good", "bad"))
        crl = root.crl("root", bad)
        for judged in (call, answer):
            assert judged(us, root.path, good, tls_crl=crl) == ""
            assert judged(us, root.path, bad, tls_crl=crl).endswith("its issuer has revoked it")
            assert judged(us, root.path, bad) == "", "without a list nobody knows"

    @pytest.mark.parametrize(
        ("begins", "ends", "told"), [(-2 * DAY, -DAY, "out of date"), (DAY, 2 * DAY, "not valid yet")]
    )
    def test_a_list_that_is_not_of_now_vouches_for_nobody(
        self, root: Issued, us: Issued, begins: Any, ends: Any, told: str
    ) -> None:
        good = root.issue("good", names=(HOST,))
        crl = root.crl("root", begins=begins, ends=ends)
        assert told in call(us, root.path, good, tls_crl=crl)
        # Another partner may have no lists at all: it is refused once it has said who it is.
        assert answer(us, root.path, good, tls_crl=crl) == ""
        anchors = load_certificates(root.path)
        refusal = Anchorage(anchors, names=(HOST,), crls=load_crls(crl, anchors)).refusal_of(good.certificate)
        assert refusal is not None
        assert told in refusal

    def test_an_intermediate_can_be_revoked_too(self, root: Issued, us: Issued, tmp_path: Path) -> None:
        between = root.issue("between", authority=True)
        leaf = between.issue("leaf", names=(HOST,))
        bundle(leaf.path, leaf, between)
        lists = tmp_path / "all.crl"
        lists.write_bytes(root.crl("r").read_bytes() + between.crl("b").read_bytes())
        assert call(us, root.path, leaf, tls_crl=lists) == ""
        lists.write_bytes(root.crl("r", between).read_bytes() + between.crl("b").read_bytes())
        for judged in (call, answer):
            assert "authority CN=between: its issuer has revoked it" in judged(
                us, root.path, leaf, tls_crl=lists
            )
        assert "tls_crl has no list of its issuer" in call(us, root.path, leaf, tls_crl=root.crl("r"))
        # Below an intermediate that is trusted itself, its own list is enough.
        assert call(us, between.path, leaf, tls_crl=between.crl("b")) == ""

    def test_lists_are_of_issuers(self, root: Issued, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationFault, match="need the issuer's certificate in tls_anchor"):
            load_crls(root.crl("root"), (root.issue("leaf").certificate,))
        with pytest.raises(ConfigurationFault, match="expected -----BEGIN X509 CRL-----"):
            load_crls(root.path, (root.certificate,))


def sha1_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate under a hash that cryptography refuses to sign with; by OpenSSL's command."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    names = {"ca": "CN=CA", "old": "CN=old"}
    for name, subject in names.items():
        issuer = ["-CA", "ca.pem", "-CAkey", "ca.key"] if name == "old" else []
        kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        request = ["req", "-x509", *kind, "-nodes", "-subj", f"/{subject}", "-sha1", *issuer]
        files = ["-keyout", f"{name}.key", "-out", f"{name}.pem"]
        subprocess.run(["openssl", *request, *files], cwd=folder, check=True, capture_output=True)
    return folder / "old.pem", folder / "old.key"


class TestFiles:
    def test_unusable_files_say_which(self, root: Issued, us: Issued, tmp_path: Path) -> None:
        (tmp_path / "empty.pem").write_text("")
        with pytest.raises(ConfigurationFault, match=r"empty\.pem"):
            load_certificates(tmp_path / "empty.pem")
        with pytest.raises(ConfigurationFault, match=r"us\.pem"):
            make_context(us.path, root.key, ())
        with pytest.raises(ConfigurationFault, match="absent"):
            make_context(tmp_path / "absent.pem", us.key, ())

    def test_weak_certificates_are_told_before_they_are_used(self, root: Issued, tmp_path: Path) -> None:
        weak = root.issue("weak", private=rsa_key(1024))
        with pytest.raises(ConfigurationFault, match=r"CN=weak has an RSA key of 1024 bits; expected 2048"):
            load_certificates(weak.path)
        old = sha1_certificate(tmp_path)
        with pytest.raises(ConfigurationFault, match="CN=old is signed with SHA-1 or MD5"):
            make_context(*old, ())
        # Under a certificate that signs itself a hash proves nothing.
        assert load_certificates(tmp_path / "ca.pem")

    def test_all_that_is_unfit_is_told_at_once(self, root: Issued, us: Issued, tmp_path: Path) -> None:
        wrong = settings(us, tmp_path / "absent.pem")
        second = PartnerSettings("second", "Q", "", "", tls_anchor=root.path, tls_crl=tmp_path / "no.crl")
        with pytest.raises(ConfigurationFault) as raised:
            Holdings.load(LineSettings("US", (*wrong.partners, second), wrong.listen, root.path, us.key))
        told = str(raised.value).splitlines()
        assert [line.split(":")[0] for line in told] == [
            str(tmp_path / "absent.pem"),
            str(tmp_path / "no.crl"),
            f"{root.path} with {us.key}",
        ]

    def test_tls_needs_certificate_and_anchor(self, us: Issued) -> None:
        endpoint = Endpoint(Transport.TLS, HOST, 6619)
        partner = PartnerSettings("partner", "P", "", "")
        with pytest.raises(ConfigurationFault, match="TLS needs the line's certificate and key"):
            Vault(LineSettings("US", (partner,), listen=(endpoint,)))
        with pytest.raises(ConfigurationFault, match="TLS needs tls_anchor"):
            Vault(LineSettings("US", (partner,), listen=(endpoint,), certificate=us.path, key=us.key))


def test_what_openssl_says_is_told_in_a_sentence() -> None:
    alert = SSL.Error([("SSL routines", "", "tlsv1 alert unknown ca")])
    assert in_words(alert) == "TLS: tlsv1 alert unknown ca, says the partner"
    assert in_words(SSL.Error([("SSL routines", "", "no shared cipher")])) == "TLS: no shared cipher"
    assert in_words(SSL.Error()) is None
    assert in_words(ValueError("x")) is None
