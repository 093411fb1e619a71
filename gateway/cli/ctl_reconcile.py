"""`ctl reconcile show`: what a day's comparison with customs came to, for people and for programs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import click

from gateway.cli.ctl_live import client_of, takes_daemon
from gateway.cli.render import show
from gateway.exchange.day_files import WRITERS
from gateway.operations.commands import CommandRefused

Answer = Mapping[str, Any]

TABLE = "table"


@click.command(name="show")
@click.argument("date", required=False)
@click.option("--partner", help="With whom, if the day was reported to several customs offices.")
@click.option(
    "--format",
    "kind",
    type=click.Choice([TABLE, *WRITERS]),
    default=TABLE,
    show_default=True,
    help="table for people; json, csv and xml have every item that was compared.",
)
@takes_daemon
def reconcile_show(
    config: Path | None, instance: Path | None, customs: bool, as_json: bool, **given: str | None
) -> None:
    """What was compared with customs about DATE (the last day closed), and what to do about it.

    Exit status 1: there is nothing about that day, or for json, csv and xml no answer of customs yet.
    """
    kind, date = str(given["kind"]), given["date"]
    asked = {"date": date, "partner": given["partner"]}
    asked = {name: value for name, value in asked.items() if value is not None}
    client = client_of(config, instance, customs=customs)
    answer = client.call("reconcile show", **asked, compared=as_json or kind != TABLE)
    if as_json or kind == TABLE:
        show(answer if as_json else for_people(answer), as_json=as_json)
        return
    if answer["report"] is None:
        raise CommandRefused("not-found", f"customs has not answered the reconciliation of {answer['day']}")
    report = {**answer["report"], "contacts": answer["contacts"]}
    click.echo(WRITERS[kind](report), nl=False)


def for_people(answer: Answer) -> Answer:
    """The day, then each difference with both sides' figures, what to do, and whom to call."""
    report = answer.get("report")
    day = {
        name: value for name, value in answer.items() if name not in ("report", "contacts") and value != []
    }
    if not isinstance(report, Mapping):
        return {**day, "answer": "customs has not answered yet"}
    contacts = answer.get("contacts", {})
    return {
        **day,
        "customs_as_of": report["customs_as_of"],
        "totals": report["totals"],
        "differences": [_row(row) for row in report["differences"]],
        "what_to_do": _remedies(report["differences"], contacts),
        "issued_and_not_sent_that_day": report["late"],
    }


def _row(row: Answer) -> dict[str, Any]:
    """A difference in few columns: what it is about, and of both sides' figures those that differ."""
    ours, customs = row["ours"], row["customs"]
    same = () if ours is None or customs is None else {name for name in ours if ours[name] == customs[name]}
    return {
        "class": row["class"],
        "licence": row["licence"],
        "what": _what(row),
        "ours": _stated(ours, same),
        "customs": _stated(customs, same),
    }


def _what(row: Answer) -> str:
    match row["subject"]:
        case "TRANSFER":
            return f"message {row['message_id']}"
        case "GOODS_LINE":
            return f"line {row['line']}"
        case subject:
            return str(subject).lower()


def _stated(stated: Answer | None, same: Collection[str]) -> str | None:
    """What one side says; of a digest its beginning."""
    if stated is None:
        return None
    shown = {name: value for name, value in stated.items() if value is not None and name not in same}
    if "digest" in shown:
        shown["digest"] = f"{shown['digest'][:16]}…"
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in shown.items())


def _remedies(differences: list[Answer], contacts: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    """One row a class: its article, what to do, and whom to call."""
    first = {row["class"]: row for row in reversed(differences)}
    return [
        {
            "class": kind,
            "article": row["article"],
            "what_to_do": row["remedy"],
            "call": "; ".join(_called(role, contacts.get(role, [])) for role in row["call"]),
        }
        for kind, row in sorted(first.items())
    ]


def _called(role: str, found: list[str]) -> str:
    return f"{role}: {', '.join(found)}" if found else f"{role} (no contact is configured)"
