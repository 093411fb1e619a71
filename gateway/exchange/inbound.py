"""A virtual file on its way in: bytes to a file, a position that is durable, and a commit before the EFPA."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from gateway.exchange.record_list import RecordList, list_beside, open_at
from gateway.exchange.threads import InThread
from gateway.ledger import post
from gateway.ledger.store import Ledger
from gateway.line.office import RefusedFile
from gateway.trust.cipher_suites import Digest
from oftp2.reasons import Refusal

#: RFC 5024 section 5.3.3: restart positions count blocks of 1024 octets.
RESTART_BLOCK_BYTES = 1024
#: The list of records may be that part of the largest file: it is read as a whole, and a line of it that
#: stands for an empty record costs its sender an octet.
_FILE_TO_LIST = 4


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
        kept: Sequence[int] = (),
    ) -> None:
        """`stored` is called once the file is whole and committed, `over` when it is out of hand, anyhow.

        With a `digest` the hash of the file is kept, for its signed receipt.
        `kept` are the lengths of the records up to the file's position, if it consists of records.
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
        self._position_records = len(kept)
        path = Path(file.path)
        self._file = open_at(path, self._position_bytes)
        self._records: RecordList | None = None
        if file.attributes.is_structured:
            self._records = RecordList(path, kept, max_bytes=max_bytes // _FILE_TO_LIST)
        else:
            list_beside(path).unlink(missing_ok=True)

    @property
    def position_bytes(self) -> int:
        """See `Incoming.position_bytes`."""
        return self._position_bytes

    @property
    def position_records(self) -> int:
        """See `Incoming.position_records`."""
        return self._position_records

    def write(self, data: bytes, record_ends: tuple[int, ...] = ()) -> None:
        """See `Incoming.write`; bytes beyond the limit are counted and not kept."""
        before = self._size_bytes
        self._size_bytes += len(data)
        if self._size_bytes <= self._max_bytes:
            self._file.write(data)
        # The list last: it never tells of more than there is.
        if self._records is not None:
            self._records.add([before + end for end in record_ends])

    async def close(self, size_bytes: int) -> None:
        """See `Incoming.close`."""
        try:
            await self._close(size_bytes)
        finally:
            self._over()
        self._stored()

    async def _close(self, size_bytes: int) -> None:
        if self._size_bytes != size_bytes or self._is_too_big:
            await self._forget()
            if self._is_too_big:
                raise RefusedFile(Refusal.FILE_TOO_BIG, f"more than {self._max_bytes} bytes")
            raise RefusedFile(
                Refusal.INVALID_BYTE_COUNT, f"{self._size_bytes} bytes came, {size_bytes} were announced"
            )
        if self._records is not None and self._records.end < self._size_bytes:
            # Some partners forget to mark the end of the last.
            self._records.add([self._size_bytes])
        await self._sync_and_close()
        hashed = None if self._digest is None else await self._in_thread(self._hash, self._digest)
        await self._ledger.submit(
            lambda uow: post.inbound_stored(
                uow, self._id, self._size_bytes, is_enveloped=self._is_enveloped, hashed=hashed
            )
        )

    @property
    def _is_too_big(self) -> bool:
        return self._size_bytes > self._max_bytes or (self._records is not None and self._records.is_full)

    async def discard(self) -> None:
        """See `Incoming.discard`."""
        try:
            await self._forget()
        finally:
            self._over()

    async def abandon(self) -> None:
        """See `Incoming.abandon`."""
        try:
            await self._sync_and_close()
            size_bytes = min(self._size_bytes, self._max_bytes)
            kept = whole_blocks(size_bytes) if self._records is None else min(self._records.end, size_bytes)
            await self._ledger.submit(lambda uow: post.inbound_progress(uow, self._id, kept))
        finally:
            self._over()

    async def _forget(self) -> None:
        """Nothing of a file that was refused is kept: it starts from nothing when it is offered again."""
        self._close_files()
        await self._ledger.submit(lambda uow: post.inbound_progress(uow, self._id, 0))
        await self._in_thread(self._remove)

    def _remove(self) -> None:
        path = Path(self._file.name)
        for one in (list_beside(path), path):
            one.unlink(missing_ok=True)

    async def _sync_and_close(self) -> None:
        try:
            await self._in_thread(self._flush_and_sync)
        finally:
            self._close_files()

    def _close_files(self) -> None:
        self._file.close()
        if self._records is not None:
            self._records.close()

    def _hash(self, digest: Digest) -> bytes:
        """Of the file as it was transmitted (RFC 5024 section 5.3.13), what came before a cut too."""
        return digest.of(Path(self._file.name).read_bytes())

    def _flush_and_sync(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        if self._records is not None:
            self._records.flush_and_sync()
        folder = os.open(Path(self._file.name).parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def size_on_disk(path: Path) -> int:
    """How many bytes of a file are there, 0 if there is no file."""
    return path.stat().st_size if path.exists() else 0


def whole_blocks(size_bytes: int) -> int:
    """The restart position at or below `size_bytes`."""
    return size_bytes // RESTART_BLOCK_BYTES * RESTART_BLOCK_BYTES
