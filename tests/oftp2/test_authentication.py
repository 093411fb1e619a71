"""Secure authentication between two engines (RFC 5024 section 4.2.3), without cryptography.

An envelope is the answer turned round.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from oftp2 import commands as c
from oftp2 import events as e
from oftp2.buffers import Unwrapper, wrap
from oftp2.errors import LocalProtocolError
from oftp2.formats import build, parse
from oftp2.negotiation import Capabilities
from oftp2.reasons import EndReason
from oftp2.session import Session
from oftp2.tables import State
from tests.oftp2.users import ALICE, BOB, session_pair

OURS = (Capabilities(ALICE, authentication=True), Capabilities(BOB, authentication=True))


@dataclass
class End:
    """One end: answers what it is asked, wrongly if `lies`, or not at all if `mute`."""

    session: Session
    capabilities: Capabilities
    asks: bytes
    lies: bool = False
    mute: bool = False
    said: list[str] = field(default_factory=list)
    seen: list[e.Event] = field(default_factory=list)

    def take(self, octets: bytes) -> None:
        for event in self.session.receive_data(octets):
            self.seen.append(event)
            match event:
                case e.ConnectIndication():
                    self.session.accept(self.capabilities)
                    self.seen += self.session.events()
                case _ if self.mute:
                    pass
                case e.ChallengeWanted():
                    self.session.challenge(self.asks, self.asks[::-1])
                case e.ChallengeIndication(envelope=envelope):
                    self.session.respond(b"?" * 20 if self.lies else envelope[::-1])

    def say(self) -> bytes:
        octets = self.session.data_to_send()
        unwrapper = Unwrapper()
        unwrapper.feed(octets)
        while (buffer := unwrapper.next()) is not None:
            self.said.append(type(parse(buffer)).__name__)
        return octets

    def aborts(self) -> list[tuple[int, bool]]:
        return [(one.reason, one.distant) for one in self.seen if isinstance(one, e.AbortIndication)]


def two(*, alice: bool = True, bob: bool = True) -> tuple[End, End]:
    capabilities = (
        replace(OURS[0], authentication=alice),
        replace(OURS[1], authentication=bob),
    )
    caller, answerer = session_pair(*capabilities)
    return End(caller, capabilities[0], b"a" * 19 + b"A"), End(answerer, capabilities[1], b"b" * 19 + b"B")


def run(alice: End, bob: End) -> None:
    bob.session.connection_made()
    alice.session.connection_made()
    while True:
        to_alice, to_bob = bob.say(), alice.say()
        if not to_alice and not to_bob:
            return
        alice.take(to_alice)
        bob.take(to_bob)


def test_both_prove_themselves_in_the_order_of_the_rfc() -> None:
    alice, bob = two()
    run(alice, bob)
    assert alice.said == ["SSID", "SECD", "AURP", "AUCH"]
    assert bob.said == ["SSRM", "SSID", "AUCH", "SECD", "AURP"]
    assert (alice.session.state, bob.session.state) == (State.IDLESP, State.IDLELI)
    assert isinstance(alice.seen[-1], e.ConnectConfirmation)
    assert alice.session.parameters is not None
    assert alice.session.parameters.authentication


@pytest.mark.parametrize("liar", ["alice", "bob"])
def test_a_wrong_answer_ends_the_session_with_11(liar: str) -> None:
    alice, bob = two()
    (alice if liar == "alice" else bob).lies = True
    run(alice, bob)
    honest, other = (bob, alice) if liar == "alice" else (alice, bob)
    assert honest.aborts() == [(11, False)]
    assert other.aborts() == [(11, True)]
    assert other.session.state is State.IDLE
    assert not any(isinstance(event, e.ConnectConfirmation) for event in alice.seen)


@pytest.mark.parametrize(("alice_wants", "bob_wants"), [(True, False), (False, True)])
def test_one_who_wants_it_and_one_who_does_not_part_with_12(alice_wants: bool, bob_wants: bool) -> None:
    alice, bob = two(alice=alice_wants, bob=bob_wants)
    run(alice, bob)
    assert bob.aborts() == [(12, False)]
    assert alice.aborts() == [(12, True)]


def test_an_initiator_leaves_a_responder_that_does_not_want_it() -> None:
    """A responder that answers without the demand would have agreed to less than was asked."""
    alice, _ = two()
    alice.session.connection_made()
    alice.take(wrap(build(c.SSRM())))
    ssid = replace(OURS[1], authentication=False).ssid()
    alice.take(wrap(build(ssid)))
    assert alice.aborts() == [(12, False)]
    assert "SECD" not in alice.said


@pytest.mark.parametrize(
    "command",
    [c.SECD(), c.AUCH(b"x"), c.AURP(b"r" * 20), c.CD(), c.CDT()],
    ids=lambda one: type(one).__name__,
)
def test_nothing_may_be_said_while_an_answer_is_being_made(command: c.Command) -> None:
    alice, bob = two()
    bob.mute = True
    run(alice, bob)
    assert bob.seen[-1] == e.ChallengeWanted()
    assert not bob.session.is_awaiting_partner, "it is our own user that we wait for"
    bob.take(wrap(build(command)))
    assert bob.aborts() == [(2, False)]
    with pytest.raises(LocalProtocolError):
        bob.session.challenge(b"c" * 20, b"envelope")


def test_a_session_that_ends_meanwhile_takes_no_answer() -> None:
    alice, bob = two()
    bob.mute = True
    run(alice, bob)
    bob.take(wrap(build(c.ESID(EndReason.EMERGENCY_CLOSE))))
    assert bob.session.state is State.IDLE
    with pytest.raises(LocalProtocolError):
        bob.session.challenge(b"c" * 20, b"envelope")
    with pytest.raises(LocalProtocolError):
        bob.session.respond(b"c" * 20)


def test_who_cannot_answer_may_say_so() -> None:
    alice, bob = two()
    alice.mute = True
    run(alice, bob)
    assert alice.seen[-1] == e.ChallengeIndication(bob.asks[::-1])
    alice.session.end(EndReason.CHALLENGE_FAILED, "no key")
    run_on(alice, bob)
    assert bob.aborts() == [(11, True)]


def run_on(alice: End, bob: End) -> None:
    bob.take(alice.say())
    alice.take(bob.say())


def test_a_challenge_has_20_octets_and_is_asked_for() -> None:
    alice, bob = two()
    with pytest.raises(LocalProtocolError):
        bob.session.challenge(b"c" * 20, b"envelope")
    bob.mute = True
    run(alice, bob)
    with pytest.raises(ValueError, match="20"):
        bob.session.challenge(b"short", b"envelope")
    with pytest.raises(ValueError, match="AUCHCHAL"):
        bob.session.challenge(b"c" * 20, b"e" * 65_536)
    bob.session.challenge(b"c" * 20, b"e" * 65_535)


def test_an_answer_does_for_its_own_challenge_only_once() -> None:
    """An AURP that nobody asked for is out of turn, whatever it holds."""
    alice, bob = two()
    run(alice, bob)
    bob.take(wrap(build(c.AURP(bob.asks))))
    assert bob.aborts() == [(2, False)]
