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
    """What came of the file that is being received, from its very beginning."""

    units: int = 0
    records: int = 0
    is_structured: bool = False
    record_is_open: bool = False

    def add(self, size: int, record_ends: tuple[int, ...]) -> None:
        """Count a data exchange buffer."""
        self.units += size
        if self.is_structured:
            self.records += len(record_ends)
            if size > (record_ends[-1] if record_ends else 0):
                self.record_is_open = True
            elif record_ends:
                self.record_is_open = False

    @property
    def total_records(self) -> int:
        """The records, with one whose end was not marked: a tolerance for those who forget the last mark."""
        return self.records + self.record_is_open


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
