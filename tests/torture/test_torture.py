"""What `make torture` makes of logs, and what its proxy does; the campaign itself is started by hand."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from random import Random

from tests.torture import campaign, logs
from tests.torture.faults import FAULTS
from tests.torture.proxy import Proxy

_ORPHAN = """Traceback (most recent call last):
  File "<string>", line 1, in <module>
  File "/usr/lib/python3/multiprocessing/spawn.py", line 122, in spawn_main
    exitcode = _main(fd, parent_sentinel)
EOFError: Ran out of input
"""


def _record(event: str, **more: str) -> str:
    return json.dumps({"time": "2026-07-01T16:30:00.000Z", "level": "error", "event": event, **more}) + "\n"


def test_a_fault_of_the_program_is_told_from_one_of_the_machine(tmp_path: Path) -> None:
    log, output = tmp_path / "log", tmp_path / "out"
    log.write_text(_record("x failed", traceback="Traceback …", fault="the disk is full"))
    output.write_text(_ORPHAN)
    assert logs.tracebacks(log, output) == []
    log.write_text(_record("x failed", traceback="Traceback …"))
    output.write_text(_ORPHAN + "Unhandled error in Deferred\n")
    assert len(logs.tracebacks(log, output)) == 2


def test_what_is_said_too_often_is_noise(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("".join(_record(f"file {number} failed") for number in range(logs.REPEATS_A_MINUTE)))
    assert logs.noisy(log) == []
    log.write_text(log.read_text() + _record("file 1 failed"))
    assert len(logs.noisy(log)) == 1


def test_the_proxy_passes_on_what_comes_and_corrupts_it_when_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        proxy = Proxy((server.getsockname()[1],), Random(1))
        try:
            with socket.create_connection(("127.0.0.1", proxy.ports[0]), 5) as ours:
                theirs, _ = server.accept()
                ours.sendall(b"as it is")
                assert theirs.recv(100) == b"as it is"
                proxy.weather.corrupts_one_in = 1
                ours.sendall(b"as it is")
                assert theirs.recv(100) != b"as it is"
                assert proxy.cut() == 2
                theirs.close()
        finally:
            proxy.close()


def test_every_fault_has_a_name_that_the_command_line_takes() -> None:
    assert campaign.KILLS not in FAULTS
    assert all(fault.seconds[0] <= fault.seconds[1] for fault in FAULTS.values())
