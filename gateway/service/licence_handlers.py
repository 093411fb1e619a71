"""What operators ask of a licence beyond the ledger: how it stands at customs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.exchange.correspondence import Secretary
from gateway.exchange.enquiry import ask_customs
from gateway.exchange.mail import Mail
from gateway.exchange.offices import Offices
from gateway.ledger import whereabouts
from gateway.ledger.projection import load_lives
from gateway.ledger.store import Ledger, UnitOfWork
from gateway.operations.commands import CommandRefused, Commands
from gateway.service.arguments import licence_argument
from licencexml.values import LicenceKey

Arguments = dict[str, Any]
Answer = dict[str, Any]


class LicenceHandlers:
    """The control commands that write to customs about a licence."""

    def __init__(
        self, *, ledger: Ledger, secretary: Secretary, offices: Offices, written: Callable[[], None]
    ) -> None:
        """`written` is called after each commit that puts something into the outbox."""
        self._ledger = ledger
        self._secretary = secretary
        self._offices = offices
        self._written = written

    def register(self, commands: Commands) -> None:
        """Add all of them."""
        commands.add("licence query", self.query)

    async def query(self, arguments: Arguments) -> Answer:
        """Ask customs how a licence stands; its reply is compared when it comes."""
        key = licence_argument(arguments)
        lives = await self._ledger.read(lambda connection: load_lives(connection, [key]))
        if key not in lives:
            raise CommandRefused("not-found", f"the ledger knows nothing of the licence {key}")
        if not lives[key].is_at_customs:
            transmission = lives[key].transmission.value
            raise CommandRefused("refused", f"customs does not have the licence: it is {transmission}")
        message_id = await self._ledger.submit(lambda uow: self._ask(uow, key))
        self._written()
        asked = await self._ledger.read(lambda connection: whereabouts.receivers(connection, [message_id]))
        return {
            "licence": str(key),
            "query": message_id,
            "partner": asked[message_id],
            "reply": "see `licence history` in a moment",
        }

    def _ask(self, uow: UnitOfWork, key: LicenceKey) -> str:
        with Mail(uow, self._secretary, self._offices) as mail:
            [message_id] = ask_customs(mail, [key])
        return message_id
