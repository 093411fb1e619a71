"""The line between the daemons: a TCP proxy that cuts, stalls and corrupts when told to."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from random import Random

_PIECE_BYTES = 16_384
_STALL_LOOK_SECONDS = 0.05


@dataclass
class Weather:
    """What happens to what passes, until it is changed: read by the proxy's thread with every piece."""

    refuses: bool = False
    stalls: bool = False
    corrupts_one_in: int = 0


class Proxy:
    """Passes what comes to each of its own ports on to another port of this machine, both ways."""

    def __init__(self, targets: tuple[int, ...], chance: Random) -> None:
        """Listens at once, on one free port for each target (`ports`, in their order)."""
        self.weather = Weather()
        self.corrupted = 0
        self._chance = chance
        self._open: set[asyncio.StreamWriter] = set()
        self._servers: list[asyncio.Server] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        listening = asyncio.run_coroutine_threadsafe(self._listen(targets), self._loop)
        self.ports: tuple[int, ...] = listening.result(10.0)

    def cut(self) -> int:
        """Reset all connections that stand; returns how many."""

        async def abort() -> int:
            ends = list(self._open)
            for end in ends:
                end.transport.abort()
            return len(ends)

        return asyncio.run_coroutine_threadsafe(abort(), self._loop).result(10.0)

    def close(self) -> None:
        """End the thread; what stands is lost."""

        async def end() -> None:
            for server in self._servers:
                server.close()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            for connection in list(self._open):
                connection.transport.abort()
            # What was aborted is closed with the next turn.
            await asyncio.sleep(0.01)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10.0)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10.0)
        self._loop.close()

    async def _listen(self, targets: tuple[int, ...]) -> tuple[int, ...]:
        ports = []
        for target in targets:
            server = await asyncio.start_server(partial(self._connected, target), "127.0.0.1", 0)
            self._servers.append(server)
            ports.append(server.sockets[0].getsockname()[1])
        return tuple(ports)

    async def _connected(
        self, target: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if self.weather.refuses:
            writer.transport.abort()
            return
        try:
            there, back = await asyncio.open_connection("127.0.0.1", target)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, back}
        try:
            await asyncio.gather(self._pass(reader, back), self._pass(there, writer))
        finally:
            self._open -= {writer, back}
            writer.transport.abort()
            back.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(_PIECE_BYTES):
                while self.weather.stalls:
                    await asyncio.sleep(_STALL_LOOK_SECONDS)
                writer.write(self._weathered(piece))
                await writer.drain()
        except OSError:
            writer.transport.abort()
        finally:
            with suppress(OSError):
                writer.close()

    def _weathered(self, piece: bytes) -> bytes:
        one_in = self.weather.corrupts_one_in
        if not one_in or self._chance.randrange(one_in):
            return piece
        self.corrupted += 1
        octets = bytearray(piece)
        octets[self._chance.randrange(len(octets))] ^= 1 << self._chance.randrange(8)
        return bytes(octets)
