"""Private keys, and certificates with what is asked of them again and again; both loaded once and kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtensionOID, NameOID

from gateway.errors import ConfigurationFault
from gateway.trust import faults
from licencexml.rejection import Reason, Rejection

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

RSA_MIN_BITS: Final = 2048
#: Above this a single verification costs milliseconds, at the choice of whoever sends it.
RSA_MAX_BITS: Final = 8192
_RSA_EXPONENTS: Final = range(65537, 2**32, 2)
_CURVES: Final = (ec.SECP256R1, ec.SECP384R1)
_HASHES: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_KNOWN_EXTENSIONS: Final = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    }
)
_CACHED_CERTIFICATES: Final = 1024
#: A signer's certificate has one or two kilobytes; this bounds what the cache can be made to hold.
MAX_CERTIFICATE_BYTES: Final = 16 * 1024
_Extension = TypeVar("_Extension", bound=x509.ExtensionType)


@dataclass(frozen=True, slots=True)
class KnownCertificate:
    """A certificate, read once. Equal if the DER bytes are equal.

    `participant` is the subject's one common name (None if it has not exactly one); `key` is None if it is of
    a kind or a strength that is not accepted; `subject` is fit to be shown; `fingerprint_sha256` (of the DER
    bytes) and `serial` are hexadecimal; `faults` are those that time and trust do not change.
    """

    der: bytes
    certificate: x509.Certificate = field(compare=False)
    key: PublicKey | None = field(compare=False)
    participant: str | None = field(compare=False)
    is_authority: bool = field(compare=False)
    not_before: datetime = field(compare=False)
    not_after: datetime = field(compare=False)
    subject: str = field(compare=False)
    fingerprint_sha256: str = field(compare=False)
    serial: str = field(compare=False)
    faults: tuple[Rejection, ...] = field(compare=False)


@lru_cache(maxsize=_CACHED_CERTIFICATES)
def known_certificate(der: bytes) -> KnownCertificate:
    """The certificate in `der`; raises ValueError if it cannot be read, or is too large."""
    if len(der) > MAX_CERTIFICATE_BYTES:
        raise ValueError(f"a certificate of {len(der)} bytes")
    try:
        return _read(der, x509.load_der_x509_certificate(der))
    except (
        TypeError,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
        UnsupportedAlgorithm,
    ) as error:
        raise ValueError(f"unreadable certificate: {error}") from error


def load_private_key(path: Path) -> PrivateKey:
    """The unencrypted PEM key in `path`; raises ConfigurationFault for an absent, unfit or weak key."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigurationFault(f"{path}: no private key can be read from this file: {error}") from error
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise ConfigurationFault(f"{path}: the key must be RSA or ECDSA")
    if (weakness := key_weakness(key.public_key())) is not None:
        raise ConfigurationFault(f"{path}: the key is not acceptable: {weakness}")
    return key


def load_certificate(path: Path) -> KnownCertificate:
    """The one PEM certificate in `path`; raises ConfigurationFault."""
    certificates = load_certificates(path)
    if len(certificates) != 1:
        raise ConfigurationFault(f"{path}: one certificate is expected, {len(certificates)} found")
    return certificates[0]


def load_certificates(path: Path) -> tuple[KnownCertificate, ...]:
    """All PEM certificates in `path`, at least one; raises ConfigurationFault."""
    try:
        certificates = x509.load_pem_x509_certificates(path.read_bytes())
        return tuple(known_certificate(each.public_bytes(Encoding.DER)) for each in certificates)
    except (OSError, ValueError) as error:
        raise ConfigurationFault(f"{path}: no certificate can be read from this file: {error}") from error


def key_weakness(key: object) -> str | None:
    """Why a public key is not accepted, or None if it is."""
    if isinstance(key, rsa.RSAPublicKey):
        if not RSA_MIN_BITS <= key.key_size <= RSA_MAX_BITS:
            return f"RSA {key.key_size}"
        exponent = key.public_numbers().e
        return None if exponent in _RSA_EXPONENTS else faults.shown(f"RSA exponent {exponent}")
    if isinstance(key, ec.EllipticCurvePublicKey):
        return None if isinstance(key.curve, _CURVES) else f"curve {key.curve.name}"
    return type(key).__name__


def _read(der: bytes, certificate: x509.Certificate) -> KnownCertificate:
    key, weakness = _public_key(certificate)
    constraints = _extension(certificate, x509.BasicConstraints)
    is_authority = constraints is not None and constraints.ca
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    participant = names[0].value if len(names) == 1 else None
    return KnownCertificate(
        der=der,
        certificate=certificate,
        key=key,
        participant=participant if isinstance(participant, str) and participant else None,
        is_authority=is_authority,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        subject=faults.shown(certificate.subject.rfc4514_string()),
        fingerprint_sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        serial=format(certificate.serial_number, "x"),
        faults=_lasting_faults(certificate, weakness, is_authority=is_authority, named=bool(participant)),
    )


def _public_key(certificate: x509.Certificate) -> tuple[PublicKey | None, str | None]:
    """The key, or why it is not accepted."""
    try:
        key = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError):  # SM2 is one of these: no XML-DSig identifier is registered
        return None, f"algorithm {certificate.public_key_algorithm_oid.dotted_string}"
    weakness = key_weakness(key)
    return (key, None) if weakness is None and isinstance(key, PublicKey) else (None, weakness)


def _lasting_faults(
    certificate: x509.Certificate, weakness: str | None, *, is_authority: bool, named: bool
) -> tuple[Rejection, ...]:
    found: list[tuple[Reason, str]] = []
    usage = _extension(certificate, x509.KeyUsage)
    if is_authority:
        found.append((faults.CA_CERTIFICATE, ""))
    elif usage is None or not usage.digital_signature:
        found.append((faults.NOT_FOR_SIGNING, ""))
    if weakness is not None:
        found.append((faults.KEY_REFUSED, weakness))
    if not isinstance(certificate.signature_hash_algorithm, _HASHES):
        algorithm = certificate.signature_algorithm_oid.dotted_string
        found.append((faults.CERTIFICATE_HASH_REFUSED, algorithm))
    critical = [
        each.oid.dotted_string
        for each in certificate.extensions
        if each.critical and each.oid not in _KNOWN_EXTENSIONS
    ]
    if critical:
        found.append((faults.CRITICAL_EXTENSION, ", ".join(critical)))
    if not named:
        found.append((faults.NO_PARTICIPANT, ""))
    subject = faults.shown(certificate.subject.rfc4514_string())
    return tuple(reason.reject(subject=subject, found=faults.shown(detail)) for reason, detail in found)


def _extension(certificate: x509.Certificate, kind: type[_Extension]) -> _Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
