"""Files that a partner offers: taken, refused, or gone on with where they are durable."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from gateway.exchange.file_services import AgreedServices
from gateway.exchange.inbound import RESTART_BLOCK_BYTES, StoredFile, size_on_disk, whole_blocks
from gateway.exchange.record_list import kept_records
from gateway.exchange.terms import Address
from gateway.exchange.threads import InThread
from gateway.ledger import post
from gateway.ledger.kinds import InboundStatus, ReceiptStatus
from gateway.ledger.store import Ledger, UnitOfWork
from gateway.line.office import Incoming, OfferedFile, RefusedOffer
from gateway.trust.cipher_suites import Digest
from oftp2.attributes import FileAttributes
from oftp2.identity import FileIdentity
from oftp2.reasons import Refusal
from oftp2.records import held


class IncomingFiles:
    """The counter where files come in. What it keeps in memory is only which are coming in right now."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        addresses: Mapping[str, Address],
        folder: Path,
        in_thread: InThread,
        arrived: Callable[[str], None],
        max_bytes: int,
        services: AgreedServices,
        gone_on: Callable[[post.InboundFile], None] = lambda _file: None,
        has_room: Callable[[], bool] = lambda: True,
    ) -> None:
        """`folder` takes the files; `arrived` is called with the partner when one is stored.

        `gone_on` is told of each that comes in, with the position from which on; without room none does.
        """
        self._ledger = ledger
        self._addresses = addresses
        self._folder = folder
        self._in_thread = in_thread
        self._arrived = arrived
        self._max_bytes = max_bytes
        self._services = services
        self._gone_on = gone_on
        self._has_room = has_room
        self._receiving: set[tuple[str, FileIdentity]] = set()

    async def offer(self, partner: str, offered: OfferedFile) -> Incoming | RefusedOffer:
        """See `PostOffice.offer`."""
        refusal = self._refusal_of(partner, offered)
        if refusal is not None:
            return refusal
        identity = offered.identity
        if (partner, identity) in self._receiving:
            return RefusedOffer(
                Refusal.UNSPECIFIED, "this file is coming in over another session", retry=True
            )
        if not self._has_room() and await self._would_come_in(partner, identity):
            return RefusedOffer(
                Refusal.ACCESS_METHOD_FAILURE, "no room for new files: try again later", retry=True
            )
        self._receiving.add((partner, identity))
        try:
            path = str(self._folder / _file_name(partner, identity))
            file, kept = await self._ledger.submit(
                lambda uow: _go_on_from(
                    uow,
                    post.inbound_offer(
                        uow, partner, identity, offered.size_bytes, path, attributes=offered.attributes
                    ),
                    offered,
                )
            )
            if file.status is InboundStatus.RECEIVING:
                self._gone_on(file)
                return StoredFile(
                    file,
                    ledger=self._ledger,
                    in_thread=self._in_thread,
                    max_bytes=self._max_bytes,
                    digest=self._digest(partner, offered.attributes),
                    stored=lambda: self._arrived(partner),
                    over=lambda: self._receiving.discard((partner, identity)),
                    kept=kept,
                )
        except BaseException:
            self._receiving.discard((partner, identity))
            raise
        self._receiving.discard((partner, identity))
        if file.is_refused:
            # Not "already there": that would be taken for a delivery.
            return RefusedOffer(Refusal.UNSPECIFIED, "it was not processed: a NERP is on its way", retry=True)
        return RefusedOffer(Refusal.DUPLICATE_FILE, "this file is here already", retry=False)

    async def _would_come_in(self, partner: str, identity: FileIdentity) -> bool:
        """Whether the file is more than a question whether we have it."""
        known = await self._ledger.read(lambda connection: post.inbound_find(connection, partner, identity))
        if known is None or known.status is InboundStatus.RECEIVING:
            return True
        return known.is_refused and known.receipt_status is ReceiptStatus.SENT

    def _digest(self, partner: str, told: FileAttributes) -> Digest | None:
        """What the file is hashed by, if a signed receipt is wanted."""
        suite = self._services.of(partner).agreed_suite(told.cipher_suite) if told.signed_receipt else None
        return None if suite is None else suite.digest

    def _refusal_of(self, partner: str, offered: OfferedFile) -> RefusedOffer | None:
        """Why the offer is not taken, whatever the ledger knows of the file."""
        address, identity = self._addresses[partner], offered.identity
        if identity.destination != address.our_code:
            return RefusedOffer(
                Refusal.INVALID_DESTINATION, f"not for {identity.destination} here", retry=False
            )
        if identity.originator != address.their_code:
            return RefusedOffer(
                Refusal.INVALID_ORIGIN, f"{identity.originator} is not who sends here", retry=False
            )
        if offered.size_bytes > self._max_bytes:
            return RefusedOffer(Refusal.FILE_TOO_BIG, f"more than {self._max_bytes} bytes")
        original_bytes = (offered.attributes.original_size_blocks or 0) * RESTART_BLOCK_BYTES
        if offered.attributes.is_wrapped and original_bytes >= self._max_bytes + RESTART_BLOCK_BYTES:
            return RefusedOffer(Refusal.FILE_TOO_BIG, f"more than {self._max_bytes} bytes when opened")
        return self._services.of(partner).refusal_of(offered.attributes)


def _go_on_from(
    uow: UnitOfWork, file: post.InboundFile, offered: OfferedFile
) -> tuple[post.InboundFile, list[int]]:
    """Where the file goes on, with the lengths of its records until there, if it has some.

    What lies beyond that on the disk is given up before it is overwritten.
    """
    if file.status is not InboundStatus.RECEIVING:
        return file, []
    path, lengths = Path(file.path), []
    durable_bytes = min(file.position_bytes, size_on_disk(path))
    if offered.attributes.is_structured:
        lengths = kept_records(path)
        count, position_bytes = held(lengths, durable_bytes, offered.restart_records)
        del lengths[count:]
    else:
        position_bytes = whole_blocks(min(durable_bytes, offered.restart_position_bytes))
    if position_bytes != file.position_bytes:
        post.inbound_progress(uow, file.id, position_bytes)
    return replace(file, position_bytes=position_bytes), lengths


def _file_name(partner: str, identity: FileIdentity) -> str:
    """A name below `inbound/` that no other file has, and that is safe whatever the partner chose.

    The digest tells apart what the readable part does not.
    """
    digest = hashlib.sha256(f"{partner}\n{identity!r}".encode()).hexdigest()[:16]
    text = f"{partner}_{identity.dataset_name}_{identity.date}_{identity.time}"
    safe = "".join(character if character.isalnum() or character in "-_" else "+" for character in text)
    return f"{safe}_{digest}"
