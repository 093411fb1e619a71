"""What issuers say of a licence: that it is issued, replaced, revoked, suspended; and the seal round it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from licencexml.header import Header
from licencexml.licence import Licence
from licencexml.travelling import travels
from licencexml.values import LicenceKey, Party


@travels
@dataclass(frozen=True, slots=True)
class LicenceIssue:
    """An issuing system hands over a licence. `urgent` (急证) goes before all that is not."""

    header: Header
    licence: Licence
    urgent: bool = False


class ReplacementMode(StrEnum):
    """撤销换证 (the licence replaced is unused), 核销换证 (it is used): 商办配函〔2015〕494号 art. 17."""

    REVOKE = "REVOKE"
    WRITE_OFF = "WRITE_OFF"


class ReplacementKind(StrEnum):
    """What the new licence is asked for: 变更, 延期, 遗失. The mode follows from the use, not from this."""

    CHANGE = "CHANGE"
    EXTENSION = "EXTENSION"
    LOSS = "LOSS"


@dataclass(frozen=True, slots=True)
class LicenceReplacement:
    """换证 (商办配函〔2015〕494号 art. 16, 17): `licence`, whole, takes the place of `replaced`."""

    header: Header
    replaced: LicenceKey
    mode: ReplacementMode
    kind: ReplacementKind
    reason: str
    licence: Licence
    urgent: bool = False


class RevocationGround(StrEnum):
    """Why a licence is revoked: 商办配函〔2015〕494号 art. 18; of paper forms 证书管理规定 art. 26."""

    NOT_TO_BE_USED = "NOT_TO_BE_USED"
    EXPIRED_UNUSED = "EXPIRED_UNUSED"
    NOT_COLLECTED = "NOT_COLLECTED"
    MISPRINTED = "MISPRINTED"

    @property
    def needs_enterprise(self) -> bool:
        """Whether the enterprise asks for it or confirms it."""
        return self in (RevocationGround.NOT_TO_BE_USED, RevocationGround.EXPIRED_UNUSED)


@dataclass(frozen=True, slots=True)
class LicenceRevocation:
    """撤销 of an unused licence. `confirmed_by` is the enterprise; None where the issuer acts by itself."""

    header: Header
    licence: LicenceKey
    ground: RevocationGround
    confirmed_at: datetime
    reason: str
    confirmed_by: Party | None = None


class SuspensionAction(StrEnum):
    """Whether the licence's use stops or goes on."""

    SUSPEND = "SUSPEND"
    RESUME = "RESUME"


class SuspensionGround(StrEnum):
    """Why a licence is suspended. Each ground stands and falls by itself: one RESUME ends one of them."""

    RELEASE_IN_FLIGHT = "RELEASE_IN_FLIGHT"
    LOSS_REPORT = "LOSS_REPORT"
    DIFFERENCE_UNRESOLVED = "DIFFERENCE_UNRESOLVED"
    ANNOTATION_UNCLEAR = "ANNOTATION_UNCLEAR"


@dataclass(frozen=True, slots=True)
class LicenceSuspension:
    """Use of a licence stops, or goes on, from `effective_time`."""

    header: Header
    licence: LicenceKey
    action: SuspensionAction
    ground: SuspensionGround
    effective_time: datetime
    reason: str | None = None


IssuerMessage = LicenceIssue | LicenceReplacement | LicenceRevocation | LicenceSuspension


@dataclass(frozen=True, slots=True)
class SealedLicence:
    """An issuer's signed message as it goes to customs: `content`, whole, under the central seal."""

    header: Header
    content: IssuerMessage

    @property
    def issue(self) -> LicenceIssue:
        """The content, which must be a LicenceIssue: ask `content` where it may be another message."""
        assert isinstance(self.content, LicenceIssue), "what is sealed is not an issue"
        return self.content
