"""The law as configured: tables and options."""

from __future__ import annotations

from datetime import timedelta

from gateway.config import LawConfig
from gateway.config.tables import load_tables, shipped_tables
from gateway.licences.policy import Policy, PortMatch


class Law:
    """The law in force: read at the start, and again when the gateway is told to."""

    def __init__(self, config: LawConfig) -> None:
        """Raises ConfigurationFault as `policy_of`."""
        self._policy = policy_of(config)

    def __call__(self) -> Policy:
        """The policy that holds now."""
        return self._policy

    def renew(self, config: LawConfig) -> None:
        """Let what `config` says hold from now on. Raises as `policy_of`, and then nothing changes."""
        self._policy = policy_of(config)


def policy_of(config: LawConfig) -> Policy:
    """The tables and options of `[law]`; ConfigurationFault with every fault of the tables."""
    return Policy(
        tables=load_tables(config.tables or shipped_tables()),
        port_match=PortMatch(config.port_match),
        release_ahead=timedelta(seconds=config.release_ahead_seconds),
        replacement_needs_reconciliation=config.replacement_needs_reconciliation,
        count_restored=config.count_restored_on_withdrawal,
    )
