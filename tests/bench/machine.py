"""What the numbers were measured on; no names of hosts."""

from __future__ import annotations

import os
import platform
import sqlite3
import ssl
from importlib.metadata import version
from pathlib import Path


def described() -> dict[str, str | int]:
    """Processor, cores, memory, kernel and versions."""
    return {
        "processor": _first("/proc/cpuinfo", "model name") or platform.machine(),
        "cores": os.cpu_count() or 0,
        "memory": f"{int(_first('/proc/meminfo', 'MemTotal').split()[0]) / 2**20:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "openssl": ssl.OPENSSL_VERSION,
        "sqlite": sqlite3.sqlite_version,
        "lxml": version("lxml"),
        "cryptography": version("cryptography"),
        "load_average": f"{os.getloadavg()[0]:.1f}",
    }


def file_system(folder: Path) -> str:
    """The kind of file system that `folder` is on; of an ext4 also that it has no journal.

    Where it has none, making a file costs the more the more files anybody deleted in the last minutes.
    """
    kind, source, longest = "an unknown file system", "", -1
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split()
        mounted = Path(fields[4])
        if folder.resolve().is_relative_to(mounted) and len(fields[4]) > longest:
            longest = len(fields[4])
            kind, source = fields[fields.index("-") + 1 : fields.index("-") + 3]
    journals = Path("/proc/fs/jbd2")
    if kind == "ext4" and not any(journals.glob(f"{Path(source).name}-*")):
        return "ext4 without a journal"
    return kind


def _first(path: str, name: str) -> str:
    for line in Path(path).read_text().splitlines():
        if line.startswith(name):
            return line.partition(":")[2].strip()
    return ""
