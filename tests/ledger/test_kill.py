"""SIGKILL in the middle: what was told as committed is there, whole, and nothing is there by half."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from gateway.clock import system_clock
from gateway.ledger.check import differences
from gateway.ledger.store import Ledger
from gateway.ledger.tables import licence, outbox
from tests.ledger.makers import now

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 4


def numbers(connection: Connection) -> set[int]:
    return {int(number[-6:]) for number in connection.execute(select(licence.c.licence_no)).scalars()}


def sealed(connection: Connection) -> set[int]:
    return {int(name[2:]) for name in connection.execute(select(outbox.c.message_id)).scalars()}


@pytest.mark.slow
def test_what_was_told_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    chance = random.Random(20260601)
    told: set[int] = set()
    for _ in range(ROUNDS):
        path.with_suffix(".next").write_text(str(max(told, default=0) + 1_000))
        told |= run_and_kill(path, chance.uniform(0.05, 0.4))

        ledger = Ledger.open(path, clock=system_clock)
        there = now(ledger.read(numbers))
        assert told <= there
        assert now(ledger.read(sealed)) == there, "each unit is there whole or not at all"
        assert now(ledger.read(lambda connection: list(differences(connection)))) == []
        now(ledger.close())
        told = there
    assert len(told) > ROUNDS


def run_and_kill(path: Path, seconds: float) -> set[int]:
    """What a writing process had told when it was killed, `seconds` after its first word."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "codecs")])}
    script = Path(__file__).with_name("writer_process.py")
    with subprocess.Popen(
        [sys.executable, str(script), str(path)], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        time.sleep(seconds)
        process.kill()
        lines += process.stdout.readlines()
    return {int(line) for line in lines if line.endswith("\n")}
