"""All measurements of one run, one after the other: each returns plain values, as they go into the JSON."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.progress import Progress

from tests.bench import floor, folders, growing, machine, postfix, proofs, scaling, stages, syncs, urgent
from tests.bench.accounting import Reading
from tests.bench.environment import Environment
from tests.bench.house import ACCEPTED, ACKNOWLEDGED, House, Setting, create, running
from tests.bench.papers import Papers
from tests.bench.plan import Plan

#: Licences before each measurement in a new house: workers start, caches fill.
_TO_WARM_UP = 192
#: Of a backlog so many times as many are real as are measured: what is done ahead must be real too …
_REAL_OF = 3
#: … and so many more for each urgent licence: it is to be behind real ones at each step.
_REAL_BEHIND = 600

#: The first words of all steps.
STEPS = ("load", "peers", "postfix", "inside", "backlog", "workers", "write-offs", "ledger")

Found = dict[str, Any]


class Campaign:
    """Everything of `plan`; `folder` is for instances, on the disk that is to be measured."""

    def __init__(self, plan: Plan, folder: Path, environment: Environment, progress: Progress) -> None:
        self._plan = plan
        self._folder = folder
        self._environment = environment
        self._progress = progress
        self._ends = time.monotonic() + plan.minutes * 60
        self._peaks: list[float] = []
        self.left_out: list[str] = []

    def run(self, only: Collection[str], told: Callable[[Found], None]) -> Found:
        """Measure all, or those steps whose first word is in `only`; what has no time is in `left_out`.

        `told` is called after each step with all that was found by then.
        """
        steps = [(name, step) for name, step in self._steps() if not only or name.split()[0] in only]
        task = self._progress.add_task("", total=len(steps))
        found: Found = {"machine": machine.described(), "loads": [], "step_seconds": {}}
        for name, step in steps:
            self._progress.update(task, description=name)
            if time.monotonic() > self._ends:
                self.left_out.append(f"{name}: no time was left")
            else:
                began = time.monotonic()
                result = step()
                found["step_seconds"][name] = time.monotonic() - began
                if name.startswith("load "):
                    found["loads"].append(result)
                else:
                    found[name] = result
            found |= {"peak_mib": max(self._peaks, default=None), "left_out": self.left_out}
            told(found)
            self._progress.advance(task)
        return found

    def _steps(self) -> list[tuple[str, Callable[[], Any]]]:
        loads = [
            (f"load {setting.kind}, {lines} lines, {setting.workers} workers", self._loader(setting, lines))
            for setting, lines in self._plan.loads
        ]
        first = [(name, step) for name, step in loads if name.endswith(" 1 lines, 1 workers")]
        return [
            *first,
            ("peers", self._peers),
            ("postfix", self._postfix),
            ("inside", self._inside),
            ("workers", self._workers),
            ("write-offs", self._written_off),
            ("backlog", self._backlog),
            ("ledger", self._ledger),
            *(load for load in loads if load not in first),
        ]

    @contextmanager
    def _house(self, setting: Setting, prepare: Callable[[Path], None] | None = None) -> Iterator[House]:
        folder = Path(tempfile.mkdtemp(prefix="house-", dir=self._folder)) / "instance"
        try:
            with running(folder, setting, prepare) as house:
                yield house
                self._peaks.append(Reading.of(house.pid).peak_mib)
        finally:
            shutil.rmtree(folder.parent)

    def _loader(self, setting: Setting, lines: int) -> Callable[[], Found]:
        return lambda: self._load(setting, lines)

    def _load(self, setting: Setting, lines: int) -> Found:
        """Rounds of a load, with the floor measured before each, in the same minute."""
        with self._house(setting) as house:
            papers = Papers(house.folder, lines)
            material = papers.material(self._plan.floor_licences)
            house.load(papers.licences(_TO_WARM_UP))
            proofs.refused_as_they_must_be(house, papers.broken(), papers.tampered())
            rounds, floors = [], []
            for _ in range(self._plan.rounds):
                floors.append(floor.measure(material, house.folder))
                rounds.append(house.load(papers.licences(self._plan.licences)))
            proofs.all_was_done(house)
            peak = Reading.of(house.pid).peak_mib
        return {
            "kind": str(setting.kind),
            "lines": lines,
            "workers": setting.workers,
            "rounds": [{**asdict(one), "cpu": one.cpu, "rate": one.rate} for one in rounds],
            "floors": [{"stages": one.stages, "cryptography": one.cryptography} for one in floors],
            "peak_mib": peak,
        }

    def _written_off(self) -> Found:
        """As the first load, and customs releases goods by one declaration a licence."""
        with self._house(Setting(declarations=1)) as house:
            papers = Papers(house.folder, 1)
            house.load(papers.licences(_TO_WARM_UP))
            rounds = [house.load(papers.licences(self._plan.licences)) for _ in range(self._plan.rounds)]
            proofs.all_was_done(house)
        return {"cpu": [one.cpu for one in rounds]}

    def _inside(self) -> Found:
        """What would disturb a measured run: latency at a modest rate, syncs, and stages."""
        plan = self._plan
        found: Found = {"latency_pause_seconds": plan.latency_pause_seconds}
        with self._house(Setting()) as house:
            papers = Papers(house.folder, 1)
            house.load(papers.licences(_TO_WARM_UP))
            found["latency_seconds"] = house.drop_at(
                papers.licences(plan.latency_drops), plan.latency_pause_seconds
            )
            found["syncs"] = syncs.count(house, papers.licences(plan.traced_licences))
            if self._environment.prepare():
                program = self._environment.program("py-spy")
                found["stages"] = stages.profile(house, papers.licences(plan.profiled_licences), program)
            proofs.all_was_done(house)
        return found

    def _backlog(self) -> Found:
        """Licences taken out of a small and of a large backlog; then urgent ones behind the large one."""
        found: Found = {}
        for name, waiting in zip(("few", "many"), self._plan.waiting, strict=True):
            found[name] = self._worked_off(waiting, drops=self._plan.urgent_drops if name == "many" else 0)
        return found

    def _worked_off(self, waiting: int, *, drops: int) -> Found:
        plan = self._plan
        measured = plan.segment * plan.rounds
        held: list[Papers] = []

        def fill(folder: Path) -> None:
            held.append(Papers(folder, 1))
            real = held[0].licences(min(waiting, _REAL_OF * measured + _REAL_BEHIND * drops))
            folders.fill(folder / "spool" / "in", real, waiting)

        with self._house(Setting(), fill) as house:
            papers = held[0]
            house.wait_for(ACCEPTED, plan.segment)
            segments = [_segment(house, plan.segment * number) for number in range(1, plan.rounds + 1)]
            behind = urgent.behind(house, papers.urgent(drops))
            proofs.all_was_done(house, whole=False)
        return {
            "waiting": waiting,
            "rates": [rate for rate, _ in segments],
            "cpu": [cpu for _, cpu in segments],
            "urgent_seconds": urgent.by_step(behind),
        }

    def _ledger(self) -> Found:
        """The same load with few licences in the ledger, and with many."""
        found: Found = {}
        with self._grown() as (house, papers, grow):
            for name, size in zip(("small", "large"), self._plan.ledgers, strict=True):
                grow(size)
                house.load(papers.licences(_TO_WARM_UP))
                rounds = [
                    house.load(papers.licences(self._plan.ledger_licences)) for _ in range(self._plan.rounds)
                ]
                self._peaks.append(Reading.of(house.pid).peak_mib)
                found[name] = {
                    "licences": size,
                    "rates": [one.rate for one in rounds],
                    "cpu": [one.cpu for one in rounds],
                }
        return found

    @contextmanager
    def _grown(self) -> Iterator[tuple[House, Papers, Callable[[int], None]]]:
        """A house whose ledger can be made larger, with the gateway ended meanwhile."""
        with self._house(Setting(declarations=1)) as house:
            papers = Papers(house.folder, 1)
            house.load(papers.licences(1))
            filled = [0]
            task = self._progress.add_task("copies in the ledger", total=self._plan.ledgers[1], visible=False)

            def grow(size: int) -> None:
                house.stage.gateway.stop()
                self._progress.update(task, visible=True)
                growing.fill(
                    house.folder / "state" / "ledger.sqlite3",
                    filled[0],
                    size,
                    lambda done: self._progress.update(task, completed=done),
                )
                self._progress.update(task, visible=False)
                filled[0] = size
                house.copies = size
                house.stage.gateway.start()

            yield house, papers, grow

    def _workers(self) -> Found:
        """Examining and sealing, by one worker process and by two."""
        folder = Path(tempfile.mkdtemp(prefix="scaling-", dir=self._folder))
        try:
            create(folder / "instance", Setting())
            documents = folder / "documents"
            documents.mkdir()
            for number, document in enumerate(
                Papers(folder / "instance", 1).licences(self._plan.scaling_licences)
            ):
                (documents / f"{number:05}.xml").write_bytes(document)
            rates = scaling.rates(folder / "instance", documents, self._plan.scaling_rounds)
        finally:
            shutil.rmtree(folder)
        return {"rates": rates}

    def _peers(self) -> list[Found]:
        """Exchanges of both peers, with RSA-2048: they know no elliptic keys."""
        if not self._environment.prepare():
            self.left_out.append(f"peers: {self._environment.trouble}")
            return []
        folder = Path(tempfile.mkdtemp(prefix="peers-", dir=self._folder))
        try:
            folders.for_peers(folder)
            found = []
            for peer in ("as2", "as4"):
                runs = [
                    self._environment.exchange(peer, folder, self._plan.exchanges)
                    for _ in range(self._plan.rounds)
                ]
                found.append(
                    {
                        "name": runs[0].name,
                        "version": runs[0].version,
                        "microseconds": [one.microseconds for one in runs],
                    }
                )
        finally:
            shutil.rmtree(folder)
        return found

    def _postfix(self) -> Found | None:
        trouble = postfix.why_not()
        if trouble is not None:
            self.left_out.append(f"postfix: {trouble}")
            return None
        folder = Path(tempfile.mkdtemp(prefix="postfix-", dir=self._folder))
        try:
            create(folder / "instance", Setting())
            [document] = Papers(folder / "instance", 1).licences(1)
            with postfix.running(folder / "postfix") as server:
                server.accept(document, self._plan.mails)
                runs = [server.accept(document, self._plan.mails) for _ in range(self._plan.rounds)]
        finally:
            shutil.rmtree(folder)
        return {
            "version": postfix.version(),
            "rates": [one.rate for one in runs],
            "microseconds": [one.microseconds for one in runs],
        }


def _segment(house: House, acknowledged: int) -> tuple[float, float]:
    """Licences a second, and microseconds of processor each, until so many are acknowledged in all."""
    began, before, had = time.perf_counter(), Reading.of(house.pid), house.answers()
    house.wait_for(ACKNOWLEDGED, acknowledged)
    after, has, seconds = Reading.of(house.pid), house.answers(), time.perf_counter() - began
    # The intake may run ahead of the line, more so where more waits: a licence's three answers are a third of
    # its work each, so that what was done ahead counts too.
    done = (has - had) / 3
    return done / seconds, sum((after.processes - before.processes).values()) / done * 1e6
