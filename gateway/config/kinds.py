"""Kinds of values in a configuration file: what each accepts, and how that is said to a person.

A `Kind` stands in an annotation (`Annotated[int, whole(1, 64)]`); pydantic asks it to read the value, and the
loader asks it what was expected. Every number has a lower and an upper bound.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from gateway.config.endpoints import Endpoint
from gateway.config.hours import Once, Period, Weekly, parse_period
from oftp2.levels import LEVELS

#: Error type that pydantic reports for a value that is not of its kind.
NOT_OF_THIS_KIND = "not_of_this_kind"

#: Reads a raw value; relative paths start from the given folder. ValueError: it is not of the kind.
Reader = Callable[[Any, Path | None], Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of value: `expected` completes the sentence "expected …"."""

    expected: str
    read: Reader

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(self._check)

    def _check(self, value: Any, info: ValidationInfo) -> Any:
        folder = info.context.get("folder") if info.context else None
        try:
            return self.read(value, folder)
        except ValueError:
            raise PydanticCustomError(
                NOT_OF_THIS_KIND, "expected {expected}", {"expected": self.expected}
            ) from None


def whole(low: int, high: int, unit: str = "") -> Kind:
    """A whole number from `low` to `high`."""

    def read(value: Any, _folder: Path | None) -> int:
        if type(value) is not int or not low <= value <= high:
            raise ValueError
        return value

    return Kind(f"a whole number{unit and ' of ' + unit} from {low} to {high}", read)


def seconds(low: float, high: float) -> Kind:
    """A time from `low` to `high` seconds, whole or not."""

    def read(value: Any, _folder: Path | None) -> float:
        if type(value) not in (int, float) or not low <= value <= high:
            raise ValueError
        return float(value)

    return Kind(f"a number of seconds from {low:g} to {high:g}", read)


def text(pattern: str, expected: str) -> Kind:
    """A string that matches `pattern` from end to end."""
    compiled = re.compile(pattern)

    def read(value: Any, _folder: Path | None) -> str:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise ValueError
        return value

    return Kind(expected, read)


def one_of(*words: str) -> Kind:
    """One of `words`."""

    def read(value: Any, _folder: Path | None) -> str:
        if value not in words:
            raise ValueError
        return str(value)

    return Kind("one of " + ", ".join(f'"{word}"' for word in words), read)


def _read_flag(value: Any, _folder: Path | None) -> bool:
    if not isinstance(value, bool):
        raise ValueError  # noqa: TRY004 - one error for whatever is not of the kind
    return value


def _read_day(value: Any, _folder: Path | None) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError  # noqa: TRY004 - one error for whatever is not of the kind
    return value


def _read_path(value: Any, folder: Path | None) -> Path:
    if isinstance(value, str) and (not value or "\0" in value):
        raise ValueError
    if not isinstance(value, str | Path):
        raise ValueError  # noqa: TRY004 - one error for whatever is not of the kind
    path = Path(value).expanduser()
    return folder / path if folder else path


def _read_endpoint(value: Any, _folder: Path | None) -> Endpoint:
    return value if isinstance(value, Endpoint) else Endpoint.parse(value)


def _read_level(value: Any, _folder: Path | None) -> int:
    if type(value) is not int or value not in LEVELS:
        raise ValueError
    return value


def _read_weekly(value: Any, _folder: Path | None) -> Weekly:
    return value if isinstance(value, Weekly) else Weekly.parse(value)


def _read_period(value: Any, _folder: Path | None) -> Period:
    return value if isinstance(value, Weekly | Once) else parse_period(value)


Flag = Annotated[bool, Kind("true or false", _read_flag)]
Day = Annotated[date, Kind("a date such as 2026-01-01", _read_day)]
#: Where a row of a table is taken from.
Source = Annotated[str, text(r"\S.{0,299}", "where this is laid down, in 1 to 300 characters")]
#: Relative paths start from the folder of the configuration file.
FilePath = Annotated[Path, Kind("a path", _read_path)]
#: SSIDLEV: RFC 5024 section 5.3.2.
Level = Annotated[int, Kind("a level of ODETTE-FTP: 1, 2, 4 or 5", _read_level)]
Address = Annotated[Endpoint, Kind('an endpoint such as "tls:127.0.0.1:6619"', _read_endpoint)]
#: When something is every week, in Asia/Shanghai.
CallWindow = Annotated[
    Weekly, Kind('a weekly period such as "06:00-22:00" or "mon-fri 06:00-22:00"', _read_weekly)
]
#: The same, or one time only.
MaintenanceWindow = Annotated[
    Period,
    Kind(
        'a period such as "sun 02:00-04:00" or "2026-12-01 02:00 to 2026-12-01 04:00"',
        _read_period,
    ),
]
#: A pattern for names of files: SFIDDSN has 26 characters of the alphabet of RFC 5024 section 5.4.
NamePattern = Annotated[
    str, text(r"[A-Z0-9/.&()*?-]{1,26}", "a pattern of 1 to 26 of A-Z, 0-9, / - . & ( ), * and ?")
]
#: A pattern for SFIDUSER.
UserDataPattern = Annotated[
    str, text(r"[A-Z0-9/.&()*? -]{0,8}", "a pattern of 0 to 8 of A-Z, 0-9, / - . & ( ), * and ?")
]
#: A short name of ours, for people: log, commands, folder names.
Name = Annotated[str, text(r"[a-z0-9][a-z0-9-]{0,31}", "a name of 1 to 32 of a-z, 0-9 and -")]
#: Who sends or receives messages: `Sender` and `Receiver` of a message's header.
ParticipantId = Annotated[
    str, text(r"[A-Za-z0-9][A-Za-z0-9._-]{0,34}", "an identification of 1 to 35 of A-Z, a-z, 0-9 and . _ -")
]
#: SSIDCODE: RFC 5024 sections 5.2 and 5.4.
OftpCode = Annotated[
    str,
    text(r"[A-Z0-9][A-Z0-9/.&()-]{0,24}", "an SSIDCODE of 1 to 25 of A-Z, 0-9 and / - . & ( )"),
]
#: The beginning of customs codes (报关口岸): of a district, or of one place in it.
CustomsPrefix = Annotated[str, text(r"[0-9]{2,4}", "the first 2 to 4 digits of customs codes")]
