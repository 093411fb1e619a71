"""`python -m oftp2` as a process of its own: against itself, against a line, and against what goes wrong."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from oftp2 import commands as c
from oftp2.buffers import wrap
from oftp2.formats import build
from oftp2.identity import FileIdentity
from oftp2.negotiation import Capabilities, Credentials
from oftp2.tool.folder import file_name
from oftp2.tool.main import main
from tests.line.dummies import make_paper

CODECS = Path(__file__).parents[2] / "codecs"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(CODECS), "ALICE_PW": "ALICEPW", "BOB_PW": "BOBPW"}
ALICE = ["--us", "O0013ALICE", "--password", "env:ALICE_PW", "--partner", "O0013BOB", "--timeout", "10"]
BOB = ["--us", "O0013BOB", "--password", "env:BOB_PW", "--partner", "O0013ALICE", "--timeout", "10"]
STAMP = ["--stamp", "202603011015300001"]
NAME = "202603011015300001,REPORT_1,O0013ALICE,O0013BOB"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "oftp2", *arguments],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@contextmanager
def receiving(folder: Path, *more: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A receiver, and the address that it says it listens at."""
    command = [sys.executable, "-m", "oftp2", "receive", str(folder), "--listen", "127.0.0.1:0", *BOB, *more]
    process = subprocess.Popen(
        command, env=ENVIRONMENT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    limit = threading.Timer(30, process.kill)
    limit.start()
    try:
        assert process.stdout is not None
        yield process.stdout.readline().removeprefix("listening at ").strip(), process
    finally:
        limit.cancel()
        process.kill()
        process.communicate(timeout=10)


@contextmanager
def partner(say: Callable[[socket.socket], None]) -> Iterator[str]:
    """Somebody who answers one call as `say` has it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.settimeout(10)
                say(connection)

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            thread.join(10)


def send(address: str, file: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return run("send", address, *ALICE, "--dataset", "REPORT/1", *STAMP, str(file), *more)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "report"
    path.write_bytes(bytes(range(256)) * 2000 + b"\0" * 5000)
    return path


def test_a_file_goes_over_with_its_receipt_and_a_second_time_changes_nothing(
    tmp_path: Path, file: Path
) -> None:
    folder = tmp_path / "in"
    with receiving(folder) as (address, _):
        first = send(address, file, "--receipt")
        assert first.returncode == 0, first.stderr
        assert first.stdout.splitlines() == [
            "sent: REPORT/1 20260301-1015300001 O0013ALICE>O0013BOB, 517000 octets",
            "the receipt (EERP) has come",
        ]
        again = send(address, file)
        assert again.returncode == 0
        assert again.stdout.startswith("the partner has it already")
    assert [path.name for path in folder.iterdir()] == [NAME]
    assert (folder / NAME).read_bytes() == file.read_bytes()


def test_a_cut_transfer_goes_on_where_the_partner_says(tmp_path: Path, file: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / f"{NAME}.part").write_bytes(file.read_bytes()[: 300 * 1024 + 77])
    with receiving(folder) as (address, _):
        result = send(address, file, "--restart")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("restarted at octet 307200 of 517000\n")
    assert [path.name for path in folder.iterdir()] == [NAME]
    assert (folder / NAME).read_bytes() == file.read_bytes()


def test_what_a_cut_leaves_is_kept_for_the_restart(tmp_path: Path, file: Path) -> None:
    folder = tmp_path / "in"
    with receiving(folder) as (address, process):
        host, _, port = address.partition(":")
        with socket.create_connection((host, int(port)), timeout=10) as caller:
            sfid = c.SFID.of(
                FileIdentity("REPORT/1", "20260301", "1015300001", "O0013ALICE", "O0013BOB"), 517_000
            )
            ssid = c.SSID(
                level=5,
                code="O0013ALICE",
                password="",
                buffer_bytes=4096,
                mode="S",
                compression=False,
                restart=True,
                credit=64,
            )
            data = c.DATA(b"".join(b"\x3f" + file.read_bytes()[at * 63 : at * 63 + 63] for at in range(60)))
            for command in (ssid, sfid, data):
                assert caller.recv(4096)
                caller.sendall(wrap(build(command)))
            caller.shutdown(socket.SHUT_WR)
            while caller.recv(4096):
                pass
        assert process.stdout is not None
        assert process.stdout.readline().startswith("cut: REPORT/1 ")
        assert (folder / f"{NAME}.part").stat().st_size == 60 * 63
        result = send(address, file, "--restart")
        assert result.stdout.startswith("restarted at octet 3072 of 517000\n")
    assert (folder / NAME).read_bytes() == file.read_bytes()


@pytest.mark.parametrize("level", ["4", "2", "1"])
def test_at_an_older_level_the_file_and_its_receipt_come_over_too(
    level: str, tmp_path: Path, file: Path
) -> None:
    folder = tmp_path / "in"
    with receiving(folder, "--level", level) as (address, _):
        probed = run("probe", address, *ALICE)
        result = send(address, file, "--receipt", "--description", "of no use")
    assert f"level           {level} (revision 1." in probed.stdout
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[0] == f"level {level} has no descriptions: it is left out"
    assert result.stdout.splitlines()[-1] == "the receipt (EERP) has come"
    (path,) = folder.iterdir()
    # There is no counter below level 4.
    assert path.name == (NAME if level == "4" else NAME.replace("0001,", "0000,"))
    assert path.read_bytes() == file.read_bytes()


def test_records_go_over_with_their_ends_and_a_restart_is_exact(tmp_path: Path, file: Path) -> None:
    folder = tmp_path / "in"
    lengths = [80, 0, 1000, 7] * 475 + [517_000 - 475 * 1087]
    (tmp_path / "list").write_text("".join(f"{length}\n" for length in lengths))
    options = ["--format", "V", "--record-length", "1000", "--records", str(tmp_path / "list")]
    folder.mkdir()
    # A part of which the list knows less, and the last line of the list is torn.
    (folder / f"{NAME}.part").write_bytes(file.read_bytes()[:5000])
    (folder / f"{NAME}.part.records").write_text("80\n0\n1000\n7\n80\n0\n1000\n7\n8")
    with receiving(folder, "--level", "2") as (address, _):
        (folder / f"{NAME}.part").rename(folder / f"{NAME.replace('0001,', '0000,')}.part")
        (folder / f"{NAME}.part.records").rename(folder / f"{NAME.replace('0001,', '0000,')}.part.records")
        result = send(address, file, *options, "--restart")
        assert result.returncode == 0, result.stderr
        assert result.stdout.splitlines()[0] == "restarted at octet 2174 of 517000"
    name = NAME.replace("0001,", "0000,")
    assert sorted(path.name for path in folder.iterdir()) == [name, f"{name}.records"]
    assert (folder / name).read_bytes() == file.read_bytes()
    assert (folder / f"{name}.records").read_bytes() == (tmp_path / "list").read_bytes()


def test_fixed_records_and_text_and_a_description(tmp_path: Path, file: Path) -> None:
    folder = tmp_path / "in"
    with receiving(folder) as (address, process):
        result = send(address, file, "--format", "F", "--record-length", "1000", "--description", "月报")
        assert result.returncode == 0, result.stderr
        assert result.stdout.splitlines()[0].endswith(", 517000 octets in 517 records")
        assert process.stdout is not None
        assert process.stdout.readline().startswith("described as '月报': REPORT/1 ")
        assert process.stdout.readline().endswith(", 517000 octets in 517 records\n")
        other = ["--stamp", "202603011015300002", "--format", "T"]
        assert send(address, file, *other).returncode == 0
    assert (folder / f"{NAME}.records").read_text() == "1000\n" * 517
    assert (folder / NAME.replace("0001,", "0002,")).read_bytes() == file.read_bytes()
    assert len(list(folder.iterdir())) == 3


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--format", "F"], "--format F needs --record-length"),
        (
            ["--format", "F", "--record-length", "999"],
            "a record has 517 octets, and all of format F have 999",
        ),
        (["--record-length", "80"], "are for --format F and V"),
        (["--format", "V", "--record-length", "100000"], "SFIDLRECL 100000 is not 0..99999"),
        (
            ["--format", "V", "--record-length", "9", "--records", "/nonexistent"],
            "/nonexistent: No such file",
        ),
        (["--description", "x" * 1000], "SFIDDESC has 1000 octets"),
    ],
)
def test_what_cannot_be_offered_is_told_before_anybody_is_called(
    arguments: list[str],
    complaint: str,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ALICE_PW", "ALICEPW")
    assert main(["send", "127.0.0.1:1", *ALICE, "--dataset", "X", *arguments, str(file)]) == 2
    assert complaint in capsys.readouterr().err


def test_an_empty_file_is_a_file(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    with receiving(tmp_path / "in") as (address, _):
        assert send(address, empty).returncode == 0
    assert (tmp_path / "in" / NAME).read_bytes() == b""


def test_a_probe_tells_what_was_found_and_sends_nothing(tmp_path: Path) -> None:
    with receiving(tmp_path / "in", "--buffer", "4000", "--credit", "7", "--no-compression") as (address, _):
        result = run("probe", address, *ALICE)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == [
        f"connection      {address}, not encrypted",
        "identification  O0013BOB",
        "level           5 (revision 2.0)",
        "direction       receives (it was asked for no more, so that it hands over nothing)",
        "buffer          4000 octets, 32768 offered",
        "credit          7, 64 offered",
        "compression     no",
        "restart         yes",
        "special logic   no",
        "authentication  no",
        "user data       none",
    ]
    assert list((tmp_path / "in").iterdir()) == []


def test_a_trace_shows_the_commands_and_no_password(tmp_path: Path, file: Path) -> None:
    with receiving(tmp_path / "in", "--trace") as (address, process):
        result = send(address, file, "--trace")
        process.kill()
        _, theirs = process.communicate(timeout=10)
    lines = [re.sub(r"^ *[\d.]+ ", "", line) for line in result.stderr.splitlines()]
    assert [line.partition(" ")[2].partition(" ")[0] for line in lines if line[0] in "<>"][:5] == [
        "SSRM",
        "SSID",
        "SSID",
        "SFID",
        "SFPA",
    ]
    assert any(re.match(r"> DATA 32767 octets  \[OPO, credit \d+\]$", line) for line in lines)
    assert "PSWD=***" in result.stderr
    for said in (result.stderr, result.stdout, theirs):
        assert "ALICEPW" not in said
        assert "BOBPW" not in said


def test_who_has_the_wrong_password_or_name_is_told_so(tmp_path: Path, file: Path) -> None:
    with receiving(tmp_path / "in", "--partner-password", "env:BOB_PW") as (address, _):
        result = send(address, file)
        assert result.returncode == 1
        assert result.stderr == "not done: the partner ended the session: ESID 04 invalid password\n"
        result = run("probe", address, *ALICE, "--us", "O0013EVE")
        assert result.stderr == "not done: the partner ended the session: ESID 03 user code not known\n"
    with receiving(tmp_path / "in") as (address, _):
        result = run("probe", address, *ALICE, "--partner", "O0013CAROL")
        assert result.returncode == 1
        assert result.stderr == "not done: O0013BOB answers, not O0013CAROL\n"
        result = run("probe", address, *ALICE, "--partner-password", "env:ALICE_PW")
        assert result.stderr == "not done: we ended the session: ESID 04 invalid password\n"


def test_a_file_that_is_too_big_is_refused(tmp_path: Path, file: Path) -> None:
    with receiving(tmp_path / "in", "--max-bytes", "1000") as (address, _):
        result = send(address, file)
    assert result.returncode == 1
    assert result.stderr == "not done: SFNA 06 file too big (505 KiB are too much)\n"
    assert list((tmp_path / "in").iterdir()) == []


def test_over_mutual_tls_and_not_with_a_stranger(tmp_path: Path, file: Path) -> None:
    alice, _ = make_paper(tmp_path, "alice")
    bob, _ = make_paper(tmp_path, "bob")
    eve, _ = make_paper(tmp_path, "eve")
    bobs = ["--tls", "--ca", alice.certificate, "--certificate", bob.certificate, "--key", bob.key]
    alices = ["--tls", "--ca", bob.certificate, "--certificate", alice.certificate, "--key", alice.key]
    eves = ["--tls", "--ca", bob.certificate, "--certificate", eve.certificate, "--key", eve.key]
    with receiving(tmp_path / "in", *map(str, bobs)) as (address, _):
        assert send(address, file, *map(str, eves)).returncode == 1
        deceived = run("probe", address, *ALICE, "--tls", "--ca", str(eve.certificate))
        assert deceived.returncode == 1
        assert "the partner's certificate is not accepted" in deceived.stderr
        result = send(address, file, *map(str, alices))
        assert result.returncode == 0, result.stderr
        found = run("probe", address, *ALICE, *map(str, alices))
        assert re.search(r"^connection +\S+, TLSv1\.[23], ", found.stdout)
    assert (tmp_path / "in" / NAME).read_bytes() == file.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--password", "ALICEPW"], "a password itself would be seen"),
        (["--password", "env:NO_SUCH_NAME"], "there is no NO_SUCH_NAME in the environment"),
        (["--password", "file:/nonexistent"], "/nonexistent cannot be read"),
        (["--ca", "x.pem"], "are for --tls"),
        (["--tls"], "--tls needs --ca"),
        (["--tls", "--ca", "/nonexistent"], "--ca cannot be used: No such file"),
        (["--buffer", "5"], "buffer_bytes 5 is not 128..99999"),
        (["--us", "small"], "identification 'small' is not"),
        (["--timeout", "soon"], "'soon' is not a number of seconds"),
    ],
)
def test_what_is_wrongly_asked_ends_with_2(
    arguments: list[str], complaint: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ALICE_PW", "ALICEPW")
    try:
        status = main(["probe", "127.0.0.1:1", *ALICE, *arguments])
    except SystemExit as left:
        status = int(left.code or 0)
    assert status == 2
    said = capsys.readouterr().err
    assert complaint in said
    assert "ALICEPW" not in said


def test_nobody_there_and_nobody_who_speaks_end_with_1(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    result = run("probe", f"127.0.0.1:{port}", *ALICE)
    assert result.returncode == 1
    assert result.stderr == f"not done: no connection to 127.0.0.1:{port}: Connection refused\n"
    with partner(lambda connection: connection.sendall(b"SSH-2.0-OpenSSH\r\n")) as address:
        result = run("probe", address, *ALICE)
        assert result.returncode == 1
        assert "stream transmission header begins with 53" in result.stderr
    with partner(lambda connection: connection.recv(100)) as address:
        result = run("probe", address, *ALICE, "--timeout", "0.2")
        assert result.returncode == 1
        assert "time-out" in result.stderr


def test_a_password_is_read_from_the_first_line_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("ALICEPW\nwhatever\n")
    (tmp_path / "theirs").write_text("ALICEPW")
    with receiving(tmp_path / "in", "--partner-password", f"file:{tmp_path / 'theirs'}") as (address, _):
        result = run("probe", address, *ALICE, "--password", f"file:{tmp_path / 'secret'}")
        assert result.returncode == 0, result.stderr


def test_once_ends_after_one_session(tmp_path: Path, file: Path) -> None:
    with receiving(tmp_path / "in", "--once") as (address, process):
        assert send(address, file).returncode == 0
        assert process.wait(10) == 0


def test_names_are_one_for_each_identity_and_stay_in_the_folder() -> None:
    names = {
        file_name(FileIdentity(dataset, "20260301", "1015300001", originator, "O0013BOB"))
        for dataset in ("..", "../..", "A/B", "-RF", "&")
        for originator in ("O0013A B", "O0013A-B", "O0013A/B")
    }
    assert len(names) == 15
    for name in names:
        assert re.fullmatch(r"\d{18},[A-Z0-9_+.&(),-]+", name)
        assert Path("folder", name).resolve().parent == Path("folder").resolve()


def test_a_caller_who_falls_silent_with_nothing_in_hand_is_no_failure(tmp_path: Path) -> None:
    with receiving(tmp_path / "in", "--once", "--timeout", "0.3") as (address, process):
        host, _, port = address.partition(":")
        with socket.create_connection((host, int(port)), timeout=10) as caller:
            ssid = Capabilities(Credentials("O0013ALICE")).ssid()
            assert caller.recv(4096)
            caller.sendall(wrap(build(ssid)))
            while caller.recv(4096):
                pass
        assert process.wait(10) == 0
        assert process.stdout is not None
        assert process.stdout.read() == "nothing more came in time\n"
