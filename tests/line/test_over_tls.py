"""Files and receipts over real sockets, with mutual TLS and without."""

from __future__ import annotations

from typing import Any, ClassVar

from gateway.config.endpoints import Transport
from gateway.line.status import Direction
from tests.line.dummies import identity_of
from tests.line.world import World


class FilesTests(World):
    async def test_a_file_goes_out_and_its_receipt_comes_back(self) -> None:
        content = bytes(range(256)) * 4000
        self.gateway_office.outbox.append((identity_of(1), content))
        await self.start()
        await self.until(lambda: "receipt received" in self.gateway_office.words())
        await self.until(lambda: "receipt sent" in self.customs_office.words())
        assert self.customs_office.received == {identity_of(1): content}
        assert self.gateway_office.words() == ["sent", "receipt received"]
        assert self.customs_office.words() == ["offered", "received", "receipt sent"]
        status = self.calling()
        assert (status.files_sent, status.bytes_sent) == (1, len(content))
        assert status.state == "in session"
        assert "PW" not in repr(status.to_dict())

    async def test_many_files_both_ways_in_one_session(self) -> None:
        self.customs_office.outbox += [
            (identity_of(n, "O0013CUSTOMS", "O0013GATEWAY"), bytes([n]) * 3000) for n in range(10, 15)
        ]
        self.gateway_office.outbox += [(identity_of(n), bytes([n]) * 50_000) for n in range(5)]
        await self.start()
        await self.until(lambda: len(self.gateway_office.received) == 5 and not self.gateway_office.outbox)
        assert len(self.customs_office.received) == 5

    async def test_a_duplicate_counts_as_delivered(self) -> None:
        self.customs_office.received[identity_of(1)] = b"x"
        self.gateway_office.outbox.append((identity_of(1), b"x"))
        await self.start()
        await self.until(lambda: "already there" in self.gateway_office.words())

    async def test_what_comes_later_wakes_the_line(self) -> None:
        await self.start()
        await self.until(lambda: self.calling().state == "in session")
        self.gateway_office.send(identity_of(3), b"late")
        await self.until(lambda: identity_of(3) in self.customs_office.received)


class TwoSessionsTests(World):
    """Each end calls the other: a session carries one way, and its receipts come by the other session."""

    customs_calls = True

    async def test_a_session_each_way(self) -> None:
        await self.start()
        states = {("in session", direction) for direction in Direction}
        await self.until(lambda: {(s.state, s.direction) for s in self.gateway.status()} == states)
        back = identity_of(2, "O0013CUSTOMS", "O0013GATEWAY")
        self.gateway_office.send(identity_of(1), b"out" * 10_000)
        self.customs_office.send(back, b"in" * 10_000)
        await self.until(lambda: identity_of(1) in self.customs_office.received)
        await self.until(lambda: back in self.gateway_office.received)
        self.gateway_office.wake()
        self.customs_office.wake()
        await self.until(lambda: "receipt received" in self.gateway_office.words())
        await self.until(lambda: "receipt received" in self.customs_office.words())
        calling, answering = self.gateway.status()
        assert (calling.files_sent, calling.files_received) == (1, 0)
        assert (answering.files_sent, answering.files_received) == (0, 1)


class TcpTests(FilesTests):
    transport = Transport.TCP
    customs_partner: ClassVar[dict[str, Any]] = {"tls_anchor": None}
    gateway_partner: ClassVar[dict[str, Any]] = {"tls_anchor": None}
