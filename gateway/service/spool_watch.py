"""Notices files as they come into `in/`, by inotify; where that cannot be had, intake's own scans suffice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from twisted.internet import inotify
from twisted.logger import Logger
from twisted.python.filepath import FilePath

_log = Logger(namespace="gateway.spool")


class SpoolWatch:
    """Calls `noticed(tree, name)` for each file that is renamed or finished in a tree's `in/`.

    An event that the kernel drops (its queue is bounded) costs a second's delay: intake scans by itself.
    """

    def __init__(
        self, reactor: Any, folders: Mapping[str, Path], noticed: Callable[[str, str], None]
    ) -> None:
        self._folders = folders
        self._noticed = noticed
        self._reactor = reactor
        self._inotify: inotify.INotify | None = None

    def start(self) -> None:
        """Begin to watch."""
        try:
            self._inotify = inotify.INotify(self._reactor)
            self._inotify.startReading()
        except (OSError, inotify.INotifyError) as error:
            _log.warn("inotify is not to be had ({error}); the spool is scanned every second", error=error)
            return
        for tree, folder in self._folders.items():
            self._watch(tree, folder)

    def stop(self) -> None:
        """Watch no more."""
        if self._inotify is not None:
            self._inotify.stopReading()
            self._inotify = None

    def _watch(self, tree: str, folder: Path) -> None:
        assert self._inotify is not None, "it reads"
        try:
            self._inotify.watch(
                FilePath(bytes(folder)),
                mask=inotify.IN_MOVED_TO | inotify.IN_CLOSE_WRITE,
                callbacks=[self._callback(tree)],
            )
        except (OSError, inotify.INotifyError):
            # It may not be read now, or is not there: intake says why, and takes from it when it can.
            _log.warn("{folder} cannot be watched; it is scanned every second", folder=str(folder))

    def _callback(self, tree: str) -> Callable[[object, FilePath[Any], int], None]:
        def told(_watch: object, path: FilePath[Any], _mask: int) -> None:
            name = path.basename()
            self._noticed(tree, name if isinstance(name, str) else name.decode("utf-8", "surrogateescape"))

        return told
