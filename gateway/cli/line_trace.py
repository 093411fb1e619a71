"""`ctl line trace`: the commands on the line, as they passed and as they pass."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from gateway.cli.ctl_live import client_of, takes_daemon
from gateway.cli.render import show_line
from gateway.clock import BUSINESS_ZONE
from gateway.line.tracing import KEPT
from gateway.operations.terminal import harmless

_COLOURS = {">": "green", "<": "cyan", "-": "yellow"}


@click.command("trace")
@click.argument("partner", required=False)
@click.option("-n", "--last", type=click.IntRange(0, KEPT), default=50, show_default=True)
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes, until interrupted.")
@takes_daemon
def line_trace(
    config: Path | None, instance: Path | None, customs: bool, as_json: bool, **arguments: Any
) -> None:
    """The last commands on the line to PARTNER, or on all lines and of callers whom nobody knows.

    `>` was sent, `<` received, `-` is about the connection. Fields have their names in RFC 5024; passwords,
    challenges and signatures are masked, and the content of files is not shown. At the end the state after
    it. Each session has a number.
    """
    colour = sys.stdout.isatty()
    given = {name: value for name, value in arguments.items() if value is not None}
    try:
        for entry in client_of(config, instance, customs=customs).stream("line trace", **given):
            if as_json:
                show_line(entry)
            elif "dropped" in entry:
                click.echo(f"… {entry['dropped']} lines were missed here: this reader was too slow")
            else:
                click.echo(readable(entry, whose=arguments["partner"] is None, colour=colour))
    except KeyboardInterrupt:
        return


def readable(entry: Mapping[str, Any], *, whose: bool, colour: bool) -> str:
    """One entry in a line, in business time: `11-21 09:12:33.051 #7 < SFPA ACNT=0  [OPO, credit 64]`."""
    clock = _clock(entry["at"])
    session = f"#{entry['session']}" if entry["session"] else "–"
    partner = f" {harmless(entry['partner'] or 'unknown')}" if whose else ""
    way = str(entry["way"])
    painted = click.style(f"{way} {harmless(entry['text'])}", fg=_COLOURS.get(way))
    since = f" since {_clock(entry['since'])}" if entry.get("since") else ""
    line = f"{clock} {session:>4}{partner} {painted}{since}{_after(entry)}"
    return line if colour else click.unstyle(line)


def _clock(instant: object) -> str:
    at = datetime.fromisoformat(str(instant)).astimezone(BUSINESS_ZONE)
    return f"{at:%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}"


def _after(entry: Mapping[str, Any]) -> str:
    if not entry.get("state"):
        return ""
    credit = "" if entry.get("credit") is None else f", credit {entry['credit']}"
    return f"  [{harmless(entry['state'])}{credit}]"
