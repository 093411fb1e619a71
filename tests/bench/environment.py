"""An environment of its own for what the bench alone needs, peers and py-spy; the gateway has none of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).parent
_REQUIREMENTS = _HERE / "requirements.txt"
_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Peer:
    """What a peer needs for one exchange: microseconds of processor, of both ends together."""

    name: str
    version: str
    microseconds: float


class Environment:
    """A virtual environment in `folder`, made when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.trouble: str | None = None

    def prepare(self) -> bool:
        """Whether it is there, and up to date; if not, `trouble` says why."""
        wanted, stamp = _REQUIREMENTS.read_text(), self._folder / "installed.txt"
        if stamp.exists() and stamp.read_text() == wanted:
            return True
        shutil.rmtree(self._folder, ignore_errors=True)
        pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(_REQUIREMENTS)]
        try:
            _run([sys.executable, "-m", "venv", str(self._folder)])
            _run([str(self.program("python")), *pip])
        except (subprocess.SubprocessError, OSError) as error:
            said = getattr(error, "stderr", None) or str(error)
            self.trouble = "packages cannot be had: " + said.strip().splitlines()[-1]
            return False
        stamp.write_text(wanted)
        return True

    def program(self, name: str) -> Path:
        """The path of a program of its own."""
        return self._folder / "bin" / name

    def exchange(self, peer: str, folder: Path, count: int) -> Peer:
        """Have "as2" or "as4" exchange `count` of the documents in `folder` (see `peers/exchanging`)."""
        script = _HERE / "peers" / f"{peer}_exchange.py"
        told = json.loads(_run([str(self.program("python")), str(script), str(folder), str(count)]))
        return Peer(told["package"], told["version"], told["microseconds"])


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_SECONDS)
    return done.stdout
