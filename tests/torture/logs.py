"""What both daemons said of it: tracebacks, which there may be none of, and whether a fault was told."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

#: The same sentence at `error` or above, figures apart, may stand so often within a minute.
REPEATS_A_MINUTE = 120
_SERIOUS = ("error", "critical")
_TRACES = ("Traceback (most recent call last)", "Unhandled error", "Unhandled Error")
#: A worker process that was being loaded when its daemon was killed: Python says so itself, not we.
_ORPHAN = re.compile(
    r"Traceback \(most recent call last\)[^\n]*\n(?:\s[^\n]*\n)*?"
    r"\s+File [^\n]*spawn_main[^\n]*\n(?:\s[^\n]*\n)*"
    r"(?:EOFError|BrokenPipeError|ConnectionResetError|FileNotFoundError)"
)
_FIGURES = re.compile(r"[0-9a-fA-F]*\d[0-9a-fA-F]*")


@dataclass(frozen=True, slots=True)
class Record:
    """A line of a daemon's log: when (seconds since the epoch), how serious, what, with its traceback."""

    at_seconds: float
    level: str
    event: str
    traceback: str


def records(log: Path) -> Iterator[Record]:
    """The records of a log file, a line that was torn left out."""
    if not log.exists():
        return
    with log.open("rb") as lines:
        for line in lines:
            try:
                record = json.loads(line)
            except ValueError:
                continue
            at = datetime.fromisoformat(record["time"]).timestamp()
            # Of a fault of the machine the log has a sentence; where it came through is kept beside it.
            is_told = "fault" in record
            event = f"{record['event']}: {record['fault']}" if is_told else record["event"]
            yield Record(at, record["level"], event, "" if is_told else record.get("traceback", ""))


def tracebacks(log: Path, output: Path) -> list[str]:
    """The tracebacks in a daemon's log that show a fault of the program, and all that it wrote elsewhere."""
    found = [f"{record.event}\n{record.traceback}" for record in records(log) if record.traceback]
    said = output.read_text(encoding="utf-8", errors="replace") if output.exists() else ""
    others = (
        said[max(0, match.start() - 300) : match.start() + 3_000]
        for trace in _TRACES
        for match in re.finditer(re.escape(trace), said)
        if not _ORPHAN.match(said, match.start())
    )
    return found + list(others)


def noisy(log: Path) -> list[str]:
    """The sentences that came more often in a minute than anybody reads."""
    often: Counter[tuple[int, str]] = Counter(
        (int(record.at_seconds // 60), _FIGURES.sub("#", record.event)[:200])
        for record in records(log)
        if record.level in _SERIOUS
    )
    return sorted(
        {f"{times} times a minute: {what}" for (_, what), times in often.items() if times > REPEATS_A_MINUTE}
    )


def is_told(told: Sequence[Record], words: Sequence[str], began: float, ended: float) -> bool:
    """Whether one of the words was said between the two moments (seconds since the epoch)."""
    return any(
        began <= record.at_seconds <= ended and any(word in record.event for word in words) for record in told
    )
