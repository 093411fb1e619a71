"""One step of an explanation, and how facts are written in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from gateway.licences.sentences import ALIKE, BECAUSE, LEFT_OF, OVER, Said, Sentence
from gateway.licences.state import LineState
from licencexml.rejection import Rejection
from licencexml.values import Quantity


class About(StrEnum):
    """What a step is about."""

    STANDING = "STANDING"
    ISSUE = "ISSUE"
    WAY = "WAY"
    USE = "USE"
    SUSPENSION = "SUSPENSION"
    END = "END"
    LEFT = "LEFT"
    NEXT = "NEXT"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `article` names the regulation or the row of a table that it rests on, where it rests on one.

    `remedies` are those of the rules that refused something.
    """

    about: About
    said: Said
    article: str | None = None
    message_id: str | None = None
    remedies: tuple[str, ...] = ()


def listed(parts: Iterable[Said]) -> Said:
    """Parts one after another."""
    held = list(parts)
    return Said("，".join(part.zh for part in held), ", ".join(part.en for part in held))


def why(rejections: Iterable[Rejection]) -> Said:
    """Reasons, each with its code and article; of several with one code the first, and how many they are."""
    by_code: dict[str, list[Rejection]] = {}
    for one in rejections:
        by_code.setdefault(one.code, []).append(one)
    parts = [_reason(alike[0], len(alike)) for alike in by_code.values()]
    return Said("；".join(part.zh for part in parts), "; ".join(part.en for part in parts))


def _reason(one: Rejection, count: int) -> Said:
    said = BECAUSE.say(code=one.code, reason=Said(one.zh, one.en), article=one.article)
    return said if count == 1 else said + ALIKE.say(count=count)


def remedies(rejections: Iterable[Rejection]) -> tuple[str, ...]:
    """What is to be done about them, each once."""
    return tuple(dict.fromkeys(one.remedy for one in rejections))


def left_of(lines: Iterable[LineState], sentence: Sentence = LEFT_OF) -> Said:
    """What is left of goods lines."""
    return listed(
        (OVER if line.balance < 0 else sentence).say(
            line=line.line_number, quantity=Quantity.of(abs(line.balance), line.unit)
        )
        for line in lines
    )


def quantity(amount: Decimal, unit: str) -> str:
    """A sum as it is written."""
    return f"{amount:f} [{unit}]"
