"""Endpoints of the line as an operator writes them: `transport:host:port`, `serial:device:speed`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class Transport(StrEnum):
    """What carries the line."""

    TCP = "tcp"
    TLS = "tls"
    SERIAL = "serial"


_WRITTEN = re.compile(r"(tcp|tls):(?:\[([0-9A-Fa-f:.]+)\]|([^\s:\[\]]{1,253})):([0-9]{1,5})")
_MAX_PORT = 65535
_WRITTEN_SERIAL = re.compile(r"serial:(/[^\s:]{1,253}):([0-9]{4,7})")
#: Bits per second that a serial line may have: what Linux knows, and an exchange buffer passes in good time.
BAUD_RATES = frozenset(
    {
        *(1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 500_000),
        *(576_000, 921_600, 1_000_000, 1_152_000, 1_500_000, 2_000_000, 2_500_000, 3_000_000, 4_000_000),
    }
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to listen or to call: `host` is a name or an address (IPv6 without its brackets).

    Of a serial line, `host` is the device and `port` the bits per second.
    """

    transport: Transport
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.transport}:{host}:{self.port}"

    @classmethod
    def parse(cls, written: object) -> Self:
        """The endpoint written as `tls:host:port` or the like; ValueError if it is not one."""
        serial = _WRITTEN_SERIAL.fullmatch(written) if isinstance(written, str) else None
        if serial is not None and int(serial[2]) in BAUD_RATES:
            return cls(Transport.SERIAL, serial[1], int(serial[2]))
        found = _WRITTEN.fullmatch(written) if isinstance(written, str) else None
        if found is None or not 0 < int(found[4]) <= _MAX_PORT:
            raise ValueError(f"not an endpoint: {written!r}")
        return cls(Transport(found[1]), found[2] or found[3], int(found[4]))
