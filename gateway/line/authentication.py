"""Secure authentication in a session: who we are is proved by a key, and so is who the partner is."""

from __future__ import annotations

from gateway.clock import Clock
from gateway.line.vault import Vault
from gateway.trust.challenge import ChallengeFault
from oftp2 import events as e
from oftp2.session import Session


class Authentication:
    """Proves and asks by the keys and certificates in `vault`."""

    def __init__(self, vault: Vault, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock

    def deal_with(
        self, event: e.ChallengeWanted | e.ChallengeIndication, session: Session, partner: str
    ) -> str | None:
        """Challenge the partner, or answer its challenge; why it cannot be done, or None when it was."""
        authenticator = self._vault.authenticator_of(partner)
        if authenticator is None:
            return "the settings have changed"
        try:
            if isinstance(event, e.ChallengeIndication):
                session.respond(authenticator.respond(event.envelope))
            else:
                made = authenticator.challenge(self._clock())
                session.challenge(made.answer, made.envelope)
        except ChallengeFault as fault:
            return str(fault)
        return None
