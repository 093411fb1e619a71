"""`sample`: fresh, signed licences to try the gateway with."""

from __future__ import annotations

import secrets
from pathlib import Path

import click

from gateway.cli.place import configuration_path, takes_place
from gateway.clock import business_date, system_clock
from gateway.config import GatewayConfig
from gateway.demo.samples import MAX_LINES, generate, issue_message
from gateway.exchange.correspondence import new_message_id
from gateway.operations.issuer import Issuer, hand_over
from licencexml.messages import Licence

_MAX_COUNT = 100_000
_MAX_SEED = 2**31 - 1


@click.command()
@click.option("--count", type=click.IntRange(1, _MAX_COUNT), default=1, show_default=True, help="How many.")
@click.option("--lines", type=click.IntRange(1, MAX_LINES), help="Goods lines on each; default as they come.")
@click.option("--seed", type=click.IntRange(0, _MAX_SEED), help="The same seed gives the same licences.")
@click.option("--urgent", is_flag=True, help="Mark them as urgent (急证).")
@click.option("--drop", is_flag=True, help="Hand them over to the instance's spool.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write them into this folder instead.")
@takes_place
def sample(
    *,
    count: int,
    lines: int | None,
    seed: int | None,
    urgent: bool,
    drop: bool,
    output: Path | None,
    config: Path | None,
    instance: Path | None,
) -> None:
    """Make licences that look real, sign them with the instance's issuer key, and hand them over."""
    if drop == (output is not None):
        raise click.UsageError("expected either --drop or --output FOLDER")
    path = configuration_path(config, instance)
    settings = GatewayConfig.load(path)
    issuer, spool = Issuer.of_instance(path.parent), settings.spools[0].path
    today = business_date(system_clock())
    for licence in generate(_fresh_seed() if seed is None else seed, count, today=today, lines=lines):
        message = issue_message(
            licence,
            sender=issuer.participant,
            receiver=settings.gateway.participant,
            message_id=new_message_id(),
            created=system_clock(),
            urgent=urgent,
        )
        name, data = _name(licence, urgent=urgent), issuer.issue(message)
        if output is None:
            click.echo(f"{licence.key}  {hand_over(spool, name, data)}")
        else:
            output.mkdir(parents=True, exist_ok=True)
            (output / f"{name}.xml").write_bytes(data)
            click.echo(f"{licence.key}  {output / name}.xml")


def _fresh_seed() -> int:
    return secrets.randbelow(_MAX_SEED)


def _name(licence: Licence, *, urgent: bool) -> str:
    kind = licence.key.type.lower().replace("_", "-")
    return f"{kind}-{licence.key.number}{'.urgent' if urgent else ''}"
