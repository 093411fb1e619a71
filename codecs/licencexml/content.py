"""A content model as a row of slots: which names may stand where, and how many.

Our schema's models are sequences of elements, choices and wildcards, one level deep; that is all this reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from licencexml.names import local_name


@dataclass(frozen=True, slots=True)
class Slot:
    """One particle: the elements it takes (Clark name to component), at least `least`, at most `most`."""

    names: Mapping[str, Any]
    least: int
    most: int | None
    wildcards: tuple[Any, ...] = field(default=())

    def takes(self, tag: str) -> bool:
        """Whether an element of this name may stand here."""
        return tag in self.names or any(wildcard.is_matching(tag) for wildcard in self.wildcards)

    @property
    def label(self) -> str:
        """The local names, for people."""
        return "|".join(local_name(name) for name in self.names)


def slots_of(group: Any) -> tuple[Slot, ...]:
    """The slots of an xmlschema model group (none for empty content)."""
    if not hasattr(group, "model"):
        return ()
    particles = [group] if group.model == "choice" else list(group)
    return tuple(_slot(particle) for particle in particles)


def _slot(particle: Any) -> Slot:
    members = list(particle.iter_elements()) if hasattr(particle, "model") else [particle]
    named = {member.name: member for member in members if member.name}
    wildcards = tuple(member for member in members if not member.name)
    return Slot(named, particle.min_occurs, particle.max_occurs, wildcards)
