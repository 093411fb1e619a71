"""Secure authentication in a session: who we are is proved by a key, and so is who the partner is."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.clock import Clock
from gateway.line.settings import PartnerSettings
from gateway.trust.challenge import Authenticator, ChallengeFault
from oftp2 import events as e
from oftp2.session import Session


class Authentication:
    """Knows the keys and certificates of all partners that have them; ConfigurationFault if unusable."""

    def __init__(self, partners: Iterable[PartnerSettings], clock: Clock) -> None:
        self._clock = clock
        self._authenticators = {
            partner.name: Authenticator.load(files.key, files.certificate, files.partner_certificate)
            for partner in partners
            if (files := partner.authentication) is not None
        }

    def deal_with(
        self, event: e.ChallengeWanted | e.ChallengeIndication, session: Session, partner: str
    ) -> str | None:
        """Challenge the partner, or answer its challenge; why it cannot be done, or None when it was."""
        authenticator = self._authenticators[partner]
        try:
            if isinstance(event, e.ChallengeIndication):
                session.respond(authenticator.respond(event.envelope))
            else:
                made = authenticator.challenge(self._clock())
                session.challenge(made.answer, made.envelope)
        except ChallengeFault as fault:
            return str(fault)
        return None
