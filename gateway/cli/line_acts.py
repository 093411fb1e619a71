"""`ctl line up`, `down` and `drain`: said to one partner or to all, with what is waited for meanwhile."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from gateway.cli.ctl_live import client_of, takes_daemon
from gateway.cli.line_people import line_in_short
from gateway.cli.render import show
from gateway.operations.terminal import harmless

_EXPLANATIONS: Final = {
    "up": "Call PARTNER at once, and let it call, also in maintenance.",
    "down": "End the sessions with PARTNER now, and have no more.",
    "drain": "Finish what is in hand with PARTNER, then end its sessions and have no more.",
}


def line_acts() -> list[click.Command]:
    """The three commands."""
    return [_command(name, explanation) for name, explanation in _EXPLANATIONS.items()]


def _command(name: str, explanation: str) -> click.Command:
    @click.command(name, help=explanation)
    @click.argument("partner", required=False)
    @click.option("--all", "everybody", is_flag=True, help="All partners.")
    @takes_daemon
    def act(config: Path | None, instance: Path | None, customs: bool, as_json: bool, **given: Any) -> None:
        partner, everybody = given["partner"], given["everybody"]
        if everybody is (partner is not None):
            raise click.UsageError("expected PARTNER or --all")
        arguments = {"all": True} if everybody else {"partner": partner}
        for item in client_of(config, instance, customs=customs).stream(f"line {name}", **arguments):
            if "result" in item:
                _show(item["result"], as_json=as_json)
            elif "waits" in item:
                _tell_waiting(item)

    return act


def _show(result: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        show(result, as_json=True)
        return
    for one in result["done"]:
        click.echo(f"{harmless(one['partner'])} {harmless(one['done'])}")
    click.echo()
    show({"rows": [line_in_short(row) for row in result["rows"]]}, as_json=False)


def _tell_waiting(item: Mapping[str, Any]) -> None:
    """On standard error: what is piped further is the answer alone."""
    for one in item["waits"]:
        doing = harmless(one["in_hand"] or one["doing"])
        where = harmless(one["address"] or "an unknown address")
        line = f"{item['seconds']:.0f} s: waiting for {harmless(one['partner'])} at {where}: {doing}"
        click.echo(click.style(line, dim=True) if sys.stderr.isatty() else line, err=True)
