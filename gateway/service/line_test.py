"""`line test`: tries a partner, step by step, and sends it nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from gateway.clock import local_words
from gateway.config.endpoints import Endpoint, Transport
from gateway.line.probe import Step
from gateway.operations.commands import CommandRefused, Stream
from gateway.service.line_report import WELL
from gateway.service.line_trace import partner_named
from gateway.service.surroundings import Line

_IN_SESSION: Final = "in session"
_NO_ROOM: Final = "ESID 08"


class LineTest:
    """Tries one address after the other; a partner is tried once at a time."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._tried: set[str] = set()

    async def command(self, arguments: dict[str, Any], stream: Stream) -> None:
        """`{"partner": str, "address": str}` → items, at last `{"result": …}`.

        Before that, for each address, `{"address": …}`, its steps, and `{"trial": …}`.
        Without `address` all that are configured. The result's `ok` is true when all of them are well.
        """
        partner = partner_named(self._line, arguments.get("partner", ""))
        addresses = self._addresses(partner, arguments.get("address"))
        if partner in self._tried:
            raise CommandRefused("refused", f"{partner} is being tested already")
        self._tried.add(partner)
        try:
            stream.send_all([{"result": await self._try_all(partner, addresses, stream)}])
        finally:
            self._tried.discard(partner)

    async def _try_all(self, partner: str, addresses: Sequence[Endpoint], stream: Stream) -> dict[str, Any]:
        standing, trials = self._standing(partner), []

        def tell(step: Step) -> None:
            stream.send_all([step.to_dict()])

        for address in addresses:
            stream.send_all([{"address": str(address)}])
            trial = await self._line.prober.probe(partner, address, tell)
            trials.append(trial.to_dict())
            stream.send_all([{"trial": trials[-1]}])
        notes = self._notes(standing, self._standing(partner), trials)
        is_well = all(trial["ok"] for trial in trials)
        if is_well:
            notes += self._troubles(partner)
        return {
            "partner": partner,
            "ok": is_well,
            "sessions_before": standing,
            "sessions_after": self._standing(partner),
            "notes": notes,
        }

    def _addresses(self, partner: str, given: object) -> Sequence[Endpoint]:
        configured = self._line.prober.addresses(partner)
        if given is None:
            if not configured:
                raise CommandRefused(
                    "refused", f"{partner} has no address in `call`: it calls us, and there is nothing to try"
                )
            return configured
        try:
            address = Endpoint.parse(given)
        except ValueError:
            raise CommandRefused("usage", f"address: {given!r} is none, such as tls:10.0.0.1:6619") from None
        has_tls = any(one.transport is Transport.TLS for one in configured)
        if address not in configured and not (address.transport is Transport.TLS and has_tls):
            # Nobody proves there who it is before our password is sent.
            raise CommandRefused(
                "refused",
                f"{address} is not in `call` of {partner}: others are tried over TLS alone, if it has any",
            )
        return [address]

    def _standing(self, partner: str) -> int:
        return sum(one.partner == partner and one.state == _IN_SESSION for one in self._line.status())

    def _troubles(self, partner: str) -> list[str]:
        """What keeps the line down may come later in a session than a test goes."""
        return [
            f"the line is {one.state} ({one.direction}); its last trouble was at "
            f"{local_words(one.last_error_at)}: {one.last_error}"
            for one in self._line.status()
            if one.partner == partner and one.last_error_at is not None and not one.state.startswith(WELL)
        ]

    def _notes(self, before: int, after: int, trials: Sequence[dict[str, Any]]) -> list[str]:
        notes = []
        failed = [step["found"] for trial in trials for step in trial["steps"] if not step["ok"]]
        if before and any(_NO_ROOM in found for found in failed):
            notes.append(
                "a session stands, and the partner may allow one only: then nothing is wrong; "
                "`ctl line drain` first, to test the line alone"
            )
        if after < before:
            notes.append("a session that stood has ended meanwhile: the partner seems to allow one only")
        return notes
