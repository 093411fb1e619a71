"""A serial line under a clock of its own: bits take their time, and octets are garbled by a seed."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from oftp2.serial_link import SerialLink
from oftp2.serial_outputs import Deliver, Down, LinkSettings, LinkTimer, SetTimer, StopTimer, Write
from oftp2.session import Role

CHUNK = 16
EVENTS_MAX = 2_000_000


@dataclass
class Noise:
    """How octets suffer, each with its probability; a burst garbles up to 40 in a row."""

    flip: float = 0.0
    drop: float = 0.0
    double: float = 0.0
    burst: float = 0.0
    #: From this moment on nothing passes.
    dead_from_seconds: float = float("inf")
    _left: int = 0

    def spoil(self, octets: bytes, random: Random, now_seconds: float) -> bytes:
        if now_seconds >= self.dead_from_seconds:
            return b""
        if not (self.flip or self.drop or self.double or self.burst):
            return octets
        out = bytearray()
        for octet in octets:
            if random.random() < self.burst:
                self._left = random.randint(1, 40)
            if self._left:
                self._left -= 1
                out.append(random.randrange(256))
            elif random.random() < self.drop:
                pass
            elif random.random() < self.flip:
                out.append(octet ^ (1 << random.randrange(8)))
            elif random.random() < self.double:
                out += bytes((octet, octet))
            else:
                out.append(octet)
        return bytes(out)


@dataclass
class End:
    """One end: its link, what was delivered to it, and how it ended."""

    link: SerialLink
    delivered: list[bytes] = field(default_factory=list)
    down: Down | None = None
    deadlines: dict[LinkTimer, tuple[float, int]] = field(default_factory=dict)
    line_free_seconds: float = 0.0
    written: int = 0
    take: Callable[[bytes], None] = lambda _: None


class Line:
    """Two links and the line between them; `ends` are initiator and responder."""

    def __init__(self, settings: LinkSettings, noise: Noise, seed: int = 0) -> None:
        self.settings = settings
        self.noise = noise
        self.now_seconds = 0.0
        self.ends = (End(SerialLink(Role.INITIATOR, settings)), End(SerialLink(Role.RESPONDER, settings)))
        self._random = Random(seed)
        self._queue: list[tuple[float, int, Any]] = []
        self._count = 0

    def start(self) -> None:
        for end in self.ends:
            end.link.start()
        for end in self.ends:
            self.act(end)

    def send(self, end: End, exchange_buffer: bytes) -> None:
        end.link.send(exchange_buffer)
        self.act(end)

    def run(self) -> None:
        """Until nothing is left to happen."""
        for _ in range(EVENTS_MAX):
            if not self._queue or all(end.down for end in self.ends):
                return
            self.now_seconds, _, happen = heapq.heappop(self._queue)
            happen()
        raise AssertionError("the line never comes to rest")

    def act(self, end: End) -> None:
        for output in end.link.outputs():
            match output:
                case Write(octets):
                    self._write(end, octets)
                case Deliver(exchange_buffer):
                    end.delivered.append(exchange_buffer)
                    end.take(exchange_buffer)
                case SetTimer(timer, seconds):
                    self._set(end, timer, seconds)
                case StopTimer(timer):
                    end.deadlines.pop(timer, None)
                case Down():
                    assert end.down is None
                    end.down = output
                    end.deadlines.clear()

    def _later(self, at_seconds: float, happen: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._queue, (at_seconds, self._count, happen))

    def _write(self, end: End, octets: bytes) -> None:
        other = self.ends[1] if end is self.ends[0] else self.ends[0]
        end.written += len(octets)
        at = max(self.now_seconds, end.line_free_seconds)
        for start in range(0, len(octets), CHUNK):
            chunk = octets[start : start + CHUNK]
            at += len(chunk) * 10 / self.settings.bits_per_second
            spoiled = self.noise.spoil(chunk, self._random, at)
            if spoiled:
                self._later(at, lambda spoiled=spoiled: self._arrive(other, spoiled))
        end.line_free_seconds = at

    def _arrive(self, end: End, octets: bytes) -> None:
        if end.down is None:
            end.link.receive(octets)
            self.act(end)

    def _set(self, end: End, timer: LinkTimer, seconds: float) -> None:
        self._count += 1
        mark = (self.now_seconds + seconds, self._count)
        end.deadlines[timer] = mark

        def expire() -> None:
            if end.deadlines.get(timer) == mark:
                del end.deadlines[timer]
                end.link.timer_expired(timer)
                self.act(end)

        self._later(mark[0], expire)
