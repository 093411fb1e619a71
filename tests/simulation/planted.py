"""Faults planted in the gateway on purpose: a simulator that does not find them would find nothing else.

Each takes away one thing that a promise rests on, as a slip in a refactoring would. `SEEDS` seeds are enough
to find any of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from types import MappingProxyType
from typing import Any
from unittest import mock

from twisted.internet.defer import Deferred

from gateway.exchange import inbound, incoming, publication
from gateway.exchange.agenda import Agenda, Name
from gateway.exchange.feedback_writer import FeedbackWriter
from gateway.exchange.inbound import StoredFile
from gateway.exchange.intake import Intake
from gateway.exchange.outgoing import OutgoingFiles
from gateway.exchange.post_office import LedgerPostOffice
from gateway.exchange.pump import Pump
from gateway.exchange.receipts import Receipts
from gateway.exchange.spool import SpoolTree
from gateway.ledger import feedback, post, sqlite
from gateway.ledger.kinds import InboundStatus
from gateway.line.service import LineService
from oftp2.identity import FileIdentity

#: Within so many seeds each planted fault is found.
SEEDS = 300

Plant = Callable[[], AbstractContextManager[object]]


def _received_file_is_not_synced() -> AbstractContextManager[object]:
    """EFPA for a file that is in the kernel's memory only."""
    return mock.patch.object(StoredFile, "_flush_and_sync", lambda self: self._file.flush())


def _file_is_taken_before_the_commit() -> AbstractContextManager[object]:
    """EFPA when the transaction was asked for, not when it is durable."""

    async def close(self: Any, size_bytes: int) -> None:
        await self._sync_and_close()
        self._ledger.submit(lambda uow: post.inbound_stored(uow, self._id, self._size_bytes))

    return mock.patch.object(StoredFile, "_close", close)


def _receipt_is_taken_before_the_commit() -> AbstractContextManager[object]:
    """RTR for an EERP that is not recorded yet."""
    received = Receipts.received

    async def at_once(self: Any, *arguments: Any, **more: Any) -> None:
        Deferred.fromCoroutine(received(self, *arguments, **more))

    return mock.patch.object(Receipts, "received", at_once)


def _files_are_not_known_again() -> AbstractContextManager[object]:
    """A file that was received is taken once more when it is offered once more."""
    offer = post.inbound_offer

    def forgetful(uow: Any, partner: str, identity: FileIdentity, *offered: Any, **more: Any) -> Any:
        file = offer(uow, partner, identity, *offered, **more)
        if file.status is not InboundStatus.RECEIVING:
            uow.connection.exec_driver_sql(
                "UPDATE inbound_file SET status = 'RECEIVING', position_bytes = 0 WHERE id = ?", (file.id,)
            )
            return post.inbound_find(uow.connection, partner, identity)
        return file

    return mock.patch.object(post, "inbound_offer", forgetful)


def _identities_are_used_again() -> AbstractContextManager[object]:
    """File names are counted from one with each start."""
    identity = OutgoingFiles._identity

    def counted(self: Any, partner: str, number: int, now: Any) -> FileIdentity:
        self.count = getattr(self, "count", 0) + 1
        made = identity(self, partner, self.count, now.replace(hour=0, minute=0, second=0))
        return FileIdentity(made.dataset_name, "20260101", "0000000000", made.originator, made.destination)

    return mock.patch.object(OutgoingFiles, "_identity", counted)


def _wake_ups_are_lost() -> AbstractContextManager[object]:
    """A pump that is woken while it works goes to sleep for good."""

    async def rest(self: Any, _seconds: float) -> None:
        self._sleep = Deferred()
        try:
            await self._sleep
        except Exception:
            return
        finally:
            self._sleep = None

    def wake(self: Any) -> None:
        if self._sleep is not None:
            self._sleep.cancel()

    return _all(mock.patch.object(Pump, "_rest", rest), mock.patch.object(Pump, "wake", wake))


