"""The real system under load: an instance with both daemons, what is dropped in it, and what comes back."""

from __future__ import annotations

import os
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gateway.clock import system_clock
from gateway.demo.stage import Stage
from gateway.errors import EnvironmentFault
from gateway.operations.instance import create_instance
from gateway.trust.authority import KeyKind
from tests.bench.accounting import Reading

#: Nothing at all came for so long: it stands still.
STUCK_SECONDS = 120.0
_LOOK_SECONDS = 0.1
#: So that others' programs can look at a sample.
_KEPT_OF = 50
#: How the names of answers end; nothing ends so but what it says.
ACCEPTED, SEALED, ACKNOWLEDGED = ".accepted.json", ".sealed.xml", ".customs-accepted.json"
REFUSED = ".rejected.json"
#: The steps of an urgent licence that are entries of the ledger, and the last one.
_ENTERED = {
    "accepted": "ISSUE_ACCEPTED",
    "sealed": "SEALED",
    "sent": "SENT",
    "receipt of customs": "CUSTOMS_ACCEPTED",
}
ANSWERED = "answer in out/"
URGENT_STEPS = (*_ENTERED, ANSWERED)


@dataclass(frozen=True, slots=True)
class Setting:
    """Kind of keys, worker processes, and by how many declarations customs uses each licence."""

    kind: KeyKind = KeyKind.P256
    workers: int = 1
    declarations: int = 0


@dataclass(frozen=True, slots=True)
class Round:
    """One load: licences, seconds from first drop to last acknowledgement, and what the kernel counted.

    `processes` are microseconds of processor a licence, by process; `customs` are those of customs.
    """

    licences: int
    seconds: float
    processes: dict[str, float]
    customs: float
    written_bytes: float

    @property
    def cpu(self) -> float:
        """Microseconds of processor a licence, of all the gateway's processes."""
        return sum(self.processes.values())

    @property
    def rate(self) -> float:
        """Licences a second."""
        return self.licences / self.seconds


