"""Signatures that other software made are accepted when they keep to the profile."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import signxml
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from gateway.trust.authority import Credential
from gateway.trust.certificates import Anchor, Role, TrustStore
from gateway.trust.keys import known_certificate
from gateway.trust.verification import Verified

DS = "http://www.w3.org/2000/09/xmldsig#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
ENC = "http://www.w3.org/2001/04/xmlenc#"
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
#: Key, signature method, digest method: the whole allow-list.
PERMITTED = [
    (key, signature, digest)
    for key, signatures in {
        "issuer": ["ECDSA_SHA256", "ECDSA_SHA384"],
        "rsa": ["RSA_SHA256", "RSA_SHA384", "RSA_SHA512"],
    }.items()
    for signature in signatures
    for digest in ["SHA256", "SHA384", "SHA512"]
]


@pytest.mark.parametrize(("key", "signature", "digest"), PERMITTED)
def test_signxml_signs_and_we_verify(world: Any, key: str, signature: str, digest: str) -> None:
    outcome = world.ask(signxml_signed(world, key, signature, digest))
    assert isinstance(outcome, Verified), outcome
    assert outcome.digest == world.ask(world.signed()).digest


@pytest.mark.parametrize(("signature", "digest"), [("RSA_SHA224", "SHA256"), ("RSA_SHA256", "SHA3_256")])
def test_what_signxml_can_and_the_profile_cannot_is_refused(world: Any, signature: str, digest: str) -> None:
    assert world.codes(signxml_signed(world, "rsa", signature, digest)) == {"ALGORITHM_REFUSED"}


@pytest.mark.parametrize("space", [" ", "\n", "\r\n\t", "&#13;\n"])
def test_white_space_between_the_parts_of_a_signature_is_free(world: Any, space: str) -> None:
    assert world.codes(world.crafted(space=space)) == set()


def test_hints_beside_the_certificate_and_id_attributes_are_allowed(world: Any) -> None:
    certificate = f"<ds:X509Certificate>{world.certificate_base64()}</ds:X509Certificate>"
    hints = (
        "<ds:X509SubjectName>CN=OTHER</ds:X509SubjectName><ds:X509IssuerSerial><ds:X509IssuerName>x"
        "</ds:X509IssuerName><ds:X509SerialNumber>1</ds:X509SerialNumber></ds:X509IssuerSerial>"
    )
    key_info = f"<ds:X509Data>{hints}{certificate}</ds:X509Data>"
    outcome = world.ask(world.crafted(key_info=key_info, attributes=' Id="signature"'))
    assert isinstance(outcome, Verified), outcome
    assert outcome.signer.participant == "ISSUER-1"


@pytest.mark.parametrize("identity", ["许可证", "_" * 200, "a.b-c_d"])
def test_any_id_that_xml_allows_can_be_referred_to(world: Any, identity: str) -> None:
    document = world.document.replace(b'"_1"', f'"{identity}"'.encode())
    assert world.codes(world.crafted(document=document, uri=f"#{identity}")) == set()


@pytest.mark.parametrize("method", ["ecdsa-sha256", "ecdsa-sha384"])
def test_p384_is_permitted_on_the_general_path(world: Any, method: str) -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    certificate = world.self_signed(key)
    world.credentials["p384"] = Credential(key, certificate)
    trust = TrustStore([Anchor(Role.ISSUER, known_certificate(certificate.public_bytes(Encoding.DER)))])
    algorithm = hashes.SHA256() if method.endswith("256") else hashes.SHA384()
    data = world.crafted("p384", method=MORE + method, signature_hash=algorithm)
    assert world.codes(data, trust=trust) == set()


@pytest.mark.parametrize(("key", "method"), [("issuer", "ecdsa-sha256"), ("rsa", "rsa-sha256")])
def test_xmlsec1_signs_and_we_verify(world: Any, tmp_path: Path, key: str, method: str) -> None:
    program = shutil.which("xmlsec1")
    if program is None:
        pytest.skip("xmlsec1 is not installed (Debian: apt-get install xmlsec1)")
    world.credentials[key].save(tmp_path / "key.pem", tmp_path / "certificate.pem")
    (tmp_path / "template.xml").write_bytes(template(world.document, MORE + method))
    command = [program, "--sign", "--id-attr:ID", "urn:licence-exchange:1:LicenceIssue"]
    command += ["--privkey-pem", f"{tmp_path}/key.pem,{tmp_path}/certificate.pem"]
    command += ["--output", str(tmp_path / "signed.xml"), str(tmp_path / "template.xml")]
    subprocess.run(command, check=True, capture_output=True, timeout=20)
    outcome = world.ask((tmp_path / "signed.xml").read_bytes())
    assert isinstance(outcome, Verified), outcome
    assert outcome.digest == world.ask(world.signed()).digest


def signxml_signed(world: Any, key: str, signature: str, digest: str) -> bytes:
    credential = world.credentials[key]
    signer = signxml.XMLSigner(
        signature_algorithm=signxml.SignatureMethod[signature],
        digest_algorithm=signxml.DigestAlgorithm[digest],
        c14n_algorithm=signxml.CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    root = etree.fromstring(world.document)
    signed = signer.sign(root, key=credential.key, cert=[credential.certificate], reference_uri="_1")
    return etree.tostring(signed, encoding="utf-8")


def template(document: bytes, method: str) -> bytes:
    root = etree.fromstring(document)
    root.append(
        etree.fromstring(
            f'<Signature xmlns="{DS}">\n<SignedInfo><CanonicalizationMethod Algorithm="{EXC}"/>'
            f'<SignatureMethod Algorithm="{method}"/><Reference URI="#_1">\n<Transforms>'
            f'<Transform Algorithm="{DS}enveloped-signature"/><Transform Algorithm="{EXC}"/></Transforms>'
            f'<DigestMethod Algorithm="{ENC}sha256"/><DigestValue/></Reference></SignedInfo>'
            "<SignatureValue/><KeyInfo><X509Data><X509Certificate/></X509Data></KeyInfo></Signature>"
        )
    )
    return etree.tostring(root, encoding="utf-8")
