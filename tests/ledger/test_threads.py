"""The ledger on its own threads: the reactor goes on, answers come on its thread."""

from __future__ import annotations

import threading
from pathlib import Path

from sqlalchemy import text
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.selectreactor import SelectReactor

from gateway.ledger.runners import ThreadRunners
from gateway.ledger.store import Ledger, UnitOfWork
from tests.ledger.makers import FakeClock


def test_units_are_written_off_the_reactors_thread_and_told_on_it(tmp_path: Path) -> None:
    reactor = SelectReactor()
    ledger = Ledger.open(tmp_path / "l", clock=FakeClock(), runners=ThreadRunners(reactor))
    told_on: set[int] = set()

    def work(uow: UnitOfWork) -> int:
        uow.connection.execute(text("INSERT INTO entry (at, kind, data) VALUES ('', 'x', '{}')"))
        return threading.get_ident()

    async def scenario() -> tuple[set[int], int]:
        units: list[Deferred[int]] = [ledger.submit(work) for _ in range(50)]
        for unit in units:
            unit.addCallback(lambda thread: (told_on.add(threading.get_ident()), thread)[1])
        threads = set(await gatherResults(units))
        count = await ledger.read(lambda c: c.execute(text("SELECT count(*) FROM entry")).scalar_one())
        await ledger.close()
        return threads, count

    results: list[object] = []
    done = Deferred.fromCoroutine(scenario())
    done.addBoth(results.append)
    done.addBoth(lambda _: reactor.stop())
    reactor.run(installSignalHandlers=False)

    [(threads, count)] = results  # type: ignore[misc]  # a failure does not unpack
    assert count == 50
    assert len(threads) == 1
    assert threading.get_ident() not in threads
    assert told_on == {threading.get_ident()}
