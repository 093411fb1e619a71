"""The watch over `in/`: what cannot be watched is scanned, and keeps nothing else from being watched."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

from gateway.service.spool_watch import SpoolWatch


def test_a_folder_that_cannot_be_watched_stops_neither_the_start_nor_the_others(tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    told: list[tuple[str, str]] = []
    watch = SpoolWatch(
        mock.Mock(), {"gone": tmp_path / "gone", "here": here}, lambda tree, name: told.append((tree, name))
    )
    watch.start()
    try:
        (here / "a.xml").write_bytes(b"")
        inotify = watch._inotify
        assert inotify is not None
        inotify.doRead()
        assert told == [("here", "a.xml")]
    finally:
        watch.stop()
        inotify.connectionLost(None)
