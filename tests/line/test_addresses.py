"""A partner's addresses: the primary first, the others when it fails, and back again."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import Any, ClassVar

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.error import TCPTimedOutError
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from gateway.config.endpoints import Endpoint, Transport
from gateway.line.resolving import Resolver
from gateway.line.service import LineService
from gateway.line.settings import LineSettings
from gateway.line.status import Direction
from tests.line.dummies import identity_of
from tests.line.pty_line import PtyLine
from tests.line.test_clocked import Telephone, caller
from tests.line.test_over_serial import QUICK, serial
from tests.line.world import World


class Talk:
    """A session as the caller sees it: it ends when the test says so."""

    is_established = True
    was_released = False
    has_file = False
    outcome = "cut"

    def __init__(self) -> None:
        self.finished: Deferred[None] = Deferred()
        self.told: list[str] = []

    @property
    def conversation(self) -> Talk:
        return self

    def drain(self) -> None:
        self.told.append("drain")

    def end(self, reason: int, text: str) -> None:
        self.told.append("end")


def fails(telephone: Telephone) -> None:
    telephone.calls[-1][1].errback(Failure(TCPTimedOutError()))


def in_session_on_the_fallback(**more: Any) -> tuple[Any, Clock, Any, Telephone, Telephone, Talk]:
    first, second = Telephone(), Telephone()
    calling, clock, gauge = caller([first, second], primary_again_seconds=100, **more)
    calling.start()
    fails(first)
    clock.advance(0)
    talk = Talk()
    calling.joined(talk)  # type: ignore[arg-type]
    second.calls[-1][1].callback(None)
    calling.established()
    return calling, clock, gauge, first, second, talk


def test_the_next_address_is_called_at_once_and_only_a_round_in_vain_is_followed_by_a_pause() -> None:
    phones = [Telephone(), Telephone(), Telephone()]
    calling, clock, gauge = caller(phones)
    calling.start()
    for phone in phones:
        assert gauge.state == "calling"
        assert len(phone.calls) == 1
        fails(phone)
        clock.advance(0)
    assert gauge.state == "waiting to call again"
    assert gauge.address == "tcp:host2:1"
    clock.advance(1.01)
    assert [len(phone.calls) for phone in phones] == [2, 1, 1], "each round begins with the primary"
    calling.stop()


def test_after_a_session_on_a_fallback_the_primary_comes_first() -> None:
    calling, clock, gauge, first, _, talk = in_session_on_the_fallback()
    gauge.traffic.files_sent += 1
    talk.finished.callback(None)
    clock.advance(0)
    assert (len(first.calls), gauge.address) == (2, "tcp:host0:1")
    calling.stop()
    assert clock.getDelayedCalls() == []


def test_a_primary_that_is_silent_takes_no_session_from_the_fallback() -> None:
    calling, clock, _, first, _, talk = in_session_on_the_fallback()
    for looks in (2, 3):
        clock.advance(100)
        assert len(first.calls) == looks
        fails(first)
    assert talk.told == []
    calling.stop()
    talk.finished.callback(None)
    assert clock.getDelayedCalls() == []


def test_when_the_primary_answers_what_is_in_hand_is_finished_first() -> None:
    calling, clock, gauge, first, second, talk = in_session_on_the_fallback()
    talk.has_file = True
    clock.advance(100)
    first.calls[-1][1].callback(None)
    assert talk.told == ["drain"]
    clock.advance(60)
    assert talk.told == ["drain"], "never inside a file"
    talk.has_file = False
    clock.advance(10)
    assert talk.told == ["drain", "end"]
    assert len(first.calls) == 2
    talk.finished.callback(None)
    clock.advance(0)
    assert (len(first.calls), len(second.calls), gauge.state) == (3, 1, "calling")
    calling.stop()
    assert clock.getDelayedCalls() == []


def test_the_circuit_opens_after_rounds_in_vain_and_closes_when_a_session_has_lasted() -> None:
    first, second = Telephone(), Telephone()
    calling, clock, gauge = caller([first, second], circuit_failures=2)
    calling.start()
    for pause in (1.01, 1.99):
        assert gauge.circuit is None
        fails(first)
        clock.advance(0)
        fails(second)
        clock.advance(pause)
    why = gauge.circuit
    assert why is not None
    assert why.startswith("2 calls in a row failed: ")
    # The test's own clock stands at noon in Shanghai.
    assert gauge.read().state == "circuit open, next try at 2026-11-21 12:00:02"
    calling.wake()
    assert len(first.calls) == 2, "something to send is no reason to call"
    clock.advance(0.02)
    assert gauge.state == "calling"
    talk = Talk()
    calling.joined(talk)  # type: ignore[arg-type]
    first.calls[-1][1].callback(None)
    calling.established()
    assert gauge.circuit == why, "it may be lost at once"
    clock.advance(1)
    assert gauge.circuit is None
    calling.stop()
    talk.finished.callback(None)
    assert clock.getDelayedCalls() == []


def test_a_half_open_circuit_that_fails_again_is_the_same_trouble() -> None:
    (phone,) = phones = [Telephone()]
    calling, clock, gauge = caller(phones, circuit_failures=1)
    calling.start()
    fails(phone)
    why = gauge.circuit
    for pause in (1, 2, 4, 8, 10):
        clock.advance(pause + 0.01)
        phone.calls[-1][1].errback(Failure(OSError("something else")))
        assert (gauge.state, gauge.circuit) == ("circuit open", why)
    calling.stop()


class FallbackTests(World):
    """A primary that nobody listens at, and a fallback that works; then the primary comes up."""

    gateway_partner: ClassVar[dict[str, Any]] = {"primary_again_seconds": 0.1}

    async def test_the_fallback_is_used_until_the_primary_is_there(self) -> None:
        await self.start()
        await self.gateway.stop()
        primary, fallback = self.endpoint(self.free_port()), self.customs_endpoint
        (partner,) = self.gateway._settings.partners
        settings = replace(
            self.gateway._settings, partners=(replace(partner, call=(primary, fallback)),), listen=()
        )
        self.gateway = LineService(reactor, settings, self.gateway_office)
        self.services.append(self.gateway)
        await self.gateway.start()
        await self.until(lambda: self.calling().state == "in session")
        assert self.calling().address == str(fallback)
        self.gateway_office.send(identity_of(1), b"over the fallback")
        await self.until(lambda: identity_of(1) in self.customs_office.received)
        again = LineService(reactor, replace(self.customs._settings, listen=(primary,)), self.customs_office)
        self.services.insert(0, again)
        await again.start()
        await self.until(lambda: self.calling().address == str(primary))
        await self.until(lambda: self.calling().state == "in session")
        self.gateway_office.send(identity_of(2), b"over the primary")
        await self.until(lambda: identity_of(2) in self.customs_office.received)
        assert self.customs_office.words().count("abandoned") == 0

    @property
    def customs_endpoint(self) -> Endpoint:
        return self.endpoint(self.customs.addresses()[0].port)


class MixedTransportsTests(World):
    """Customs listens on TLS and on a serial line; the gateway calls the one and falls back on the other."""

    gateway_partner: ClassVar[dict[str, Any]] = {"window": 10, "primary_again_seconds": 600}

    async def test_special_logic_follows_the_address_in_use(self) -> None:
        line = PtyLine(reactor)
        self.addCleanup(line.close)
        over = frozenset({Transport.TLS, Transport.SERIAL})
        self.customs_partner = {"accept_over": over}
        self.customs_line = {"listen": (self.endpoint(0), serial(line.devices[1])), "link": QUICK}
        await self.start()
        await self.until(lambda: self.calling().state == "in session")
        assert (self.calling().parameters.credit, self.calling().parameters.special_logic) == (10, False)
        await self.gateway.stop()
        (partner,) = self.gateway._settings.partners
        dead, device = Endpoint(Transport.TLS, "127.0.0.1", self.free_port()), serial(line.devices[0])
        settings: LineSettings = replace(
            self.gateway._settings,
            partners=(replace(partner, call=(dead, device)),),
            listen=(),
            link=QUICK,
        )
        self.gateway = LineService(reactor, settings, self.gateway_office)
        self.services.append(self.gateway)
        self.gateway_office.outbox.append((identity_of(3), b"over the wire"))
        await self.gateway.start()
        await self.until(lambda: identity_of(3) in self.customs_office.received)
        await self.until(lambda: self.calling().files_sent == 1)
        assert self.calling().address == str(device)

    async def test_a_partner_with_a_certificate_may_not_do_without_unless_it_was_agreed(self) -> None:
        line = PtyLine(reactor)
        self.addCleanup(line.close)
        self.customs_line = {"listen": (self.endpoint(0), serial(line.devices[1])), "link": QUICK}
        self.gateway_line = {"link": QUICK}
        await self.start()
        await self.gateway.stop()
        (partner,) = self.gateway._settings.partners
        partner = replace(partner, call=(serial(line.devices[0]),))
        settings = replace(self.gateway._settings, partners=(partner,), listen=())
        self.gateway = LineService(reactor, settings, self.gateway_office)
        self.services.append(self.gateway)
        await self.gateway.start()
        await self.until(lambda: "not agreed" in self.calling().last_error)
        (answering,) = (one for one in self.customs.status() if one.direction is Direction.ANSWERING)
        assert answering.last_error == "a call was refused: calls over serial were not agreed"


class SilentNameTests(World):
    """A name that cannot be looked up is given up like an address that does not answer."""

    async def test_the_next_address_is_called(self) -> None:
        await self.start()
        await self.gateway.stop()
        (partner,) = self.gateway._settings.partners
        nowhere = Endpoint(Transport.TLS, "no-such-host.invalid", 3305)
        settings = replace(
            self.gateway._settings, partners=(replace(partner, call=(nowhere, *partner.call)),), listen=()
        )
        self.gateway = LineService(
            reactor, settings, self.gateway_office, resolver=Resolver(reactor, 5, self.look_up)
        )
        self.services.append(self.gateway)
        await self.gateway.start()
        await self.until(lambda: self.calling().state == "in session")

    def look_up(self, host: str, port: int) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, host)
