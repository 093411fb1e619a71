"""What is to be logged of a unit of work, kept until its commit: the log never runs ahead of the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from twisted.logger import Logger, LogLevel


@dataclass(frozen=True, slots=True)
class Notice:
    """One line for the log: a format, its facts, and whether someone should look.

    `alert` is what is wrong with what, for those who watch: trouble until something says that it is over.
    """

    format: str
    facts: dict[str, Any]
    refused: bool = False
    alert: tuple[str, str | None] | None = None

    @classmethod
    def of(
        cls,
        format: str,  # noqa: A002 - the log's own word
        *,
        refused: bool = False,
        alert: tuple[str, str | None] | None = None,
        **facts: Any,
    ) -> Self:
        """A notice of `facts`."""
        return cls(format, facts, refused, alert)


def publish(log: Logger, notices: Iterable[Notice]) -> None:
    """Log them; call this after the commit."""
    for notice in notices:
        log.emit(LogLevel.warn if notice.refused else LogLevel.info, notice.format, **notice.facts)
