"""`init` and `check-config`: before anything runs."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.group import UNUSABLE, complain
from gateway.cli.place import customs_config, gateway_config, takes_place
from gateway.clock import system_clock
from gateway.operations.inspection import faults_of_customs, faults_of_gateway, notices_of_gateway
from gateway.operations.instance import create_instance
from gateway.trust.authority import KeyKind

_PORT = click.IntRange(1, 65535)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--key-type", type=click.Choice([kind.value for kind in KeyKind]), default="p256", show_default=True
)
@click.option("--gateway-port", type=_PORT, help="Where the gateway listens; default a free port.")
@click.option("--customs-port", type=_PORT, help="Where customs listens; default a free port.")
def init(folder: Path, key_type: str, gateway_port: int | None, customs_port: int | None) -> None:
    """Make a complete instance in FOLDER: keys, certificates, passwords, spool, configuration."""
    instance = create_instance(
        folder,
        at=system_clock(),
        key_kind=KeyKind(key_type),
        gateway_port=gateway_port,
        customs_port=customs_port,
    )
    click.echo(f"""\
Made an instance in {folder}:
  gateway.toml, customs.toml  what the two ends are told; both are commented
  spool/                      in/ takes licences, out/ has the answers
  keys/, trust/               signing keys ({instance.key_kind}), and whose signatures are trusted
  tls/, secrets/              certificates and passwords of the line
  authorities/                the test authorities; in production, use certificates from a real one
Ports on 127.0.0.1: the gateway {instance.gateway_port}, the simulated customs {instance.customs_port}.

Next, in two terminals and a third:
  gatewayd run --instance {folder}
  gatewayd customs --instance {folder}
  gatewayd sample --instance {folder} --drop
  gatewayd ctl status --instance {folder}""")


@click.command("check-config")
@click.option("--customs", "of_customs", is_flag=True, help="Check customs.toml instead of gateway.toml.")
@takes_place
def check_config(of_customs: bool, config: Path | None, instance: Path | None) -> None:
    """Tell every fault of a configuration and of the files that it points to, and what soon expires."""
    notices: tuple[str, ...] = ()
    if of_customs:
        faults = faults_of_customs(customs_config(config, instance))
    else:
        checked = gateway_config(config, instance)
        faults = faults_of_gateway(checked)
        notices = notices_of_gateway(checked, system_clock())
    if faults:
        complain("\n".join(faults))
        raise SystemExit(UNUSABLE)
    for notice in notices:
        click.echo(notice)
    click.echo("in order")
