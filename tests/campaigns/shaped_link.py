"""Two network namespaces with a link of a given delay and rate between them, made of two TUN devices.

A process carries packets from one device to the other as late as the link would. That is what netem does in
kernels that have it; this needs root and /dev/net/tun alone.
"""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import selectors
import shutil
import struct
import subprocess
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

TUN: Final = Path("/dev/net/tun")
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_PACKET_MAX = 65_536
#: What the link holds before it drops packets: 0.4 s at 2 Mbit/s.
_QUEUE_BYTES = 100_000
ADDRESSES: Final = ("10.99.77.1", "10.99.77.2")


def what_is_missing() -> str:
    """What this machine lacks for it, in words; empty if nothing."""
    if os.geteuid() != 0:
        return "only root makes network namespaces"
    if shutil.which("ip") is None:
        return "there is no `ip` (package iproute2)"
    return "" if TUN.exists() else f"there is no {TUN}"


@dataclass
class _Way:
    """One direction: packets with the moment at which they arrive."""

    source: int
    target: int
    bits_per_second: float
    delay_seconds: float
    free_at: float = 0.0
    queued_bytes: int = 0
    packets: deque[tuple[float, bytes]] = field(default_factory=deque)

    def take(self, now: float) -> None:
        packet = os.read(self.source, _PACKET_MAX)
        waiting_bytes = max(0.0, self.free_at - now) * self.bits_per_second / 8
        if waiting_bytes + len(packet) > _QUEUE_BYTES:
            return
        self.free_at = max(now, self.free_at) + len(packet) * 8 / self.bits_per_second
        self.packets.append((self.free_at + self.delay_seconds, packet))

    def give(self, now: float) -> None:
        while self.packets and self.packets[0][0] <= now:
            os.write(self.target, self.packets.popleft()[1])


def _carry(devices: tuple[int, int], bits_per_second: float, delay_seconds: float) -> None:
    one, other = devices
    ways = [
        _Way(one, other, bits_per_second, delay_seconds),
        _Way(other, one, bits_per_second, delay_seconds),
    ]
    selector = selectors.DefaultSelector()
    for way in ways:
        os.set_blocking(way.source, False)
        selector.register(way.source, selectors.EVENT_READ, way)
    while True:
        due = [way.packets[0][0] for way in ways if way.packets]
        ready = selector.select(max(0.0, min(due) - time.monotonic()) if due else None)
        now = time.monotonic()
        for key, _ in ready:
            key.data.take(now)
        for way in ways:
            way.give(now)


@contextmanager
def shaped_link(bits_per_second: float, delay_seconds: float) -> Iterator[tuple[str, str]]:
    """The names of two namespaces, in which `ADDRESSES` are; both are gone afterwards."""
    names = tuple(f"licence-{os.getpid()}-{end}" for end in "ab")
    devices: list[int] = []
    carrier = None
    try:
        for number, name in enumerate(names):
            _ip("netns", "add", name)
            devices.append(_device(f"lic{number}", name, ADDRESSES[number], ADDRESSES[1 - number]))
        # It has the devices by inheritance.
        carrier = multiprocessing.get_context("fork").Process(
            target=_carry, args=((devices[0], devices[1]), bits_per_second, delay_seconds), daemon=True
        )
        carrier.start()
        yield names[0], names[1]
    finally:
        if carrier is not None:
            carrier.terminate()
            carrier.join()
        for device in devices:
            os.close(device)
        for name in names:
            _ip("netns", "del", name, check=False)


def _device(device: str, namespace: str, ours: str, theirs: str) -> int:
    handle = os.open(TUN, os.O_RDWR)
    fcntl.ioctl(handle, _TUNSETIFF, struct.pack("16sH", device.encode(), _IFF_TUN | _IFF_NO_PI))
    _ip("link", "set", device, "netns", namespace)
    _ip("-n", namespace, "addr", "add", ours, "peer", theirs, "dev", device)
    for name in ("lo", device):
        _ip("-n", namespace, "link", "set", name, "up")
    return handle


def _ip(*arguments: str, check: bool = True) -> None:
    subprocess.run(["ip", *arguments], check=check, capture_output=True)
