"""The targets: what was wanted, what was found, and whether that is enough."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Comparison(Enum):
    """On which side of its bound a value is good."""

    AT_MOST = "at most"
    AT_LEAST = "at least"


@dataclass(frozen=True, slots=True)
class Target:
    """What is wanted of one value; `unit` stands behind it."""

    text: str
    comparison: Comparison
    bound: float
    unit: str

    def wanted(self) -> str:
        """In words."""
        return f"{self.comparison.value} {self.bound:g} {self.unit}"

    def judge(self, value: float | None) -> str:
        """Met, or by which part of the bound it is missed."""
        if value is None:
            return "not measured"
        over = value / self.bound - 1
        if self.comparison is Comparison.AT_LEAST:
            over = -over
        return "met" if over <= 0 else f"missed by {over * 100:.0f} %"


_MOST, _LEAST = Comparison.AT_MOST, Comparison.AT_LEAST
TARGETS = {
    "crypto-p256": Target("processor a licence, against its cryptography, P-256", _MOST, 4, "times"),
    "crypto-rsa2048": Target("… RSA-2048", _MOST, 2.2, "times"),
    "workers": Target("examined and sealed by two workers, against one", _LEAST, 1.7, "times"),
    "pyas2lib": Target("an exchange of pyas2lib's, against a licence (RSA-2048 both)", _LEAST, 15, "times"),
    "as4": Target("an exchange of as4's, against a licence (RSA-2048 both)", _LEAST, 8, "times"),
    "postfix-cpu": Target("processor of Postfix's bare accept, against a licence's", _LEAST, 1, "times"),
    "postfix-rate": Target("licences a second, against Postfix's messages", _LEAST, 1, "times"),
    "backlog": Target("licences a second with many waiting, against few", _LEAST, 0.9, "times"),
    "ledger": Target("licences a second with a large ledger, against a small one", _LEAST, 0.9, "times"),
    "urgent": Target(
        "an urgent licence behind that backlog, until its answer is in out/", _MOST, 1, "seconds"
    ),
    "memory": Target("peak memory of the gateway's main process", _MOST, 300, "MiB"),
}
