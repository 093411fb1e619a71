"""`ctl line test`: is a partner there, who is it, and what can it do?"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from gateway.cli.ctl_live import client_of, takes_daemon
from gateway.cli.group import REFUSED
from gateway.cli.render import show
from gateway.operations.terminal import harmless

_STEP_COLUMNS = 14


@click.command("test")
@click.argument("partner")
@click.option("--address", help="Only this one of its addresses, or another tls: address to be tried.")
@takes_daemon
def line_test(
    config: Path | None, instance: Path | None, customs: bool, as_json: bool, **arguments: Any
) -> None:
    """Connect to PARTNER, negotiate, tell what was found, and end. Nothing is sent.

    Works while the line is up or down, beside the sessions that stand. Over a serial line only while it is
    free. Exit status 0 when all is well.
    """
    given = {name: value for name, value in arguments.items() if value is not None}
    told = client_of(config, instance, customs=customs).stream("line test", **given)
    result = _for_programs(told) if as_json else _for_people(told)
    if not result.get("ok"):
        raise SystemExit(REFUSED)


def _for_programs(told: Iterator[dict[str, Any]]) -> Mapping[str, Any]:
    trials: list[Any] = []
    result: dict[str, Any] = {}
    for item in told:
        if "trial" in item:
            trials.append(item["trial"])
        result = item.get("result", result)
    show({**result, "addresses": trials}, as_json=True)
    return result


def _for_people(told: Iterator[dict[str, Any]]) -> Mapping[str, Any]:
    result: dict[str, Any] = {}
    for item in told:
        match item:
            case {"address": address}:
                click.echo(click.style(harmless(address), bold=True))
            case {"step": _}:
                click.echo("\n".join(_step(item, colour=sys.stdout.isatty())))
            case {"trial": {"found": found}} if found:
                click.echo()
                show({"what the partner offers": found}, as_json=False)
                click.echo()
            case {"trial": _}:
                click.echo()
            case {"result": result}:
                click.echo("\n".join(_result(result)))
    return result


def _step(step: Mapping[str, Any], *, colour: bool) -> Iterator[str]:
    mark = click.style("ok    ", fg="green") if step["ok"] else click.style("FAILED", fg="red")
    took = "" if step.get("ms") is None else f"  ({step['ms']:g} ms)"
    line = f"  {mark} {step['step']:<{_STEP_COLUMNS}} {harmless(step['found'])}{took}"
    yield line if colour else click.unstyle(line)
    if step.get("todo"):
        yield f"  {'':6} {'':<{_STEP_COLUMNS}} → {harmless(step['todo'])}"


def _result(result: Mapping[str, Any]) -> Iterator[str]:
    partner = harmless(str(result.get("partner")))
    yield f"The line to {partner} works." if result.get("ok") else f"The line to {partner} does not work."
    for note in result.get("notes", ()):
        yield f"Note: {harmless(note)}."
