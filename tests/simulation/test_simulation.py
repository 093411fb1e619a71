"""A few seeds of the simulation; `make simulate` plays as many as wanted."""

from __future__ import annotations

import sqlite3
import struct
from contextlib import closing
from pathlib import Path

import pytest

from tests.simulation.campaign import find
from tests.simulation.disk import committed_bytes
from tests.simulation.run import simulate
from tests.simulation.witness import Reader, Witness

#: Planted faults that so few seeds find; `make simulate PLANTED=1` finds them all.
SOON = {"wake-ups-are-lost": 3, "file-is-taken-before-the-commit": 2, "received-file-is-not-synced": 2}


@pytest.mark.parametrize("seed", range(1, 5))
def test_nothing_is_lost_and_nothing_doubled(seed: int) -> None:
    assert simulate(seed).verdict.faults == ()


def test_a_seed_tells_the_same_story_each_time() -> None:
    first, second = simulate(7), simulate(7)
    assert first.story == second.story
    assert first.digest == second.digest


@pytest.mark.parametrize(("name", "seeds"), SOON.items())
def test_a_planted_fault_is_found(name: str, seeds: int) -> None:
    seed, what = find(name, seeds)
    assert seed is not None, what


def test_a_log_ends_for_certain_where_its_last_transaction_ends() -> None:
    salts, page = b"saltsalt", bytes(512)

    def frame(pages: int, salt: bytes = salts) -> bytes:
        return struct.pack(">II", 1, pages) + salt + bytes(8) + page

    header = bytes(8) + struct.pack(">I", 512) + bytes(4) + salts + bytes(8)
    whole = header + frame(0) + frame(2)
    assert committed_bytes(header) == len(header)
    assert committed_bytes(header + frame(0)) == len(header)
    assert committed_bytes(whole + frame(0)) == len(whole)
    assert committed_bytes(whole + frame(3)[:-1]) == len(whole)
    assert committed_bytes(whole + frame(3, b"old salt")) == len(whole)


def test_the_witness_reads_commands_however_the_octets_come(tmp_path: Path) -> None:
    told: list[str] = []
    witness = Witness(tmp_path, told.append, lambda _house, _path: True)
    offer = b"H" + b"LX1".ljust(26) + b"   " + b"20260101" + b"1200000001" + bytes(100)
    taken, again = b"4" + b"0" * 34, b"2" + b"0" * 17
    theirs, ours = Reader(), Reader()
    for octet in _stream(offer):
        witness.wrote("customs", theirs, ours, bytes([octet]))
    assert theirs.offered == ("LX1", "20260101", "1200000001")
    folder = tmp_path / "state"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "ledger.sqlite3")) as database:
        database.execute(
            "CREATE TABLE inbound_file (dataset_name, file_date, file_time, status, path)",
        )
    witness.wrote("gateway", ours, theirs, _stream(taken))
    assert len(told) == 1
    assert "before the commit" in told[0]
    witness.wrote("gateway", ours, theirs, _stream(again))
    assert "takes ('LX1', '20260101', '1200000001') again" in told[1]


def _stream(command: bytes) -> bytes:
    """A command as it goes over TCP (RFC 5024 section 8.2: version and flags, then the length of it all)."""
    return b"\x10" + (len(command) + 4).to_bytes(3, "big") + command
