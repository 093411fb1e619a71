"""What is measured, under the names that docs/operations.md has, in the text format of Prometheus.

A page is made of what is found at that moment: there is a registry for each page, and never the library's
global one. Labels are names from the configuration and words from a short list: their number has a bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

PREFIX: Final = "licence_gateway_"
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
#: How the state of a line may begin; anything else is `other`.
STATES: Final = (
    "in session",
    "starting the session",
    "calling",
    "waiting to call again",
    "resting",
    "listening",
    "maintenance",
    "closed",
    "down",
)


@dataclass(frozen=True, slots=True)
class LineReading:
    """One line (a partner in one direction) as it is now, and what passed since the start."""

    partner: str
    direction: str
    state: str
    since: datetime
    sessions: int
    refusals: int
    files: Mapping[str, int]
    octets: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Ending:
    """A certificate or a list that ends. `kind` is `certificate` or `crl`; `partner` is empty of ours."""

    kind: str
    role: str
    partner: str
    file: str
    ends: datetime


@dataclass(frozen=True, slots=True)
class RoomReading:
    """A file system that is written to; while it is short nothing new is taken."""

    file_system: str
    free_bytes: int
    needed_bytes: int
    is_short: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything at one moment. `queues` is by name, `due_since` by partner."""

    version: str
    now: datetime
    started: datetime
    alerts: int
    lines: tuple[LineReading, ...] = ()
    endings: tuple[Ending, ...] = ()
    outbox: Mapping[str, int] = field(default_factory=dict)
    due_since: Mapping[str, datetime] = field(default_factory=dict)
    queues: Mapping[str, int] = field(default_factory=dict)
    discrepancies: int | None = None
    rooms: tuple[RoomReading, ...] = ()


def page(reading: Reading) -> bytes:
    """The text exposition of `reading`."""
    registry = CollectorRegistry()
    registry.register(_Found(reading))
    return bytes(generate_latest(registry))


def state_label(state: str) -> str:
    """`state` as a label: without what is told beside it, such as until when."""
    return next((known for known in STATES if state.startswith(known)), "other")


class _Found(Collector):
    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def collect(self) -> Iterator[Metric]:
        """See Collector."""
        reading = self._reading
        yield from _of_the_daemon(reading)
        yield from _of_lines(reading.lines)
        yield from _of_endings(reading.endings)
        yield from _of_queues(reading)
        yield from _of_rooms(reading.rooms)


def _of_the_daemon(reading: Reading) -> Iterator[Metric]:
    yield _gauge("build_info", "The version that runs.", ["version"], [([reading.version], 1)])
    started = reading.started.timestamp()
    yield _gauge("start_time_seconds", "When the daemon was started.", [], [([], started)])
    yield _gauge("alerts", "Alerts that stand now.", [], [([], reading.alerts)])


def _of_lines(lines: Iterable[LineReading]) -> Iterator[Metric]:
    names = ["partner", "direction"]
    rows = [([line.partner, line.direction], line) for line in lines]
    up = [(at, line.state.startswith("in session")) for at, line in rows]
    yield _gauge("line_up", "Whether a session stands.", names, up)
    states = [([*at, state_label(line.state)], 1) for at, line in rows]
    yield _gauge("line_state", "The state that the line is in.", [*names, "state"], states)
    since = [(at, line.since.timestamp()) for at, line in rows]
    yield _gauge("line_state_since_timestamp_seconds", "When that state began.", names, since)
    sessions = [(at, line.sessions) for at, line in rows]
    yield _counter("line_sessions", "Sessions that have stood since the start.", names, sessions)
    refusals = [(at, line.refusals) for at, line in rows]
    yield _counter("line_refusals", "Files that either end refused.", names, refusals)
    for name, told, what in (
        ("line_files", "Files that are through.", [line.files for _, line in rows]),
        ("line_bytes", "Octets of files.", [line.octets for _, line in rows]),
    ):
        counts = [
            ([*at, way], count)
            for (at, _), ways in zip(rows, what, strict=True)
            for way, count in ways.items()
        ]
        yield _counter(name, told, [*names, "way"], counts)


def _of_endings(endings: Iterable[Ending]) -> Iterator[Metric]:
    for kind, name, told in (
        ("certificate", "certificate_not_after_timestamp_seconds", "When the certificate ends."),
        ("crl", "crl_next_update_timestamp_seconds", "When the revocation list is out of date."),
    ):
        rows = [
            ([one.role, one.partner, one.file], one.ends.timestamp()) for one in endings if one.kind == kind
        ]
        yield _gauge(name, told, ["role", "partner", "file"], rows)


def _of_queues(reading: Reading) -> Iterator[Metric]:
    rows = [([status.lower()], count) for status, count in reading.outbox.items()]
    yield _gauge("outbox_messages", "Messages in the outbox, by status.", ["status"], rows)
    ages = [
        ([partner], max(0.0, (reading.now - since).total_seconds()))
        for partner, since in reading.due_since.items()
    ]
    told = "How long the oldest message that is due has waited; absent when none is."
    yield _gauge("outbox_oldest_due_seconds", told, ["partner"], ages)
    waiting = [([name], count) for name, count in reading.queues.items()]
    yield _gauge("queue_length", "What waits elsewhere.", ["queue"], waiting)
    if reading.discrepancies is not None:
        yield _gauge("discrepancies_open", "Open discrepancies.", [], [([], reading.discrepancies)])


def _of_rooms(rooms: Iterable[RoomReading]) -> Iterator[Metric]:
    rows = [([one.file_system], one) for one in rooms]
    free = [(at, one.free_bytes) for at, one in rows]
    yield _gauge("file_system_free_bytes", "What may still be written.", ["file_system"], free)
    needed = [(at, one.needed_bytes) for at, one in rows]
    yield _gauge("file_system_needed_bytes", "With less free nothing new is taken.", ["file_system"], needed)
    takes = [(at, not one.is_short) for at, one in rows]
    yield _gauge("takes_new_work", "Whether there is room for new work.", ["file_system"], takes)


def _gauge(name: str, told: str, labels: list[str], rows: Iterable[tuple[list[str], float]]) -> Metric:
    family = GaugeMetricFamily(PREFIX + name, told, labels=labels)
    for values, value in rows:
        family.add_metric(values, float(value))
    return family


def _counter(name: str, told: str, labels: list[str], rows: Iterable[tuple[list[str], float]]) -> Metric:
    family = CounterMetricFamily(PREFIX + name, told, labels=labels)
    for values, value in rows:
        family.add_metric(values, float(value))
    return family
