"""Errors by blame: a bug asserts and stops; the environment is retried and told; a partner is answered."""

from __future__ import annotations

from collections.abc import Iterable

from licencexml.rejection import Rejection


class EnvironmentFault(Exception):
    """Disk, database, clock or another part of this machine failed: retry, and alert."""


class ConfigurationFault(EnvironmentFault):
    """What the operator configured cannot be used; the message says where and why."""


class PartnerFault(Exception):
    """A partner sent what cannot be accepted: answer with the rejections, and carry on."""

    def __init__(self, rejections: Iterable[Rejection]) -> None:
        self.rejections = tuple(rejections)
        super().__init__("; ".join(f"{r.code}: {r.en}" for r in self.rejections))
