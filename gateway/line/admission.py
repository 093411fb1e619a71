"""Who may come in: identification code, password and certificate must all be of one partner."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.line.settings import PartnerSettings
from gateway.line.tls import partner_certificate
from gateway.line.vault import Vault
from oftp2.commands import SSID
from oftp2.negotiation import Credentials, Disagreement
from oftp2.reasons import EndReason


@dataclass(frozen=True, slots=True)
class NotAdmitted:
    """What the caller is told, and what operators are, which may be more."""

    disagreement: Disagreement
    why: str


def identify(
    ssid: SSID,
    transport: object,
    partners: Iterable[PartnerSettings],
    vault: Vault,
    *,
    is_serial: bool = False,
) -> PartnerSettings | NotAdmitted:
    """The partner whose code, password and certificate these are; else why not, with the ESID reason.

    1. The code is known (else 03).  2. The connection's certificate is that partner's (else 03).
    3. The password is right (else 04). A serial line shows no certificate.
    """
    partner = next((one for one in partners if one.identification == ssid.code), None)
    if partner is None:
        return _not_admitted(EndReason.UNKNOWN_USER, "user code not known")
    why = None if is_serial else _certificate_refused(partner.name, transport, vault)
    if why is not None:
        return _not_admitted(EndReason.UNKNOWN_USER, "the certificate is not of this user code", why)
    if Credentials(partner.identification, partner.password_theirs).refusal_of(ssid) is not None:
        return _not_admitted(EndReason.INVALID_PASSWORD, "invalid password")
    return partner


def _certificate_refused(partner: str, transport: object, vault: Vault) -> str | None:
    anchorage = vault.anchorage_of(partner)
    if anchorage is None:
        return None
    found = partner_certificate(transport)
    if found is None:
        return "the call came without TLS, and tls_anchor is set"
    return anchorage.refusal_of(*found)


def _not_admitted(reason: EndReason, text: str, why: str = "") -> NotAdmitted:
    return NotAdmitted(Disagreement(reason, text), why or text)
