"""Rejections: why something was refused, in words that a person can act on.

One shape serves every reader: the issuing system's answer file, the acknowledgement to customs,
the log, the control commands. A `Reason` is the entry in a catalogue (one a code); a `Rejection` is
that reason with the facts and the place of one refusal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a document: its line (from 1) and the XPath of the element, where known."""

    line: int | None = None
    xpath: str | None = None

    def __str__(self) -> str:
        parts = [f"line {self.line}" if self.line else "", self.xpath or ""]
        return ", ".join(part for part in parts if part)


NOWHERE = Where()


@dataclass(frozen=True, slots=True)
class Rejection:
    """One reason for a refusal.

    `code` is stable and upper case; `zh` and `en` say the same in Chinese and in English; `article` names
    the regulation it rests on (or the section of a standard, or "configured"); `remedy` says what to do.
    """

    code: str
    where: Where
    zh: str
    en: str
    article: str
    remedy: str

    def to_dict(self) -> dict[str, Any]:
        """The rejection as plain JSON values."""
        return {
            "code": self.code,
            "line": self.where.line,
            "xpath": self.where.xpath,
            "zh": self.zh,
            "en": self.en,
            "article": self.article,
            "remedy": self.remedy,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        return cls(
            code=values["code"],
            where=Where(values["line"], values["xpath"]),
            zh=values["zh"],
            en=values["en"],
            article=values["article"],
            remedy=values["remedy"],
        )


@dataclass(frozen=True, slots=True)
class Reason:
    """A catalogue entry: the sentences are `str.format` templates over the facts of one refusal."""

    code: str
    zh: str
    en: str
    article: str
    remedy: str

    def reject(self, where: Where = NOWHERE, **facts: object) -> Rejection:
        """This reason, with the facts and the place of one refusal."""
        return Rejection(
            code=self.code,
            where=where,
            zh=self.zh.format(**facts),
            en=self.en.format(**facts),
            article=self.article,
            remedy=self.remedy.format(**facts),
        )
