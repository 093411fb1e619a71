"""The memory of one ODETTE-FTP entity: the local variables of RFC 5024 section 9.6."""

from __future__ import annotations

from dataclasses import dataclass, field

from oftp2.commands import EERP, NERP, SFID, SSID, Command
from oftp2.events import Event
from oftp2.levels import written_level
from oftp2.negotiation import Capabilities, Credentials, Disagreement, Parameters
from oftp2.tables import State


@dataclass(slots=True)
class Timer:
    """The inactivity timer as the tables start and stop it, `starts` times so far; the I/O layer runs it."""

    running: bool = False
    starts: int = 0

    def start(self) -> None:
        """Run from the beginning."""
        self.running = True
        self.starts += 1

    def stop(self) -> None:
        """Run no more."""
        self.running = False


@dataclass(slots=True)
class Counter:
    """What came of the file that is being received, from its very beginning.

    `record_bytes` is SFIDLRECL, 0 when nothing was announced; `is_fixed`: all records have that length.
    """

    units: int = 0
    records: int = 0
    is_structured: bool = False
    is_fixed: bool = False
    record_bytes: int = 0
    _record_start: int = 0
    _has_misfit: bool = False
    _has_short: bool = False

    def begin(self, records: int, units: int) -> None:
        """Count on from what is there already."""
        self.records, self.units, self._record_start = records, units, units

    def add(self, size: int, record_ends: tuple[int, ...]) -> None:
        """Count a data exchange buffer."""
        before = self.units
        self.units += size
        if self.is_structured:
            self.records += len(record_ends)
            for end in record_ends:
                self._measure(before + end - self._record_start)
                self._record_start = before + end
            if self._is_open:
                self._measure_open(self.units - self._record_start)

    @property
    def total_records(self) -> int:
        """The records, with one whose end was not marked: a tolerance for those who forget the last mark."""
        return self.records + self._is_open

    @property
    def records_fit(self) -> bool:
        """Whether all records are as long as announced; of the last of format F, less is tolerated."""
        return not (self._has_misfit or (self._has_short and self._is_open))

    @property
    def _is_open(self) -> bool:
        return self.is_structured and self.units > self._record_start

    def _measure(self, length: int) -> None:
        self._measure_open(length)
        # A short record was not the last.
        self._has_misfit |= self._has_short
        self._has_short = self.is_fixed and length < self.record_bytes

    def _measure_open(self, length: int) -> None:
        self._has_misfit |= 0 < self.record_bytes < length


@dataclass(slots=True)
class Entity:
    """C. and V. of the state tables. `input` is what the present event carries."""

    capabilities: Capabilities
    caller: bool
    expected: Credentials | None = None
    state: State = State.IDLE
    parameters: Parameters | None = None
    disagreement: Disagreement | None = None
    peer: SSID | None = None
    #: V.Challenge: what the partner must answer; None when nothing was asked
    challenge: bytes | None = None
    #: V.Credit_S and V.Credit_L
    credit_speaker: int = 0
    credit_listener: int = 0
    #: V.Restart-pos, used only during file opening
    restart_position: int = 0
    #: V.Req-buf
    request: SFID | EERP | NERP | None = None
    counter: Counter = field(default_factory=Counter)
    timer: Timer = field(default_factory=Timer)
    input: object = None
    built: Command | None = None
    indication: Event | None = None

    @property
    def agreed(self) -> Parameters:
        """The negotiated parameters; only in a session that stands."""
        assert self.parameters is not None, "nothing was negotiated yet"
        return self.parameters

    @property
    def credit(self) -> int | None:
        """How many buffers may still pass before CDT; None while no data may pass."""
        if self.state in {State.OPO, State.OPOWFC}:
            return self.credit_speaker
        return self.credit_listener if self.state is State.OPI else None

    @property
    def level(self) -> int:
        """The release level of the formats that are read and written now.

        Before it is agreed, the lower of what both ends said of themselves: nothing above that is understood.
        """
        if self.parameters is not None:
            return self.parameters.level
        ours = max(self.capabilities.levels)
        return ours if self.peer is None else written_level(min(ours, self.peer.level))
