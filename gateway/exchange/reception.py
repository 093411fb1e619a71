"""Reception: virtual files that are on disk and receipted are examined, and settled in one transaction each.

What is decided about the messages in them is the desk's: the gateway's for what customs sends, and the
simulated customs' for what the gateway sends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from gateway.clock import Clock
from gateway.errors import ConfigurationFault, EnvironmentFault
from gateway.exchange import faults
from gateway.exchange.examination import Document, ExaminedInterchange, Refused
from gateway.exchange.notices import Notice, publish
from gateway.exchange.opening import Content, Opener
from gateway.exchange.passing import ExaminedFile, Passing
from gateway.exchange.pump import Pump
from gateway.exchange.record_list import list_beside
from gateway.exchange.threads import InThread
from gateway.exchange.workers import OUR_FAULT, Poisoned, Workers
from gateway.ledger import post
from gateway.ledger.kinds import InboundStatus
from gateway.ledger.store import Ledger, UnitOfWork
from gateway.trust.cms import CmsFault

_log = Logger()

#: Files examined at once; each is up to an interchange's size.
BATCH = 2


class Desk(Protocol):
    """Decides about what a partner sent."""

    def settle(self, uow: UnitOfWork, partner: str, interchange: ExaminedInterchange) -> list[Notice]:
        """Settle every message of an interchange of `partner`'s, and put the answers into the outbox.

        Like all of a unit of work it may run twice; what is to be logged is returned.
        """

    def refuse(self, uow: UnitOfWork, partner: str, control_reference: str, refused: Refused) -> list[Notice]:
        """Answer a file of `partner`'s that is no interchange; `control_reference` comes from its name."""

    def may_pass(self, connection: Connection, interchange: ExaminedInterchange) -> bool:
        """Whether it may be settled before files of its sender's that came earlier.

        Only if nothing in it rests on what may be in those, and nothing in those on its coming later.
        """

    def settled(self) -> None:
        """The transaction is durable: wake whoever has work by it."""


