"""What all commands tell in the same words."""

from __future__ import annotations

import sys

from oftp2 import events as e
from oftp2.reasons import Reason, explain


def tell(text: str) -> None:
    """A line of the result, on standard output."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """A line for the one who gave the command, on standard error."""
    sys.stderr.write(text + "\n")


def why_ended(event: e.AbortIndication) -> str:
    """How a session ended before its time."""
    who = "the partner ended" if event.distant else "we ended"
    if event.blame is e.Blame.NETWORK:
        return event.text
    return f"{who} the session: ESID {event.reason:02d} {event.text}"


def refusal(command: str, table: dict[int, Reason], reason: int, text: str) -> str:
    """A refusal with what its number means, and the partner's own words."""
    meaning = explain(table, reason).meaning
    words = f" ({text})" if text and text != meaning else ""
    return f"{command} {reason:02d} {meaning}{words}"
