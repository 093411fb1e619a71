"""The machine: an instance on small file systems, both daemons as processes, and the line between them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from random import Random

from gateway.clock import system_clock
from gateway.config import CustomsConfig, GatewayConfig
from gateway.operations.instance import CUSTOMS_FILE, GATEWAY_FILE, SPOOL_FOLDERS, create_instance
from tests.simulation.agreement import write_scenario
from tests.torture.process import Daemon
from tests.torture.proxy import Proxy

#: Folders of the instance that have a small file system each.
SMALL = ("spool", "state", "customs-state")
#: Root may read everything; the daemons may not, so that a folder's mode means something to them.
WITHOUT_OVERRIDE = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all")
_GATEWAYD = (sys.executable, "-m", "gatewayd")
#: Pauses of a line that fails are short enough for a campaign of minutes.
_LINE = "backoff_max_seconds = 8.0"
_INACTIVITY = "inactivity_seconds = 20.0"


class Machine:
    """See `tests.simulation.business.Place`. Closed by `close`, which gives everything back."""

    def __init__(self, folder: Path, chance: Random, seed: int, small_bytes: int) -> None:
        """`small_bytes` is the size of each small file system, where this process may mount any."""
        self.instance = folder / "instance"
        self.story: Callable[[str], None] = lambda _what: None
        made = create_instance(self.instance, at=system_clock())
        write_scenario(self.instance, chance, seed)
        self._mounted: list[str] = []
        self.is_small = self._mount(small_bytes)
        self.proxy = Proxy((made.gateway_port, made.customs_port), chance)
        to_gateway, to_customs = self.proxy.ports
        self._write(GATEWAY_FILE, made.customs_port, to_customs)
        self._write(CUSTOMS_FILE, made.gateway_port, to_gateway)
        prefix = WITHOUT_OVERRIDE if os.geteuid() == 0 else ()
        gateway = GatewayConfig.load(self.instance / GATEWAY_FILE)
        customs = CustomsConfig.load(self.instance / CUSTOMS_FILE)
        self.log = self.instance / "log"
        self.gateway = Daemon(
            "gateway",
            [*prefix, *_GATEWAYD, "run", "--config", str(self.instance / GATEWAY_FILE)],
            Path(gateway.operations.control_socket),
            self.log / "gateway.out",
        )
        self.customs = Daemon(
            "customs",
            [*prefix, *_GATEWAYD, "customs", "--config", str(self.instance / CUSTOMS_FILE)],
            Path(customs.operations.control_socket),
            self.log / "customs.out",
        )
        self.daemons = {"gateway": self.gateway, "customs": self.customs}

    def now(self) -> datetime:
        """What the clock on the wall shows."""
        return system_clock()

    def say(self, what: str) -> None:
        """Write down what happened."""
        self.story(what)

    def state_of(self, name: str) -> Path:
        """The state folder of a daemon."""
        return self.instance / {"gateway": "state", "customs": "customs-state"}[name]

    def tend(self) -> None:
        """Do what a service manager does."""
        for daemon in self.daemons.values():
            daemon.tend()

    def close(self, *, keep: bool) -> None:
        """End what runs. The file systems go; with `keep`, what was on them is in the instance's folder."""
        for daemon in self.daemons.values():
            if daemon.pid is not None:
                daemon.kill(float("inf"))
        self.proxy.close()
        for name in self._mounted:
            mounted, copy = self.instance / name, self.instance / f".{name}"
            if keep:
                shutil.copytree(mounted, copy, ignore=shutil.ignore_patterns("*.sock"))
            subprocess.run(["umount", "--lazy", str(mounted)], check=True)
            if keep:
                # What was there before is hidden no more: empty folders.
                shutil.rmtree(mounted)
                copy.rename(mounted)

    def _mount(self, size_bytes: int) -> bool:
        for name in SMALL:
            folder = self.instance / name
            options = f"size={size_bytes},mode={folder.stat().st_mode & 0o777:o}"
            command = ["mount", "-t", "tmpfs", "-o", options, "torture", str(folder)]
            try:
                if subprocess.run(command, capture_output=True, check=False).returncode:
                    return False
            except FileNotFoundError:
                return False
            self._mounted.append(name)
        for part in SPOOL_FOLDERS:
            (self.instance / "spool" / part).mkdir()
        return True

    def _write(self, name: str, port: int, proxy_port: int) -> None:
        """Call the other end through the proxy, and do not wait for minutes where the line was lost."""
        path = self.instance / name
        text = path.read_text(encoding="utf-8").replace(
            f'call = ["tls:127.0.0.1:{port}"]', f'call = ["tls:127.0.0.1:{proxy_port}"]'
        )
        for shipped, ours in (("# backoff_max_seconds", _LINE), ("# inactivity_seconds", _INACTIVITY)):
            assert shipped in text, f"{name} does not mention {shipped}"
            text = text.replace(shipped, f"{ours}\n{shipped}", 1)
        path.write_text(text, encoding="utf-8")
