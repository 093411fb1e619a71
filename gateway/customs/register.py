"""Customs' own register, as it is looked at: what it took, what it released, and what that comes to.

It knows nothing of the gateway's law: it counts what it released and what the gateway answered. That is
what makes its totals worth comparing with the gateway's.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, func, select

from gateway.customs import answers, releases, standing
from gateway.customs.counting import CountedLine, Told, count, written_off
from gateway.customs.tables import customs_correction, customs_licence, customs_release
from gateway.ledger.projection import about
from licencexml.values import LicenceKey


def counts(connection: Connection) -> dict[str, int]:
    """How many licences were taken, and how many releases and corrections have which answer."""
    taken = connection.execute(select(func.count()).select_from(customs_licence)).scalar_one()
    return {
        "licences": taken,
        **dict(_by_answer(connection, "releases", customs_release)),
        **dict(_by_answer(connection, "corrections", customs_correction)),
    }


def _by_answer(connection: Connection, name: str, table: Table) -> Iterator[tuple[str, int]]:
    query = select(table.c.answer, func.count()).group_by(table.c.answer)
    found = {(answer or answers.WAITING).lower(): count for answer, count in connection.execute(query)}
    yield from ((f"{name}_{answer}", count) for answer, count in sorted(found.items()))


def totals(connection: Connection, key: LicenceKey | None = None) -> list[dict[str, Any]]:
    """Per goods line: what was issued, what stands of releases that the gateway agreed to, and the rest."""
    keys = None if key is None else [key]
    told = releases.load_told(connection, releases.agreed, keys)
    rows = []
    for licence, lines in releases.load_issued(connection, keys).items():
        amounts = written_off(count(told.get(licence, Told())), lines)
        for line in lines:
            amount = amounts[line.line_number]
            rows.append(
                {
                    "licence": str(licence),
                    "line": line.line_number,
                    "unit": line.unit,
                    "issued": f"{line.issued:f}",
                    "written_off": f"{amount:f}",
                    "balance": f"{line.issued - amount:f}",
                }
            )
    return rows


def licence(connection: Connection, key: LicenceKey, at: datetime) -> dict[str, Any] | None:
    """One licence as it stands at `at`, its declarations, all that was told of it, and all answers.

    `declarations` has what the gateway agreed to, line by line: released, amended to, withdrawn, what stands.
    """
    found = standing.find(connection, key, at)
    if found is None:
        return None
    told = releases.load_told(connection, releases.agreed, [key])[key]
    ended = found.ended
    return {
        "licence": str(key),
        "status": found.status,
        "suspended": list(found.suspended),
        "ended_by": None if ended is None else ended.message_id,
        "replaced_by": None if ended is None or ended.replaced_by is None else str(ended.replaced_by),
        "lines": totals(connection, key),
        "declarations": [_declaration_line(line) for line in count(told)],
        "releases": _sent(connection, key, customs_release),
        "corrections": _sent(connection, key, customs_correction),
        "answers": answers.history(connection, key),
    }


def _declaration_line(line: CountedLine) -> dict[str, Any]:
    released, amended = line.released, line.amended
    return {
        "entry_id": released.key.entry_id,
        "line": released.key.line_number,
        "sequence": released.key.sequence,
        "licence_line": line.licence_line,
        "unit": line.unit,
        "released": f"{released.quantity:f}",
        "amended_to": None if amended is None else f"{amended.quantity:f}",
        "withdrawn": f"{line.withdrawn:f}",
        "stands": f"{line.stands:f}",
    }


def _sent(connection: Connection, key: LicenceKey, table: Table) -> list[dict[str, Any]]:
    """What was told, message by message, with the word that holds now."""
    query = select(table).where(about(table, [key])).order_by(table.c.id)
    return [
        {
            **({"kind": row.kind, "number": row.number} if table is customs_correction else {}),
            "entry_id": row.entry_id,
            "message_id": row.message_id,
            "mischief": row.mischief,
            "answer": row.answer or answers.WAITING,
            "codes": row.codes,
        }
        for row in connection.execute(query)
    ]
