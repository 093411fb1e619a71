"""Where the time goes, by stage: stacks sampled by py-spy in a run of its own, never in a measured one."""

from __future__ import annotations

import re
import signal
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.bench.house import House

_SAMPLES_A_SECOND = 100
#: A stack belongs to the first of these that one of its frames contains.
_RULES = (
    ("seals (gateway/exchange/bench.py", "seal: sign"),
    ("interchanges (gateway/exchange/bench.py", "answers: examine"),
    ("messages (gateway/exchange/bench.py", "examine"),
    ("gateway/exchange/scribe.py", "feedback: files in out/"),
    ("gateway/exchange/publication.py", "feedback: files in out/"),
    ("pebble/", "to and from workers"),
    ("gateway/exchange/workers.py", "to and from workers"),
    ("gateway/exchange/spool.py", "intake: files in in/ and work/"),
    ("gateway/exchange/agenda.py", "intake: files in in/ and work/"),
    ("gateway/exchange/acceptance.py", "accept: law and ledger"),
    ("_record (gateway/exchange/sealing.py", "seal: ledger"),
    ("gateway/exchange/reception.py", "answers: ledger and feedback"),
    ("gateway/exchange/desk.py", "answers: ledger and feedback"),
    ("gateway/exchange/outgoing.py", "outbox and delivery"),
    ("gateway/exchange/post_office.py", "outbox and delivery"),
    ("gateway/exchange/feedback_writer.py", "feedback: ledger"),
    ("gateway/exchange/sealing.py", "seal: ledger"),
    ("twisted/logger/", "log"),
    ("gateway/operations/", "log"),
    ("gateway/line/", "line and TLS"),
    ("oftp2/", "line and TLS"),
    ("twisted/protocols/tls.py", "line and TLS"),
    ("gateway/exchange/intake.py", "intake: orders"),
    ("gateway/ledger/", "ledger: commit"),
    ("twisted/", "reactor and threads"),
    ("threading.py", "reactor and threads"),
)
_EXAMINE = (
    ("licencexml/parsing.py", "examine: parse"),
    ("licencexml/schema.py", "examine: XSD"),
    # What is in the plain form is read from within its verification.
    ("licencexml/plain.py", "examine: values"),
    ("gateway/trust/", "examine: verify"),
    ("licencexml/", "examine: values"),
)
_LINE_NUMBER = re.compile(r":\d+\)$")
#: Threads that wait are not idle to py-spy where they wait in C.
_WAITING = (
    "wait (threading.py",
    "doPoll (",
    "get (queue.py",
    "_recv (",
    "_wait_for_",
    "acquire (threading.py",
)


def profile(house: House, documents: Sequence[bytes], py_spy: Path) -> dict[str, float]:
    """The share of each stage (0 to 1) in the gateway's busy samples while it works `documents` off."""
    raw = house.folder / "made" / "stacks"
    command = [str(py_spy), "record", "--pid", str(house.pid), "--subprocesses", "--nonblocking"]
    command += [
        "--rate",
        str(_SAMPLES_A_SECOND),
        "--format",
        "raw",
        "--duration",
        "3600",
        "--output",
        str(raw),
    ]
    recording = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        house.load(documents)
    finally:
        recording.send_signal(signal.SIGINT)
        recording.wait(60)
    return shares(raw.read_text()) if raw.exists() else {}


def shares(raw: str) -> dict[str, float]:
    """From py-spy's raw form (`frame;frame;… count`), root first."""
    counted: Counter[str] = Counter()
    for line in raw.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = [_LINE_NUMBER.sub(")", frame) for frame in stack.split(";")]
        if not any(frames[-1].startswith(wait) for wait in _WAITING):
            counted[stage_of(frames)] += int(count)
    total = counted.total() or 1
    return {stage: count / total for stage, count in counted.most_common()}


def stage_of(frames: Sequence[str]) -> str:
    """The stage that a stack (root first) belongs to."""
    found = _first(_RULES, frames)
    if found == "examine":
        return _first(_EXAMINE, frames) or "examine: the rest"
    return found or "other"


def _first(rules: Sequence[tuple[str, str]], frames: Sequence[str]) -> str | None:
    for part, stage in rules:
        if any(part in frame for frame in frames):
            return stage
    return None
