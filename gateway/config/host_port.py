"""An address of ours as operators write it: `127.0.0.1:9464`, `[::1]:9464`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final

from gateway.config.kinds import Kind

_WRITTEN: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):([0-9]{1,5})")
_MAX_PORT: Final = 65535


@dataclass(frozen=True, slots=True)
class Place:
    """An IP address and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether nobody but this machine can reach it."""
        return ip_address(self.host).is_loopback


def _read(value: Any, _folder: Path | None) -> Place:
    if isinstance(value, Place):
        return value
    found = _WRITTEN.fullmatch(value) if isinstance(value, str) else None
    if found is None or not 0 < int(found[3]) <= _MAX_PORT:
        raise ValueError
    return Place(str(ip_address(found[1] or found[2])), int(found[3]))


HostPort = Annotated[Place, Kind('an address and a port such as "127.0.0.1:9464"', _read)]
