"""A connection cut after each octet, either way: nothing is lost, and nothing comes twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from oftp2 import events as e
from oftp2.commands import BLOCK_BYTES, SFID
from oftp2.identity import FileIdentity
from oftp2.negotiation import Capabilities
from oftp2.reasons import Refusal
from oftp2.session import Role, Session
from oftp2.subrecords import Encoder
from oftp2.tables import State
from tests.oftp2.users import ALICE, BOB, identity_of

_OVER = {State.IDLE, State.WF_NDISC}
OURS = {"buffer_bytes": 400, "credit": 2}
TO_BOB = {
    identity_of(1): bytes(range(1, 256)) * 5 + b"end",
    identity_of(2): b"",
}
TO_ALICE = {identity_of(3, "O0013BOB", "O0013ALICE"): b"\0" * 1100 + b"0123456789" * 50}


@dataclass
class Office:
    """What survives a session: files due, parts and files received, receipts due and received."""

    due: dict[FileIdentity, bytes]
    parts: dict[FileIdentity, bytes] = field(default_factory=dict)
    arrived: dict[FileIdentity, bytes] = field(default_factory=dict)
    arrivals: Counter[FileIdentity] = field(default_factory=Counter)
    receipts_due: list[FileIdentity] = field(default_factory=list)
    delivered: Counter[FileIdentity] = field(default_factory=Counter)
    receipted: set[FileIdentity] = field(default_factory=set)
    restarts: list[int] = field(default_factory=list)


class Clerk:
    """One session of an office."""

    def __init__(self, office: Office, session: Session, capabilities: Capabilities) -> None:
        self.office = office
        self.session = session
        self._capabilities = capabilities
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
                session.accept(self._capabilities)
            case e.StartFileIndication(sfid=sfid, identity=identity):
                if identity in office.arrived:
                    session.refuse_file(Refusal.DUPLICATE_FILE)
                    return
                restart = min(sfid.restart, len(office.parts.get(identity, b"")) // BLOCK_BYTES)
                office.parts[identity] = office.parts.get(identity, b"")[: restart * BLOCK_BYTES]
                office.restarts.append(restart)
                self._receiving = identity
                session.accept_file(restart)
            case e.DataIndication(data=data):
                office.parts[self._receiving] += data
            case e.CloseFileIndication(fault=None):
                # Durable first; the answer may come to nothing.
                office.arrived[self._receiving] = office.parts.pop(self._receiving)
                office.arrivals[self._receiving] += 1
                office.receipts_due.append(self._receiving)
                session.accept_end(want_turn=True)
            case e.StartFileConfirmation(restart=restart):
                rest = office.due[self._sending][restart * BLOCK_BYTES :]
                self._encoder = Encoder(iter([rest]), payload_bytes=399, compress=True)
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
                session.close_file(unit_count=len(office.due[self._sending]))
            else:
                session.send_data(self._encoder.next_payload())
                session.events()
        if not session.is_idle_speaker:
            return
        if office.receipts_due:
            session.send_receipt(office.receipts_due[0])
        elif office.due:
            self._sending = next(iter(office.due))
            blocks = len(office.due[self._sending]) // BLOCK_BYTES
            session.start_file(SFID.of(self._sending, len(office.due[self._sending]), restart=blocks))
        elif session.may_release:
            session.release()
        else:
            session.change_direction()


def offices() -> tuple[Office, Office]:
    return Office(dict(TO_BOB)), Office(dict(TO_ALICE))


def meet(alice: Office, bob: Office, limits: tuple[int | None, int | None] = (None, None)) -> list[int]:
    """One session; the connection goes when more than its limit was sent in a direction. What passed."""
    ends = (
        Clerk(alice, Session(Role.INITIATOR, Capabilities(ALICE, **OURS), BOB), Capabilities(ALICE, **OURS)),
        Clerk(bob, Session(Role.RESPONDER, Capabilities(BOB, **OURS), ALICE), Capabilities(BOB, **OURS)),
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
    for sender, receiver, files in ((alice, bob, TO_BOB), (bob, alice, TO_ALICE)):
        assert receiver.arrived == files, what
        assert receiver.arrivals == Counter(list(files)), what
        assert sender.delivered == Counter(list(files)), what
        assert sender.receipted == set(files), what
        assert sender.due == {}, what
        assert receiver.receipts_due == [], what
        assert receiver.parts == {}, what


def assert_nothing_is_said_too_early(alice: Office, bob: Office, what: object) -> None:
    for sender, receiver in ((alice, bob), (bob, alice)):
        assert set(sender.delivered) <= set(receiver.arrived), what
        assert sender.receipted <= set(receiver.arrived), what
        assert set(sender.due).isdisjoint(sender.delivered), what


def test_one_session_brings_all() -> None:
    alice, bob = offices()
    meet(alice, bob)
    assert_all_came_once(alice, bob, "no cut")


def cuts() -> Iterator[tuple[int, int]]:
    for way, octets in enumerate(meet(*offices())):
        for at in range(octets + 1):
            yield way, at


@pytest.mark.parametrize("way", [0, 1], ids=["from the initiator", "from the responder"])
def test_a_cut_after_any_octet_loses_nothing_and_brings_nothing_twice(way: int) -> None:
    restarts: Counter[int] = Counter()
    for side, at in cuts():
        if side != way:
            continue
        alice, bob = offices()
        meet(alice, bob, (at, None) if way == 0 else (None, at))
        assert_nothing_is_said_too_early(alice, bob, at)
        meet(alice, bob)
        assert_all_came_once(alice, bob, at)
        restarts.update(alice.restarts + bob.restarts)
    # The cuts in the long file of that way were followed by a restart within it.
    assert restarts[1] > 100


def test_two_cuts_one_after_the_other_change_nothing_either() -> None:
    totals = meet(*offices())
    for first in range(0, totals[0], 97):
        for second in range(0, totals[1], 89):
            alice, bob = offices()
            meet(alice, bob, (first, None))
            meet(alice, bob, (None, second))
            meet(alice, bob)
            assert_all_came_once(alice, bob, (first, second))
