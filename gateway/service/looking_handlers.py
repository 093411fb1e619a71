"""What the gateway answers about a licence or a message: how it stands, how it stood, and why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NoReturn, TypeVar

from sqlalchemy import Connection
from twisted.internet.defer import Deferred

from gateway.clock import BUSINESS_ZONE, Clock
from gateway.ledger import explaining, explaining_messages, looking, looking_back
from gateway.ledger.columns import instant_text
from gateway.ledger.dossier import Dossier
from gateway.ledger.store import Ledger
from gateway.licences.policy import Policy
from gateway.operations.commands import CommandRefused, Commands
from gateway.service.arguments import Arguments, flag, licence_argument, moment
from licencexml.values import LicenceKey

T = TypeVar("T")
Answer = dict[str, Any]

_KNOWN = {
    "basis": "KNOWN",
    "basis_zh": "截至该时点本网关已知的情况；此后才收到的，不在其中。",
    "basis_en": "What this gateway knew at that time; what came to it later is not in it.",
}
_TRUE = {
    "basis": "TRUE",
    "basis_zh": "按现在已知的全部情况，该时点实际的状态；此后才收到的也计入，只要发生在该时点之前。",
    "basis_en": "How it really stood at that time, by all that is known today, however late it was told.",
}


class LookingHandlers:
    """The control commands that ask about one licence or one message."""

    def __init__(self, *, ledger: Ledger, policy: Callable[[], Policy], clock: Clock) -> None:
        self._ledger = ledger
        self._policy = policy
        self._clock = clock

    def register(self, commands: Commands) -> None:
        """Add all of them."""
        for name, handler in {
            "licence show": self.licence_show,
            "licence explain": self.licence_explain,
            "licence history": self.licence_history,
            "message show": self.message_show,
            "message explain": self.message_explain,
        }.items():
            commands.add(name, handler)

    async def licence_show(self, arguments: Arguments) -> Answer:
        """A licence, now or as of an earlier time."""
        key = licence_argument(arguments)
        business = flag("business", arguments.get("business"))
        if arguments.get("as_of") is None:
            if business:
                raise CommandRefused("usage", "business: expected together with as_of")
            shown = await self._read(lambda connection: looking.show_licence(connection, key))
            return shown or await self._refuse(key, None)
        as_of = moment("as_of", arguments["as_of"], self._clock())
        dossier = await self._read(lambda connection: self._then(connection, key, as_of, business=business))
        if dossier is None:
            await self._refuse(key, as_of)
        shown = looking.licence_shown(dossier)
        return {"licence": shown.pop("licence"), "as_of": instant_text(as_of)} | (
            (_TRUE if business else _KNOWN) | shown
        )

    async def licence_explain(self, arguments: Arguments) -> Answer:
        """How a licence stands and why, and what can be done."""
        key, now, policy = licence_argument(arguments), self._clock(), self._policy()
        told = await self._read(lambda connection: explaining.explain_licence(connection, key, policy, now))
        return told or await self._refuse(key, None)

    async def licence_history(self, arguments: Arguments) -> Answer:
        """All that happened to a licence."""
        key = licence_argument(arguments)
        rows = await self._read(lambda connection: looking.licence_history(connection, key))
        told = explaining_messages.with_sentences(found(rows or None, f"the licence {key}"))
        return {"licence": str(key), "rows": told}

    async def message_show(self, arguments: Arguments) -> Answer:
        """A message: what is known of it, and its bytes."""
        message_id = str(arguments.get("message_id", ""))
        shown = await self._read(lambda connection: looking.show_message(connection, message_id))
        xml = await self._read(lambda connection: looking.message_xml(connection, message_id))
        text = None if xml is None else xml.decode("utf-8", "replace")
        return {**found(shown, f"the message {message_id}"), "xml": text}

    async def message_explain(self, arguments: Arguments) -> Answer:
        """What a message was, what became of it, why, and what it changed."""
        message_id = str(arguments.get("message_id", ""))
        told = await self._read(
            lambda connection: explaining_messages.explain_message(connection, message_id)
        )
        return found(told, f"the message {message_id}")

    async def _refuse(self, key: LicenceKey, as_of: datetime | None) -> NoReturn:
        raise CommandRefused("not-found", await self._read(lambda c: _not_there(c, key, as_of)))

    def _then(
        self, connection: Connection, key: LicenceKey, as_of: datetime, *, business: bool
    ) -> Dossier | None:
        if business:
            return looking_back.true_then(connection, key, as_of, self._policy())
        return looking_back.known_then(connection, key, as_of)

    def _read(self, question: Callable[[Connection], T]) -> Deferred[T]:
        return self._ledger.read(question)


def found(value: T | None, what: str) -> T:
    """`value`, if there is one."""
    if value is None:
        raise CommandRefused("not-found", f"the ledger knows nothing of {what}")
    return value


def _not_there(connection: Connection, key: LicenceKey, as_of: datetime | None) -> str:
    """Why there is nothing to show of a licence, at `as_of` or now."""
    began = looking.licence_began(connection, key)
    if began is not None and as_of is not None:
        return f"the licence {key} was not there yet at {_local(as_of)}: it was accepted at {_local(began)}"
    if looking.licence_history(connection, key):
        return f"no licence {key} was issued here, but messages name it: see `licence history`"
    return f"the ledger knows nothing of the licence {key}"


def _local(instant: datetime) -> str:
    return instant.astimezone(BUSINESS_ZONE).isoformat(sep=" ", timespec="seconds")
