"""What a reload has taken over, and what it could not: told in its answer and in the log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel

#: What a reload takes over, by section, or by section and option.
_TAKEN_OVER = frozenset(
    {
        *("line", "partners", "law", "contacts", "trust"),
        *("keys.seal_key", "keys.seal_certificate"),
    }
)


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What was read again, what changed on the line in words, and options that wait for a restart."""

    read: tuple[str, ...]
    changed: tuple[str, ...] = ()
    needs_restart: tuple[str, ...] = ()


def needing_restart(running: BaseModel, written: BaseModel) -> tuple[str, ...]:
    """The options that differ between what runs and what is written, and are read at the start alone."""
    return tuple(name for name in _differing(running, written, "") if name not in _TAKEN_OVER)


def _differing(running: BaseModel, written: BaseModel, section: str) -> Iterator[str]:
    for name, field in type(running).model_fields.items():
        before, after = getattr(running, name), getattr(written, name)
        if isinstance(before, BaseModel) and isinstance(after, BaseModel) and name not in _TAKEN_OVER:
            yield from _differing(before, after, f"{name}.")
        elif before != after:
            yield name if name in _TAKEN_OVER else section + (field.alias or name)
