"""The page of the requirements: each with the tests and worked cases that show it, or why there are none.

python -m tests.acceptance.requirements > docs/requirements.md
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TESTS = HERE.parent
PAGE = TESTS.parent / "docs" / "requirements.md"
#: A test may bear a number in its name: test_A16_…, test_C9_….
NUMBERED = re.compile(r"test_([AC]\d+)_")

_INTRODUCTION = """\
# Requirements 需求与验证

Made by `python -m tests.acceptance.requirements > docs/requirements.md` from the list in `tests/acceptance/`
and from the tests; do not edit. A row names the tests that show that it is kept (below `tests/`), and the
worked cases (样例) of `tests/acceptance/cases.toml`, which people can read; or it says why there are none.
"""


@dataclass(frozen=True)
class Row:
    """A requirement: its number, the term, our words; tests, worked cases, and why not (wholly) ours."""

    number: str
    zh: str
    en: str
    tests: tuple[str, ...] = ()
    reason: str = ""
    cases: tuple[str, ...] = field(default=())

    @property
    def is_answered(self) -> bool:
        """Whether anything shows it, or says why nothing does."""
        return bool(self.tests or self.cases or self.reason)


def chapters() -> dict[str, list[Row]]:
    """The rows by their chapters, with all that shows them."""
    listed = tomllib.loads((HERE / "requirements.toml").read_text("utf-8"))["chapter"]
    return {one["title"]: [_row(said) for said in one["row"]] for one in listed}


def rows() -> list[Row]:
    """All rows."""
    return [row for held in chapters().values() for row in held]


def _row(said: dict[str, Any]) -> Row:
    number = said["number"]
    named = [*said.get("tests", ()), *_numbered().get(number, ())]
    return Row(
        number=number,
        zh=said["zh"],
        en=said["en"],
        tests=tuple(dict.fromkeys(named)),
        reason=said.get("reason", ""),
        cases=tuple(_cases().get(number, ())),
    )


@cache
def _cases() -> dict[str, list[str]]:
    """What the worked cases are about, by number."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for case in tomllib.loads((HERE / "cases.toml").read_text("utf-8"))["case"]:
        for number in numbers(case["requirement"]):
            found[number].append(case["what"])
    return found


def numbers(requirement: str) -> list[str]:
    """The numbers that a worked case states: "C15(i), C16" is of C15 and C16."""
    return [re.sub(r"\(\w+\)$", "", one) for one in requirement.split(", ")]


@cache
def all_tests() -> frozenset[str]:
    """Every test below tests/, as "folder/file.py::name"; steps and invariants of a machine with its name."""
    return frozenset(name for path in sorted(TESTS.rglob("test_*.py")) for name in _in(path))


def _in(path: Path) -> Iterator[str]:
    where = path.relative_to(TESTS).as_posix()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield f"{where}::{node.name}"
        elif isinstance(node, ast.ClassDef):
            methods = (each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))
            yield from (f"{where}::{node.name}::{each.name}" for each in methods)


@cache
def _numbered() -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted(all_tests()):
        if match := NUMBERED.search(name.rpartition("::")[2]):
            found[match.group(1)].append(name)
    return found


def page() -> str:
    """`docs/requirements.md`, whole."""
    lines = [_INTRODUCTION]
    for title, held in chapters().items():
        lines += [f"## {title}\n", "| | requirement 要求 | shown by 验证 |", "| --- | --- | --- |"]
        lines += [f"| {row.number} | **{row.zh}** {row.en} | {_shown(row)} |" for row in held]
        lines.append("")
    return "\n".join(lines)


def _shown(row: Row) -> str:
    by_file: defaultdict[str, list[str]] = defaultdict(list)
    for test in row.tests:
        where, _, name = test.partition("::")
        by_file[where].append(f"`{name}`")
    parts = [row.reason] if row.reason else []
    parts += [f"`{where}`: {', '.join(names)}" for where, names in by_file.items()]
    if row.cases:
        parts.append(f"cases 样例: {'; '.join(row.cases)}")
    return "<br>".join(part.replace("|", r"\|") for part in parts)


if __name__ == "__main__":
    sys.stdout.write(page())
