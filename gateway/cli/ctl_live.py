"""How `ctl` reaches the daemon, and the commands that take their time: `tail` and `stop`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from gateway.cli.place import configuration_path, takes_place
from gateway.cli.render import show, show_line
from gateway.config import DoorConfig
from gateway.config.loading import load
from gateway.errors import EnvironmentFault
from gateway.operations.client import ControlClient
from gateway.operations.instance import CUSTOMS_FILE, GATEWAY_FILE
from gateway.operations.tail import MAX_RECORDS
from gateway.operations.terminal import readable

Function = TypeVar("Function", bound=Callable[..., Any])

_POLL_SECONDS = 0.1
_STOP_TIMEOUT_SECONDS = 120.0


def takes_daemon(function: Function) -> Function:
    """Give a command the options that say which daemon it talks to, and `--json`."""
    customs = click.option("--customs", is_flag=True, help="Talk to the simulated customs instead.")
    as_json = click.option("--json", "as_json", is_flag=True, help="Write JSON.")
    return takes_place(customs(as_json(function)))


def client_of(config: Path | None, instance: Path | None, *, customs: bool) -> ControlClient:
    """A client of the daemon that runs with the configuration meant, which may be faulty by now."""
    path = configuration_path(config, instance, CUSTOMS_FILE if customs else GATEWAY_FILE)
    return ControlClient(load(DoorConfig, path).operations.control_socket)


@click.command()
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes, until interrupted.")
@click.option("-n", "--count", type=click.IntRange(0, MAX_RECORDS), default=20, show_default=True)
@click.option("--level", help="Only records of this level or worse: debug, info, warn, error, critical.")
@click.option("--match", help="Only records with this in their message id, licence or sentence.")
@takes_daemon
def tail(config: Path | None, instance: Path | None, customs: bool, as_json: bool, **arguments: Any) -> None:
    """The last records of the log."""
    colour = sys.stdout.isatty()
    try:
        for record in client_of(config, instance, customs=customs).stream("tail", **arguments):
            if as_json:
                show_line(record)
            elif "dropped" in record:
                click.echo(f"… {record['dropped']} records were missed here: this reader was too slow")
            else:
                click.echo(readable(record, colour=colour))
    except KeyboardInterrupt:
        return


@click.command()
@takes_daemon
def metrics(config: Path | None, instance: Path | None, customs: bool, as_json: bool) -> None:
    """What is measured, in the text format of Prometheus."""
    answer = client_of(config, instance, customs=customs).call("metrics")
    if as_json:
        show(answer, as_json=True)
    else:
        click.echo(answer["text"], nl=False)


@click.command()
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait until the daemon has ended.")
@takes_daemon
def stop(config: Path | None, instance: Path | None, customs: bool, as_json: bool, wait: bool) -> None:
    """End the daemon: finish what is in hand, end the session properly, stop."""
    client = client_of(config, instance, customs=customs)
    answer = client.call("stop")
    if wait:
        _wait_for_end(client)
        answer = {"stopped": True}
    show(answer, as_json=as_json)


def _wait_for_end(client: ControlClient) -> None:
    deadline = time.monotonic() + _STOP_TIMEOUT_SECONDS
    while client.is_answered():
        if time.monotonic() > deadline:
            raise EnvironmentFault(f"the daemon has not ended within {_STOP_TIMEOUT_SECONDS:g} seconds")
        time.sleep(_POLL_SECONDS)
