"""`line status`: how each line is doing, what is wrong in words, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any, Final

from gateway.clock import Clock
from gateway.ledger.store import Ledger
from gateway.ledger.waiting import waiting_for
from gateway.line.remedies import todo
from gateway.line.status import Direction
from gateway.operations.expiring import Expiring, terms
from gateway.service.line_trace import partner_named
from gateway.service.surroundings import Line

_DAY_SECONDS: Final = 86_400
#: How states begin in which what went wrong before is over, or of no account.
WELL: Final = ("in session", "resting", "down", "maintenance", "closed")


class LineReport:
    """Puts together what the line, the ledger and the files of certificates know of a partner."""

    def __init__(
        self, line: Line, ledger: Ledger, endings: Callable[[], Iterable[Expiring]], clock: Clock
    ) -> None:
        """`endings` tells the files of now that have an end."""
        self._line = line
        self._ledger = ledger
        self._endings = endings
        self._clock = clock

    async def command(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """`{"partner": str}` → rows, one a direction; of one partner also what waits, stands and ends."""
        if arguments.get("partner") is None:
            return {"rows": await self.rows()}
        partner = partner_named(self._line, arguments["partner"])
        return {
            "partner": partner,
            "rows": await self.rows(partner),
            "waiting": (await self._waiting([partner]))[partner],
            "sessions": [one.to_dict() for one in self._line.tracing.standing(partner)],
            "certificates": self._certificates(partner),
        }

    async def rows(self, partner: str | None = None) -> list[dict[str, Any]]:
        """A row a line: its status, with what waits, and what to do about its last error."""
        rows = line_rows(self._line, partner)
        waiting = await self._waiting(list(dict.fromkeys(row["partner"] for row in rows)))
        return [{**row, "waiting": waiting[row["partner"]]} for row in rows]

    async def _waiting(self, partners: Sequence[str]) -> dict[str, dict[str, Any]]:
        found = await self._ledger.read(
            lambda connection: [waiting_for(connection, partner) for partner in partners]
        )
        return {partner: one.to_dict() for partner, one in zip(partners, found, strict=True)}

    def _certificates(self, partner: str) -> list[dict[str, Any]]:
        now = self._clock()
        return [
            {
                "of": one.name.removeprefix("of "),
                "ends": term.ends.isoformat(timespec="seconds"),
                "days_left": int((term.ends - now).total_seconds() // _DAY_SECONDS),
                "file": str(one.path),
            }
            for one, term in terms(self._endings())
            if one.partner in ("", partner) and one.role not in ("seal", "gateway")
        ]


def line_rows(line: Line, partner: str | None = None) -> list[dict[str, Any]]:
    """One row a line, as plain JSON values; `todo` is what to do about an error that is not over."""
    return [_row(line, status) for status in line.status() if partner in (None, status.partner)]


def _row(line: Line, status: Any) -> dict[str, Any]:
    counters = line.tracing.link_counters(status.partner, Direction(status.direction))
    return {
        **status.to_dict(),
        "todo": "" if status.state.startswith(WELL) else todo(status.last_error),
        "link": None if counters is None else asdict(counters),
    }
