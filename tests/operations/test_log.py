"""The log: every record is one JSON line, secrets are masked, and nothing that happens to the file raises."""

import errno
import gc
import io
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from pydantic_core import to_json
from twisted.logger import Logger, LogLevel
from twisted.python.failure import Failure

from gateway.config import LogConfig
from gateway.errors import EnvironmentFault
from gateway.operations.gathered import MANY, Gathered
from gateway.operations.log import make_log
from gateway.operations.logfile import LogFile
from gateway.operations.records import Record, record_of
from gateway.operations.terminal import Terminal, readable

#: 2026-07-01T16:30:00Z is half past midnight of the second in Shanghai.
INSTANT = 1782923400.0


def _event(text: str, **fields: Any) -> dict[str, Any]:
    standard = {"log_time": INSTANT, "log_level": LogLevel.info, "log_namespace": "gateway.test"}
    return standard | {"log_format": text} | fields


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_record_has_both_times_level_source_sentence_and_whom_it_is_about() -> None:
    event = _event("{count} lines", count=3, message_id="M-1", licence="IMPORT/26-AA-123456")
    assert record_of(event) == {
        "time": "2026-07-01T16:30:00.000Z",
        "business_time": "2026-07-02T00:30:00.000+08:00",
        "level": "info",
        "source": "gateway.test",
        "event": "3 lines",
        "message_id": "M-1",
        "licence": "IMPORT/26-AA-123456",
        "count": 3,
    }


def test_secrets_are_masked_in_fields_in_sentences_and_in_tracebacks() -> None:
    failure = Failure(ValueError("password=HUNTER2"))
    event = _event(
        "sent {line_password} and {held} with SSIDPSWD: HUNTER2 {pem}",
        line_password="HUNTER2",
        held=SecretStr("HUNTER2"),
        pem="-----BEGIN EC PRIVATE KEY-----\nHUNTER2\n-----END EC PRIVATE KEY-----",
        log_failure=failure,
    )
    written = json.dumps(record_of(event))
    assert "HUNTER2" not in written
    assert "ValueError: password=***" in written


def test_a_broken_event_still_gives_a_record() -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError("no")

    assert "could not be told" in record_of(_event("x", odd=Broken()))["event"]


@given(
    text=st.text(),
    value=st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    name=st.from_regex(r"[a-z_]{1,12}", fullmatch=True),
)
def test_whatever_is_logged_becomes_one_json_line(text: str, value: object, name: str) -> None:
    line = json.dumps(record_of(_event("{said}", said=text) | {name: value}), ensure_ascii=False)
    assert "\n" not in line
    assert json.loads(line.encode())["event"] is not None


def test_what_comes_from_outside_cannot_steer_the_terminal() -> None:
    line = readable(record_of(_event("name {n}", n="\x1b[2Jevil\nline \x9b31m")), colour=False)
    assert line == r"07-02 00:30:00 info     name \x1b[2Jevil\nline \x9b31m"


def test_a_line_names_nothing_twice() -> None:
    event = _event("licence {licence} accepted", licence="IMPORT/26-AA-123456", message_id="M-1")
    line = readable(record_of(event), colour=False)
    assert line == "07-02 00:30:00 info     licence IMPORT/26-AA-123456 accepted  [M-1]"


def test_of_a_fault_of_the_machine_people_see_the_sentence_and_of_a_bug_the_traceback() -> None:
    full = record_of(_event("intake failed") | {"log_failure": Failure(EnvironmentFault("the disk is full"))})
    assert readable(full, colour=False) == "07-02 00:30:00 info     intake failed: the disk is full"
    assert "EnvironmentFault" in full["traceback"]
    bug = record_of(_event("intake failed") | {"log_failure": Failure(ZeroDivisionError("the inside"))})
    assert "fault" not in bug
    assert "ZeroDivisionError" in readable(bug, colour=False)


def test_of_memory_and_files_that_the_machine_does_not_give_people_see_a_sentence() -> None:
    for error, sentence in (
        (MemoryError(), "too little memory"),
        (OSError(24, "Too many open files"), "Too many"),
    ):
        record = record_of(_event("x failed", log_failure=Failure(error)))
        assert sentence in record["fault"]
        assert "Traceback" not in readable(record, colour=False)


