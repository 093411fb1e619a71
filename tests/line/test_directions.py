"""Two sessions to a partner, one a direction: each end sends in the session that it opened."""

from __future__ import annotations

from typing import Any, ClassVar

from twisted.internet.defer import Deferred

from gateway.line.status import Direction
from oftp2.negotiation import Mode
from tests.line.dummies import identity_of
from tests.line.world import World

ONE_A_DIRECTION: dict[str, Any] = {"mode_when_we_call": Mode.SEND, "mode_when_they_call": Mode.RECEIVE}


class OneADirectionTests(World):
    customs_calls = True
    gateway_partner: ClassVar[dict[str, Any]] = ONE_A_DIRECTION
    customs_partner: ClassVar[dict[str, Any]] = ONE_A_DIRECTION

    async def test_files_and_receipts_pass_in_the_session_of_their_sender(self) -> None:
        await self.start()
        await self.until(lambda: all(one.state == "in session" for one in self.gateway.status()))
        ours, theirs = identity_of(1), identity_of(2, "O0013CUSTOMS", "O0013GATEWAY")
        self.gateway_office.send(ours, b"x" * 100_000)
        self.customs_office.send(theirs, b"y" * 100_000)
        for office in (self.gateway_office, self.customs_office):
            await self.until(lambda office=office: "receipt received" in office.words())  # type: ignore[misc]
        passed = {one.direction: (one.files_sent, one.files_received) for one in self.gateway.status()}
        assert passed == {Direction.CALLING: (1, 0), Direction.ANSWERING: (0, 1)}

    async def test_a_file_that_is_stuck_in_one_direction_delays_none_in_the_other(self) -> None:
        await self.start()
        await self.until(lambda: all(one.state == "in session" for one in self.gateway.status()))
        self.customs_office.gate = Deferred()
        self.gateway_office.send(identity_of(1), b"x")
        (receiving,) = self.customs._lines["gateway"].accepted
        await self.until(lambda: receiving.is_busy)
        gate, self.customs_office.gate = self.customs_office.gate, None
        theirs = identity_of(2, "O0013CUSTOMS", "O0013GATEWAY")
        self.customs_office.send(theirs, b"y")
        await self.until(lambda: theirs in self.gateway_office.received)
        assert identity_of(1) not in self.customs_office.received
        gate.callback(None)
        await self.until(lambda: identity_of(1) in self.customs_office.received)


class OnlyFetchingTests(World):
    """Where we only receive in our own session, it fetches what is there and rests."""

    gateway_partner: ClassVar[dict[str, Any]] = {"mode_when_we_call": Mode.RECEIVE}

    async def test_what_waits_is_fetched_at_once(self) -> None:
        theirs = identity_of(2, "O0013CUSTOMS", "O0013GATEWAY")
        self.customs_office.outbox.append((theirs, b"y"))
        await self.start()
        await self.until(lambda: theirs in self.gateway_office.received)
        await self.until(lambda: self.calling().state == "resting" or self.calling().files_received > 0)


class AnsweringOnlyTests(World):
    """Our own session only fetches: what is ours goes in the session that the partner has opened."""

    customs_calls = True
    gateway_partner: ClassVar[dict[str, Any]] = {
        "mode_when_we_call": Mode.RECEIVE,
        "backoff_max_seconds": 600,
    }
    customs_partner: ClassVar[dict[str, Any]] = {"offer_turn_seconds": 0.1}

    async def test_the_turn_is_asked_for_there(self) -> None:
        await self.start()
        self.gateway_office.send(identity_of(1), b"x")
        self.customs_office.send(identity_of(2, "O0013CUSTOMS", "O0013GATEWAY"), b"y")
        await self.until(lambda: identity_of(1) in self.customs_office.received)
