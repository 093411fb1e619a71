"""Test authorities: a CA for each role and one for TLS, and the keys and certificates that they issue.

For trials and demonstrations only: the private keys of these authorities lie unprotected on the disk. In
production the certificates come from an approved authority (商办配函〔2015〕494号 art. 24).
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.errors import EnvironmentFault
from gateway.trust.certificates import Role
from gateway.trust.keys import PrivateKey

AUTHORITY_LIFETIME: Final = timedelta(days=20 * 365)
CERTIFICATE_LIFETIME: Final = timedelta(days=5 * 365)
#: Certificates begin a little in the past, for machines whose clocks are a little behind.
_BACKDATED: Final = timedelta(hours=1)
_PRIVATE: Final = 0o600
_PUBLIC: Final = 0o644
LOOPBACK_NAMES: Final = ("localhost", "127.0.0.1", "::1")


class KeyKind(StrEnum):
    """The kinds of key that are made here."""

    P256 = "p256"
    RSA2048 = "rsa2048"

    def generate(self) -> PrivateKey:
        """A new private key."""
        if self is KeyKind.RSA2048:
            return rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True, slots=True)
class Credential:
    """A private key with its certificate."""

    key: PrivateKey
    certificate: x509.Certificate

    def save(self, key_path: Path, certificate_path: Path) -> None:
        """Writes both as PEM, the key readable by its owner only; folders are made.

        Nothing is ever overwritten: raises EnvironmentFault if a file is there already.
        """
        key_pem = self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        write_new(key_path, key_pem, _PRIVATE)
        self.save_certificate(certificate_path)

    def save_certificate(self, path: Path) -> None:
        """Writes the certificate as PEM; raises EnvironmentFault if the file is there already."""
        write_new(path, self.certificate.public_bytes(serialization.Encoding.PEM), _PUBLIC)


@dataclass(frozen=True, slots=True)
class Authority:
    """A self-signed CA that issues end-entity certificates directly."""

    credential: Credential

    @classmethod
    def create(
        cls,
        name: str,
        *,
        at: datetime,
        kind: KeyKind = KeyKind.P256,
        lifetime: timedelta = AUTHORITY_LIFETIME,
    ) -> Self:
        """A new CA of this common name, valid from an hour before `at` (aware)."""
        key = kind.generate()
        subject = _name(name)
        builder = (
            _builder(subject, subject, key, at, lifetime)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(key_cert_sign=True), critical=True)
        )
        return cls(Credential(key, builder.sign(key, hashes.SHA256())))

    def issue_signing(
        self,
        participant: str,
        *,
        at: datetime,
        kind: KeyKind = KeyKind.P256,
        lifetime: timedelta = CERTIFICATE_LIFETIME,
    ) -> Credential:
        """A key and certificate with which `participant` signs messages."""
        key = kind.generate()
        builder = self._end_entity(participant, key, at, lifetime)
        return self._issue(key, builder)

    def issue_tls(
        self,
        name: str,
        *,
        at: datetime,
        hosts: Sequence[str] = LOOPBACK_NAMES,
        kind: KeyKind = KeyKind.P256,
        lifetime: timedelta = CERTIFICATE_LIFETIME,
    ) -> Credential:
        """A key and certificate for TLS, as client and as server; `hosts` are names and addresses."""
        key = kind.generate()
        builder = self._end_entity(name, key, at, lifetime)
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_host(host) for host in hosts]), critical=False
        ).add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
            critical=False,
        )
        return self._issue(key, builder)

    def _end_entity(
        self, name: str, key: PrivateKey, at: datetime, lifetime: timedelta
    ) -> x509.CertificateBuilder:
        issuer = self.credential.certificate
        return (
            _builder(_name(name), issuer.subject, key, at, lifetime)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.credential.key.public_key()),
                critical=False,
            )
        )

    def _issue(self, key: PrivateKey, builder: x509.CertificateBuilder) -> Credential:
        return Credential(key, builder.sign(self.credential.key, hashes.SHA256()))


@dataclass(frozen=True, slots=True)
class Party:
    """Where the key and the certificate of one party are."""

    key: Path
    certificate: Path


@dataclass(frozen=True, slots=True)
class InstanceTrust:
    """All the files of an instance: per role the anchors' folder and a signing party; TLS for both ends."""

    anchors: Mapping[Role, Path]
    signing: Mapping[Role, Party]
    tls_anchor: Path
    tls_gateway: Party
    tls_customs: Party


def create_instance_trust(
    folder: Path, participants: Mapping[Role, str], *, at: datetime, kind: KeyKind = KeyKind.P256
) -> InstanceTrust:
    """All authorities, keys and certificates of a test instance, under `folder`:

    `authorities/ROLE.key` (keep these to issue more), `trust/ROLE/ca.pem`, `keys/ROLE.key`, `keys/ROLE.pem`,
    `tls/ca.pem`, `tls/{gateway,customs}.{key,pem}`. `participants` names who signs for each role.

    Raises EnvironmentFault if one of the files is there already, or cannot be written.
    """
    signing = {}
    for role, participant in participants.items():
        authority = Authority.create(f"Test CA {role}", at=at, kind=kind)
        name = role.lower()
        authority.credential.save(folder / f"authorities/{name}.key", folder / f"trust/{name}/ca.pem")
        signing[role] = _save(authority.issue_signing(participant, at=at, kind=kind), folder / "keys", name)
    authority = Authority.create("Test CA TLS", at=at, kind=kind)
    authority.credential.save(folder / "authorities/tls.key", folder / "tls/ca.pem")
    ends = {
        end: _save(authority.issue_tls(f"licence-{end}", at=at, kind=kind), folder / "tls", end)
        for end in ("gateway", "customs")
    }
    return InstanceTrust(
        anchors={role: folder / "trust" / role.lower() for role in participants},
        signing=signing,
        tls_anchor=folder / "tls/ca.pem",
        tls_gateway=ends["gateway"],
        tls_customs=ends["customs"],
    )


def write_new(path: Path, data: bytes, mode: int) -> None:
    """Writes a file that must not exist yet, synced, with exactly this mode; makes its folders.

    Raises EnvironmentFault.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
    except OSError as error:
        raise EnvironmentFault(f"{path}: cannot be written: {error.strerror}") from error


def _save(credential: Credential, folder: Path, name: str) -> Party:
    party = Party(folder / f"{name}.key", folder / f"{name}.pem")
    credential.save(party.key, party.certificate)
    return party


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PrivateKey, at: datetime, lifetime: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - _BACKDATED)
        .not_valid_after(at + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=key_cert_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
