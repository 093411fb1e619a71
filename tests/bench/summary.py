"""What a run found, in the few values that targets and readers ask for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.bench import urgent
from tests.bench.figures import median_of_ratios, middle, middles, quantile, ratio_of_medians
from tests.bench.targets import TARGETS

#: Of one processor: from here on it is told that other programs had it.
_CALM = 0.1
Found = dict[str, Any]
Rows = list[tuple[str, ...]]


def judged(found: Found) -> Rows:
    """A row a target: what, wanted, found, verdict."""
    values = _values(found)
    rows = []
    for name, target in TARGETS.items():
        value = values.get(name)
        said = "–" if value is None else f"{_short(value)} {target.unit}"
        rows.append((target.text, target.wanted(), said, target.judge(value)))
    return rows


def _values(found: Found) -> dict[str, float]:
    values: dict[str, float] = {}
    for kind in ("p256", "rsa2048"):
        load = _load(found, kind, 1, 1)
        if load is not None:
            cryptography = [one["cryptography"] for one in load["floors"]]
            values[f"crypto-{kind}"] = ratio_of_medians(_of(load["rounds"], "cpu"), cryptography)
    rsa, plain = _load(found, "rsa2048", 1, 1), _load(found, "p256", 1, 1)
    for peer in found.get("peers") or ():
        if rsa is not None:
            values[peer["name"]] = ratio_of_medians(peer["microseconds"], _of(rsa["rounds"], "cpu"))
    postfix = found.get("postfix")
    if postfix and plain is not None:
        values["postfix-cpu"] = ratio_of_medians(postfix["microseconds"], _of(plain["rounds"], "cpu"))
        values["postfix-rate"] = ratio_of_medians(_of(plain["rounds"], "rate"), postfix["rates"])
    if workers := found.get("workers"):
        values["workers"] = median_of_ratios(workers["rates"]["2"], workers["rates"]["1"])
    if backlog := found.get("backlog"):
        values["backlog"] = ratio_of_medians(backlog["many"]["rates"], backlog["few"]["rates"])
        if (answer := urgent.answered(backlog["many"]["urgent_seconds"])) is not None:
            values["urgent"] = answer
    if ledger := found.get("ledger"):
        values["ledger"] = ratio_of_medians(ledger["large"]["rates"], ledger["small"]["rates"])
    if found.get("peak_mib"):
        values["memory"] = found["peak_mib"]
    return values


LOAD_HEADINGS = (
    "keys",
    "goods lines",
    "workers",
    "licences/s",
    "µs of processor",
    "main process",
    "workers' processes",
    "floor",
    "cryptography",
    "times the floor",
    "times the cryptography",
    "kB written",
)


def loads(found: Found) -> Rows:
    """A row a load: medians of its rounds."""
    rows = []
    for load in found["loads"]:
        rounds = load["rounds"]
        by_process = processes(load)
        main = by_process.pop("main")
        whole = middle([sum(one["stages"].values()) for one in load["floors"]])
        cryptography = middle([one["cryptography"] for one in load["floors"]])
        cpu = middle(_of(rounds, "cpu"))
        rows.append(
            (
                load["kind"].upper(),
                str(load["lines"]),
                str(load["workers"]),
                f"{middle(_of(rounds, 'rate')):.0f}",
                f"{cpu:,.0f}",
                f"{main:,.0f}",
                f"{sum(by_process.values()):,.0f}",
                f"{whole:,.0f}",
                f"{cryptography:,.0f}",
                f"{cpu / whole:.1f}",
                f"{cpu / cryptography:.1f}",
                f"{middle(_of(rounds, 'written_bytes')) / 1000:.0f}",
            )
        )
    return rows


def processes(load: Found) -> dict[str, float]:
    """Microseconds of processor a licence by process: "main", "worker 1" …"""
    return middles([one["processes"] for one in load["rounds"]])


def others(found: Found) -> Rows:
    """What else was measured: name and value."""
    rows: Rows = []
    for peer in found.get("peers") or ():
        what = f"an exchange of {peer['name']} {peer['version']}, both ends, RSA-2048"
        rows.append((what, f"{middle(peer['microseconds']):,.0f} µs of processor"))
    if postfix := found.get("postfix"):
        cpu, rate = middle(postfix["microseconds"]), middle(postfix["rates"])
        value = f"{cpu:,.0f} µs of processor, {rate:,.0f} a second"
        rows.append((f"Postfix {postfix['version']} accepts a message, 8 sessions", value))
    if written_off := found.get("write-offs"):
        rows.append(("a licence with one write-off", f"{middle(written_off['cpu']):,.0f} µs of processor"))
    if inside := found.get("inside"):
        rows.extend(_inside(inside))
    if workers := found.get("workers"):
        one, two = (middle(workers["rates"][count]) for count in ("1", "2"))
        value = (
            f"{one:,.0f}, {two:,.0f} a second; feeding them {middle(workers['rates']['main']):,.0f} µs each"
        )
        rows.append(("examined and sealed by one worker, by two", value))
    if backlog := found.get("backlog"):
        for part in (backlog["few"], backlog["many"]):
            what = f"taken out of a backlog of {part['waiting']:,}"
            cpu = middle(part["cpu"])
            rows.append((what, f"{middle(part['rates']):,.0f} a second, {cpu:,.0f} µs of processor"))
        rows.append(urgent.told(backlog["many"]["urgent_seconds"]))
    if ledger := found.get("ledger"):
        for part in (ledger["small"], ledger["large"]):
            what = f"with {part['licences']:,} licences in the ledger, and one write-off each"
            cpu = middle(part["cpu"])
            rows.append((what, f"{middle(part['rates']):,.0f} a second, {cpu:,.0f} µs of processor"))
    return rows


def _inside(inside: Found) -> Rows:
    seconds, pause = inside["latency_seconds"], inside["latency_pause_seconds"]
    half, most = quantile(seconds, 0.5) * 1000, quantile(seconds, 0.99) * 1000
    rows: Rows = [
        (f"drop to acknowledgement, one every {pause:g} s", f"p50 {half:.0f} ms, p99 {most:.0f} ms")
    ]
    if inside["syncs"] is not None:
        each = ", ".join(f"{name} {count:.2f}" for name, count in inside["syncs"].items())
        rows.append(("syncs a licence", each))
    return rows


def stages(found: Found) -> dict[str, float]:
    """Microseconds of processor a licence by stage: the sampled shares of what the kernel counted (P-256)."""
    shares = (found.get("inside") or {}).get("stages") or {}
    load = _load(found, "p256", 1, 1)
    if load is None:
        return {}
    cpu = middle(_of(load["rounds"], "cpu"))
    return {name: share * cpu for name, share in shares.items()}


def floor_stages(found: Found) -> dict[str, float]:
    """The floor of the same load by stage."""
    load = _load(found, "p256", 1, 1)
    return {} if load is None else middles([one["stages"] for one in load["floors"]])


def _load(found: Found, kind: str, lines: int, workers: int) -> Found | None:
    wanted = {"kind": kind, "lines": lines, "workers": workers}
    return next((one for one in found["loads"] if wanted.items() <= one.items()), None)


def _of(rounds: Sequence[Found], name: str) -> list[float]:
    return [one[name] for one in rounds]


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}" if value < 10 else f"{value:.1f}"
