"""Settings that change while the line runs: what differs, and what that means for sessions."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self

from gateway.line.settings import LineSettings, PartnerSettings

#: What takes effect without a new session; everything else about a partner is agreed when one begins.
_BESIDE_SESSIONS = frozenset(
    {
        *("call_windows", "maintenance", "max_sessions", "backoff_min_seconds", "backoff_max_seconds"),
        *("primary_again_seconds", "circuit_failures", "failed_calls_per_minute"),
    }
)
#: By what both ends prove who they are when a session begins. One that stands has done so, and goes on.
_PROOFS = frozenset(
    {
        *("password_ours", "password_theirs", "tls_anchor", "tls_names", "tls_subject", "tls_crl"),
        "authentication",
    }
)
#: Proofs that may be asked for, or not at all: whether they are is what a session was agreed with.
_OPTIONAL_PROOFS = ("tls_anchor", "authentication")
#: Of our own end, what every session was agreed with.
_OURS_IN_SESSIONS = frozenset({"identification"})


@dataclass(frozen=True, slots=True)
class Renewal:
    """From `old` to `new`: partners that come, go, or change, each change with the names of its options.

    Of those `asking`, other proofs are asked for than were, not only others of the same kind.
    """

    new: LineSettings
    line: tuple[str, ...]
    added: tuple[PartnerSettings, ...]
    removed: tuple[str, ...]
    changed: dict[str, tuple[str, ...]]
    asking: frozenset[str]

    @classmethod
    def between(cls, old: LineSettings, new: LineSettings) -> Self:
        """What differs between two settings of the line."""
        before = {one.name: one for one in old.partners}
        after = {one.name: one for one in new.partners}
        both = before.keys() & after.keys()
        differing = {one: _differing(before[one], after[one]) for one in after if one in both}
        return cls(
            new,
            tuple(name for name in _differing(old, new) if name != "partners"),
            tuple(one for name, one in after.items() if name not in before),
            tuple(name for name in before if name not in after),
            {name: what for name, what in differing.items() if what},
            frozenset(name for name in differing if _asked(before[name]) != _asked(after[name])),
        )

    def concerns_sessions(self, partner: str) -> bool:
        """Whether sessions with `partner` are to begin anew."""
        agreed = set(self.changed.get(partner, ())) - _BESIDE_SESSIONS - _PROOFS
        return bool(agreed) or partner in self.asking or not _OURS_IN_SESSIONS.isdisjoint(self.line)

    def words(self) -> list[str]:
        """What changed, for operators: options by their names, and no values."""
        told = [f"line: {', '.join(self.line)}"] if self.line else []
        told += [f"partner {one.name}: added" for one in self.added]
        told += [f"partner {name}: removed, its sessions ended" for name in self.removed]
        for name, what in self.changed.items():
            anew = "; its sessions were ended and begin anew" if self.concerns_sessions(name) else ""
            told.append(f"partner {name}: {', '.join(what)}{anew}")
        return told


def _asked(partner: PartnerSettings) -> list[bool]:
    return [getattr(partner, name) is not None for name in _OPTIONAL_PROOFS]


def _differing(old: Any, new: Any) -> tuple[str, ...]:
    return tuple(one.name for one in fields(old) if getattr(old, one.name) != getattr(new, one.name))
