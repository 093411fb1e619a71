"""Two pseudo-terminals and a pump between them, which is the line: it can lose, garble and double octets."""

from __future__ import annotations

import os
import tty
from random import Random
from typing import Any

from twisted.internet.abstract import FileDescriptor
from twisted.internet.fdesc import readFromFD, setNonBlocking, writeToFD
from twisted.python.failure import Failure


class Terminal(FileDescriptor):
    """The master of a pseudo-terminal; `device` is what a port opens."""

    def __init__(self, reactor: Any) -> None:
        super().__init__(reactor)
        # The slave stays open here, or the master would fail whenever nobody has it open.
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        setNonBlocking(self.master)
        self.device = os.ttyname(self.slave)
        self.connected = 1
        self.take: Any = None

    def fileno(self) -> int:
        return self.master

    def doRead(self) -> Any:
        return readFromFD(self.master, self.take)

    def writeSomeData(self, data: bytes) -> Any:
        return writeToFD(self.master, data)

    def connectionLost(self, reason: Failure) -> None:
        super().connectionLost(reason)

    def close(self) -> None:
        self.stopReading()
        self.stopWriting()
        os.close(self.master)
        os.close(self.slave)


class PtyLine:
    """`devices` are its two ends. One octet in `one_in` is garbled, lost or doubled, by a seed."""

    def __init__(self, reactor: Any, *, one_in: int = 0, seed: int = 1) -> None:
        self.ends = (Terminal(reactor), Terminal(reactor))
        self.devices = tuple(end.device for end in self.ends)
        self.is_cut = False
        self.spoiled = 0
        self.carried = 0
        self._one_in = one_in
        self._random = Random(seed)
        self.ends[0].take = lambda octets: self._carry(octets, self.ends[1])
        self.ends[1].take = lambda octets: self._carry(octets, self.ends[0])
        for end in self.ends:
            end.startReading()

    def close(self) -> None:
        for end in self.ends:
            end.close()

    def _carry(self, octets: bytes, to: Terminal) -> None:
        self.carried += len(octets)
        if not self.is_cut:
            to.write(self._spoil(octets) if self._one_in else octets)

    def _spoil(self, octets: bytes) -> bytes:
        out = bytearray()
        for octet in octets:
            if self._random.randrange(self._one_in):
                out.append(octet)
                continue
            self.spoiled += 1
            fate = self._random.randrange(3)
            if fate == 0:
                out.append(octet ^ (1 << self._random.randrange(8)))
            elif fate == 1:
                out += bytes((octet, octet))
        return bytes(out)
