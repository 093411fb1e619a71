"""Large backlogs, made fast: of licences that are sealed and not sent, and of files that wait to be read.

The first are real, signed and sealed by the gateway itself, and are what customs gets while it is measured.
Those behind them are copies of the last of them, row by row or as links, under other numbers and names.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from gateway.clock import business_date, system_clock
from gateway.config import GatewayConfig
from gateway.demo.samples import generate, issue_message
from gateway.demo.stage import Stage, wait_until
from gateway.exchange.correspondence import new_message_id
from gateway.ledger import post
from gateway.ledger.store import LEDGER_FILE, Ledger
from gateway.operations.issuer import Issuer
from oftp2.identity import FileIdentity
from tests.ledger.makers import now

#: So many are real: more than customs gets to see before all is measured.
REAL = 2_000
#: So many of them have other names too.
LINKED = 64
CHUNK = 10_000
INTERCHANGE = 500
SETTLE_SECONDS = 300.0
#: Tables of which a sealed licence has rows, and the columns that differ from copy to copy.
_COPIED = {
    "message": ("message_id", "licence_no"),
    "entry": ("message_id", "licence_no"),
    "licence": ("issue_message_id", "licence_no"),
    "licence_line": ("licence_no",),
    "outbox": ("message_id", "licence_no"),
}
Done = Callable[[int], object]


def real_files(folder: Path, count: int, into: Path, done: Done) -> list[Path]:
    """So many licences, signed by the instance's issuer, as files in `into`; in the order of their names."""
    issuer = Issuer.of_instance(folder)
    receiver = GatewayConfig.load(folder / "gateway.toml").gateway.participant
    made = []
    for number, licence in enumerate(generate(5, count, today=business_date(system_clock()), lines=1)):
        message = issue_message(
            licence,
            sender=issuer.participant,
            receiver=receiver,
            message_id=new_message_id(),
            created=system_clock(),
        )
        path = into / f"a{number:07}.xml"
        path.write_bytes(issuer.issue(message))
        made.append(path)
        done(number + 1)
    return made


def linked(last: Sequence[Path], into: Path, count: int, prefix: str) -> None:
    """So many more names for the files `last`, in turn: a file can have some ten thousand names."""
    for number in range(count):
        os.link(last[number % len(last)], into / f"{prefix}{number:07}.xml")


def sealed_and_not_sent(stage: Stage, count: int, done: Done) -> None:
    """The ledger of `stage` has so many licences due; none was ever sent. Nothing runs afterwards."""
    real = min(count, REAL)
    real_files(stage.folder, real, stage.spool / "in", lambda _: None)
    stage.gateway.start()
    wait_until(lambda: _is_sealed(stage, real), SETTLE_SECONDS, "they are not sealed")
    stage.gateway.stop()
    path = stage.folder / "state" / LEDGER_FILE
    for first in range(0, count - real, CHUNK):
        _copy(path, first, min(CHUNK, count - real - first))
        done(real + first + CHUNK)


def _is_sealed(stage: Stage, count: int) -> bool:
    status = stage.gateway.control.call("status")
    return bool(status["queues"]["DUE"] >= count and not status["ledger"]["feedback_waiting"])


def _copy(path: Path, first: int, count: int) -> None:
    """Copies number `first` and on of the real licence that comes last."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("PRAGMA synchronous=OFF; PRAGMA foreign_keys=OFF; PRAGMA cache_size=-200000")
        with connection:
            copied = connection.execute(
                "SELECT licence_type, licence_no FROM licence WHERE licence_no NOT LIKE '26-ZZ-%'"
                " ORDER BY id DESC LIMIT 1"
            ).fetchone()
            for name, own in _COPIED.items():
                columns = [row[1] for row in connection.execute(f"PRAGMA table_info({name})")]
                wanted = [column for column in columns if column not in {"id", "seq"}]
                said = ", ".join(_value(column) if column in own else column for column in wanted)
                connection.execute(
                    "WITH RECURSIVE n(i) AS (SELECT ? UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?)"
                    f" INSERT INTO {name} ({', '.join(wanted)}) SELECT {said} FROM n CROSS JOIN {name}"
                    " WHERE licence_type = ? AND licence_no = ?",
                    (first, first + count, *copied),
                )


def _value(column: str) -> str:
    if column == "licence_no":
        return "'26-ZZ-' || printf('%06X', i)"
    return f"{column} || '-' || i"


def assign_all(folder: Path, done: Done) -> int:
    """Everything that is due is put into files, as if they were all to be sent; how many files that are."""
    config = GatewayConfig.load(folder / "gateway.toml")
    ledger = Ledger.open(folder / "state" / LEDGER_FILE, clock=system_clock)
    (partner,) = config.partners

    def identity(number: int) -> FileIdentity:
        at = system_clock()
        return FileIdentity(
            dataset_name=f"LX{number:010d}",
            date=f"{at:%Y%m%d}",
            time=f"{at:%H%M%S}{number % 10_000:04d}",
            originator=config.line.identification,
            destination=partner.identification,
        )

    files = 0
    bytes_at_most = config.limits.interchange_max_bytes
    while now(
        ledger.submit(lambda uow: post.gather(uow, partner.name, INTERCHANGE, bytes_at_most, identity))
    ):
        files += 1
        done(files * INTERCHANGE)
    now(ledger.close())
    return files


class LogReader:
    """The records that a daemon adds to its log from now on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = path.stat().st_size if path.exists() else 0
        self.records: list[dict[str, object]] = []

    def wait_for(self, words: str, limit_seconds: float) -> dict[str, object] | None:
        """The first record whose event has these words; None if there is none within the time."""
        deadline = time.monotonic() + limit_seconds
        while True:
            self._read()
            for record in self.records:
                if words in str(record["event"]):
                    return record
            if time.monotonic() > deadline:
                return None
            time.sleep(0.1)

    def _read(self) -> None:
        if not self._path.exists():
            return
        with self._path.open("rb") as log:
            log.seek(self._offset)
            data = log.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        self.records += [json.loads(line) for line in whole.splitlines()]