def _restart_is_too_far() -> AbstractContextManager[object]:
    """The restart position is the whole block above what is there."""

    def rounded_up(size_bytes: int) -> int:
        return -(-size_bytes // 1024) * 1024

    return _all(
        mock.patch.object(inbound, "whole_blocks", rounded_up),
        mock.patch.object(incoming, "whole_blocks", rounded_up),
        mock.patch.object(incoming, "size_on_disk", lambda _path: 2**40),
    )


def _work_is_removed_before_the_commit() -> AbstractContextManager[object]:
    """A file leaves work/ as soon as it was read."""
    claim = Intake._claim_and_read

    async def eager(self: Any, names: Sequence[Name], *, may_claim: bool) -> Any:
        batch = await claim(self, names, may_claim=may_claim)
        for one in batch:
            one.name.tree.spool.finish([one.name.name])
        return batch

    return mock.patch.object(Intake, "_claim_and_read", eager)


def _work_is_forgotten() -> AbstractContextManager[object]:
    """What the last run left in work/ is not looked at."""
    return mock.patch.object(Agenda, "resume", lambda self: None)


def _failed_batches_are_forgotten() -> AbstractContextManager[object]:
    """What could not be settled is not tried again."""

    return mock.patch.object(Agenda, "put_last", lambda self, names: None)


def _lost_sessions_keep_their_files() -> AbstractContextManager[object]:
    """What a session had in hand stays in hand when it is lost."""
    return mock.patch.object(LedgerPostOffice, "session_lost", lambda self, partner, session: None)


def _commits_are_not_synced() -> AbstractContextManager[object]:
    """The database leaves it to the kernel when a commit is on the disk."""
    pragmas = sqlite._pragmas

    def hasty(query_only: bool) -> list[str]:
        return ["synchronous = OFF" if one.startswith("synchronous") else one for one in pragmas(query_only)]

    return mock.patch.object(sqlite, "_pragmas", hasty)


def _answers_are_marked_first() -> AbstractContextManager[object]:
    """An answer counts as written before it is."""

    async def step(self: FeedbackWriter, tree: SpoolTree) -> bool:
        rows = await self._ledger.read(lambda connection: feedback.unwritten(connection, 64, tree.name))
        if rows:
            await self._ledger.submit(lambda uow: feedback.mark_written(uow, [row.id for row in rows]))
            await self._published(tree, rows)
        return bool(rows)

    return mock.patch.object(FeedbackWriter, "_step", step)


def _answers_are_not_synced() -> AbstractContextManager[object]:
    """Neither an answer's bytes nor its name are synced before it counts as written."""
    return _all(
        mock.patch.object(publication, "sync_folder", lambda folder: None),
        mock.patch.object(os, "fdatasync", lambda descriptor: None),
    )


def _refused_files_are_dropped() -> AbstractContextManager[object]:
    """A file that the partner refuses for now is taken for delivered."""

    async def refused(self: OutgoingFiles, partner: str, identity: FileIdentity, *_: Any, **__: Any) -> None:
        await self.already_there(partner, identity)

    return mock.patch.object(OutgoingFiles, "refused", refused)


def _failures_go_unheard() -> AbstractContextManager[object]:
    """A slip at the end of a command: nothing waits for it, and nothing else goes wrong."""
    drain = LineService.drain

    async def slipping(self: LineService, partner: str) -> None:
        await drain(self, partner)
        raise KeyError(partner)

    return mock.patch.object(LineService, "drain", slipping)


@contextmanager
def _all(*patches: AbstractContextManager[object]) -> Iterator[None]:
    if not patches:
        yield
        return
    with patches[0], _all(*patches[1:]):
        yield


PLANTED: MappingProxyType[str, Plant] = MappingProxyType(
    {
        plant.__name__.lstrip("_").replace("_", "-"): plant
        for plant in (
            _received_file_is_not_synced,
            _file_is_taken_before_the_commit,
            _receipt_is_taken_before_the_commit,
            _files_are_not_known_again,
            _identities_are_used_again,
            _wake_ups_are_lost,
            _restart_is_too_far,
            _work_is_removed_before_the_commit,
            _work_is_forgotten,
            _failed_batches_are_forgotten,
            _lost_sessions_keep_their_files,
            _commits_are_not_synced,
            _answers_are_marked_first,
            _answers_are_not_synced,
            _refused_files_are_dropped,
            _failures_go_unheard,
        )
    }
)