class House:
    """An instance in `folder`, running. Make one with `running`."""

    def __init__(self, folder: Path, setting: Setting) -> None:
        self.folder = folder
        self.setting = setting
        self.stage = Stage(folder)
        self.dropped = 0
        self.refused = 0
        #: Licences that were put into the ledger behind the gateway's back.
        self.copies = 0
        self._made = folder / "made"
        self._made.mkdir()
        self._out = self.stage.spool / "out"

    @property
    def pid(self) -> int:
        """Of the gateway's main process."""
        return _daemon(self.folder / "state")

    @property
    def customs_pid(self) -> int:
        """Of the simulated customs' main process."""
        return _daemon(self.folder / "customs-state")

    def load(self, documents: Sequence[bytes]) -> Round:
        """Drop them all at once, wait until all are acknowledged and told of, and count what that took."""
        names = self._write(documents)
        before, theirs = Reading.of(self.pid), Reading.of(self.customs_pid)
        began = time.time()
        self._hand_over(names)
        ended = max(self._answers(ACKNOWLEDGED, len(names)).values())
        self.settle()
        after, theirs_after = Reading.of(self.pid), Reading.of(self.customs_pid)
        count = len(names)
        self.clear()
        return Round(
            licences=count,
            seconds=ended - began,
            processes=_a_licence(after.processes - before.processes, count),
            customs=sum((theirs_after.processes - theirs.processes).values()) / count * 1e6,
            written_bytes=(after.written_bytes - before.written_bytes) / count,
        )

    def drop_at(self, documents: Sequence[bytes], pause_seconds: float) -> list[float]:
        """Drop one after the other; seconds from each drop to its acknowledgement."""
        names = self._write(documents)
        dropped = {}
        for name in names:
            dropped[name] = time.time()
            self._hand_over([name])
            time.sleep(pause_seconds)
        answered = self._answers(ACKNOWLEDGED, len(names))
        self.settle()
        self.clear()
        return [answered[name] - dropped[name] for name in names]

    def drop_urgent(self, document: bytes) -> dict[str, float]:
        """Drop one as urgent, whatever else is under way; seconds from then until each of `URGENT_STEPS`.

        Those in the ledger count from the beginning of their transaction; the answer when it is in `out/`.
        """
        [name] = self._write([document])
        path = self._out / f"{name}{ACKNOWLEDGED}"
        began = time.time()
        (self._made / name).rename(self.stage.spool / "in" / f"{name}.urgent.xml")
        deadline = began + STUCK_SECONDS
        while not path.exists():
            if time.time() > deadline:
                raise EnvironmentFault("the urgent licence was not acknowledged")
            time.sleep(0.002)
        query = (
            "SELECT entry.kind, entry.at FROM entry JOIN licence USING (licence_type, licence_no)"
            " WHERE licence.source = ?"
        )
        ledger = self.folder / "state" / "ledger.sqlite3"
        with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as connection:
            at = dict(connection.execute(query, (f"{name}.urgent.xml",)).fetchall())
        steps = {
            step: datetime.fromisoformat(at[kind]).timestamp() - began for step, kind in _ENTERED.items()
        }
        return steps | {ANSWERED: path.stat().st_ctime - began}

    def refuse(self, documents: Sequence[bytes]) -> list[bytes]:
        """Drop what must not be taken; the answers, or the reasons beside what is no message at all."""
        names = self._write(documents)
        self._hand_over(names)
        self.dropped -= len(names)
        self.refused += len(names)
        corrupt = self.stage.spool / "corrupt"
        deadline = time.monotonic() + STUCK_SECONDS
        while time.monotonic() < deadline:
            told = [
                path
                for name in names
                for path in (self._out / f"{name}{REFUSED}", corrupt / f"{name}.reason.json")
                if path.exists()
            ]
            if len(told) == len(names):
                return [path.read_bytes() for path in told]
            time.sleep(_LOOK_SECONDS)
        raise EnvironmentFault("what must be refused was not")

    def wait_for(self, ending: str, count: int) -> None:
        """Wait until there are at least so many answers with this ending."""
        self._answers(ending, count)

    def answers(self) -> int:
        """How many answers of a licence on its way there are by now: three each."""
        endings = (ACCEPTED, SEALED, ACKNOWLEDGED)
        return sum(name.endswith(endings) for name in os.listdir(self._out))

    def acknowledged(self) -> int:
        """How many licences have customs' answer in `out/`."""
        return sum(name.endswith(ACKNOWLEDGED) for name in os.listdir(self._out))

    def settle(self) -> None:
        """Wait until nothing is on its way, feedback and write-offs included."""

        def quiet() -> bool:
            status = self.stage.gateway.control.call("status")
            queues, ledger = status["queues"], status["ledger"]
            if queues["DUE"] + queues["ASSIGNED"] + ledger["feedback_waiting"]:
                return False
            used = sum(ledger["licences"].get(word, 0) for word in ("PART_USED", "EXHAUSTED"))
            return not self.setting.declarations or used >= self.dropped + self.copies

        _wait(quiet, "not all was settled")

    def clear(self) -> None:
        """Take the answers away, as issuing systems do; of sealed licences some are kept."""
        kept = self.folder / "kept"
        kept.mkdir(exist_ok=True)
        sealed = sorted(name for name in os.listdir(self._out) if name.endswith(SEALED))
        for name in sealed[::_KEPT_OF]:
            (self._out / name).rename(kept / name)
        for name in os.listdir(self._out):
            (self._out / name).unlink()

    def _write(self, documents: Sequence[bytes]) -> list[str]:
        names = [f"d{self.dropped + number:07}" for number in range(len(documents))]
        for name, document in zip(names, documents, strict=True):
            (self._made / name).write_bytes(document)
        self.dropped += len(names)
        return names

    def _hand_over(self, names: Sequence[str]) -> None:
        incoming = self.stage.spool / "in"
        for name in names:
            (self._made / name).rename(incoming / f"{name}.xml")

    def _answers(self, ending: str, count: int) -> dict[str, float]:
        """By name, when `count` answers with this ending were written; waits for them."""
        seen: dict[str, float] = {}

        def all_there() -> bool:
            found = [name for name in os.listdir(self._out) if name.endswith(ending)]
            for name in found:
                if name.removesuffix(ending) not in seen:
                    seen[name.removesuffix(ending)] = (self._out / name).stat().st_ctime
            return len(seen) >= count

        _wait(all_there, "not all was acknowledged", lambda: len(seen))
        return seen


@contextmanager
def running(folder: Path, setting: Setting, prepare: Callable[[Path], None] | None = None) -> Iterator[House]:
    """A new instance, and both daemons in it; `prepare` may add to its folder before they start."""
    create(folder, setting)
    house = House(folder, setting)
    if prepare is not None:
        prepare(folder)
    try:
        house.stage.customs.start()
        house.stage.gateway.start()
        yield house
    finally:
        house.stage.close()


def create(folder: Path, setting: Setting) -> None:
    """The instance alone."""
    create_instance(folder, at=system_clock(), key_kind=setting.kind)
    _append(folder / "gateway.toml", f"\n[limits]\nworkers = {setting.workers}\n")
    rule = f"declarations = {setting.declarations}\n"
    (folder / "scenario.toml").write_text(f"[multi]\n{rule}[single]\n{rule}")
    customs = folder / "customs.toml"
    customs.write_text(customs.read_text().replace("# scenario = ", "scenario = ", 1))


def _append(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def _daemon(state: Path) -> int:
    return int((state / "ledger.sqlite3.lock").read_text().split()[0])


def _a_licence(seconds: Counter[str], count: int) -> dict[str, float]:
    return {name: each / count * 1e6 for name, each in seconds.items()}


def _wait(condition: Callable[[], bool], otherwise: str, progress: Callable[[], int] | None = None) -> None:
    """Until `condition`; EnvironmentFault after so long without any progress."""
    since, before = time.monotonic(), -1
    while not condition():
        now = 0 if progress is None else progress()
        since, before = (time.monotonic() if now != before else since), now
        if time.monotonic() - since > STUCK_SECONDS:
            raise EnvironmentFault(f"{otherwise}: {now} so far")
        time.sleep(_LOOK_SECONDS)
