"""Sealing: what the ledger accepted gets the central seal, and with it a place in the outbox.

The sealed bytes and the outbox row are one transaction (商办配函〔2015〕494号 art. 12: an approved licence
is sealed by the system and sent at once). What was accepted and not sealed when the power went is found in
the ledger at the next start.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from gateway.clock import Clock
from gateway.errors import EnvironmentFault
from gateway.exchange.answers import SEALED
from gateway.exchange.correspondence import Correspondent
from gateway.exchange.names import answer_name
from gateway.exchange.offices import Offices
from gateway.exchange.pump import Pump
from gateway.exchange.sealer import SealedDocument, SealJob
from gateway.exchange.workers import Poisoned, Workers
from gateway.ledger import book, feedback
from gateway.ledger.store import Ledger, UnitOfWork
from licencexml.messages import Header
from licencexml.values import LicenceKey

_log = Logger()

#: How many licences travel to a worker at once; also the most that one transaction seals.
BATCH = 64
#: What could not be sealed is tried again after this.
RETRY_PAUSE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class _Addressed:
    """What is to be sealed, and who gets it."""

    row: book.ToSeal
    partner: Correspondent


class Sealing:
    """Seals what is accepted, batch after batch, and hands it to the outbox."""

    def __init__(
        self,
        *,
        workers: Workers,
        ledger: Ledger,
        us: Correspondent,
        offices: Offices,
        new_id: Callable[[], str],
        clock: Clock,
        reactor: IReactorTime,
        sealed: Callable[[], None],
        alarm: Callable[[str, str | None], None] = lambda _name, _trouble: None,
    ) -> None:
        """`offices` say where sealed licences go; `sealed` is called after each commit."""
        self._workers = workers
        self._ledger = ledger
        self._us = us
        self._offices = offices
        self._new_id = new_id
        self._clock = clock
        self._sealed = sealed
        self._alarm = alarm
        self._cannot: dict[str, datetime] = {}
        self.pump = Pump("sealing", self._step, reactor, alarm=alarm)

    async def _step(self) -> bool:
        now = self._clock()
        self._cannot = {message_id: until for message_id, until in self._cannot.items() if until > now}
        limit = BATCH + len(self._cannot)
        found = await self._ledger.read(lambda connection: book.to_seal(connection, limit))
        waiting = [row for row in found if row.message_id not in self._cannot]
        if not waiting:
            return False
        # What is urgent is sealed, and committed, without those that came before it.
        batch = [row for row in waiting if row.urgent] or waiting
        sealed = await self._seal(self._addressed(batch))
        _log.info("{count} licences sealed", count=sealed)
        self._sealed()
        return len(waiting) >= BATCH or len(batch) < len(waiting)

    def _addressed(self, waiting: Sequence[book.ToSeal]) -> list[_Addressed]:
        """Each with the partner that it goes to.

        An act goes where its licence is, or will be when both are sealed now. A replacement goes to the
        office of the licence that it ends, whatever its own port: only there can that one be closed.
        """
        chosen: dict[LicenceKey, Correspondent] = {}
        addressed = []
        for row in waiting:
            partner = chosen.get(row.licence) or self._offices.of_licence(row.partner, row.port)
            chosen[row.licence] = partner
            addressed.append(_Addressed(row, partner))
            if not row.is_act and partner != self._offices.for_port(row.port):
                _log.info(
                    "{licence} is for {port}, and goes to {partner}, who has the licence that it replaces",
                    licence=str(row.licence),
                    port=row.port,
                    partner=partner.name,
                    message_id=row.message_id,
                )
        return addressed

    async def _seal(self, waiting: Sequence[_Addressed]) -> int:
        """Seal them together; if one cannot be sealed, each by itself. Returns how many were."""
        try:
            return await self._seal_together(waiting)
        except EnvironmentFault:
            raise
        except Exception:
            _log.failure("{count} licences cannot be sealed together", count=len(waiting))
            if len(waiting) == 1:
                # It passed a worker when it was examined, so the fault is ours: it is tried again later.
                row = waiting[0].row
                self._cannot[row.message_id] = self._clock() + RETRY_PAUSE
                self._alarm(f"seal of {row.licence}", "it cannot be sealed: see the log")
                return 0
        return sum([await self._seal([one]) for one in waiting])

    async def _seal_together(self, waiting: Sequence[_Addressed]) -> int:
        now = self._clock()
        jobs = [
            SealJob(one.row.xml, Header(self._new_id(), self._us.participant, one.partner.participant, now))
            for one in waiting
        ]
        results = await self._workers.run("seals", jobs)
        for result in results:
            if isinstance(result, Poisoned):
                raise RuntimeError(f"a licence could not be sealed: {result.reason}")  # noqa: TRY004 - no type error
        await self._ledger.submit(
            lambda uow: self._record(uow, waiting, jobs, results),
            messages=len(waiting),
            first=all(one.row.urgent for one in waiting),
        )
        for one in waiting:
            self._alarm(f"seal of {one.row.licence}", None)
        return len(results)

    def _record(
        self,
        uow: UnitOfWork,
        waiting: Sequence[_Addressed],
        jobs: Sequence[SealJob],
        results: Sequence[SealedDocument],
    ) -> None:
        sealed = [
            book.Sealed(
                issue_message_id=one.row.message_id,
                licence=one.row.licence,
                sealed_message_id=job.header.message_id,
                xml=result.xml,
                digest=result.digest,
                partner=one.partner.name,
                urgent=one.row.urgent,
                is_act=one.row.is_act,
            )
            for one, job, result in zip(waiting, jobs, results, strict=True)
        ]
        recorded = {one.issue_message_id for one in book.record_seals(uow, sealed)}
        # The copy for the issuer is the message itself.
        copies = [
            feedback.NewFeedback(
                one.row.tree,
                job.header.message_id,
                answer_name(one.row.source, SEALED),
                None,
                one.row.urgent,
            )
            for one, job in zip(waiting, jobs, strict=True)
            if one.row.message_id in recorded
        ]
        feedback.add_all(uow, copies)
