"""Two whole lines over a pair of pseudo-terminals: files both ways, through noise, once each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.trial.unittest import TestCase

from gateway.config.endpoints import Endpoint, Transport
from gateway.line.service import LineService
from gateway.line.settings import LineSettings, PartnerSettings
from gateway.line.status import Direction
from oftp2.serial_outputs import LinkSettings
from oftp2.special_logic import envelope
from tests.line.dummies import DummyOffice, identity_of
from tests.line.pty_line import PtyLine

QUICK = LinkSettings(
    response_seconds=0.3,
    character_seconds=0.15,
    ring_seconds=0.1,
    rings_max=6,
    crossing_seconds=0.05,
    linger_seconds=0.05,
)
SPEED = 115_200


def serial(device: str) -> Endpoint:
    return Endpoint(Transport.SERIAL, device, SPEED)


class SerialWorld(TestCase):
    """The gateway calls over one end of the line, customs waits at the other."""

    timeout = 15
    one_in = 0

    async def setUp(self) -> None:
        self.line = PtyLine(reactor, one_in=self.one_in)
        self.gateway_office, self.customs_office = DummyOffice(), DummyOffice()
        common: dict[str, Any] = {"backoff_min_seconds": 0.05, "backoff_max_seconds": 0.1}
        gateway = PartnerSettings(
            "gateway", "O0013GATEWAY", password_ours="CPW", password_theirs="GPW", **common
        )
        customs = PartnerSettings(
            "customs",
            "O0013CUSTOMS",
            password_ours="GPW",
            password_theirs="CPW",
            call=(serial(self.line.devices[0]),),
            **common,
        )
        limits: dict[str, Any] = {"inactivity_seconds": 5, "closing_seconds": 2, "link": QUICK}
        self.customs_settings = LineSettings(
            "O0013CUSTOMS", (gateway,), listen=(serial(self.line.devices[1]),), **limits
        )
        self.gateway_settings = LineSettings("O0013GATEWAY", (customs,), **limits)
        self.customs = LineService(reactor, self.customs_settings, self.customs_office)
        self.gateway = LineService(reactor, self.gateway_settings, self.gateway_office)
        self.services = [self.customs, self.gateway]

    async def start(self) -> None:
        await self.customs.start()
        await self.gateway.start()

    async def tearDown(self) -> None:
        for service in reversed(self.services):
            await service.stop()
        self.line.close()

    async def until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            pause: Deferred[None] = Deferred()
            reactor.callLater(0.01, pause.callback, None)
            await pause

    def fill(self, count: int, size_bytes: int) -> None:
        self.gateway_files = {
            identity_of(number): Random(number).randbytes(size_bytes) for number in range(count)
        }
        self.customs_files = {
            identity_of(number, "O0013CUSTOMS", "O0013GATEWAY"): Random(-number).randbytes(size_bytes)
            for number in range(50, 50 + count)
        }
        self.gateway_office.outbox += self.gateway_files.items()
        self.customs_office.outbox += self.customs_files.items()

    async def all_is_through(self) -> None:
        offices = (self.gateway_office, self.customs_office)
        await self.until(lambda: not any(office.outbox or office.receipts for office in offices))
        assert self.customs_office.received == self.gateway_files
        assert self.gateway_office.received == self.customs_files
        for office, files in (
            (self.customs_office, self.gateway_files),
            (self.gateway_office, self.customs_files),
        ):
            assert office.words().count("received") == len(files)


class CleanLineTests(SerialWorld):
    async def test_files_and_receipts_go_both_ways(self) -> None:
        self.fill(5, 20_000)
        await self.start()
        await self.all_is_through()
        assert self.gateway_office.words().count("receipt received") == 5
        assert self.customs_office.words().count("receipt received") == 5

    async def test_special_logic_and_credit_1_are_agreed_whatever_the_window(self) -> None:
        self.fill(1, 30_000)
        await self.start()
        seen = []

        def look() -> bool:
            seen.extend(status.parameters for status in self.gateway.status() if status.parameters)
            return bool(seen)

        await self.until(look)
        assert (seen[0].special_logic, seen[0].credit, seen[0].buffer_bytes) == (True, 1, 2048)
        await self.all_is_through()

    async def test_what_comes_later_is_called_for_and_fetched(self) -> None:
        await self.start()
        await self.until(lambda: self.calling().state == "resting")
        self.fill(1, 500)
        self.gateway_office.wake()
        self.customs_office.wake()
        await self.all_is_through()

    async def test_who_calls_first_need_not_be_who_is_there_first(self) -> None:
        self.fill(1, 500)
        await self.gateway.start()
        await self.until(lambda: self.line.carried > 6)
        await self.customs.start()
        await self.all_is_through()

    async def test_a_device_that_is_not_there_is_told(self) -> None:
        absent = replace(self.customs_settings, listen=(serial("/dev/absent"),))
        service = LineService(reactor, absent, self.customs_office)
        with pytest.raises(CannotListenError):
            await service.start()

    async def test_a_device_is_opened_once(self) -> None:
        await self.start()
        second = LineService(reactor, self.customs_settings, self.customs_office)
        with pytest.raises(CannotListenError):
            await second.start()

    async def test_whoever_goes_on_with_a_session_that_is_no_more_is_greeted(self) -> None:
        seen = bytearray()
        self.line.ends[1].take = seen.extend
        await self.customs.start()
        self.line.ends[1].write(envelope(3, b"D" * 2047))
        await self.until(lambda: seen.endswith(b"READY \r"))

    async def test_a_line_that_is_cut_is_told_and_taken_up_again(self) -> None:
        self.fill(2, 60_000)
        await self.start()
        await self.until(lambda: any(len(held) > 5_000 for held in self.customs_office.held.values()))
        self.line.is_cut = True
        await self.until(lambda: "no answer after 5 repeats" in self.customs.status()[0].last_error)
        await self.until(lambda: "nobody answers" in self.calling().last_error)
        self.line.is_cut = False
        await self.all_is_through()

    def calling(self) -> Any:
        return next(s for s in self.gateway.status() if s.direction is Direction.CALLING)


class NoisyLineTests(SerialWorld):
    one_in = 10_000

    async def test_every_file_arrives_whole_and_none_twice(self) -> None:
        self.fill(6, 20_000)
        await self.start()
        await self.all_is_through()
        assert self.line.spoiled > 10


class NoisierLineTests(SerialWorld):
    one_in = 1_500

    async def test_every_file_arrives_whole_and_none_twice(self) -> None:
        self.fill(2, 10_000)
        await self.start()
        await self.all_is_through()
        assert self.line.spoiled > 20
