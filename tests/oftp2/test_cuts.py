"""A connection cut after each octet, either way: nothing is lost, and nothing comes twice.

At each level, and with files of each format: of these, one octet in thirteen is tried; `CUTS=all` tries all.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import cycle

import pytest

from oftp2 import events as e
from oftp2.commands import BLOCK_BYTES, SFID
from oftp2.identity import FileIdentity
from oftp2.levels import LEVELS
from oftp2.negotiation import Capabilities, Credentials
from oftp2.reasons import Refusal
from oftp2.records import cut_evenly, held, lengths_between
from oftp2.session import Role, Session
from oftp2.subrecords import Encoder
from oftp2.tables import State
from oftp2.virtual_file import VirtualFile
from tests.oftp2.users import ALICE, BOB, identity_of

_OVER = {State.IDLE, State.WF_NDISC}
EACH = 1 if os.environ.get("CUTS") == "all" else 13
ONE, TWO = identity_of(1).without_counter(), identity_of(2).without_counter()
THREE = identity_of(3, "O0013BOB", "O0013ALICE").without_counter()
CONTENTS = {
    ONE: bytes(range(1, 256)) * 5 + b"end",
    TWO: b"",
    THREE: b"\0" * 1100 + b"0123456789" * 52,
}
VARIABLE = (1, 0, 63, 64, 200, 7)


@dataclass(frozen=True)
class Shape:
    """The level that is spoken, and how files are cut."""

    level: int = 5
    format: str = "U"

    def __str__(self) -> str:
        return f"{self.format} at level {self.level}"

    @property
    def record_bytes(self) -> int:
        # All contents consist of whole records of 18 octets.
        return {"F": 18, "V": max(VARIABLE)}.get(self.format, 0)

    def file(self, content: bytes) -> VirtualFile:
        if self.format == "F":
            return VirtualFile(content, tuple(cut_evenly(len(content), self.record_bytes)))
        if self.format == "V":
            lengths, left = [], len(content)
            for length in cycle(VARIABLE):
                if not left:
                    break
                lengths.append(min(length, left))
                left -= lengths[-1]
            return VirtualFile(content, tuple(lengths))
        return VirtualFile(content)

    def capabilities(self, end: Credentials) -> Capabilities:
        return Capabilities(
            end, buffer_bytes=400, credit=2, levels=tuple(one for one in LEVELS if one <= self.level)
        )


PLAIN = Shape()
SHAPES = [Shape(4, "T"), Shape(1, "U"), Shape(5, "V"), Shape(2, "V"), Shape(5, "F"), Shape(1, "F")]


@dataclass
class Part:
    """What is durable of a file that is coming in, with the lengths of its whole records."""

    content: bytes = b""
    lengths: tuple[int, ...] = ()

    def restart(self, offer: e.StartFileIndication) -> int:
        """Cut back to where the file goes on, in blocks or records."""
        if offer.is_structured:
            restart, octets = held(self.lengths, len(self.content), offer.sfid.restart)
            self.lengths = self.lengths[:restart]
        else:
            restart = min(offer.sfid.restart, len(self.content) // BLOCK_BYTES)
            octets = restart * BLOCK_BYTES
        self.content = self.content[:octets]
        return restart

    def write(self, event: e.DataIndication) -> None:
        ends = [len(self.content) + end for end in event.record_ends]
        self.lengths += tuple(lengths_between(sum(self.lengths), ends))
        self.content += event.data


@dataclass
class Office:
    """What survives a session: files due, parts and files received, receipts due and received."""

    due: dict[FileIdentity, VirtualFile]
    shape: Shape = PLAIN
    parts: dict[FileIdentity, Part] = field(default_factory=dict)
    arrived: dict[FileIdentity, Part] = field(default_factory=dict)
    arrivals: Counter[FileIdentity] = field(default_factory=Counter)
    receipts_due: list[FileIdentity] = field(default_factory=list)
    delivered: Counter[FileIdentity] = field(default_factory=Counter)
    receipted: set[FileIdentity] = field(default_factory=set)
    restarts: list[int] = field(default_factory=list)


class Clerk:
    """One session of an office."""

    def __init__(self, office: Office, session: Session) -> None:
        self.office = office
        self.session = session
        self._sending: FileIdentity | None = None
        self._receiving: FileIdentity | None = None
        self._encoder: Encoder | None = None

    def take(self, events: list[e.Event]) -> None:
        for event in events:
            self._on(event)
        if self.session.state not in _OVER:
            self._speak()

    def _on(self, event: e.Event) -> None:
        office, session = self.office, self.session
        match event:
            case e.ConnectIndication():
                session.accept(office.shape.capabilities(BOB))
            case e.StartFileIndication(identity=identity):
                if identity in office.arrived:
                    session.refuse_file(Refusal.DUPLICATE_FILE)
                    return
                part = office.parts.setdefault(identity, Part())
                restart = part.restart(event)
                office.restarts.append(restart)
                self._receiving = identity
                session.accept_file(restart, units_before=len(part.content))
            case e.DataIndication():
                office.parts[self._receiving].write(event)
            case e.CloseFileIndication(fault=None):
                # Durable first; the answer may come to nothing.
                office.arrived[self._receiving] = office.parts.pop(self._receiving)
                office.arrivals[self._receiving] += 1
                office.receipts_due.append(self._receiving)
                session.accept_end(want_turn=True)
            case e.StartFileConfirmation(restart=restart):
                records = office.due[self._sending].records_from(restart)
                self._encoder = Encoder(records, payload_bytes=399, compress=True)
            case e.CloseFileConfirmation() | e.StartFileRefusal(reason=Refusal.DUPLICATE_FILE):
                del office.due[self._sending]
                office.delivered[self._sending] += 1
            case e.EndResponseIndication(identity=identity):
                office.receipted.add(identity)
                session.ready()
            case e.ReadyConfirmation():
                office.receipts_due.pop(0)
            case e.CloseFileIndication() | e.StartFileRefusal() | e.CloseFileRefusal():
                raise AssertionError(f"nobody did anything wrong: {event}")

    def _speak(self) -> None:
        session, office = self.session, self.office
        while self._encoder and session.can_send_data:
            if self._encoder.exhausted:
                self._encoder = None
                file = office.due[self._sending]
                session.close_file(unit_count=file.size_bytes, record_count=file.record_count)
            else:
                session.send_data(self._encoder.next_payload())
                session.events()
        if not session.is_idle_speaker:
            return
        if office.receipts_due:
            session.send_receipt(office.receipts_due[0])
        elif office.due:
            self._sending = next(iter(office.due))
            file, shape = office.due[self._sending], office.shape
            offer = SFID.of(self._sending, file.size_bytes, restart=file.end)
            session.start_file(replace(offer, format=shape.format, record_bytes=shape.record_bytes))
        elif session.may_release:
            session.release()
        else:
            session.change_direction()


def offices(shape: Shape = PLAIN) -> tuple[Office, Office]:
    files = {identity: shape.file(content) for identity, content in CONTENTS.items()}
    return Office({ONE: files[ONE], TWO: files[TWO]}, shape), Office({THREE: files[THREE]}, shape)


def meet(alice: Office, bob: Office, limits: tuple[int | None, int | None] = (None, None)) -> list[int]:
    """One session; the connection goes when more than its limit was sent in a direction. What passed."""
    ends = (
        Clerk(alice, Session(Role.INITIATOR, alice.shape.capabilities(ALICE), BOB)),
        Clerk(bob, Session(Role.RESPONDER, bob.shape.capabilities(BOB), ALICE)),
    )
    for end in ends:
        end.session.connection_made()
    passed = [0, 0]
    is_cut = False
    while not is_cut and any(end.session.state is not State.IDLE for end in ends):
        quiet = True
        for way, limit in enumerate(limits):
            octets = ends[way].session.data_to_send()
            if limit is not None and passed[way] + len(octets) > limit:
                octets, is_cut = octets[: limit - passed[way]], True
            passed[way] += len(octets)
            if octets:
                quiet = False
                ends[1 - way].take(ends[1 - way].session.receive_data(octets))
            if is_cut:
                break
        if quiet:
            break
    for end in ends:
        end.take(end.session.connection_lost())
    return passed


def assert_all_came_once(alice: Office, bob: Office, what: object) -> None:
    for sender, receiver, files in ((alice, bob, {ONE, TWO}), (bob, alice, {THREE})):
        assert set(receiver.arrived) == files, what
        for identity, part in receiver.arrived.items():
            sent = sender.shape.file(CONTENTS[identity])
            assert (part.content, part.lengths) == (sent.content, sent.lengths or part.lengths), what
        assert receiver.arrivals == Counter(files), what
        assert sender.delivered == Counter(files), what
        assert sender.receipted == files, what
        assert sender.due == {}, what
        assert receiver.receipts_due == [], what
        assert receiver.parts == {}, what


def assert_nothing_is_said_too_early(alice: Office, bob: Office, what: object) -> None:
    for sender, receiver in ((alice, bob), (bob, alice)):
        assert set(sender.delivered) <= set(receiver.arrived), what
        assert sender.receipted <= set(receiver.arrived), what
        assert set(sender.due).isdisjoint(sender.delivered), what


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("record_format", ["U", "T", "F", "V"])
def test_one_session_brings_all(level: int, record_format: str) -> None:
    alice, bob = offices(Shape(level, record_format))
    meet(alice, bob)
    assert_all_came_once(alice, bob, "no cut")


def cut_and_meet_again(shape: Shape, way: int, first: int, each: int) -> Counter[int]:
    """Cut after each of those octets of a way; how often the second session restarted where."""
    restarts: Counter[int] = Counter()
    for at in range(first, meet(*offices(shape))[way] + 1, each):
        alice, bob = offices(shape)
        meet(alice, bob, (at, None) if way == 0 else (None, at))
        assert_nothing_is_said_too_early(alice, bob, (shape, at))
        meet(alice, bob)
        assert_all_came_once(alice, bob, (shape, at))
        restarts.update(alice.restarts + bob.restarts)
    return restarts


@pytest.mark.parametrize("way", [0, 1], ids=["from the initiator", "from the responder"])
def test_a_cut_after_any_octet_loses_nothing_and_brings_nothing_twice(way: int) -> None:
    restarts = cut_and_meet_again(PLAIN, way, 0, 1)
    # The cuts in the long file of that way were followed by a restart within it.
    assert restarts[1] > 100


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_so_it_is_at_each_level_and_with_records(shape: Shape) -> None:
    number = SHAPES.index(shape) % EACH
    restarts = Counter[int]()
    for way in (0, 1):
        restarts += cut_and_meet_again(shape, way, number, EACH)
    assert sum(count for position, count in restarts.items() if position) > 30 // EACH
    if shape.record_bytes:
        # At records, and at more of them than there are blocks.
        assert len(restarts) > 3


def test_two_cuts_one_after_the_other_change_nothing_either() -> None:
    totals = meet(*offices())
    for first in range(0, totals[0], 97):
        for second in range(0, totals[1], 89):
            alice, bob = offices()
            meet(alice, bob, (first, None))
            meet(alice, bob, (None, second))
            meet(alice, bob)
            assert_all_came_once(alice, bob, (first, second))
