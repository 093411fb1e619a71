"""A received file that the house cannot process, and never will: its sender is told.

One response to a file: as long as no EERP has gone out, a NERP (RFC 5024 section 4.3.7). An EERP says that
the file arrived, which stays true: after it the partner is told by a TechnicalAck, as of all that arrived and
could not be read.
"""

from __future__ import annotations

from twisted.logger import Logger

from gateway.exchange import faults
from gateway.exchange.examination import Refused
from gateway.exchange.notices import Notice, publish
from gateway.exchange.post_office import LedgerPostOffice
from gateway.exchange.reception import Desk, Reception
from gateway.ledger import post
from gateway.ledger.store import Ledger, UnitOfWork

_log = Logger()

#: RFC 5024 section 5.3.14: file processing failed.
PROCESSING_FAILED = 34


class GivingUp:
    """What the operators do about a file that is stored and cannot be read here."""

    def __init__(
        self, *, ledger: Ledger, post_office: LedgerPostOffice, reception: Reception, desk: Desk
    ) -> None:
        self._ledger = ledger
        self._post_office = post_office
        self._reception = reception
        self._desk = desk

    async def give_up(self, number: int, by: str, why: str) -> str | None:
        """How the sender of file `number` is told, NERP or TechnicalAck; None if the file does not wait.

        KeyError if there is no such file.
        """
        file = await self._ledger.read(lambda connection: post.inbound_get(connection, number))
        if file is None:
            raise KeyError(number)

        async def tell(is_on_its_way: bool) -> tuple[bool | None, list[Notice]]:
            return await self._ledger.submit(lambda uow: self._give_up(uow, file, by, why, is_on_its_way))

        by_nerp, notices = await self._post_office.between_receipts(file.partner, file.identity, tell)
        if by_nerp is None:
            return None
        publish(_log, notices)
        await self._reception.given_up(file)
        self._desk.settled()
        return "NERP" if by_nerp else "TechnicalAck"

    def _give_up(
        self, uow: UnitOfWork, file: post.InboundFile, by: str, why: str, is_on_its_way: bool
    ) -> tuple[bool | None, list[Notice]]:
        by_nerp = post.inbound_not_processed(
            uow, file.id, PROCESSING_FAILED, why, by=by, is_receipted=is_on_its_way
        )
        if by_nerp is None:
            return None, []
        notice = Notice.of(
            "{by} gives up file {dataset} from {partner}: {why}",
            refused=True,
            by=by,
            dataset=file.identity.dataset_name,
            partner=file.partner,
            why=why,
        )
        if by_nerp:
            return True, [notice]
        rejection = faults.FILE_NOT_PROCESSED.reject(reason=why)
        refused = Refused("Interchange", None, None, None, (rejection,), readable=False, xml=b"")
        reference = post.control_reference(file.identity)
        return False, [notice, *self._desk.refuse(uow, file.partner, reference, refused)]
