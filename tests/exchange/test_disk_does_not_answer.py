"""A disk that does not answer for a moment: nothing that was claimed is left lying."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any, cast

import pytest
from conftest import MakeDocument, licence
from memory import World

from gateway.exchange import agenda, intake
from gateway.exchange.spool import SpoolTree
from gateway.service.licence_gateway import LicenceGateway


def _broken() -> OSError:
    return OSError(errno.EIO, os.strerror(errno.EIO))


def test_a_claimed_file_that_cannot_be_read_for_a_moment_is_tried_again(
    world: World, document: MakeDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, failures = SpoolTree.read, iter([True, True])

    def flaky(self: SpoolTree, name: str, max_bytes: int) -> Any:
        if next(failures, False):
            raise _broken()
        return read(self, name, max_bytes)

    monkeypatch.setattr(SpoolTree, "read", flaky)
    world.drop("a", document(licence()))
    world.run(10)
    assert "a.accepted.json" in world.out()
    assert _left(world) == []


def test_a_batch_in_hand_when_the_disk_fails_altogether_is_tried_again(
    world: World, document: MakeDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, claim, failures = agenda._as_they_stand, intake._claim_and_read, iter([True])

    def flaky(*arguments: Any) -> Any:
        found = claim(*arguments)
        if found[0] and next(failures, False):
            # From now on, and until a while later, nothing can be asked of the disk.
            monkeypatch.setattr(agenda, "_as_they_stand", broken)
            world.reactor.callLater(5, monkeypatch.setattr, agenda, "_as_they_stand", look)
            raise _broken()
        return found

    def broken(*_: Any) -> Any:
        raise _broken()

    monkeypatch.setattr(intake, "_claim_and_read", flaky)
    world.drop("a", document(licence()))
    world.run(30)
    assert "a.accepted.json" in world.out()
    assert _left(world) == []


def test_a_refused_file_is_put_away_once_the_disk_has_room(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_aside, is_full = SpoolTree.set_aside, [True]

    def full(*arguments: Any) -> Any:
        if is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return set_aside(*arguments)

    monkeypatch.setattr(SpoolTree, "set_aside", full)
    world.drop("a", b"<torn")
    world.run(60)
    assert [path.name for path in _left(world)] == ["a.xml"]
    assert _alerts(world) == ["file a.xml in default"]
    is_full.clear()
    world.run(20)
    assert _left(world) == []
    assert _alerts(world) == []
    assert [name for name in world.out() if name.startswith("a.")] == ["a.rejected.json"]

    world.drop("a", b"<torn again")
    world.run(20)
    assert _left(world) == []


def _alerts(world: World) -> list[str]:
    return [row["name"] for row in world.ask(world.gateway, "status")["alerts"]]


def _left(world: World) -> list[Path]:
    return [path for part in ("in", "work") for path in (world.spool / part).iterdir()]


def test_a_name_from_a_look_before_the_try_is_not_taken_for_one_that_was_never_tried(
    world: World, document: MakeDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, failures = intake._claim_and_read, iter([True])
    tree = agenda.Tree(SpoolTree("default", world.spool))

    def flaky(*arguments: Any) -> Any:
        found = claim(*arguments)
        if found[0] and next(failures, False):
            desk._ready.append(agenda.Name(tree, "a.xml"))
            raise _broken()
        return found

    desk = cast("LicenceGateway", world.gateway)._intake.agenda
    monkeypatch.setattr(intake, "_claim_and_read", flaky)
    world.drop("a", document(licence()))
    world.run(30)
    assert "a.accepted.json" in world.out()
    assert _left(world) == []
