"""Unix sockets at paths of any length: sun_path holds 108 bytes, and an instance may lie deeper than that."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: sun_path of a Unix socket address holds 108 bytes with its closing zero.
SUN_PATH_MAX_BYTES = 107


@contextmanager
def reachable(path: Path) -> Iterator[Path]:
    """`path` itself, or a short path to the same place that is good while the context lasts.

    The folder of `path` must exist; OSError if it does not, and the path is long.
    """
    if len(bytes(path)) <= SUN_PATH_MAX_BYTES:
        yield path
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield Path(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)
