"""Commands as they pass on the line, for people and programs: fields by their RFC names, and no secrets.

`Session` tells each command to its `hear`, if it was given one: which way it went, the command, and the state
after it. What was kept by `masked`, or told by `describe` or `fields_of`, holds no password, challenge or
signature, and no content of a file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from oftp2 import commands as c
from oftp2.formats import FORMATS
from oftp2.reasons import EFNA_REASONS, ESID_REASONS, NERP_REASONS, SFNA_REASONS, Reason, explain
from oftp2.tables import State

MASK: Final = "***"
#: No hash of a cipher suite is longer: what a field of 65,535 octets holds beyond that is not kept.
HASH_BYTES_MAX: Final = 64


class Way(StrEnum):
    """Which way something went."""

    SENT = ">"
    RECEIVED = "<"
    #: About the connection itself.
    ABOUT = "-"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Octets that came and are no command, in words."""

    why: str


class After(NamedTuple):
    """How the session stands after something passed. `credit` is told while data may pass."""

    state: State
    credit: int | None


Passed = c.Command | Unreadable
#: Is told what passed, in order. It must neither raise nor use the session.
Hear = Callable[[Way, Passed, After], None]

_SECRETS: Final = frozenset({"password", "challenge", "response", "signature"})
_REASONS: Final[Mapping[type[object], dict[int, Reason]]] = MappingProxyType(
    {c.ESID: ESID_REASONS, c.SFNA: SFNA_REASONS, c.EFNA: EFNA_REASONS, c.NERP: NERP_REASONS}
)
#: Commands with so many fields that those which say nothing are left out.
_LONG: Final = (c.SFID, c.EERP, c.NERP)
#: By command and attribute: the field's name in RFC 5024 section 5.3.
_NAMES: Final = MappingProxyType(
    {
        (form.command, attribute): field.name
        for form in FORMATS
        for attribute, field in form.fields
        if attribute is not None
    }
)


def masked(command: c.Command) -> c.Command:
    """The same without its secrets, to be kept."""
    match command:
        case c.SSID():
            return replace(command, password=MASK if command.password else "")
        case c.EERP() | c.NERP():
            hash_kept = command.hash[:HASH_BYTES_MAX]
            return replace(command, signature=_masked(command.signature), hash=hash_kept)
        case c.AUCH():
            return c.AUCH(_masked(command.challenge))
        case c.AURP():
            return c.AURP(_masked(command.response))
    return command


def fields_of(command: c.Command) -> dict[str, str | int]:
    """The fields by their RFC names, as plain values: flags are Y and N, octets are counted."""
    if isinstance(command, c.DATA):
        return {"octets": len(command.payload)}
    kind = type(command)
    return {
        _NAMES.get((kind, field.name), field.name): _plain(field.name, getattr(command, field.name))
        for field in fields(command)
    }


def describe(passed: Passed) -> str:
    """One line: the command's name, and its fields by their RFC names without that name before them."""
    if isinstance(passed, Unreadable):
        return f"cannot be read: {passed.why}"
    if isinstance(passed, c.DATA):
        return f"DATA {len(passed.payload)} octets"
    name = type(passed).__name__
    parts = [name]
    for field, value in fields_of(passed).items():
        if value in {"", 0, "N", "00"} and (isinstance(passed, _LONG) or value == ""):
            continue
        parts.append(f"{field.removeprefix(name)}={_shown(field, value)}{_meaning(passed, field, value)}")
    return " ".join(parts)


def in_a_line(way: Way, passed: Passed, after: After) -> str:
    """What passed, with the state after it: `< SFPA ACNT=0  [OPO, credit 64]`."""
    credit = "" if after.credit is None else f", credit {after.credit}"
    return f"{way} {describe(passed)}  [{after.state}{credit}]"


def _masked(secret: bytes) -> bytes:
    return MASK.encode() if secret else b""


def _plain(attribute: str, value: Any) -> str | int:
    if attribute in _SECRETS:
        return MASK if value else ""
    if isinstance(value, bool):
        return "Y" if value else "N"
    if isinstance(value, bytes):
        return f"{len(value)} octets" if value else ""
    return value if isinstance(value, int) else str(value)


def _shown(field: str, value: str | int) -> str:
    if isinstance(value, int):
        return f"{value:02d}" if field.endswith("REAS") else str(value)
    return value if value.isprintable() and " " not in value else repr(value)


def _meaning(command: c.Command, field: str, value: str | int) -> str:
    table = _REASONS.get(type(command))
    if table is None or not field.endswith("REAS") or not isinstance(value, int):
        return ""
    return f" ({explain(table, value).meaning})"
