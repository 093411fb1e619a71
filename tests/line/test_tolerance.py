"""Partners that are loose where section 5.3 of the design lets them be: their files get through.

The partner here is written in plain bytes, with nothing of `oftp2`: what it sends is what stands here.
"""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet import reactor
from twisted.internet.threads import deferToThread

from gateway.config.endpoints import Transport
from gateway.line.service import LineService
from gateway.line.settings import LineSettings, PartnerSettings
from oftp2.identity import FileIdentity
from tests.line.dummies import DummyOffice
from tests.line.world import World

IDENTITY = FileIdentity("DELJIT.A1", "20260301", "1015300001", "O0013LOOSE", "O0013GATEWAY")
#: The gateway's own, and what the loose partner announces.
BUFFER_BYTES = 4096
LITTLE_BYTES = 512


def framed(command: bytes) -> bytes:
    return b"\x10" + (len(command) + 4).to_bytes(3, "big") + command


def ssid(*, end: bytes = b"\r", buffer_bytes: int = BUFFER_BYTES) -> bytes:
    return b"X5%-25b%-8b%05dBYYN064N    %-8b%b" % (b"O0013LOOSE", b"LPW", buffer_bytes, b"", end)


def sfid(size_blocks: int, form: bytes = b"U", record_bytes: int = 0) -> bytes:
    names = b"%-26b   202603011015300001%-8b%-25b%-25b" % (b"DELJIT.A1", b"", b"O0013GATEWAY", b"O0013LOOSE")
    sizes = b"%b%05d%013d%013d%017d" % (form, record_bytes, size_blocks, size_blocks, 0)
    return b"H" + names + sizes + b"000000N000"


def data(content: bytes, *, last: bool = True) -> bytes:
    """A data exchange buffer; the last subrecord is marked as the end of a record if `last`."""
    pieces = [content[at : at + 63] for at in range(0, len(content), 63)]
    ends = [False] * (len(pieces) - 1) + [last]
    return b"D" + b"".join(
        bytes((len(piece) | (0x80 if end else 0),)) + piece for piece, end in zip(pieces, ends, strict=True)
    )


def efid(units: int, records: int = 0) -> bytes:
    return b"T%017d%017d" % (records, units)


class Loose:
    """The partner's end of the connection."""

    def __init__(self, port: int) -> None:
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.held = b""

    def say(self, *commands: bytes) -> None:
        self.connection.sendall(b"".join(framed(command) for command in commands))

    def hear(self) -> bytes:
        """The next command; empty at the end of the connection."""
        while len(self.held) < 4 or len(self.held) < int.from_bytes(self.held[1:4], "big"):
            octets = self.connection.recv(65_536)
            if not octets:
                return b""
            self.held += octets
        length = int.from_bytes(self.held[1:4], "big")
        command, self.held = self.held[4:length], self.held[length:]
        return command

    def begin(self, command: bytes) -> bytes:
        assert self.hear() == b"IODETTE FTP READY \r"
        self.say(command)
        return self.hear()

    def offer(self, command: bytes) -> None:
        self.say(command)
        assert self.hear() == b"2" + b"0" * 17

    def finish(self, command: bytes) -> bytes:
        self.say(command)
        return self.hear()


