"""Reception: virtual files that are on disk and receipted are examined, and settled in one transaction each.

What is decided about the messages in them is the desk's: the gateway's for what customs sends, and the
simulated customs' for what the gateway sends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from gateway.clock import Clock
from gateway.errors import EnvironmentFault
from gateway.exchange import faults
from gateway.exchange.examination import Document, ExaminedInterchange, Refused
from gateway.exchange.notices import Notice, publish
from gateway.exchange.pump import Pump
from gateway.exchange.threads import InThread
from gateway.exchange.workers import Poisoned, Workers
from gateway.ledger import post
from gateway.ledger.store import Ledger, UnitOfWork

_log = Logger()

#: Files examined at once; each is up to an interchange's size.
BATCH = 4
_OUR_FAULT = "this program has a fault that shows with this file; its log has the details"


class Desk(Protocol):
    """Decides about what a partner sent."""

    def settle(self, uow: UnitOfWork, interchange: ExaminedInterchange) -> list[Notice]:
        """Settle every message of an interchange, in its order, and put the answers into the outbox.

        Like all of a unit of work it may run twice; what is to be logged is returned.
        """

    def refuse(self, uow: UnitOfWork, control_reference: str, refused: Refused) -> list[Notice]:
        """Answer a virtual file that is no interchange; `control_reference` comes from its name."""

    def settled(self) -> None:
        """The transaction is durable: wake whoever has work by it."""


class Reception:
    """Works off the virtual files that are stored, oldest first."""

    def __init__(
        self,
        *,
        workers: Workers,
        ledger: Ledger,
        desk: Desk,
        folder: Path,
        clock: Clock,
        reactor: IReactorTime,
        in_thread: InThread,
        alarm: Callable[[str, str | None], None] = lambda _name, _trouble: None,
    ) -> None:
        """`folder` holds the stored files; `corrupt/` in it keeps those that are no interchange."""
        self._workers = workers
        self._ledger = ledger
        self._desk = desk
        self._corrupt = folder / "corrupt"
        self._clock = clock
        self._in_thread = in_thread
        self._alarm = alarm
        self.pump = Pump("reception", self._step, reactor, alarm=alarm)

    async def _step(self) -> bool:
        files = await self._ledger.read(lambda connection: post.inbound_to_process(connection, BATCH))
        if not files:
            return False
        contents = await self._in_thread(_read_all, [Path(file.path) for file in files])
        received = self._clock()
        results = await self._workers.run("interchanges", [Document(data, received) for data in contents])
        for file, data, result in zip(files, contents, results, strict=True):
            await self._settle(file, _refusal(result, data) if isinstance(result, Poisoned) else result)
        return True

    async def _settle(self, file: post.InboundFile, result: ExaminedInterchange | Refused) -> None:
        try:
            notices = await self._ledger.submit(lambda uow: self._settle_in(uow, file, result))
        except EnvironmentFault:
            raise
        except Exception:
            if isinstance(result, Refused):
                raise
            # A file that we cannot settle must not hold up all that come after it.
            _log.failure("{path} cannot be settled", path=file.path)
            self._alarm(f"file {Path(file.path).name}", "it cannot be settled: see the log; it is kept")
            await self._settle(file, _refusal(Poisoned(_OUR_FAULT), b""))
            return
        await self._in_thread(self._put_away, Path(file.path), isinstance(result, Refused))
        publish(_log, notices)
        self._desk.settled()

    def _settle_in(
        self, uow: UnitOfWork, file: post.InboundFile, result: ExaminedInterchange | Refused
    ) -> list[Notice]:
        if isinstance(result, Refused):
            reference = post.control_reference(file.identity)
            post.inbound_corrupt(uow, file.id)
            return self._desk.refuse(uow, reference, result)
        post.inbound_processed(uow, file.id, result.control_reference)
        settled = Notice.of(
            "interchange {control_reference} from {partner}: {count} messages",
            control_reference=result.control_reference,
            partner=file.partner,
            count=len(result.messages),
        )
        return [settled, *self._desk.settle(uow, result)]

    def _put_away(self, path: Path, corrupt: bool) -> None:
        if not corrupt:
            path.unlink(missing_ok=True)
        elif path.exists():
            self._corrupt.mkdir(exist_ok=True)
            path.rename(self._corrupt / path.name)


def _read_all(paths: Sequence[Path]) -> list[bytes]:
    return [path.read_bytes() for path in paths]


def _refusal(poisoned: Poisoned, data: bytes) -> Refused:
    rejection = faults.POISONED.reject(reason=poisoned.reason)
    return Refused("Interchange", None, None, None, (rejection,), readable=False, xml=data)
