"""Who may come in: identification code, password and certificate must all be of one partner."""

from __future__ import annotations

from cryptography import x509

from gateway.line.settings import LineSettings, PartnerSettings
from gateway.line.tls import is_anchored, load_anchors, partner_certificate
from oftp2.commands import SSID
from oftp2.negotiation import Credentials, Disagreement
from oftp2.reasons import EndReason


class Admission:
    """Knows the partners and their anchors; ConfigurationFault when an anchor cannot be read."""

    def __init__(self, settings: LineSettings) -> None:
        self._partners = {partner.identification: partner for partner in settings.partners}
        assert len(self._partners) == len(settings.partners), "partners have codes of their own"
        self._anchors: dict[str, tuple[x509.Certificate, ...]] = {
            partner.name: load_anchors(partner.tls_anchor)
            for partner in settings.partners
            if partner.tls_anchor is not None
        }

    def identify(self, ssid: SSID, transport: object) -> PartnerSettings | Disagreement:
        """The partner whose code, password and certificate these are; the ESID reason otherwise.

        1. The code is known (else 03).  2. The connection's certificate is that partner's (else 03).
        3. The password is right (else 04).
        """
        partner = self._partners.get(ssid.code)
        if partner is None:
            return Disagreement(EndReason.UNKNOWN_USER, "user code not known")
        anchors = self._anchors.get(partner.name)
        if anchors is not None:
            shown = partner_certificate(transport)
            if shown is None or not is_anchored(shown[0], shown[1], anchors):
                return Disagreement(EndReason.UNKNOWN_USER, "the certificate is not of this user code")
        if Credentials(partner.identification, partner.password_theirs).refusal_of(ssid) is not None:
            return Disagreement(EndReason.INVALID_PASSWORD, "invalid password")
        return partner
