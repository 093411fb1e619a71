"""Small files that came later are settled before large ones, where their order does not matter.

An urgent licence and its answer each travel in a small file of their own (see `post.gather`). Behind large
files that wait to be worked off that would be in vain.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from sqlalchemy import Connection

from gateway.exchange.examination import ExaminedInterchange, Refused
from gateway.exchange.opening import Content
from gateway.ledger import post
from gateway.ledger.store import Ledger

#: A file of no more than that is small: some messages.
SMALL_BYTES = 128 * 1024
#: So many small files pass at once, before a large one has its turn.
PASSING = 4

#: A file with what was found in it.
ExaminedFile: TypeAlias = tuple[post.InboundFile, ExaminedInterchange | Refused]


class Passing:
    """Looks at each small file once, a few at a time, and only while large ones are worked off.

    So no more is examined twice than came behind large files, and a large one waits for a bounded number of
    small ones, however many come.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        may_pass: Callable[[Connection, ExaminedInterchange], bool],
        read: Callable[[Sequence[post.InboundFile], int], Awaitable[list[Content]]],
        examine: Callable[[Sequence[tuple[post.InboundFile, bytes]]], Awaitable[list[ExaminedFile]]],
        settle: Callable[[post.InboundFile, ExaminedInterchange | Refused], Awaitable[None]],
    ) -> None:
        """`may_pass` is the desk's; `read`, `examine` and `settle` are the reception's."""
        self._ledger = ledger
        self._may_pass = may_pass
        self._read = read
        self._examine = examine
        self._settle = settle
        self._looked_at = 0

    async def let_pass(self, in_hand: Sequence[post.InboundFile]) -> None:
        """Settle small files that may pass what is `in_hand`, if any of that is large."""
        if not any(map(_is_large, in_hand)):
            return
        after, limit, held = self._looked_at, PASSING + len(in_hand), {file.id for file in in_hand}
        found = await self._ledger.read(lambda read: post.inbound_small(read, SMALL_BYTES, after, limit))
        files = [file for file in found if file.id not in held][:PASSING]
        if not files:
            return
        self._looked_at = files[-1].id
        contents = await self._read(files, PASSING)
        # What cannot be read or opened, or has grown as it was opened, waits for its turn.
        readable = [
            (file, data)
            for file, data in zip(files, contents, strict=True)
            if isinstance(data, bytes) and len(data) <= SMALL_BYTES
        ]
        if readable:
            for file, result in await self._examine(readable):
                if await self._is_free(result):
                    await self._settle(file, result)

    async def in_order(self, examined: Sequence[ExaminedFile]) -> list[ExaminedFile]:
        """What is in hand in the order in which to settle it: small ones that may pass a large one first."""
        if not any(_is_large(file) for file, _ in examined):
            return list(examined)
        first = [one for one in examined if not _is_large(one[0]) and await self._is_free(one[1])]
        passed = {file.id for file, _ in first}
        return [*first, *(one for one in examined if one[0].id not in passed)]

    async def _is_free(self, result: ExaminedInterchange | Refused) -> bool:
        if isinstance(result, Refused):
            return False
        return await self._ledger.read(lambda connection: self._may_pass(connection, result))


def _is_large(file: post.InboundFile) -> bool:
    return file.size_bytes > SMALL_BYTES
