"""`verify` and `sign`: genuine or not, who signed what, and the exit status to go by."""

import json
from pathlib import Path

import pytest

from licencexml import writing
from tests.cli.conftest import Gatewayd
from tests.operations.issues import an_issue


@pytest.fixture
def unsigned(tmp_path: Path) -> Path:
    path = tmp_path / "unsigned.xml"
    path.write_bytes(writing.serialise(writing.write_message(an_issue())))
    return path


@pytest.fixture
def signed(unsigned: Path, gatewayd: Gatewayd, instance: Path, tmp_path: Path) -> Path:
    made = gatewayd("sign", unsigned, "-o", tmp_path / "signed.xml", "--instance", instance)
    assert made.exit_code == 0, made.output
    return tmp_path / "signed.xml"


def test_a_signed_licence_is_genuine_and_it_is_told_who_signed_what(
    signed: Path, gatewayd: Gatewayd, instance: Path
) -> None:
    told = gatewayd("verify", signed, "--instance", instance)
    assert told.exit_code == 0
    assert "\nverdict:  genuine\n" in told.stdout
    for fact in ("ISSUER-SAMPLE", "IMPORT/26-AA-123456", "石油原油", "1000.00000"):
        assert fact in told.stdout


def test_one_digit_changed_is_not_genuine_and_it_is_told_why(
    signed: Path, gatewayd: Gatewayd, instance: Path
) -> None:
    signed.write_bytes(signed.read_bytes().replace(b">1000.00000<", b">1000.00001<"))
    told = gatewayd("verify", signed, "--json", "--instance", instance)
    verdict = json.loads(told.stdout)
    assert told.exit_code == 1
    assert verdict["genuine"] is False
    assert verdict["what"] == []
    assert verdict["rejections"]


def test_of_several_files_one_that_is_not_genuine_is_enough(
    signed: Path, unsigned: Path, gatewayd: Gatewayd, instance: Path
) -> None:
    assert gatewayd("verify", signed, signed, "--instance", instance).exit_code == 0
    told = gatewayd("verify", signed, unsigned, "--instance", instance)
    assert told.exit_code == 1
    assert [line for line in told.stdout.splitlines() if line.startswith("verdict")] == [
        "verdict:  genuine",
        "verdict:  not genuine",
    ]


def test_standard_input_can_be_verified(unsigned: Path, gatewayd: Gatewayd, instance: Path) -> None:
    assert gatewayd("verify", "-", "--instance", instance).exit_code == 1


def test_a_file_that_is_not_there_is_no_forgery(gatewayd: Gatewayd, instance: Path) -> None:
    told = gatewayd("verify", "absent.xml", "--instance", instance)
    assert told.exit_code == 2
    assert "absent.xml: cannot be read" in told.stderr


def test_without_an_output_the_signed_document_goes_to_standard_output(
    unsigned: Path, gatewayd: Gatewayd, instance: Path
) -> None:
    made = gatewayd("sign", unsigned, "--instance", instance)
    assert made.exit_code == 0
    assert made.stdout_bytes.startswith(b"<?xml")
    assert b"SignatureValue" in made.stdout_bytes


def test_what_cannot_be_signed_is_told(
    signed: Path, gatewayd: Gatewayd, instance: Path, tmp_path: Path
) -> None:
    again = gatewayd("sign", signed, "--instance", instance)
    assert again.exit_code == 1
    assert "signed already" in again.stderr
    (tmp_path / "broken.xml").write_text("<LicenceIssue")
    broken = gatewayd("sign", tmp_path / "broken.xml", "--instance", instance)
    assert broken.exit_code == 1
    assert "XML_" in broken.stdout


def test_a_place_that_cannot_be_written_to_is_told_in_a_line(
    unsigned: Path, gatewayd: Gatewayd, instance: Path, tmp_path: Path
) -> None:
    nowhere = tmp_path / "nowhere" / "signed.xml"
    told = gatewayd("sign", unsigned, "-o", nowhere, "--instance", instance)
    assert (told.exit_code, told.stderr) == (2, f"gatewayd: {nowhere}: No such file or directory\n")
