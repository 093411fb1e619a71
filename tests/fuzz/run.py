"""Fuzzes one target with atheris, or all in turn, from the corpus on.

    make fuzz [SECONDS=60] [TARGET=session]

What it finds goes into `var/fuzz/TARGET/`, with the input that shows it: mend it, and put the input into
`tests/fuzz/corpus/TARGET/found-WHAT`, from where the suite replays it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from tests.fuzz.seeds import CORPUS
from tests.fuzz.targets import TARGETS

WORK = Path("var/fuzz")
LENGTH_MAX = 8192
#: An input that takes longer is a finding, as is a process that grows larger.
SLOW_SECONDS, LARGE_MIB = 5, 2048


def main() -> int:
    """0 when nothing was found, 1 when something was, 2 without atheris."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=[*TARGETS, "all"])
    parser.add_argument("--seconds", type=int, default=60, help="in all, shared by the targets")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        return fuzz(options.target, options.seconds)
    wanted = list(TARGETS) if options.target == "all" else [options.target]
    seconds = max(1, options.seconds // len(wanted))
    # libFuzzer ends its process: each target has one of its own.
    command = [sys.executable, "-m", "tests.fuzz.run", "--here", "--seconds", str(seconds)]
    return max(subprocess.run([*command, target], check=False).returncode for target in wanted)


def fuzz(target: str, seconds: int) -> int:
    """Fuzz in this process, which libFuzzer ends; 2 without atheris."""
    try:
        import atheris  # noqa: PLC0415 - only here is it needed
    except ImportError:
        print(  # noqa: T201 - a campaign speaks to whoever runs it
            "atheris is not installed: `make fuzz` installs it. It has wheels for Linux and macOS, and not "
            "for every Python: where yours has none, `make clean`, then `make fuzz PYTHON=python3.12`.",
            file=sys.stderr,
        )
        return 2
    atheris.instrument_all()
    work = WORK / target
    work.mkdir(parents=True, exist_ok=True)
    limits = (f"-max_total_time={seconds}", f"-max_len={LENGTH_MAX}", f"-timeout={SLOW_SECONDS}")
    places = (f"-artifact_prefix={work}/", f"-rss_limit_mb={LARGE_MIB}", "-print_final_stats=1")
    atheris.Setup([target, *limits, *places, str(work), str(CORPUS / target)], TARGETS[target])
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
