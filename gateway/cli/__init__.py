"""The commands: click on the outside, one thin function each inside."""

from gateway.cli.main import main

__all__ = ["main"]
