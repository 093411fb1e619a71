"""The corpus of the fuzzer, replayed without it: its seeds, and whatever it has found."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

import pytest

from oftp2.formats import FORMATS
from tests.fuzz.pieces import Piece, read, written
from tests.fuzz.run import fuzz
from tests.fuzz.seeds import CORPUS, seeds
from tests.fuzz.targets import TARGETS

FILES = sorted(path for path in CORPUS.glob("*/*") if path.is_file())
ROUNDS = 40


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_input_of_the_corpus_passes(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_inputs_like_those_of_the_corpus_pass(path: Path) -> None:
    random, data = Random(path.name), path.read_bytes()
    for _ in range(ROUNDS):
        changed = bytearray(data)
        for _ in range(random.randint(1, 4)):
            at = random.randrange(len(changed) + 1)
            changed[at : at + random.randint(0, 3)] = random.randbytes(random.randint(0, 3))
        TARGETS[path.parent.name](bytes(changed))


def test_the_seeds_are_those_of_real_sessions_and_have_each_command() -> None:
    made = seeds()
    stored = {
        f"{path.parent.name}/{path.name}": path.read_bytes()
        for path in FILES
        if not path.name.startswith("found-")
    }
    assert stored == made, "python -m tests.fuzz.seeds writes them anew"
    names = {form.command.__name__ for form in FORMATS} | {"DATA"}
    assert {name.removeprefix("commands/") for name in made if name.startswith("commands/")} >= names
    assert {name.partition("/")[0] for name in made} == set(TARGETS)


def test_pieces_survive_writing() -> None:
    pieces = [Piece(3, b"abc"), Piece(255, b""), Piece(0, bytes(65_535))]
    assert list(read(written(pieces))) == pieces
    assert list(read(b"\x01\xff\xffab")) == [Piece(1, b"ab")]


def test_the_fuzzer_says_what_it_needs_when_it_is_not_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "atheris", None)
    assert fuzz("commands", 1) == 2
    assert "make fuzz" in capsys.readouterr().err
