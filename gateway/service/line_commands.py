"""Control commands about the line, the same at both ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gateway.clock import Clock
from gateway.operations.commands import Commands
from gateway.operations.expiring import Expiring
from gateway.service.line_acts import LineActs
from gateway.service.line_report import LineReport
from gateway.service.line_test import LineTest
from gateway.service.line_trace import LineTrace
from gateway.service.station import Station


def register_line_commands(
    commands: Commands, station: Station, endings: Callable[[], Iterable[Expiring]], clock: Clock
) -> None:
    """Add all commands that begin with `line`; `endings` tells the files of now that have an end."""
    report = LineReport(station.line, station.ledger, endings, clock)
    commands.add("line status", report.command)
    LineActs(station.line, report).register(commands)
    commands.add_stream("line test", LineTest(station.line).command)
    commands.add_stream("line trace", LineTrace(station.line).command)
