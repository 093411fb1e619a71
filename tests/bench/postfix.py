"""Postfix's bare durable accept: a message over SMTP, on disk and synced, answered; nothing looked at.

Debian's programs with a configuration, queue and data folder of our own, on loopback. What it accepts is put
on hold, so that nothing else is done with it. Needs root, as Postfix does.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.accounting import tree_cpu_seconds

_SESSIONS = 8
_START_SECONDS = 20.0
_MASTER = """\
{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""
_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = bench.invalid
mydestination = bench.invalid
local_recipient_maps =
alias_maps =
mynetworks = 127.0.0.0/8
smtpd_recipient_restrictions = check_client_access static:HOLD, permit_mynetworks, reject
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
"""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Messages a second, and microseconds of processor a message, of all of Postfix's processes."""

    rate: float
    microseconds: float


def why_not() -> str | None:
    """Why it cannot be measured here; None if it can."""
    if shutil.which("postfix") is None or shutil.which("smtp-source") is None:
        return "Postfix is not installed (Debian: apt-get install postfix)"
    return None if os.geteuid() == 0 else "Postfix needs root"


def version() -> str:
    """Of the installed one."""
    found = subprocess.run(
        ["postconf", "-d", "-h", "mail_version"], capture_output=True, text=True, check=True
    )
    return found.stdout.strip()


@contextmanager
def running(folder: Path) -> Iterator[Postfix]:
    """Postfix with all that is its own in `folder`, which is made."""
    for name in ("conf", "queue", "data"):
        (folder / name).mkdir(parents=True)
    for parent in (folder, *folder.parents[:2]):
        parent.chmod(parent.stat().st_mode | 0o011)  # its processes are not root's
    shutil.chown(folder / "data", "postfix")
    port = _free_port()
    (folder / "conf" / "main.cf").write_text(_MAIN.format(folder=folder))
    (folder / "conf" / "master.cf").write_text(_MASTER.format(port=port))
    postfix = ["postfix", "-c", str(folder / "conf")]
    subprocess.run([*postfix, "start"], check=True, capture_output=True)
    try:
        yield Postfix(folder, port)
    finally:
        subprocess.run([*postfix, "stop"], check=True, capture_output=True)


class Postfix:
    """A running one."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        self._port = port
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if time.monotonic() > deadline:
                raise RuntimeError(f"Postfix did not start; see {folder / 'mail.log'}")
            time.sleep(0.1)

    def accept(self, document: bytes, count: int) -> Accepted:
        """So many messages with `document` in them, over some sessions at once."""
        message = self._folder / "message"
        message.write_bytes(b"Subject: licence\r\n\r\n" + document + b"\r\n")
        address = f"127.0.0.1:{self._port}"
        command = ["smtp-source", "-s", str(_SESSIONS), "-m", str(count), "-F", str(message)]
        command += ["-f", "issuer@bench.invalid", "-t", "customs@bench.invalid", address]
        held = self._held()
        before, began = tree_cpu_seconds(self._pid), time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        seconds = time.perf_counter() - began
        cpu = tree_cpu_seconds(self._pid) - before
        accepted = self._held() - held
        if accepted != count:
            raise RuntimeError(f"Postfix has {accepted} of {count} messages")
        return Accepted(count / seconds, cpu / count * 1e6)

    @property
    def _pid(self) -> int:
        return int((self._folder / "queue" / "pid" / "master.pid").read_text())

    def _held(self) -> int:
        return sum(path.is_file() for path in (self._folder / "queue" / "hold").rglob("*"))

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
