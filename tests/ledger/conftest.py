"""A ledger in a temporary folder, run inline under a clock that the test moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.ledger.store import Ledger
from tests.ledger.makers import FakeClock, now


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def ledger(tmp_path: Path, clock: FakeClock) -> Iterator[Ledger]:
    opened = Ledger.open(tmp_path / "ledger.sqlite3", clock=clock)
    yield opened
    now(opened.close())


@pytest.fixture
def run(ledger: Ledger) -> Callable[..., Any]:
    """Run a function over a unit of work, with arguments, and give its result."""

    def runner(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return now(ledger.submit(lambda uow: function(uow, *args, **kwargs)))

    return runner


@pytest.fixture
def look(ledger: Ledger) -> Callable[..., Any]:
    """Run a query over a connection, with arguments, and give its result."""

    def looker(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return now(ledger.read(lambda connection: function(connection, *args, **kwargs)))

    return looker
