"""One world for all tests of trust: authorities, signers, and three verifiers that must agree."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from gateway.trust.authority import Authority, Credential, KeyKind
from gateway.trust.certificates import Anchor, Role, TrustStore
from gateway.trust.keys import KnownCertificate, known_certificate
from gateway.trust.signing import Signer
from gateway.trust.verification import Verified, verify, verify_generally
from licencexml.rejection import Rejection

DS = "http://www.w3.org/2000/09/xmldsig#"
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = DS + "enveloped-signature"
DOCUMENT = (
    '<LicenceIssue xmlns="urn:licence-exchange:1" ID="_1"><Header><MessageID>1</MessageID>'
    "<Sender>ISSUER-1</Sender></Header><GoodsName>冻猪肉 &amp; 骨</GoodsName>"
    '<Quantity unitCode="035">1200.00000</Quantity></LicenceIssue>'
).encode()

Outcome = Verified | tuple[Rejection, ...]


def known(certificate: x509.Certificate) -> KnownCertificate:
    return known_certificate(certificate.public_bytes(Encoding.DER))


def transform(uri: str, inside: str = "") -> str:
    return f'<ds:Transform Algorithm="{uri}">{inside}</ds:Transform>'


def key_usage(**uses: bool) -> x509.KeyUsage:
    names = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign "
        "crl_sign encipher_only decipher_only"
    )
    return x509.KeyUsage(**dict.fromkeys(names.split(), False) | uses)


@dataclass(frozen=True, repr=False)
class World:
    """`authorities` by role, and "STRANGER"; `credentials` by name; `trust` anchors those of the roles."""

    now: datetime
    authorities: dict[str, Authority]
    credentials: dict[str, Credential]
    trust: TrustStore
    document: bytes = DOCUMENT

    def signer(self, name: str = "issuer") -> Signer:
        credential = self.credentials[name]
        return Signer.of(credential.key, known(credential.certificate))

    def signed(self, name: str = "issuer", document: bytes = DOCUMENT) -> bytes:
        root = etree.fromstring(document)
        self.signer(name).sign(root)
        return etree.tostring(root, encoding="utf-8")

    def certificate_base64(self, name: str = "issuer") -> str:
        return b64encode(self.credentials[name].certificate.public_bytes(Encoding.DER)).decode()

    def ask(
        self,
        data: bytes | etree._Element,
        *,
        path: str = ".",
        roles: frozenset[Role] = frozenset({Role.ISSUER}),
        at: datetime | None = None,
        sender: str | None = None,
        trust: TrustStore | None = None,
    ) -> Outcome:
        """What both paths say; they must say the same, and leave the document as it was."""
        outcomes = []
        for ask_one in (verify, verify_generally):
            root = etree.fromstring(data) if isinstance(data, bytes) else data
            before = etree.tostring(root.getroottree())
            (element,) = root.xpath(path, namespaces={"x": "urn:licence-exchange:1"})
            outcomes.append(
                ask_one(element, trust=trust or self.trust, roles=roles, at=at or self.now, sender=sender)
            )
            assert etree.tostring(root.getroottree()) == before
        thin, general = outcomes
        if isinstance(thin, Verified):
            assert isinstance(general, Verified), general
            assert (thin.digest, thin.signer) == (general.digest, general.signer)
            assert etree.tostring(thin.element) == etree.tostring(general.element)
        else:
            assert thin == general
        return thin

    def codes(self, data: bytes, **how: object) -> set[str]:
        """The codes of the rejections; empty if both paths accept."""
        outcome = self.ask(data, **how)  # type: ignore[arg-type]  # passed through
        return set() if isinstance(outcome, Verified) else {rejection.code for rejection in outcome}

    def crafted(
        self,
        name: str = "issuer",
        document: bytes = DOCUMENT,
        *,
        method: str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
        digest_method: str = "http://www.w3.org/2001/04/xmlenc#sha256",
        signature_hash: hashes.HashAlgorithm | None = None,
        digest: str = "sha256",
        uri: str = "#_1",
        transforms: str = transform(ENVELOPED) + transform(EXC),
        canonicalisation: str = EXC,
        more_references: str = "",
        reference: str | None = None,
        key_info: str | None = None,
        attributes: str = "",
        inside: str = "",
        space: str = "",
        sign: Callable[[bytes], bytes] | None = None,
        payload: Callable[[etree._Element], bytes] | None = None,
        digest_tail: str = "",
        method_inside: str = "",
    ) -> bytes:
        """A document with a hand-made signature: arithmetically right, in any shape that is asked for."""
        root = etree.fromstring(document)
        content = payload(root) if payload else etree.tostring(root, method="c14n", exclusive=True)
        value = b64encode(hashlib.new(digest, content).digest()).decode() + digest_tail
        reference = reference or (
            f'<ds:Reference URI="{uri}"><ds:Transforms>{transforms}</ds:Transforms>'
            f'<ds:DigestMethod Algorithm="{digest_method}"/>'
            f"<ds:DigestValue>{space}{value}{space}</ds:DigestValue></ds:Reference>"
        )
        signed_info = etree.fromstring(
            f'<ds:SignedInfo xmlns:ds="{DS}">{space}'
            f'<ds:CanonicalizationMethod Algorithm="{canonicalisation}"/>{space}'
            f'<ds:SignatureMethod Algorithm="{method}">{method_inside}</ds:SignatureMethod>{space}'
            f"{reference}{more_references}{space}</ds:SignedInfo>"
        )
        canonical = etree.tostring(
            signed_info, method="c14n", exclusive=canonicalisation == EXC, with_comments=False
        )
        sign = sign or (lambda data: self.raw_signature(name, data, signature_hash or hashes.SHA256()))
        if key_info is None:
            certificate = self.certificate_base64(name)
            key_info = f"<ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data>"
        signature = etree.fromstring(
            f'<ds:Signature xmlns:ds="{DS}"{attributes}>{space}<here/>{space}<ds:SignatureValue>{space}'
            f"{b64encode(sign(canonical)).decode()}</ds:SignatureValue>{space}"
            f"<ds:KeyInfo>{space}{key_info}{space}</ds:KeyInfo>{space}{inside}</ds:Signature>"
        )
        here = signature[0]
        signed_info.tail = here.tail
        signature.replace(here, signed_info)
        root.append(signature)
        return etree.tostring(root, encoding="utf-8")

    def self_signed(
        self,
        key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
        *extensions: tuple[x509.ExtensionType, bool],
        names: tuple[str, ...] = ("ISSUER-1",),
        algorithm: hashes.HashAlgorithm | None = None,
        signing: bool = True,
    ) -> x509.Certificate:
        """A certificate for signing, valid a day to both sides of now; more extensions with criticality."""
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, each) for each in names])
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(self.now - timedelta(days=1))
            .not_valid_after(self.now + timedelta(days=1))
        )
        for extension, critical in [(key_usage(digital_signature=True), True)] * signing + list(extensions):
            builder = builder.add_extension(extension, critical)
        return builder.sign(key, algorithm or hashes.SHA256())

    def raw_signature(self, name: str, data: bytes, algorithm: hashes.HashAlgorithm) -> bytes:
        key = self.credentials[name].key
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            return key.sign(data, padding.PKCS1v15(), algorithm)
        octets = (key.key_size + 7) // 8
        pair = utils.decode_dss_signature(key.sign(data, ec.ECDSA(algorithm)))
        return b"".join(number.to_bytes(octets, "big") for number in pair)


@pytest.fixture(scope="session")
def world() -> World:
    now = datetime.now(UTC).replace(microsecond=0)
    long_ago = now - timedelta(days=400)
    authorities = {
        name: Authority.create(f"CA {name}", at=long_ago) for name in [*map(str, Role), "STRANGER"]
    }
    issuer = authorities["ISSUER"]
    year = timedelta(days=365)
    credentials = {
        "issuer": issuer.issue_signing("ISSUER-1", at=now),
        "rsa": issuer.issue_signing("ISSUER-1", at=now, kind=KeyKind.RSA2048),
        "other": issuer.issue_signing("ISSUER-2", at=now),
        "expired": issuer.issue_signing("ISSUER-1", at=long_ago, lifetime=year),
        "future": issuer.issue_signing("ISSUER-1", at=now + year),
        "seal": authorities["SEAL"].issue_signing("SEAL-1", at=now),
        "customs": authorities["CUSTOMS"].issue_signing("ISSUER-1", at=now),
        "stranger": authorities["STRANGER"].issue_signing("ISSUER-1", at=now),
        # Every name is right, and only the key of the authority is not.
        "impostor": Authority.create("CA ISSUER", at=long_ago).issue_signing("ISSUER-1", at=now),
    }
    anchors = [Anchor(role, known(authorities[role].credential.certificate)) for role in Role]
    return World(now, authorities, credentials, TrustStore(anchors))


@pytest.fixture(scope="session")
def xmlsec(world: World, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., bool]:
    """Whether xmlsec1, which owes nothing to this project, accepts a document signed by an issuer."""
    program = shutil.which("xmlsec1")
    if program is None:
        pytest.skip("xmlsec1 is not installed (Debian: apt-get install xmlsec1)")
    folder: Path = tmp_path_factory.mktemp("xmlsec")
    anchor = folder / "ca.pem"
    world.authorities["ISSUER"].credential.save_certificate(anchor)

    def accepts(data: bytes, *, name: str = "LicenceIssue", path: str | None = None) -> bool:
        file = folder / "document.xml"
        file.write_bytes(data)
        command = [program, "--verify", "--id-attr:ID", f"urn:licence-exchange:1:{name}"]
        if path is not None:
            command += ["--node-xpath", path]
        command += ["--enabled-key-data", "x509", "--trusted-pem", str(anchor), str(file)]
        return subprocess.run(command, capture_output=True, timeout=20, check=False).returncode == 0

    return accepts
