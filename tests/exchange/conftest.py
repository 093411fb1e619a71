"""Worlds for the tests of the exchange: one instance is made once, and copied for each test."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from itertools import count
from pathlib import Path

import pytest
from twisted.logger import globalLogPublisher

sys.path.insert(0, str(Path(__file__).parent))
from agreements import papers  # noqa: F401 - a fixture
from memory import World

from gateway.clock import business_date, system_clock
from gateway.demo.samples import generate, issue_message
from gateway.operations.instance import create_instance
from gateway.operations.issuer import Issuer
from licencexml.messages import Licence
from licencexml.schema import Schemas
from licencexml.values import LicenceType, UsageMode

MakeDocument = Callable[..., bytes]


@pytest.fixture(scope="session", autouse=True)
def schemas_compiled_once() -> Iterator[None]:
    """Each world builds its benches anew, as each process does; the schema is the same for all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Schemas, "load", lru_cache(Schemas.load))
        yield


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template") / "instance"
    create_instance(folder, at=system_clock())
    return folder


@pytest.fixture
def instance(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "instance"))


@pytest.fixture
def world(instance: Path) -> Iterator[World]:
    world = World(instance)
    world.start_customs()
    world.start_gateway()
    yield world
    world.stop()


@pytest.fixture
def issuer(instance: Path) -> Issuer:
    return Issuer.of_instance(instance)


@pytest.fixture
def document(issuer: Issuer) -> MakeDocument:
    """Makes signed documents: `document(licence, message_id=…, created=…, urgent=…)`."""
    numbers = count(1)

    def make(
        licence: Licence,
        *,
        message_id: str | None = None,
        created: datetime | None = None,
        urgent: bool = False,
        receiver: str = "CN-GATEWAY",
    ) -> bytes:
        message = issue_message(
            licence,
            sender=issuer.participant,
            receiver=receiver,
            message_id=message_id or f"M-{next(numbers)}",
            created=created or system_clock(),
            urgent=urgent,
        )
        return issuer.issue(message)

    return make


def licences(count: int, *, seed: int = 1, lines: int | None = 1) -> list[Licence]:
    return list(generate(seed, count, today=business_date(system_clock()), lines=lines))


def licence(
    usage: UsageMode = UsageMode.SINGLE, kind: LicenceType = LicenceType.EXPORT, seed: int = 7
) -> Licence:
    (made,) = generate(seed, 1, today=business_date(system_clock()), types=(kind,), lines=1)
    # A trade mode that has multi-use licences whatever the goods.
    return replace(made, usage_mode=usage, terms_of_trade="进料加工")


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """The format of every event that is logged during the test."""
    events: list[str] = []

    def observer(event: dict[str, object]) -> None:
        events.append(str(event.get("log_format")))

    globalLogPublisher.addObserver(observer)
    yield events
    globalLogPublisher.removeObserver(observer)
