"""`ctl`: ask and tell the running daemon.

Most commands are data: the name in the control protocol, what it does, and what it takes. What the daemon
answers is shown as it comes, but for what `people` leaves out.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from gateway.cli.ctl_evidence import message_evidence
from gateway.cli.ctl_ledger import INBOUND_COMMANDS, LEDGER_COMMANDS
from gateway.cli.ctl_live import client_of, metrics, stop, tail, takes_daemon
from gateway.cli.ctl_reconcile import reconcile_show
from gateway.cli.group import Group
from gateway.cli.line_acts import line_acts
from gateway.cli.line_test import line_test
from gateway.cli.line_trace import line_trace
from gateway.cli.people import for_people
from gateway.cli.render import show

_MAX_ROWS = 10_000
_MAX_DAYS = 1_000

_GROUPS = {
    "queue": "What waits to be sent.",
    "inbound": "Files received that are not worked off.",
    "line": "The lines to the partners.",
    "licence": "Licences in the ledger.",
    "message": "Messages in the ledger.",
    "discrepancy": "Releases by customs that the law does not allow.",
    "contact": "Whom to call.",
    "call": "Telephone calls that someone has to make.",
    "reconcile": "Each day compared with customs.",
}


def _commands() -> list[tuple[str, str, list[click.Parameter]]]:
    """Name in the control protocol, help, parameters."""
    rows = click.Argument(["ids"], type=int, nargs=-1, required=True)
    maybe_partner = click.Argument(["partner"], required=False)
    licence = click.Argument(["licence"])
    return [
        ("status", "The gateway, its lines, queues, spool and ledger, and what needs attention.", []),
        ("totals", "For each goods line: issued, written off, left.", []),
        ("reload", "Read law, contacts, line, partners and certificates again, and open the log anew.", []),
        ("queue list", "The rows that wait, most urgent first.", _list_options()),
        ("queue show", "One row, whole.", [click.Argument(["id"], type=int)]),
        ("queue hold", "Keep rows back until they are released.", [rows]),
        ("queue release", "Let held rows go.", [rows]),
        ("queue requeue", "Send rows again that were given up, or sent already.", [rows]),
        ("queue flush", "Try now what waits for its next attempt.", [maybe_partner]),
        *INBOUND_COMMANDS,
        ("line status", "All lines, or everything about the one to PARTNER.", [maybe_partner]),
        ("licence query", "Ask customs how a licence stands, and compare its reply.", [licence]),
        *LEDGER_COMMANDS,
        ("contact list", "The register of contacts, as configured.", []),
        ("call list", "Those that are still to be made, each with whom to call.", []),
        ("call done", "Somebody has made call ID.", [click.Argument(["id"], type=int), *_call_options()]),
        ("reconcile run", "Report DATE (the last day closed) to customs again, at once.", _report_again()),
        ("reconcile list", "The last days: closed, sent, answered, differences.", [_days_limit()]),
    ]


def _list_options() -> list[click.Parameter]:
    return [
        click.Option(["--status"], help="Only rows of this status: DUE, HELD, ASSIGNED, DELIVERED."),
        click.Option(["--partner"], help="Only rows for this partner."),
        click.Option(["--limit"], type=click.IntRange(1, _MAX_ROWS), default=100, show_default=True),
    ]


def _call_options() -> list[click.Parameter]:
    return [
        click.Option(["--by"], required=True, help="Who has made the call."),
        click.Option(["--note"], help="What was said."),
    ]


def _report_again() -> list[click.Parameter]:
    return [
        click.Argument(["date"], required=False),
        click.Option(["--partner"], help="Only to this partner."),
    ]


def _days_limit() -> click.Parameter:
    return click.Option(["--limit"], type=click.IntRange(1, _MAX_DAYS), default=31, show_default=True)


def _asking(command: str, explanation: str, parameters: Sequence[click.Parameter]) -> click.Command:
    """The click command that sends control `command` and shows the answer."""

    @click.command(command.rsplit(maxsplit=1)[-1], help=explanation)
    @takes_daemon
    def ask(config: Path | None, instance: Path | None, customs: bool, as_json: bool, **given: Any) -> None:
        arguments = {name: value for name, value in given.items() if value is not None}
        answer = client_of(config, instance, customs=customs).call(command, **arguments)
        show(answer if as_json else for_people(command, answer), as_json=as_json)

    ask.params[:0] = parameters
    return ask


def _make() -> click.Group:
    group = Group("ctl", help="Ask and tell the running gateway.")
    groups = {name: Group(name, help=explanation) for name, explanation in _GROUPS.items()}
    for command, explanation, parameters in _commands():
        parent = groups[command.split()[0]] if " " in command else group
        parent.add_command(_asking(command, explanation, parameters))
    groups["reconcile"].add_command(reconcile_show)
    groups["message"].add_command(message_evidence)
    for one in (*line_acts(), line_test, line_trace):
        groups["line"].add_command(one)
    for one in (*groups.values(), tail, metrics, stop):
        group.add_command(one)
    return group


ctl = _make()
