"""The command line: `gatewayd …`."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import click

from gateway.cli.ctl import ctl
from gateway.cli.daemons import customs, run
from gateway.cli.documents import sign, verify
from gateway.cli.group import Group
from gateway.cli.setup import check_config, init


def _version() -> str:
    try:
        return version("licence-gateway")
    except PackageNotFoundError:
        return "unknown (not installed)"


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(_version(), prog_name="gatewayd")
def main() -> None:
    """The gateway between the authorities that issue import and export licences and customs."""


for _command in (run, customs, init, check_config, verify, sign, ctl):
    main.add_command(_command)
