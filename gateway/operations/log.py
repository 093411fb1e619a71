"""The log: Twisted's events to a JSON file, to a terminal, and to those who follow it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TextIO

from twisted.logger import (
    FilteringLogObserver,
    ILogObserver,
    LogEvent,
    LogLevel,
    LogLevelFilterPredicate,
    globalLogBeginner,
)
from zope.interface import implementer

from gateway.config import LogConfig
from gateway.operations.gathered import Gathered
from gateway.operations.logfile import LogFile
from gateway.operations.records import Record, record_of
from gateway.operations.tail import Tail
from gateway.operations.terminal import Terminal

#: What Twisted itself tells at `info` (factories starting and stopping) is of no use to operators.
_TWISTED_LEVEL = LogLevel.warn
_TWISTED_NAMESPACES = ("twisted", "log_legacy")


@implementer(ILogObserver)
class Recorder:
    """Turns each event into one record and hands it to the writers."""

    def __init__(self, writers: Sequence[Callable[[Record], None]]) -> None:
        self._writers = tuple(writers)

    def __call__(self, event: LogEvent) -> None:
        """Record `event`."""
        record = record_of(event)
        for write in self._writers:
            write(record)


@dataclass(frozen=True, slots=True)
class Log:
    """A log that runs: its file (to reopen after a rotation), and its tail (for the control command).

    `lines` are on their way to file and terminal.
    """

    file: LogFile
    tail: Tail
    lines: Gathered
    observer: ILogObserver

    def reopen(self) -> None:
        """Open the file anew by its name: what SIGHUP asks for after a rotation."""
        self.lines.flush()
        self.file.reopen()


def make_log(
    config: LogConfig,
    *,
    terminal: TextIO | None = None,
    call_in_reactor: Callable[[Callable[[], None]], object] | None = None,
) -> Log:
    """A log by `config` that is not yet connected to anything; `terminal` also gets readable lines."""
    file = LogFile(config.file)
    tail = Tail(call_in_reactor=call_in_reactor)
    lines = Gathered([file.write] if terminal is None else [file.write, Terminal(terminal).write])
    predicate = LogLevelFilterPredicate(defaultLogLevel=LogLevel.lookupByName(config.level))
    for namespace in _TWISTED_NAMESPACES:
        predicate.setLogLevelForNamespace(namespace, max(_TWISTED_LEVEL, LogLevel.lookupByName(config.level)))
    return Log(file, tail, lines, FilteringLogObserver(Recorder([lines.write, tail.write]), [predicate]))


def begin(log: Log) -> None:
    """Connect `log` to this process's events; once a process."""
    globalLogBeginner.beginLoggingTo([log.observer], redirectStandardIO=False)
