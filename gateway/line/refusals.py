"""Refusals in words: where a file was refused, the reason's number and meaning, and what follows."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from gateway.line.office import Phase
from oftp2.identity import FileIdentity
from oftp2.reasons import EFNA_REASONS, NERP_REASONS, SFNA_REASONS, explain

_TABLES: Final = MappingProxyType(
    {Phase.START: SFNA_REASONS, Phase.END: EFNA_REASONS, Phase.AFTERWARDS: NERP_REASONS}
)


def meaning(phase: Phase, reason: int) -> str:
    """What `reason` means in the table of the command that gave it."""
    return explain(_TABLES[phase], reason).meaning


def in_words(identity: FileIdentity, phase: Phase, reason: int, text: str, *, retry: bool, by: str) -> str:
    """One line for people: `FILE1: SFNA 06 file too big (text), by customs; not to be tried again`."""
    said = f" ({text})" if text and text != meaning(phase, reason) else ""
    follows = "to be tried again" if retry else "not to be tried again"
    told = f"{phase.value} {reason:02d} {meaning(phase, reason)}{said}"
    return f"{identity.dataset_name}: {told}, by {by}; {follows}"
