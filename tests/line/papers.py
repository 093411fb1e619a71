"""Certificates of every kind, good and bad, as PEM files: an authority issues them on demand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Issued:
    """A certificate, its key, and where both are as PEM."""

    certificate: x509.Certificate
    private: Any
    path: Path
    key: Path

    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def issue(self, name: str, **how: Any) -> Issued:
        """See `issue`."""
        return issue(self.path.parent, name, issuer=self, **how)

    def crl(self, name: str, *revoked: Issued, begins: timedelta = -DAY, ends: timedelta = DAY) -> Path:
        """A revocation list with these certificates in it."""
        now = datetime.now(UTC)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(now + begins)
            .next_update(now + ends)
        )
        for one in revoked:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder()
                .serial_number(one.certificate.serial_number)
                .revocation_date(now + begins)
                .build()
            )
        path = self.path.with_name(f"{name}.crl")
        path.write_bytes(builder.sign(self.private, hashes.SHA256()).public_bytes(Encoding.PEM))
        return path


def issue(
    folder: Path,
    name: str,
    *,
    issuer: Issued | None = None,
    authority: bool = False,
    names: tuple[str, ...] = (),
    begins: timedelta = -DAY,
    ends: timedelta = DAY,
    private: Any = None,
    usage: x509.ObjectIdentifier | None = None,
) -> Issued:
    """A certificate for CN=name, self-signed without `issuer`, with `names` besides."""
    private = private or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_general(n) for n in names]), False)
    if usage is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    certificate = builder.sign(issuer.private if issuer else private, hashes.SHA256())
    issued = Issued(certificate, private, folder / f"{name}.pem", folder / f"{name}.key")
    issued.path.write_bytes(issued.pem())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    issued.key.write_bytes(pem)
    return issued


def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def bundle(path: Path, *parts: Issued) -> Path:
    """Several certificates in one file."""
    path.write_bytes(b"".join(one.pem() for one in parts))
    return path


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
