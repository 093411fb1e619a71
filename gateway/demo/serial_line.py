"""The demo over a serial line: two pseudo-terminals with a cable between them, in the place of TLS."""

from __future__ import annotations

import os
import re
import select
import tty
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self

from gateway.operations.instance import CUSTOMS_FILE, GATEWAY_FILE

_SPEED = 115_200
_CHUNK_BYTES = 4096
_POLL_SECONDS = 0.5


class SerialCable:
    """A cable with a device at either end: what goes in at one comes out at the other. A context manager."""

    def __init__(self) -> None:
        ends = [os.openpty(), os.openpty()]
        for _, device in ends:
            tty.setraw(device)
        self._masters = [master for master, _ in ends]
        # Held open, so that the line does not end when a daemon that uses it does.
        self._held = [device for _, device in ends]
        self.devices = tuple(os.ttyname(device) for device in self._held)
        self._over = False
        self._carrier = Thread(target=self._carry, daemon=True)

    def __enter__(self) -> Self:
        self._carrier.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over = True
        self._carrier.join()
        for descriptor in (*self._masters, *self._held):
            os.close(descriptor)

    def _carry(self) -> None:
        there = dict(zip(self._masters, reversed(self._masters), strict=True))
        while not self._over:
            for master in select.select(self._masters, (), (), _POLL_SECONDS)[0]:
                octets = os.read(master, _CHUNK_BYTES)
                while octets:
                    octets = octets[os.write(there[master], octets) :]


def use_serial_line(folder: Path, devices: tuple[str, ...]) -> None:
    """Have the instance's gateway call its customs over `devices`: the gateway's end, then customs'."""
    ours, theirs = (f'["serial:{device}:{_SPEED}"]' for device in devices)
    _rewrite(folder / GATEWAY_FILE, listen="[]", call=ours)
    _rewrite(folder / CUSTOMS_FILE, listen=theirs, call="[]")


def _rewrite(path: Path, *, listen: str, call: str) -> None:
    text = path.read_text(encoding="utf-8")
    for name, value in (("listen", listen), ("call", call)):
        text, found = re.subn(rf"(?m)^{name} = \[.*?\]", f"{name} = {value}", text)
        assert found == 1, f"the template has {name} once"
    text = re.sub(r"(?m)^tls_anchor = .*\n", "backoff_max_seconds = 1.0\n", text)
    path.write_text(text, encoding="utf-8")
