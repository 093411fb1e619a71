"""The command line: `gatewayd …`. A command's module is loaded when the command is asked for."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

import click

from gateway.cli.group import Group

#: Each command, in the order of the help, and the module that it is in.
_COMMANDS = {
    "demo": "daemons",
    "init": "setup",
    "check-config": "setup",
    "run": "daemons",
    "customs": "daemons",
    "sample": "samples",
    "act": "acts",
    "ctl": "ctl",
    "verify": "documents",
    "sign": "documents",
    "ledger": "ledger",
    "law": "law",
}


class _Commands(Group):
    """`ctl status` must be quick, and need not load what `run` needs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"gateway.cli.{_COMMANDS[cmd_name]}")
        command = getattr(module, cmd_name.replace("-", "_"))
        assert isinstance(command, click.Command), f"{cmd_name} is no command"
        return command


def _version() -> str:
    try:
        return version("licence-gateway")
    except PackageNotFoundError:
        return "unknown (not installed)"


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(_version(), prog_name="gatewayd")
def main() -> None:
    """The gateway between the authorities that issue import and export licences and customs."""
