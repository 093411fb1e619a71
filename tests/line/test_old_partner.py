"""A partner of ODETTE-FTP 1.3 in plain bytes, with nothing of `oftp2`: written by hand from RFC 2204."""

from __future__ import annotations

from typing import Any, ClassVar

from twisted.internet import reactor
from twisted.internet.threads import deferToThread

from gateway.config.endpoints import Transport
from gateway.line.service import LineService
from gateway.line.settings import LineSettings, PartnerSettings
from oftp2.identity import FileIdentity
from tests.line.dummies import DummyOffice
from tests.line.test_tolerance import Loose, data
from tests.line.world import World

NAMES = b"%-25b%-25b"
OURS = NAMES % (b"O0013GATEWAY", b"O0013OLD")
THEIRS = NAMES % (b"O0013OLD", b"O0013GATEWAY")
STAMP = b" " * 9 + b"260301101530"
FILE = b"%-26b" % b"DELJIT.A1" + STAMP + b" " * 8
ANSWER = FileIdentity("RESP.A1", "20260301", "1015300077", "O0013GATEWAY", "O0013OLD")


def ssid(level: int) -> bytes:
    return b"X%d%-25b%-8b02048BYYN007     %-8b\r" % (level, b"O0013OLD", b"LPW", b"")


class OldPartnerTests(World):
    transport = Transport.TCP
    gateway_line: ClassVar[dict[str, Any]] = {}

    async def converse(self, talk: Any) -> None:
        self.office = DummyOffice()
        partner = PartnerSettings("old", "O0013OLD", "GPW", "LPW")
        settings = LineSettings("O0013GATEWAY", (partner,), listen=(self.endpoint(0),), closing_seconds=2)
        self.service = LineService(reactor, settings, self.office)
        self.services.append(self.service)
        await self.service.start()
        port = self.service.addresses()[0].port

        def through() -> None:
            loose = Loose(port)
            with loose.connection:
                talk(loose)

        await deferToThread(through)

    async def test_records_come_over_and_the_receipt_and_a_file_of_ours_go_back(self) -> None:
        def talk(old: Loose) -> None:
            assert old.begin(ssid(1)) == b"X1%-25b%-8b02048BYYN007     %-8b\r" % (
                b"O0013GATEWAY",
                b"GPW",
                b"",
            )
            old.say(b"H" + FILE + OURS + b"V00005" + b"0000001" + b"000000000")
            assert old.hear() == b"2000000000"
            old.say(data(b"first"), data(b"two"))
            assert old.finish(b"T" + b"000000002" + b"000000000008") == b"4Y"
            old.say(b"R")
            assert old.hear() == b"E" + FILE + THEIRS
            self.office.outbox.append((ANSWER, b"and back"))
            old.say(b"P")
            sfid = b"H" + b"%-26b" % b"RESP.A1" + STAMP + b" " * 8 + THEIRS
            assert old.hear() == sfid + b"U00000" + b"0000001" + b"000000000"
            old.say(b"2000000000")
            assert old.hear() == data(b"and back")
            assert old.hear() == b"T" + b"000000000" + b"000000000008"
            old.say(b"4N")
            assert old.hear() == b"R"
            old.say(b"F00\r")
            assert old.hear() == b""

        await self.converse(talk)
        assert self.office.received == {
            FileIdentity("DELJIT.A1", "20260301", "1015300000", "O0013OLD", "O0013GATEWAY"): b"firsttwo"
        }
        (ends,) = self.office.record_ends.values()
        assert ends == [5, 8]
        assert ("sent", "RESP.A1") in self.office.log

    async def test_refusals_are_as_short_as_it_knows_them(self) -> None:
        def talk(old: Loose) -> None:
            assert old.begin(ssid(2))[:2] == b"X2"
            old.say(b"H" + FILE.replace(b"260301", b"260231") + OURS + b"U00000" + b"0000001" + b"000000000")
            assert old.hear() == b"301N"
            old.say(b"H" + FILE + OURS + b"U00000" + b"0000001" + b"000000000")
            assert old.hear() == b"2000000000"
            old.say(data(b"first"))
            assert old.finish(b"T" + b"000000000" + b"000000000009") == b"511"
            old.say(b"N")
            assert old.hear() == b"F01\r"

        await self.converse(talk)
        assert self.office.received == {}
