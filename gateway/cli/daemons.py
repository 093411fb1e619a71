"""`run`, `customs`, `demo`: what keeps running."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.place import customs_config, gateway_config, takes_place


@click.command()
@takes_place
def run(config: Path | None, instance: Path | None) -> None:
    """Run the gateway until SIGTERM, SIGINT or `gatewayd ctl stop`."""
    settings = gateway_config(config, instance)
    from gateway.service import run_gateway  # noqa: PLC0415 - the other commands need not load the whole house

    run_gateway(settings)


@click.command()
@takes_place
def customs(config: Path | None, instance: Path | None) -> None:
    """Run the simulated customs, the other end of the line."""
    settings = customs_config(config, instance)
    from gateway.service import run_customs  # noqa: PLC0415 - the other commands need not load the whole house

    run_customs(settings)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("var/demo"))
def demo(folder: Path) -> None:
    """Show the whole way of a licence between two real daemons, and leave everything in FOLDER.

    Exit status 0: every claim that it makes held.
    """
    from gateway.demo.run import run_demo  # noqa: PLC0415 - the other commands need not load the whole house

    raise SystemExit(run_demo(folder))
