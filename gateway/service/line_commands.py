"""Control commands about the line, the same at both ends."""

from __future__ import annotations

from typing import Any

from gateway.operations.commands import Commands
from gateway.service.line_test import LineTest
from gateway.service.line_trace import LineTrace, partner_named
from gateway.service.surroundings import Line


def register_line_commands(commands: Commands, line: Line) -> None:
    """Add `line up`, `line down`, `line drain`, `line status`, `line test` and `line trace`."""

    def partner_of(arguments: dict[str, Any]) -> str:
        return partner_named(line, arguments.get("partner", ""))

    async def up(arguments: dict[str, Any]) -> dict[str, Any]:
        line.up(partner_of(arguments))
        return await status(arguments)

    async def down(arguments: dict[str, Any]) -> dict[str, Any]:
        await line.down(partner_of(arguments))
        return await status(arguments)

    async def drain(arguments: dict[str, Any]) -> dict[str, Any]:
        await line.drain(partner_of(arguments))
        return await status(arguments)

    async def status(arguments: dict[str, Any]) -> dict[str, Any]:
        wanted = partner_of(arguments) if arguments.get("partner") else None
        return {"rows": [row for row in line_rows(line) if wanted in (None, row["partner"])]}

    commands.add("line up", up)
    commands.add("line down", down)
    commands.add("line drain", drain)
    commands.add("line status", status)
    commands.add_stream("line test", LineTest(line).command)
    commands.add_stream("line trace", LineTrace(line).command)


def line_rows(line: Line) -> list[dict[str, Any]]:
    """One row a line, as plain JSON values."""
    return [status.to_dict() for status in line.status()]
