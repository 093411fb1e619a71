"""What all commands tell in the same words."""

from __future__ import annotations

import sys

from oftp2.reasons import Reason, explain


def tell(text: str) -> None:
    """A line of the result, on standard output."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """A line for the one who gave the command, on standard error."""
    sys.stderr.write(text + "\n")


def refusal(command: str, table: dict[int, Reason], reason: int, text: str) -> str:
    """A refusal with what its number means, and the partner's own words."""
    meaning = explain(table, reason).meaning
    words = f" ({text})" if text and text != meaning else ""
    return f"{command} {reason:02d} {meaning}{words}"
