"""Faults on the wire: a session is cut after so many bytes, or sends no faster than it may."""

from __future__ import annotations

from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from gateway.customs.faults import FaultyProtocol, faulty_protocols


class Recorder(Protocol):
    def __init__(self) -> None:
        self.received = b""

    def dataReceived(self, data: bytes) -> None:
        self.received += data


class Transport(StringTransport):
    aborted = False

    def abortConnection(self) -> None:
        self.aborted = True


def connected(cut: int = 0, slow: int = 0) -> tuple[Recorder, FaultyProtocol, Transport, Clock]:
    clock, recorder, transport = Clock(), Recorder(), Transport()
    faulty = FaultyProtocol(recorder, clock, cut, slow)
    faulty.makeConnection(transport)
    return recorder, faulty, transport, clock


def test_no_fault_no_wrapping() -> None:
    assert faulty_protocols(Clock(), cut_after_bytes=0, slow_bytes_per_second=0) is None
    assert faulty_protocols(Clock(), cut_after_bytes=1, slow_bytes_per_second=0) is not None


def test_bytes_both_ways_count_and_the_cut_is_exact() -> None:
    recorder, faulty, transport, _ = connected(cut=10)
    faulty.dataReceived(b"abcdef")
    faulty.write(b"ghi")
    assert not transport.aborted
    faulty.dataReceived(b"jkl")
    assert (recorder.received, transport.value()) == (b"abcdefj", b"ghi")
    assert transport.aborted


def test_slow_means_no_faster_and_nothing_lost() -> None:
    _, faulty, transport, clock = connected(slow=100)
    faulty.writeSequence([b"x" * 30, b"y" * 20])
    assert transport.value() == b""
    clock.advance(0.1)
    assert 0 < len(transport.value()) <= 10
    for _ in range(20):
        clock.advance(0.05)
    assert transport.value() == b"x" * 30 + b"y" * 20


def test_hanging_up_sends_what_was_held_back() -> None:
    _, faulty, transport, _ = connected(slow=100)
    faulty.write(b"the end")
    faulty.loseConnection()
    assert transport.value() == b"the end"