def test_colour_only_on_a_terminal() -> None:
    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    for stream, coloured in ((Screen(), True), (io.StringIO(), False)):
        Terminal(stream).write(record_of(_event("hello", message_id="M-1")))
        assert ("\x1b[" in stream.getvalue()) is coloured
        assert "hello" in stream.getvalue()
        assert "M-1" in stream.getvalue()


def test_a_closed_terminal_is_left_alone() -> None:
    stream = io.StringIO()
    terminal = Terminal(stream)
    stream.close()
    terminal.write(record_of(_event("into nothing")))


def test_after_a_rename_records_go_to_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "log" / "gateway.jsonl"
    file = LogFile(path)
    file.write(record_of(_event("one")))
    path.rename(tmp_path / "log" / "old")
    file.write(record_of(_event("two")))
    file.reopen()
    file.write(record_of(_event("three")))
    file.close()
    assert [record["event"] for record in _lines(tmp_path / "log" / "old")] == ["one"]
    assert [record["event"] for record in _lines(path)] == ["two", "three"]


def test_records_that_cannot_be_written_are_counted_and_the_count_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    folder.write_text("in the way")
    file = LogFile(folder / "gateway.jsonl")
    file.write(record_of(_event("lost")))
    file.write(record_of(_event("lost too")))
    folder.unlink()
    file.write(record_of(_event("kept")))
    file.close()
    events = [record["event"] for record in _lines(folder / "gateway.jsonl")]
    assert events == ["2 log records could not be written and were dropped", "kept"]


def test_a_full_disk_does_not_raise(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this machine has no /dev/full")
    file = LogFile(Path("/dev/full"))
    file.write(record_of(_event("nowhere")))
    assert file.dropped == 1


def test_a_line_cut_by_a_full_disk_does_not_spoil_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, true_write = tmp_path / "log", os.write
    file = LogFile(path)
    file.write(record_of(_event("whole")))
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda descriptor, data: true_write(descriptor, data[:10]))
        file.write(record_of(_event("cut")))
    file.write(record_of(_event("after")))
    file.close()
    lines = path.read_text().splitlines()
    assert [json.loads(line)["event"] for line in (lines[0], lines[-1])] == ["whole", "after"]


def test_of_lines_cut_by_a_full_disk_those_that_are_whole_are_not_told_as_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, true_write, room = tmp_path / "log", os.write, [0]

    def write(descriptor: int, data: bytes) -> int:
        if room[0] == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = true_write(descriptor, data[: room[0]])
        room[0] -= written
        return written

    file = LogFile(path)
    records = [record_of(_event(event)) for event in ("one", "two", "three")]
    one = len(to_json(records[0])) + 1
    monkeypatch.setattr(os, "write", write)
    for space, dropped in ((one + 10, 2), (0, 5)):
        room[0] = space
        file.write(*records)
        assert file.dropped == dropped
    room[0] = 10**6
    file.write(record_of(_event("after")))
    file.close()
    first, torn, *rest = path.read_text().splitlines()
    assert json.loads(first)["event"] == "one"
    assert len(torn) == 10
    assert [json.loads(line)["event"] for line in rest] == [
        "5 log records could not be written and were dropped",
        "after",
    ]


def test_lines_cut_between_two_leave_no_empty_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, true_write = tmp_path / "log", os.write
    file = LogFile(path)
    records = [record_of(_event(event)) for event in ("one", "two")]
    with monkeypatch.context() as patch:
        patch.setattr(
            os, "write", lambda descriptor, data: true_write(descriptor, data[: data.index(b"\n") + 1])
        )
        file.write(*records)
    file.write(record_of(_event("after")))
    file.close()
    assert [record["event"] for record in _lines(path)] == [
        "one",
        "1 log records could not be written and were dropped",
        "after",
    ]


