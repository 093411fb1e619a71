"""Who may sign what: the anchors of each role, and whether a certificate is good for a role at an instant.

There are no chains of intermediates: an anchor is either the CA that issues a role's certificates directly,
or a participant's own certificate, pinned. So "whose CA issued it" is the whole meaning of a role.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Final, Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from gateway.clock import BUSINESS_ZONE
from gateway.errors import ConfigurationFault
from gateway.trust import faults
from gateway.trust.keys import KnownCertificate, load_certificates
from licencexml.rejection import Rejection

_ANCHOR_SUFFIXES: Final = frozenset({".pem", ".crt", ".cer"})
_CACHED_ENDORSERS: Final = 1024
#: Faults of a signer's certificate that say nothing against an authority's: it is trusted because the
#: operator put it there, not because of its own signature, and it names no participant.
_TOLERATED_IN_AUTHORITIES: Final = frozenset(
    reason.code for reason in (faults.CA_CERTIFICATE, faults.CERTIFICATE_HASH_REFUSED, faults.NO_PARTICIPANT)
)


class Role(StrEnum):
    """What a certificate may be used for."""

    ISSUER = "ISSUER"
    SEAL = "SEAL"
    CUSTOMS = "CUSTOMS"
    GATEWAY = "GATEWAY"

    @property
    def zh(self) -> str:
        """The role in Chinese."""
        return _ROLE_ZH[self]


_ROLE_ZH: Final = {
    Role.ISSUER: "发证机构",
    Role.SEAL: "专用电子印章",
    Role.CUSTOMS: "海关",
    Role.GATEWAY: "网关",
}

#: Which roles may sign each kind of message, by the local name of its element.
SIGNING_ROLES: Final[Mapping[str, frozenset[Role]]] = {
    "LicenceIssue": frozenset({Role.ISSUER}),
    "LicenceReplacement": frozenset({Role.ISSUER}),
    "LicenceRevocation": frozenset({Role.ISSUER}),
    "LicenceSuspension": frozenset({Role.ISSUER}),
    "SealedLicence": frozenset({Role.SEAL}),
    "WriteOff": frozenset({Role.CUSTOMS}),
    "WriteOffAmendment": frozenset({Role.CUSTOMS}),
    "WriteOffReversal": frozenset({Role.CUSTOMS}),
    "LicenceQuery": frozenset({Role.CUSTOMS, Role.GATEWAY}),
    "LicenceQueryReply": frozenset({Role.CUSTOMS, Role.GATEWAY}),
    "Reconciliation": frozenset({Role.CUSTOMS, Role.GATEWAY}),
    "TechnicalAck": frozenset({Role.CUSTOMS, Role.GATEWAY}),
    "ApplicationAck": frozenset({Role.CUSTOMS, Role.GATEWAY}),
}


@dataclass(frozen=True, slots=True)
class Anchor:
    """A certificate that is trusted of itself, for one role."""

    role: Role
    known: KnownCertificate

    def endorses(self, other: KnownCertificate) -> bool:
        """Whether `other` is this very certificate, or was issued directly by it."""
        if other.der == self.known.der:
            return True
        if not self.known.is_authority:
            return False
        try:
            other.certificate.verify_directly_issued_by(self.known.certificate)
        except (InvalidSignature, ValueError, TypeError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Endorsement:
    """A certificate found good: the role it has, the participant it names, the anchor that vouches for it."""

    role: Role
    participant: str
    anchor: Anchor


class TrustStore:
    """The anchors of all roles. Immutable; what it learns of a certificate it keeps, within a bound."""

    def __init__(self, anchors: Iterable[Anchor]) -> None:
        self.anchors = tuple(anchors)
        self._endorsers = lru_cache(maxsize=_CACHED_ENDORSERS)(self._find_endorsers)

    @classmethod
    def load(cls, folders: Mapping[Role, Path]) -> Self:
        """Every `.pem`, `.crt` and `.cer` file (PEM, one or more certificates) in each role's folder.

        Raises ConfigurationFault for a folder that is absent or empty, and for a file that cannot be used.
        """
        return cls(anchor for role, folder in folders.items() for anchor in _load_folder(role, folder))

    def check(
        self, known: KnownCertificate, roles: frozenset[Role], at: datetime
    ) -> Endorsement | tuple[Rejection, ...]:
        """Whether a certificate may sign for one of `roles` at `at` (aware): endorsement, or every fault."""
        assert at.tzinfo is not None, "an instant must be aware"
        assert roles, "some role must be acceptable"
        found = [*known.faults, *validity_faults(known, at)]
        endorsers = self._endorsers(known)
        fitting = [anchor for anchor in endorsers if anchor.role in roles]
        if not endorsers:
            found.append(faults.SIGNER_UNKNOWN.reject(subject=known.subject))
        elif not fitting:
            found.append(_wrong_role(known, endorsers, roles))
        elif not any(_usable(anchor, known, at) for anchor in fitting):
            found.extend(validity_faults(fitting[0].known, at))
        if found:
            return tuple(found)
        assert known.participant is not None, "a certificate without a participant has a fault"
        anchor = next(anchor for anchor in fitting if _usable(anchor, known, at))
        return Endorsement(anchor.role, known.participant, anchor)

    def _find_endorsers(self, known: KnownCertificate) -> tuple[Anchor, ...]:
        return tuple(anchor for anchor in self.anchors if anchor.endorses(known))


def validity_faults(known: KnownCertificate, at: datetime) -> tuple[Rejection, ...]:
    """The fault, if `at` is outside the validity (both ends inclusive, RFC 5280 section 4.1.2.5)."""
    if at < known.not_before:
        when = known.not_before.astimezone(BUSINESS_ZONE).isoformat()
        return (faults.CERTIFICATE_NOT_YET_VALID.reject(subject=known.subject, not_before=when),)
    if at > known.not_after:
        when = known.not_after.astimezone(BUSINESS_ZONE).isoformat()
        return (faults.CERTIFICATE_EXPIRED.reject(subject=known.subject, not_after=when),)
    return ()


def _usable(anchor: Anchor, known: KnownCertificate, at: datetime) -> bool:
    return anchor.known == known or not validity_faults(anchor.known, at)


def _wrong_role(known: KnownCertificate, endorsers: Iterable[Anchor], roles: Iterable[Role]) -> Rejection:
    found, wanted = sorted({anchor.role for anchor in endorsers}), sorted(roles)
    return faults.WRONG_ROLE.reject(
        subject=known.subject,
        found=", ".join(found),
        found_zh="、".join(role.zh for role in found),
        wanted=" or ".join(wanted),
        wanted_zh="或".join(role.zh for role in wanted),
    )


def _load_folder(role: Role, folder: Path) -> list[Anchor]:
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix in _ANCHOR_SUFFIXES)
    except OSError as error:
        raise ConfigurationFault(f"{folder}: the anchors of role {role} cannot be read: {error}") from error
    anchors = [_anchor(role, known, path) for path in paths for known in load_certificates(path)]
    if not anchors:
        raise ConfigurationFault(f"{folder}: there is no certificate for role {role} in this folder")
    return anchors


def _anchor(role: Role, known: KnownCertificate, path: Path) -> Anchor:
    tolerated = _TOLERATED_IN_AUTHORITIES if known.is_authority else frozenset()
    unfit = [fault.en for fault in known.faults if fault.code not in tolerated]
    if known.is_authority and not _may_issue(known.certificate):
        unfit.append("its key usage lacks keyCertSign")
    if unfit:
        raise ConfigurationFault(f"{path}: not fit to be an anchor of role {role}: {' '.join(unfit)}")
    return Anchor(role, known)


def _may_issue(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound:
        return True
