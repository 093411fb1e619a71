"""Endpoints of the line as an operator writes them: `transport:host:port`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class Transport(StrEnum):
    """What carries the line."""

    TCP = "tcp"
    TLS = "tls"


_WRITTEN = re.compile(r"(tcp|tls):(?:\[([0-9A-Fa-f:.]+)\]|([^\s:\[\]]{1,253})):([0-9]{1,5})")
_MAX_PORT = 65535


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to listen or to call: `host` is a name or an address (IPv6 without its brackets)."""

    transport: Transport
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.transport}:{host}:{self.port}"

    @classmethod
    def parse(cls, written: object) -> Self:
        """The endpoint written as `tls:host:port`; ValueError if it is not one."""
        found = _WRITTEN.fullmatch(written) if isinstance(written, str) else None
        if found is None or not 0 < int(found[4]) <= _MAX_PORT:
            raise ValueError(f"not an endpoint: {written!r}")
        return cls(Transport(found[1]), found[2] or found[3], int(found[4]))