def test_what_the_collector_tells_while_lines_are_written_neither_hangs_nor_is_lost(tmp_path: Path) -> None:
    told: list[list[str]] = []

    class Late:
        """Found by the collector at an unlucky moment."""

        def __init__(self) -> None:
            self.myself = self

        def __del__(self) -> None:
            gathered.write(*_told(LogLevel.critical, "found"))

    def write(*records: Record) -> None:
        told.append([record["event"] for record in records])
        if len(told) == 1:
            Late()
            gc.collect()

    gathered = Gathered([write, LogFile(tmp_path / "log").write])
    gathered.write(*_told(LogLevel.info, "a"))
    assert told == [["a"], ["found"]]
    assert sorted(record["event"] for record in _lines(tmp_path / "log")) == ["a", "found"]


class Kept:
    """A writer that keeps what it is given together, and a reactor that calls back when told to."""

    def __init__(self) -> None:
        self.written: list[list[str]] = []
        self.calls: list[Callable[[], None]] = []

    def write(self, *records: Record) -> None:
        self.written.append([record["event"] for record in records])

    def turn(self) -> None:
        calls, self.calls = self.calls, []
        for call in calls:
            call()


def _told(level: LogLevel, *events: str) -> list[Record]:
    return [record_of(_event(event) | {"log_level": level}) for event in events]


def test_records_of_a_turn_are_written_together_and_what_is_bad_at_once_after_them() -> None:
    kept = Kept()
    gathered = Gathered([kept.write])
    for record in _told(LogLevel.info, "a", "b"):
        gathered.write(record)
    assert kept.written == [["a"], ["b"]], "nothing waits before the reactor runs"
    gathered.gather(kept.calls.append)
    for record in _told(LogLevel.info, "c", "d", "e"):
        gathered.write(record)
    assert (len(kept.written), len(kept.calls)) == (2, 1)
    kept.turn()
    assert kept.written[2:] == [["c", "d", "e"]]
    for record in (*_told(LogLevel.info, "f"), *_told(LogLevel.warn, "g")):
        gathered.write(record)
    assert kept.written[3:] == [["f", "g"]]
    kept.turn()
    assert len(kept.written) == 4
    for record in (*_told(LogLevel.info, "h"), *_told(LogLevel.error, "i")):
        gathered.write(record)
    assert kept.written[4:] == [["h", "i"]]


def test_after_the_reactor_nothing_waits_any_more() -> None:
    kept = Kept()
    gathered = Gathered([kept.write])
    gathered.gather(kept.calls.append)
    for record in _told(LogLevel.info, *"ab"):
        gathered.write(record)
    gathered.pass_on()
    for record in _told(LogLevel.info, "c"):
        gathered.write(record)
    assert kept.written == [["a", "b"], ["c"]]


def test_a_turn_without_end_is_written_all_the_same() -> None:
    kept = Kept()
    gathered = Gathered([kept.write])
    gathered.gather(kept.calls.append)
    for record in _told(LogLevel.info, *(str(number) for number in range(2 * MANY + 1))):
        gathered.write(record)
    assert [len(events) for events in kept.written] == [MANY, MANY]


def test_many_threads_write_whole_lines(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "log")
    threads = [
        threading.Thread(target=lambda: [file.write(record_of(_event("x" * 500))) for _ in range(100)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    file.close()
    assert len(_lines(tmp_path / "log")) == 400


def test_the_configured_level_holds_and_twisted_is_quiet(tmp_path: Path) -> None:
    screen = io.StringIO()
    log = make_log(LogConfig(file=tmp_path / "log", level="info"), terminal=screen)
    for namespace in ("gateway.x", "twisted.internet.protocol", "log_legacy"):
        logger = Logger(namespace=namespace, observer=log.observer)
        logger.debug("too fine")
        logger.info("told")
        logger.error("worse")
    log.file.close()
    told = [(record["source"], record["level"]) for record in _lines(tmp_path / "log")]
    assert told == [
        ("gateway.x", "info"),
        ("gateway.x", "error"),
        ("twisted.internet.protocol", "error"),
        ("log_legacy", "error"),
    ]
    assert screen.getvalue().count("\n") == 4


def test_no_secret_reaches_file_terminal_or_tail(tmp_path: Path) -> None:
    screen = io.StringIO()
    log = make_log(LogConfig(file=tmp_path / "log"), terminal=screen)
    Logger(namespace="gateway.x", observer=log.observer).info("p {password}", password="HUNTER2")
    log.file.close()
    assert "HUNTER2" not in (tmp_path / "log").read_text() + screen.getvalue()
