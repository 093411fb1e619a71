"""A virtual file on its way in: bytes to a file, a position that is durable, and a commit before the EFPA."""

from __future__ import annotations

import os
from collections.abc import Callable
from io import BufferedRandom
from pathlib import Path

from gateway.exchange.threads import InThread
from gateway.ledger import post
from gateway.ledger.store import Ledger
from gateway.line.office import RefusedFile
from gateway.trust.cipher_suites import Digest

#: RFC 5024 section 5.3.3: restart positions count blocks of 1024 octets.
RESTART_BLOCK_BYTES = 1024
#: RFC 5024 section 5.3.10, EFNA reasons.
INVALID_BYTE_COUNT = 2
FILE_SIZE_IS_TOO_BIG = 6


class StoredFile:
    """Writes one incoming file below `state/inbound/` (`gateway.line.office.Incoming`).

    The position that is offered after a cut is the one in the ledger, which was written after a sync: what
    lies beyond it on the disk may be torn, and is cut off.
    """

    def __init__(
        self,
        file: post.InboundFile,
        *,
        ledger: Ledger,
        in_thread: InThread,
        max_bytes: int,
        digest: Digest | None,
        stored: Callable[[], None],
        over: Callable[[], None],
    ) -> None:
        """`stored` is called once the file is whole and committed, `over` when it is out of hand, anyhow.

        With a `digest` the hash of the file is kept, for its signed receipt.
        """
        self._id = file.id
        self._is_enveloped = file.attributes.is_wrapped
        self._ledger = ledger
        self._in_thread = in_thread
        self._max_bytes = max_bytes
        self._digest = digest
        self._stored = stored
        self._over = over
        self._position_bytes = file.position_bytes
        self._size_bytes = self._position_bytes
        self._file = _open_at(Path(file.path), self._position_bytes)

    @property
    def position_bytes(self) -> int:
        """See `Incoming.position_bytes`."""
        return self._position_bytes

    def write(self, data: bytes) -> None:
        """See `Incoming.write`; bytes beyond the limit are counted and not kept."""
        self._size_bytes += len(data)
        if self._size_bytes <= self._max_bytes:
            self._file.write(data)

    async def close(self, size_bytes: int) -> None:
        """See `Incoming.close`."""
        try:
            await self._close(size_bytes)
        finally:
            self._over()
        self._stored()

    async def _close(self, size_bytes: int) -> None:
        if self._size_bytes != size_bytes or self._size_bytes > self._max_bytes:
            await self._forget()
            if self._size_bytes > self._max_bytes:
                raise RefusedFile(FILE_SIZE_IS_TOO_BIG, f"more than {self._max_bytes} bytes")
            raise RefusedFile(
                INVALID_BYTE_COUNT, f"{self._size_bytes} bytes came, {size_bytes} were announced"
            )
        await self._sync_and_close()
        hashed = None if self._digest is None else await self._in_thread(self._hash, self._digest)
        await self._ledger.submit(
            lambda uow: post.inbound_stored(
                uow, self._id, self._size_bytes, is_enveloped=self._is_enveloped, hashed=hashed
            )
        )

    async def abandon(self) -> None:
        """See `Incoming.abandon`."""
        try:
            await self._sync_and_close()
            kept = whole_blocks(min(self._size_bytes, self._max_bytes))
            await self._ledger.submit(lambda uow: post.inbound_progress(uow, self._id, kept))
        finally:
            self._over()

    async def _forget(self) -> None:
        """A file that was refused starts from nothing when it is offered again."""
        self._file.close()
        await self._ledger.submit(lambda uow: post.inbound_progress(uow, self._id, 0))

    async def _sync_and_close(self) -> None:
        try:
            await self._in_thread(self._flush_and_sync)
        finally:
            self._file.close()

    def _hash(self, digest: Digest) -> bytes:
        """Of the file as it was transmitted (RFC 5024 section 5.3.13), what came before a cut too."""
        return digest.of(Path(self._file.name).read_bytes())

    def _flush_and_sync(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        folder = os.open(Path(self._file.name).parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _open_at(path: Path, position_bytes: int) -> BufferedRandom:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    file = path.open("r+b")
    file.truncate(position_bytes)
    file.seek(position_bytes)
    return file


def size_on_disk(path: Path) -> int:
    """How many bytes of a file are there, 0 if there is no file."""
    return path.stat().st_size if path.exists() else 0


def whole_blocks(size_bytes: int) -> int:
    """The restart position at or below `size_bytes`."""
    return size_bytes // RESTART_BLOCK_BYTES * RESTART_BLOCK_BYTES
