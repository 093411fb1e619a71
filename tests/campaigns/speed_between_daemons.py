"""Both daemons as real processes, each in a network namespace of its own, with TLS over a shaped link."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median

from gateway.clock import business_date, system_clock
from gateway.config import GatewayConfig
from gateway.demo.samples import generate, issue_message
from gateway.demo.stage import START_SECONDS, Actor, Stage, wait_until
from gateway.exchange.correspondence import new_message_id
from gateway.operations.instance import CUSTOMS_FILE, GATEWAY_FILE, create_instance
from gateway.operations.issuer import Issuer
from tests.campaigns.shaped_link import ADDRESSES, shaped_link, what_is_missing
from tests.campaigns.speed_in_memory import SHAPE

__all__ = ["Result", "measure", "what_is_missing"]

ONE_BY_ONE = 15
PATIENCE_SECONDS = 300.0
PINGS = 20
QUIET_SECONDS = 0.7
#: An interchange of the gateway holds so many messages, unless it is configured otherwise.
INTERCHANGE_MESSAGES = 500


@dataclass(frozen=True, slots=True)
class Result:
    """The part of the line that licences got, the median time to the receipt of one, and the round trip."""

    fraction: float
    idle_seconds: float
    round_trip_seconds: float


def measure(count: int) -> Result:
    """With `count` licences that wait, and then with single ones."""
    folder = Path(tempfile.mkdtemp(prefix="speed-")) / "instance"
    try:
        with shaped_link(SHAPE.bits_per_second, SHAPE.delay_seconds) as namespaces:
            return _measure(folder, namespaces, count)
    finally:
        shutil.rmtree(folder.parent)


def _measure(folder: Path, namespaces: tuple[str, str], count: int) -> Result:
    instance = create_instance(folder, at=system_clock())
    for name in (GATEWAY_FILE, CUSTOMS_FILE):
        path = folder / name
        written = path.read_text(encoding="utf-8")
        for port, address in zip((instance.gateway_port, instance.customs_port), ADDRESSES, strict=True):
            written = written.replace(f"tls:127.0.0.1:{port}", f"tls:{address}:{port}")
        path.write_text(written, encoding="utf-8")
    stage = Stage(folder)
    for actor, namespace in zip((stage.gateway, stage.customs), namespaces, strict=True):
        _move(actor, namespace)
    licences = _Licences(stage, count + ONE_BY_ONE)
    stage.gateway.start()
    try:
        licences.drop(count)
        wait_until(lambda: _queues(stage)["DUE"] == count, PATIENCE_SECONDS, "they are not all due")
        stage.customs.start()
        fraction = _fraction(stage, count)
        idle = [_one(stage, licences) for _ in range(ONE_BY_ONE)]
        return Result(fraction, median(idle), _round_trip(namespaces))
    finally:
        stage.close()


def _move(actor: Actor, namespace: str) -> None:
    """Have it start in `namespace`; its control socket is a file, and is reached as before."""
    actor._command[:0] = ["ip", "netns", "exec", namespace]


class _Licences:
    """Signed licences, each to be dropped once."""

    def __init__(self, stage: Stage, count: int) -> None:
        issuer = Issuer.of_instance(stage.folder)
        receiver = GatewayConfig.load(stage.folder / GATEWAY_FILE).gateway.participant
        self._stage = stage
        self._dropped = 0
        self._signed = [
            issuer.issue(
                issue_message(
                    licence,
                    sender=issuer.participant,
                    receiver=receiver,
                    message_id=new_message_id(),
                    created=system_clock(),
                )
            )
            for licence in generate(7, count, today=business_date(system_clock()))
        ]

    def drop(self, count: int) -> None:
        for _ in range(count):
            self._stage.drop(f"n{self._dropped:05}", self._signed[self._dropped])
            self._dropped += 1


def _fraction(stage: Stage, count: int) -> float:
    """Of what the line could carry from the session's beginning to the last EFPA, the part of licences."""
    wait_until(lambda: _has_called(stage), START_SECONDS, "customs did not call")
    list(stage.gateway.control.stream("line up", partner="customs"))
    _until_quiet(stage)
    log = _log(stage)
    began = next(at for at, event in log if event.startswith("session calling"))
    ended = [at for at, event in log if event.startswith("file LX") and " sent to customs" in event]
    ledger = sqlite3.connect(stage.folder / "state" / "ledger.sqlite3")
    sizes = [size for _, size in ledger.execute("SELECT id, size_bytes FROM interchange ORDER BY id")]
    ledger.close()
    # What follows are the gateway's answers to customs.
    files = -(-count // INTERCHANGE_MESSAGES)
    return sum(sizes[:files]) * 8 / (ended[files - 1] - began) / SHAPE.bits_per_second


def _one(stage: Stage, licences: _Licences) -> float:
    """Seconds from the seal of one licence, when it is due, to its receipt, on a line that is idle."""
    known = len(_log(stage))
    licences.drop(1)
    _until_quiet(stage)
    new = _log(stage)[known:]
    due = next(at for at, event in new if event == "1 licences sealed")
    return (
        next(at for at, event in new if event.startswith("receipt for") and event.endswith("received")) - due
    )


def _until_quiet(stage: Stage) -> None:
    """Until nothing waits at either end, and nothing has been told for a while."""

    def is_quiet() -> bool:
        known = len(_log(stage))
        time.sleep(QUIET_SECONDS)
        return len(_log(stage)) == known and not any(_queues(stage).values())

    wait_until(is_quiet, PATIENCE_SECONDS, "it does not come to rest")


def _has_called(stage: Stage) -> bool:
    return any(event.startswith("session answering") for _, event in _log(stage))


def _queues(stage: Stage) -> dict[str, int]:
    queues: dict[str, int] = stage.gateway.control.call("status")["queues"]
    return queues


def _log(stage: Stage) -> list[tuple[float, str]]:
    """What the gateway has told so far, with the time in seconds."""
    with (stage.folder / "log" / "gateway.jsonl").open(encoding="utf-8") as log:
        records = [json.loads(line) for line in log]
    return [(datetime.fromisoformat(record["time"]).timestamp(), record["event"]) for record in records]


def _round_trip(namespaces: tuple[str, str]) -> float:
    """Seconds there and back of one octet over TCP, at its median: the link's, and this machine's own."""
    called = subprocess.Popen(
        ["ip", "netns", "exec", namespaces[1], sys.executable, "-c", _ECHO, ADDRESSES[1]],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert called.stdout is not None
        port = called.stdout.readline().strip()
        caller = ["ip", "netns", "exec", namespaces[0], sys.executable, "-c", _PING, ADDRESSES[1], port]
        done = subprocess.run(caller, check=True, capture_output=True, text=True)
        return median(float(line) for line in done.stdout.split())
    finally:
        called.terminate()
        called.wait()


_ECHO = """
import socket, sys
server = socket.create_server((sys.argv[1], 0))
print(server.getsockname()[1], flush=True)
line, _ = server.accept()
while octet := line.recv(1):
    line.sendall(octet)
"""
_PING = f"""
import socket, sys, time
line = socket.create_connection((sys.argv[1], int(sys.argv[2])))
for _ in range({PINGS}):
    began = time.monotonic()
    line.sendall(b"x")
    line.recv(1)
    print(time.monotonic() - began)
"""
