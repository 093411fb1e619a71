"""How commands end: 0 done, 1 refused (or not genuine, or not found), 2 usage or environment."""

from __future__ import annotations

import sys
from typing import Any

import click

from gateway.errors import EnvironmentFault
from gateway.operations.commands import CommandRefused

DONE, REFUSED, UNUSABLE = 0, 1, 2
_STATUS = {"refused": REFUSED, "not-found": REFUSED, "usage": UNUSABLE, "failed": UNUSABLE}


class Group(click.Group):
    """A group whose commands may raise what the house raises; people get a sentence, never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except CommandRefused as refused:
            complain(refused.message)
            ctx.exit(_STATUS.get(refused.kind, UNUSABLE))
        except EnvironmentFault as fault:
            complain(str(fault))
            ctx.exit(UNUSABLE)
        except BrokenPipeError:
            # The reader (head, less) has gone: nothing more to say, not even at exit.
            sys.stderr.close()
            ctx.exit(DONE)
        except OSError as error:
            complain(f"{error.filename or 'this machine'}: {error.strerror or error}")
            ctx.exit(UNUSABLE)


def complain(message: str) -> None:
    """Write `message` to standard error, a line a fault."""
    for line in message.splitlines():
        click.echo(click.style("gatewayd: ", fg="red") + line, err=True)
