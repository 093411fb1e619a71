"""The tables of what issuers send, and of the seal round it."""

from __future__ import annotations

from collections.abc import Mapping

from licencexml import coherence
from licencexml.issuing import (
    LicenceIssue,
    LicenceReplacement,
    LicenceRevocation,
    LicenceSuspension,
    ReplacementKind,
    ReplacementMode,
    RevocationGround,
    SealedLicence,
    SuspensionAction,
    SuspensionGround,
)
from licencexml.leaves import INSTANT, KEPT_TEXT, YES_NO, one_of
from licencexml.mapping_licence import LICENCE
from licencexml.mapping_parts import HEADER_FIELD, LICENCE_FIELD, LICENCE_REFERENCE, PARTY
from licencexml.record import Choice, Field, Record

_URGENT = Field("Urgent", "urgent", YES_NO, optional=True)
_REASON = Field("Reason", "reason", KEPT_TEXT)

LICENCE_ISSUE = Record(LicenceIssue, (HEADER_FIELD, _URGENT, Field("", "licence", LICENCE)), is_message=True)
LICENCE_REPLACEMENT = Record(
    LicenceReplacement,
    (
        HEADER_FIELD,
        _URGENT,
        Field("ReplacedLicence", "replaced", LICENCE_REFERENCE),
        Field("Mode", "mode", one_of(ReplacementMode)),
        Field("ReplacementKind", "kind", one_of(ReplacementKind)),
        _REASON,
        Field("", "licence", LICENCE),
    ),
    check=coherence.replacement,
    is_message=True,
)
LICENCE_REVOCATION = Record(
    LicenceRevocation,
    (
        HEADER_FIELD,
        LICENCE_FIELD,
        Field("Ground", "ground", one_of(RevocationGround)),
        Field("ConfirmedBy", "confirmed_by", PARTY, optional=True),
        Field("ConfirmedAt", "confirmed_at", INSTANT),
        _REASON,
    ),
    check=coherence.revocation,
    is_message=True,
)
LICENCE_SUSPENSION = Record(
    LicenceSuspension,
    (
        HEADER_FIELD,
        LICENCE_FIELD,
        Field("Action", "action", one_of(SuspensionAction)),
        Field("Ground", "ground", one_of(SuspensionGround)),
        Field("EffectiveTime", "effective_time", INSTANT),
        Field("Reason", "reason", KEPT_TEXT, optional=True),
    ),
    is_message=True,
)
#: What issuers send; each travels to customs under the seal.
ISSUER_MESSAGES: Mapping[str, Record] = {
    "LicenceIssue": LICENCE_ISSUE,
    "LicenceReplacement": LICENCE_REPLACEMENT,
    "LicenceRevocation": LICENCE_REVOCATION,
    "LicenceSuspension": LICENCE_SUSPENSION,
}
SEALED_LICENCE = Record(
    SealedLicence,
    (HEADER_FIELD, Field("", "content", Choice(ISSUER_MESSAGES, lambda content: type(content).__name__))),
    is_message=True,
)
