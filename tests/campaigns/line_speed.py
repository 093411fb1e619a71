"""What the line does, measured against its targets: over 30 ms and 2 Mbit/s, and over a serial line.

    make line-speed

In memory, under clocks of their own, so that nothing depends on the machine; the engine's cost is CPU, beside
that of a bare socket in the same run. As root, where there are network namespaces and /dev/net/tun, two
daemons as well, with TLS and real sockets over a link of that delay and rate. What is timed (the engine, the
daemons) wants a machine with nothing else to do.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from statistics import median

from rich.console import Console
from rich.table import Table

from gateway.exchange.terms import PostOfficeLimits
from tests.campaigns import speed_between_daemons, speed_in_memory, speed_of_engine, speed_on_serial
from tests.oftp2.line_model import Noise

LICENCES = 1_000
FLIPPED = 1e-4
SEEDS = 20


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement. `is_met` is None where there is no target, but an explanation."""

    what: str
    value: str
    target: str = ""
    is_met: bool | None = None


def main() -> int:
    """Measure; 0 if all targets are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object for each row, one a line")
    parser.add_argument("--quick", action="store_true", help="without the daemons")
    options = parser.parse_args()
    rows = []
    for row in _rows(with_daemons=not options.quick):
        rows.append(row)
        if options.json:
            print(json.dumps(asdict(row)), flush=True)  # noqa: T201 - that is what was asked for
    if not options.json:
        table = Table("measured", "value", "target", "")
        for row in rows:
            table.add_row(row.what, row.value, row.target, _mark(row))
        Console(highlight=False).print(table)
    return 0 if all(row.is_met is not False for row in rows) else 1


def _mark(row: Row) -> str:
    return {True: "met", False: "MISSED", None: ""}[row.is_met]


def _rows(*, with_daemons: bool) -> Iterator[Row]:
    yield from _in_memory()
    yield from _on_serial()
    yield from _of_engine()
    if with_daemons:
        yield from _between_daemons()


def _share(what: str, fraction: float, target: float | None = None) -> Row:
    if target is None:
        return Row(what, f"{fraction:.3f}")
    return Row(what, f"{fraction:.3f}", f"> {target:g}", fraction > target)


def _in_memory() -> Iterator[Row]:
    many = f"{LICENCES} licences wait"
    yield _share(f"in memory: {many}: part of the line", speed_in_memory.busy(LICENCES).fraction, 0.9)
    alone = PostOfficeLimits(max_messages=1)
    yield _share(f"in memory: {many}, one a file", speed_in_memory.busy(LICENCES, limits=alone).fraction)
    small = speed_in_memory.busy(LICENCES, buffer_bytes=2_048, window=8)
    yield _share(f"in memory: {many}, partner with 2048-octet buffers and window 8", small.fraction)
    yield _milliseconds("in memory: idle line: due to EERP", speed_in_memory.idle(), 120)
    alone_ms = speed_in_memory.idle(customs_calls=False)
    yield _milliseconds("in memory: idle line: due to EERP, customs never calls", alone_ms)


def _milliseconds(what: str, seconds: float, target: int | None = None) -> Row:
    value = f"{seconds * 1000:.0f} ms"
    return Row(what, value) if target is None else Row(what, value, f"< {target} ms", seconds * 1000 < target)


def _on_serial() -> Iterator[Row]:
    clean = speed_on_serial.serve(Noise(), 1)
    yield _share("serial, 115,200 bit/s, no errors: part of the line", clean.fraction, 0.8)
    for buffer_bytes in (2_048, 512):
        runs = [speed_on_serial.serve(Noise(flip=FLIPPED), seed, buffer_bytes) for seed in range(SEEDS)]
        what = f"serial, one octet in {1 / FLIPPED:,.0f} flipped, {buffer_bytes}-octet buffers, {SEEDS} seeds"
        right = sum(run.is_whole for run in runs)
        yield Row(f"{what}: every file whole, none twice", f"{right} of {SEEDS}", "all", right == SEEDS)
        fractions = [run.fraction for run in runs]
        lost = sum(run.sessions - 1 for run in runs)
        yield Row(
            f"{what}: part of the line",
            f"{min(fractions):.2f} to {max(fractions):.2f}, {median(fractions):.2f}",
        )
        yield Row(f"{what}: sessions lost and taken up again", f"{lost}")


def _of_engine() -> Iterator[Row]:
    for name, content in speed_of_engine.contents().items():
        floor = speed_of_engine.floor(content)
        yield _cost(f"engine: {name}, a bare socket", floor.sending, floor.receiving)
        for compress in (False, True):
            cost = speed_of_engine.engine(content, compress=compress)
            how = "compressed" if compress else "as they are"
            yield _cost(f"engine: {name}, {how}", cost.sending, cost.receiving, 20)


def _cost(what: str, sending: float, receiving: float, target: int | None = None) -> Row:
    value = f"{sending:.1f} sending, {receiving:.1f} receiving µs/KiB"
    if target is None:
        return Row(what, value)
    return Row(what, value, f"< {target}", max(sending, receiving) < target)


def _between_daemons() -> Iterator[Row]:
    missing = speed_between_daemons.what_is_missing()
    if missing:
        yield Row("two daemons, TLS, network namespaces", f"not measured: {missing}")
        return
    result = speed_between_daemons.measure(LICENCES)
    yield _share(f"daemons: {LICENCES} licences wait: part of the line", result.fraction, 0.9)
    yield _milliseconds("daemons: idle line: due to EERP, median", result.idle_seconds, 120)
    yield Row("daemons: round trip measured", f"{result.round_trip_seconds * 1000:.1f} ms")


if __name__ == "__main__":
    sys.exit(main())
