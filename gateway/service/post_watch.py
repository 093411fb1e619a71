"""What partners have not taken, or not receipted as they should: told as long as it is so."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy import Connection
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from gateway.errors import EnvironmentFault
from gateway.ledger import query
from gateway.ledger.store import Ledger

_log = Logger(namespace="gateway.post_watch")

ROUND_SECONDS = 10.0


class PostWatch:
    """Asks the ledger every `ROUND_SECONDS`, from `start` to `stop`: alerts outlive a restart that way."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        partners: Iterable[str],
        reactor: IReactorTime,
        alarm: Callable[[str, str | None], None],
    ) -> None:
        self._ledger = ledger
        self._partners = tuple(partners)
        self._alarm = alarm
        self._rounds = LoopingCall(lambda: Deferred.fromCoroutine(self.make_round()))
        self._rounds.clock = reactor

    def start(self) -> None:
        """Begin with a round at once."""
        self._rounds.start(ROUND_SECONDS).addErrback(
            lambda failure: _log.failure("the watch over the post has stopped", failure)
        )

    def renew(self, partners: Iterable[str]) -> None:
        """Look after these from now on."""
        before, self._partners = self._partners, tuple(partners)
        for gone in set(before) - set(self._partners):
            for name in (f"post to {gone}", f"deliveries to {gone}", f"receipts from {gone}"):
                self._alarm(name, None)

    async def stop(self) -> None:
        """Make no more rounds."""
        if self._rounds.running:
            self._rounds.stop()

    async def make_round(self) -> None:
        """Look once."""
        try:
            given_up, not_proved = await self._ledger.read(_troubles)
        except EnvironmentFault as fault:
            _log.warn("the post cannot be looked at", fault=fault)
            return
        for partner in self._partners:
            self._alarm(f"post to {partner}", _held(given_up.get(partner, 0)))
            self._alarm(f"deliveries to {partner}", _without_proof(not_proved.get(partner, 0)))


def _troubles(connection: Connection) -> tuple[dict[str, int], dict[str, int]]:
    return query.given_up(connection), query.not_proved(connection)


def _held(messages: int) -> str | None:
    if not messages:
        return None
    return f"messages held whose file was not taken or processed: {messages}; ctl queue list --status held"


def _without_proof(files: int) -> str | None:
    if not files:
        return None
    return f"files without the signed receipt that was asked for: {files}; ctl queue list --status assigned"
