"""`gatewayd demo`: the whole way of a licence, between two real daemons, and all is left to look into."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import nullcontext
from pathlib import Path

from rich.console import Console

from gateway.clock import system_clock
from gateway.data import data_dir
from gateway.demo.acts import ACTS
from gateway.demo.cast import choose, file_name
from gateway.demo.play import Play, gatewayd
from gateway.demo.serial_line import SerialCable, use_serial_line
from gateway.operations.instance import CUSTOMS_FILE, create_instance

#: Licences beside the shipped samples: enough that a kill finds the gateway in the middle of its work.
EXTRA_LICENCES = 340
_SCENARIO_FILE = "scenario.toml"
#: Marks a folder that a demo made, and that the next one may make anew.
_MARKER = ".demo"
#: How the program is called from where we stand, for the lines that say what to try next.
_PROGRAM = (
    "gatewayd" if shutil.which("gatewayd") else os.path.relpath(Path(sys.executable).with_name("gatewayd"))
)


def run_demo(folder: Path, *, console: Console | None = None, serial: bool = False) -> int:
    """Play the demo in `folder`, which is absent, empty or of an earlier demo; 0 if every claim held, else 1.

    With `serial` the daemons talk over a serial line, which is two pseudo-terminals. Raises
    ConfigurationFault or EnvironmentFault where it cannot be played at all.
    """
    with SerialCable() if serial else nullcontext() as cable:
        return _play(folder, console or Console(), cable)


def _play(folder: Path, console: Console, cable: SerialCable | None) -> int:
    play = _prepare(folder, console, cable)
    between = "mutual TLS" if cable is None else "a serial line"
    try:
        play.announce(f"Two daemons start: the gateway, and a simulated customs, with {between} between them")
        play.stage.customs.start()
        play.stage.gateway.start()
        for act in ACTS:
            act(play)
    finally:
        play.stage.close()
    _claim_that_entries_agree(play)
    play.claims.show()
    _say_what_to_try_next(play, can_run=cable is None)
    return 0 if play.claims.all_held else 1


def _prepare(folder: Path, console: Console, cable: SerialCable | None) -> Play:
    if (folder / _MARKER).is_file():
        shutil.rmtree(folder)
    at = system_clock()
    create_instance(folder, at=at)
    (folder / _MARKER).write_text("Made by `gatewayd demo`, which makes it anew each time.\n")
    cast = choose(data_dir("conf") / "samples", at, EXTRA_LICENCES)
    (folder / _SCENARIO_FILE).write_text(cast.scenario(), encoding="utf-8")
    _use_scenario(folder / CUSTOMS_FILE)
    if cable is not None:
        use_serial_line(folder, cable.devices)
    return Play(folder, console, cast)


def _use_scenario(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    shipped = '# scenario = "scenario.toml"'
    assert shipped in text, "the template shows where a scenario goes"
    path.write_text(text.replace(shipped, f'scenario = "{_SCENARIO_FILE}"', 1), encoding="utf-8")


def _claim_that_entries_agree(play: Play) -> None:
    """Looked at when both daemons have ended."""
    checked = gatewayd("ledger", "check", "--json", "--instance", str(play.folder))
    play.claims.claim(
        "The ledger's entries, replayed, give the balances that it shows",
        checked.returncode == 0,
        " ".join((checked.stdout or checked.stderr).split()),
    )


def _say_what_to_try_next(play: Play, *, can_run: bool) -> None:
    """What is left to look into; `can_run`: what the daemons are connected by is there still."""
    folder, key = play.folder, play.cast.thirteenth
    sealed = folder / "spool" / "out" / f"{file_name(key)}.sealed.xml"
    lines = [
        "",
        f"The instance is in {folder}. Look into it:",
        f"  {folder}/spool/out/          the answers that the issuing system got",
        f"  {folder}/spool/held/         what was refused, with its reasons",
        f"  {folder}/log/gateway.jsonl   the log, one JSON object a line",
        "Try next:",
        f"  {_PROGRAM} verify {sealed} --instance {folder}",
        f"  {_PROGRAM} ledger check --instance {folder}",
    ]
    if can_run:
        lines += [
            f"  {_PROGRAM} run --instance {folder}        and in other terminals:",
            f"  {_PROGRAM} customs --instance {folder}",
            f"  {_PROGRAM} ctl status --instance {folder}",
            f"  {_PROGRAM} ctl licence show {key} --instance {folder}",
        ]
    play.console.print("\n".join(lines), highlight=False, soft_wrap=True)
