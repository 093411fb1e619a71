"""One daemon a ledger: the lock file beside the database."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Self

from gateway.errors import ConfigurationFault


class LedgerInUse(ConfigurationFault):
    """Another process has this ledger open."""


class LedgerLock:
    """An exclusive lock that the kernel drops with the process, however the process ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, path: Path) -> Self:
        """Lock the file at `path`, made if need be; raises `LedgerInUse` at once if it is held."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise LedgerInUse(
                f"the ledger is in use by another gatewayd (process {holder}): {path}; stop that one first"
            ) from error
        except OSError:
            os.close(descriptor)
            raise
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        return cls(descriptor)

    def release(self) -> None:
        """Give the lock back; the file stays, so that no two processes ever lock different files."""
        os.close(self._descriptor)
