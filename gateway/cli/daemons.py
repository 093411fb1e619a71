"""`run`, `customs`, `demo`: what keeps running."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.group import complain
from gateway.cli.place import customs_config, gateway_config, takes_place
from gateway.clock import Clock, clock_ahead, system_clock

_days_ahead = click.option(
    "--days-ahead",
    type=click.IntRange(0, 3650),
    default=0,
    metavar="N",
    help="For trials only: let its clock be N days ahead, at both ends of the line.",
)


@click.command()
@takes_place
@_days_ahead
def run(config: Path | None, instance: Path | None, days_ahead: int) -> None:
    """Run the gateway until SIGTERM, SIGINT or `gatewayd ctl stop`."""
    settings = gateway_config(config, instance)
    from gateway.service import run_gateway  # noqa: PLC0415 - the other commands need not load the whole house

    run_gateway(settings, clock_of(days_ahead))


@click.command()
@takes_place
@_days_ahead
def customs(config: Path | None, instance: Path | None, days_ahead: int) -> None:
    """Run the simulated customs, the other end of the line."""
    settings = customs_config(config, instance)
    from gateway.service import run_customs  # noqa: PLC0415 - the other commands need not load the whole house

    run_customs(settings, clock_of(days_ahead))


def clock_of(days_ahead: int) -> Clock:
    """The clock of a daemon; one that is not the machine's is spoken of."""
    if not days_ahead:
        return system_clock
    complain(f"for trials: this daemon's clock is {days_ahead} days ahead")
    return clock_ahead(days_ahead)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("var/demo"))
@click.option(
    "--line",
    type=click.Choice(["tls", "serial"]),
    default="tls",
    show_default=True,
    help="What is between the daemons; serial: two pseudo-terminals.",
)
def demo(folder: Path, line: str) -> None:
    """Show the whole way of a licence between two real daemons, and leave everything in FOLDER.

    Exit status 0: every claim that it makes held.
    """
    from gateway.demo.run import run_demo  # noqa: PLC0415 - the other commands need not load the whole house

    raise SystemExit(run_demo(folder, serial=line == "serial"))