class Reception:
    """Works off the virtual files that are stored: partners in turn, of each the oldest first.

    Small ones may pass large ones, where the desk says that their order does not matter (`Passing`).
    """

    def __init__(
        self,
        *,
        workers: Workers,
        ledger: Ledger,
        desk: Desk,
        senders: Mapping[str, frozenset[str]],
        folder: Path,
        clock: Clock,
        reactor: IReactorTime,
        in_thread: InThread,
        opener: Opener,
        alarm: Callable[[str, str | None], None] = lambda _name, _trouble: None,
    ) -> None:
        """`folder` holds the stored files; `corrupt/` in it keeps those that are no interchange.

        `senders` are by partner: whose messages come over its line.
        """
        self._workers = workers
        self._ledger = ledger
        self._desk = desk
        self._senders = senders
        self._folder = folder
        self._corrupt = folder / "corrupt"
        self._clock = clock
        self._in_thread = in_thread
        self._opener = opener
        self._alarm = alarm
        self._unreadable: set[int] = set()
        self._served = ""
        self._passing = Passing(
            ledger=ledger,
            may_pass=desk.may_pass,
            read=lambda files, most: in_thread(opener.read_first, files, most),
            examine=self._examine,
            settle=self._settle,
        )
        self.pump = Pump("reception", self._step, reactor, alarm=alarm)

    async def _step(self) -> bool:
        limit = BATCH + len(self._unreadable)
        after = self._served
        files = await self._ledger.read(lambda connection: post.inbound_to_process(connection, limit, after))
        read = await self._in_thread(self._opener.read_first, files, BATCH)
        contents = list(zip(files, read, strict=False))
        self._served = contents[-1][0].partner if contents else after
        self._tell_unreadable(contents)
        unopened = [(file, fault) for file, fault in contents if isinstance(fault, CmsFault)]
        for file, fault in unopened:
            await self._refuse_unopened(file, fault)
        readable = [(file, data) for file, data in contents if isinstance(data, bytes)]
        for file, _ in readable:
            if file.attributes.is_wrapped:
                self._alarm(_alert_of_envelopes(file), None)
        if not readable:
            return bool(unopened)
        in_hand = [file for file, _ in readable]
        await self._passing.let_pass(in_hand)
        examined = await self._examine(readable)
        for file, result in await self._passing.in_order(examined):
            await self._passing.let_pass(in_hand)
            await self._settle(file, result)
        return True

    async def _examine(self, readable: Sequence[tuple[post.InboundFile, bytes]]) -> list[ExaminedFile]:
        received = self._clock()
        jobs = [Document(data, received, self._senders.get(file.partner)) for file, data in readable]
        results = await self._workers.run("interchanges", jobs)
        return [
            (file, _refusal(result, data) if isinstance(result, Poisoned) else result)
            for (file, data), result in zip(readable, results, strict=True)
        ]

    async def _refuse_unopened(self, file: post.InboundFile, fault: CmsFault) -> None:
        """What cannot be opened is its sender's fault: a NERP tells why; the file is kept for operators."""
        await self._ledger.submit(
            lambda uow: post.inbound_not_processed(uow, file.id, fault.reason, fault.text)
        )
        self._desk.settled()
        _log.error(
            "file {dataset} of {partner} ({services}) cannot be opened: {reason:02d} {text}",
            dataset=file.identity.dataset_name,
            partner=file.partner,
            services=str(file.attributes),
            reason=int(fault.reason),
            text=fault.text,
        )
        trouble = f"{file.identity.dataset_name} cannot be opened: {fault.text}; it is kept"
        self._alarm(_alert_of_envelopes(file), trouble)
        await self._keep_refused(file)

    def _tell_unreadable(self, contents: Sequence[tuple[post.InboundFile, Content]]) -> None:
        """A file that cannot be read is told, kept, and looked at again; it holds up none that come after."""
        for file, data in contents:
            if isinstance(data, OSError | ConfigurationFault):
                self._unreadable.add(file.id)
                self._alarm(
                    _alert_of(file), f"cannot be read: {data}; if it is lost: ctl inbound refuse {file.id}"
                )
            else:
                self._no_longer_unreadable(file)

    def _no_longer_unreadable(self, file: post.InboundFile) -> None:
        if file.id in self._unreadable:
            self._unreadable.remove(file.id)
            self._alarm(_alert_of(file), None)

    async def given_up(self, file: post.InboundFile) -> None:
        """The operators have given up a file: it is not looked at again; what there is of it is kept."""
        self._no_longer_unreadable(file)
        await self._keep_refused(file)

    async def _keep_refused(self, file: post.InboundFile) -> None:
        """Put away a file that its sender may send again, once it has our NERP: not what came of it since.

        Offers are taken in units of work, and so they come before this or after it.
        """

        def keep(uow: UnitOfWork) -> None:
            known = post.inbound_get(uow.connection, file.id)
            if known is not None and known.status is InboundStatus.CORRUPT:
                self._put_away(Path(file.path), True)

        await self._ledger.submit(keep)

    async def _settle(self, file: post.InboundFile, result: ExaminedInterchange | Refused) -> None:
        try:
            notices = await self._ledger.submit(
                lambda uow: self._settle_in(uow, file, result),
                messages=1 if isinstance(result, Refused) else len(result.messages),
            )
        except EnvironmentFault:
            raise
        except Exception:
            if isinstance(result, Refused):
                raise
            # A file that we cannot settle must not hold up all that come after it.
            _log.failure("{path} cannot be settled", path=file.path)
            self._alarm(_alert_of(file), "cannot be settled: see the log; it is kept")
            await self._settle(file, _refusal(Poisoned(OUR_FAULT), b""))
            return
        if notices is None:
            return
        self._desk.settled()
        publish(_log, notices)
        for notice in notices:
            if notice.alert is not None:
                self._alarm(*notice.alert)
        await self._in_thread(self._put_away, Path(file.path), isinstance(result, Refused))

    def _settle_in(
        self, uow: UnitOfWork, file: post.InboundFile, result: ExaminedInterchange | Refused
    ) -> list[Notice] | None:
        known = post.inbound_get(uow.connection, file.id)
        if known is None or known.status is not InboundStatus.STORED:
            # An operator has given it up meanwhile, and with it goes what is to be kept of it.
            return None
        if isinstance(result, Refused):
            reference = post.control_reference(file.identity)
            post.inbound_opened(uow, file.id)
            post.inbound_corrupt(uow, file.id, ", ".join(one.code for one in result.rejections))
            return self._desk.refuse(uow, file.partner, reference, result)
        post.inbound_opened(uow, file.id)
        post.inbound_processed(uow, file.id, result.control_reference)
        settled = Notice.of(
            "interchange {control_reference} from {partner}: {count} messages",
            control_reference=result.control_reference,
            partner=file.partner,
            count=len(result.messages),
        )
        return [settled, *self._desk.settle(uow, file.partner, result)]

    async def tidy_up(self) -> int:
        """Put away what was settled just before the last run ended; how many files that were.

        To be called before the line is open.
        """
        left = await self._in_thread(_files_in, self._folder)
        settled = await self._ledger.read(lambda connection: post.inbound_settled(connection, left))
        for path, corrupt in settled.items():
            await self._in_thread(self._put_away, Path(path), corrupt)
        return len(settled)

    def _put_away(self, path: Path, corrupt: bool) -> None:
        # The file last: as long as it is there, the next start finds it.
        for one in (list_beside(path), path):
            if not corrupt:
                one.unlink(missing_ok=True)
            elif one.exists():
                self._corrupt.mkdir(exist_ok=True)
                one.rename(_free(self._corrupt / one.name))


def _alert_of_envelopes(file: post.InboundFile) -> str:
    """One a partner: what is wrong with certificates is so until a file of the partner's opens again."""
    return f"files from {file.partner}"


def _alert_of(file: post.InboundFile) -> str:
    return f"received file {Path(file.path).name}"


def _free(path: Path) -> Path:
    """`path`, or a name beside it that is free: a file that was not processed may come, and fail, again."""
    names = (path if number == 1 else path.with_name(f"{path.name}~{number}") for number in count(1))
    return next(name for name in names if not name.exists())


def _files_in(folder: Path) -> list[str]:
    return [str(path) for path in folder.iterdir() if path.is_file()]


def _refusal(poisoned: Poisoned, data: bytes) -> Refused:
    rejection = faults.POISONED.reject(reason=poisoned.reason)
    return Refused("Interchange", None, None, None, (rejection,), readable=False, xml=data)
