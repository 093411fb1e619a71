"""`sample`: fresh licences, genuine, handed over by rename; the shipped ones can be signed."""

from pathlib import Path

import pytest

from gateway.clock import system_clock
from gateway.data import data_dir
from gateway.exchange.names import is_urgent
from gateway.operations.instance import create_instance
from tests.cli.conftest import Gatewayd


@pytest.fixture
def own(tmp_path: Path) -> Path:
    create_instance(tmp_path / "own", at=system_clock())
    return tmp_path / "own"


def test_dropped_samples_are_whole_and_genuine(gatewayd: Gatewayd, own: Path) -> None:
    made = gatewayd("sample", "--drop", "--count", 3, "--lines", 2, "--instance", own)
    assert made.exit_code == 0, made.output
    dropped = sorted((own / "spool/in").iterdir())
    assert len(dropped) == len(made.stdout.splitlines()) == 3
    for path in dropped:
        assert path.suffix == ".xml"
        assert not is_urgent(path.name)
        assert gatewayd("verify", path, "--instance", own).exit_code == 0


def test_urgent_samples_ask_to_be_read_first(gatewayd: Gatewayd, own: Path) -> None:
    gatewayd("sample", "--drop", "--urgent", "--instance", own)
    (path,) = (own / "spool/in").iterdir()
    assert is_urgent(path.name)
    assert b"<Urgent>true</Urgent>" in path.read_bytes()


def test_the_same_seed_gives_the_same_licences_and_none_given_gives_others(
    gatewayd: Gatewayd, own: Path, tmp_path: Path
) -> None:
    def keys(*arguments: object) -> list[str]:
        made = gatewayd("sample", "--count", 4, "-o", tmp_path / "out", *arguments, "--instance", own)
        assert made.exit_code == 0, made.output
        return [line.split()[0] for line in made.stdout.splitlines()]

    assert keys("--seed", 7) == keys("--seed", 7)
    assert keys() != keys()


def test_where_to_must_be_said(gatewayd: Gatewayd, own: Path) -> None:
    assert gatewayd("sample", "--instance", own).exit_code == 2
    assert gatewayd("sample", "--drop", "-o", "x", "--instance", own).exit_code == 2


def test_a_shipped_sample_can_be_signed(gatewayd: Gatewayd, own: Path, tmp_path: Path) -> None:
    shipped = min((data_dir("conf") / "samples").glob("*.xml"))
    signed = gatewayd("sign", "--fresh", shipped, "-o", tmp_path / "signed.xml", "--instance", own)
    assert signed.exit_code == 0, signed.output
    verified = gatewayd("verify", tmp_path / "signed.xml", "--instance", own)
    assert verified.exit_code == 0, verified.output