class LoosePartnerTests(World):
    transport = Transport.TCP

    async def listen(self) -> None:
        self.office = DummyOffice(answers_with_receipts=False)
        partner = PartnerSettings("loose", "O0013LOOSE", "GPW", "LPW", buffer_bytes=BUFFER_BYTES)
        settings = LineSettings("O0013GATEWAY", (partner,), listen=(self.endpoint(0),), closing_seconds=2)
        self.service = LineService(reactor, settings, self.office)
        self.services.append(self.service)
        await self.service.start()
        self.port = self.service.addresses()[0].port

    async def converse(self, talk: Any) -> None:
        """Let the partner talk, in a thread, and be rid of it."""

        def through() -> None:
            loose = Loose(self.port)
            with loose.connection:
                talk(loose)

        await self.listen()
        await deferToThread(through)

    async def test_a_line_feed_ends_ssid_and_esid(self) -> None:
        def talk(loose: Loose) -> None:
            answer = loose.begin(ssid(end=b"\n"))
            # What we send is strict nevertheless.
            assert answer[:1] == b"X" and answer[-1:] == b"\r"
            loose.offer(sfid(1))
            loose.say(data(b"line feeds"))
            assert loose.finish(efid(10)) == b"4N"
            loose.say(b"R")
            assert loose.hear() == b"F00000\r"

        await self.converse(talk)
        assert self.office.received == {IDENTITY: b"line feeds"}

    async def test_esid_with_a_line_feed_and_without_a_change_of_direction_is_a_normal_end(self) -> None:
        def talk(loose: Loose) -> None:
            loose.begin(ssid())
            loose.offer(sfid(1))
            loose.say(data(b"and off"))
            assert loose.finish(efid(7)) == b"4N"
            loose.say(b"F00000\n")
            assert loose.hear() == b""

        await self.converse(talk)
        assert self.office.received == {IDENTITY: b"and off"}
        await self.until(lambda: "session lost" in self.office.words())
        (answering,) = [s for s in self.service.status() if s.direction.value == "answering"]
        assert answering.last_error == ""

    async def test_buffers_filled_past_what_was_agreed_but_within_ours(self) -> None:
        content = bytes(range(250)) * 15

        def talk(loose: Loose) -> None:
            answer = loose.begin(ssid(buffer_bytes=LITTLE_BYTES))
            assert answer[35:40] == b"%05d" % LITTLE_BYTES
            loose.offer(sfid(4))
            buffer = data(content)
            assert LITTLE_BYTES < len(buffer) < BUFFER_BYTES
            loose.say(buffer)
            assert loose.finish(efid(len(content))) == b"4N"

        await self.converse(talk)
        assert self.office.received == {IDENTITY: content}

    async def test_buffers_past_ours_end_the_session(self) -> None:
        def talk(loose: Loose) -> None:
            loose.begin(ssid(buffer_bytes=LITTLE_BYTES))
            loose.offer(sfid(5))
            loose.say(data(bytes(BUFFER_BYTES)))
            assert loose.hear()[:3] == b"F07"

        await self.converse(talk)
        assert self.office.received == {}

    async def test_the_last_subrecord_is_not_marked_in_any_format(self) -> None:
        for form, records in ((b"U", 0), (b"T", 0), (b"V", 2), (b"F", 2)):

            def talk(loose: Loose, form: bytes = form, records: int = records) -> None:
                loose.begin(ssid())
                loose.offer(sfid(1, form, 5 if records else 0))
                loose.say(data(b"first"), data(b"other", last=False))
                assert loose.finish(efid(10, records)) == b"4N"

            await self.converse(talk)
            assert self.office.received == {IDENTITY: b"firstother"}, form

    async def test_the_size_is_rounded_down(self) -> None:
        for size in (1, 1023, 1025, 2047):

            def talk(loose: Loose, size: int = size) -> None:
                loose.begin(ssid())
                loose.offer(sfid(size // 1024))
                loose.say(data(b"s" * size))
                assert loose.finish(efid(size)) == b"4N"

            await self.converse(talk)
            assert self.office.received == {IDENTITY: b"s" * size}

    async def test_more_than_announced_is_refused_though_the_count_fits_what_was_kept(self) -> None:
        def talk(loose: Loose) -> None:
            loose.begin(ssid())
            loose.offer(sfid(1))
            loose.say(data(b"a" * 1000), data(b"b" * 1500))
            assert loose.finish(efid(1000))[:3] == b"511"

        await self.converse(talk)
        assert self.office.received == {}
        assert ("discarded", IDENTITY.dataset_name) in self.office.log
