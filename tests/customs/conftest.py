"""Customs houses for the tests, closed when they are over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from gateway.customs.misstatement import Misstatement
from gateway.customs.scenario import Scenario
from licencexml.schema import Schemas
from tests.customs.counter import Counter

MakeCounter = Callable[..., Counter]
FAULTS = ("lose_every", "wrong_figures_every")


@pytest.fixture(scope="session", autouse=True)
def schemas_compiled_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Schemas, "load", lru_cache(Schemas.load))
        yield


@pytest.fixture
def make_counter(tmp_path: Path) -> Iterator[MakeCounter]:
    """`make_counter(multi={"declarations": 3}, refuse_every=2)`: a rule by usage, and habits."""
    made: list[Counter] = []
    numbers = count(1)

    def make(
        single: dict[str, Any] | None = None, multi: dict[str, Any] | None = None, **behaviour: Any
    ) -> Counter:
        nothing = {"declarations": 0}
        scenario = Scenario.model_validate({"single": single or nothing, "multi": multi or nothing})
        faults = {name: behaviour.pop(name) for name in FAULTS if name in behaviour}
        behaviour |= {"misstatement": Misstatement(**faults)}
        folder = tmp_path / f"customs-{next(numbers)}"
        folder.mkdir()
        made.append(Counter(folder, scenario, **behaviour))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def counter(make_counter: MakeCounter) -> Counter:
    """Customs that releases nothing of itself."""
    return make_counter()
