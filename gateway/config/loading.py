"""From a TOML file to a checked configuration, or to a list of all its faults in plain words."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gateway.config.kinds import NOT_OF_THIS_KIND, Kind
from gateway.errors import ConfigurationFault

MAX_CONFIG_BYTES = 1024 * 1024
_SHOWN_CHARACTERS = 60

Document = TypeVar("Document", bound=BaseModel)


def load(model: type[Document], path: Path) -> Document:
    """The file at `path` as `model`; relative paths start from its folder.

    Raises ConfigurationFault with one line a fault, each naming file, key and what is expected.
    """
    values = _read_toml(path)
    try:
        return model.model_validate(values, context={"folder": path.absolute().parent})
    except ValidationError as error:
        faults = error.errors(include_url=False)
    lines = [f"{path}: {_sentence(model, fault)}" for fault in faults if not _echoes(fault, faults)]
    raise ConfigurationFault("\n".join(lines))


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_CONFIG_BYTES + 1)
    except OSError as error:
        raise ConfigurationFault(f"{path}: cannot be read: {error.strerror}") from None
    if len(data) > MAX_CONFIG_BYTES:
        raise ConfigurationFault(f"{path}: expected a file of at most {MAX_CONFIG_BYTES} bytes")
    try:
        return tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ConfigurationFault(f"{path}: expected UTF-8 text; byte {error.start} is not") from None
    except (ValueError, RecursionError) as error:
        # Beside TOMLDecodeError: numbers of thousands of digits, and thousands of levels.
        raise ConfigurationFault(f"{path}: not valid TOML: {error}") from None


def _echoes(fault: ErrorDetails, faults: list[ErrorDetails]) -> bool:
    """Whether `fault` only says that a list is short because its items, told elsewhere, are faulty."""
    location = fault["loc"]
    return fault["type"] == "too_short" and any(
        other["loc"][: len(location)] == location for other in faults if other is not fault
    )


def _sentence(model: type[BaseModel], fault: ErrorDetails) -> str:
    """One fault in plain words; an unknown key's value is never shown, since it may be a secret."""
    location, found = fault["loc"], _shown(fault["input"])
    match fault["type"]:
        case "missing":
            words = f"missing; expected {_expected(model, location)}"
        case "extra_forbidden":
            words = f"not a known key{_suggestion(model, location)}"
        case "too_short":
            words = f"expected at least {fault['ctx']['min_length']} of them"
        case "too_long":
            words = f"expected at most {fault['ctx']['max_length']} of them"
        case "model_type" | "model_attributes_type":
            words = f"expected a table, found {found}"
        case "tuple_type":
            words = f"expected a list, found {found}"
        case _ if fault["type"] == NOT_OF_THIS_KIND:
            words = f"{fault['msg']}, found {found}"
        case _:
            words = fault["msg"].removeprefix("Value error, ")
    key = _key(location)
    return f"{key}: {words}" if key else words


def _key(location: Iterable[int | str]) -> str:
    """`("partner", 0, "call", 1)` as `partner #1.call #2`."""
    key = ""
    for step in location:
        if isinstance(step, int):
            key += f" #{step + 1}"
        else:
            key += f".{step}" if key else step
    return key


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= _SHOWN_CHARACTERS else shown[:_SHOWN_CHARACTERS] + "…"


def _expected(model: type[BaseModel], location: tuple[int | str, ...]) -> str:
    section = _section(model, location[:-1])
    for name, field in section.model_fields.items() if section else ():
        if (field.alias or name) == location[-1]:
            kinds = [kind.expected for kind in field.metadata if isinstance(kind, Kind)]
            return kinds[0] if kinds else "a table"
    return "a value"


def _suggestion(model: type[BaseModel], location: tuple[int | str, ...]) -> str:
    section = _section(model, location[:-1])
    if section is None:
        return ""
    known = [field.alias or name for name, field in section.model_fields.items()]
    near = difflib.get_close_matches(str(location[-1]), known, n=1)
    return f"; did you mean {near[0]}?" if near else f"; expected one of {', '.join(sorted(known))}"


def _section(model: type[BaseModel], steps: Iterable[int | str]) -> type[BaseModel] | None:
    """The model that `steps` lead to from `model`."""
    at: type[BaseModel] | None = model
    for step in steps:
        if at is None or isinstance(step, int):
            continue
        annotations = [f.annotation for name, f in at.model_fields.items() if (f.alias or name) == step]
        at = next((found for annotation in annotations for found in _models(annotation)), None)
    return at


def _models(annotation: object) -> Iterable[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
