"""The trace of one session: hears what passes, and puts it where its partner's is kept.

Whoever calls us has no name at first: what passes until then is held here, a few commands, and kept under the
name that its SSID claims, rightly or not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IReactorTime

from gateway.line.doing import doing
from gateway.line.in_hand import InHand
from gateway.line.status import Direction
from gateway.line.trace_entry import Entry, Whose
from oftp2 import commands as c
from oftp2.serial_watch import LinkCounters, LinkWatch
from oftp2.trace import After, Passed, Way, masked

#: Buffers of data that pass within so long are one entry.
RUN_SECONDS: Final = 1.0
_NO_CONTENT: Final = c.DATA(b"")
#: So much is held of a caller without a name.
_HELD_MAX: Final = 64
#: A session of no more entries may be told as one that went as that before it.
_BRIEF: Final = 16
#: What holds no secret, by far the most of what passes.
_PLAIN: Final = (c.SFID, c.SFPA, c.EFID, c.EFPA, c.CD, c.RTR, c.ESID, c.SSRM)


def written(address: object) -> str:
    """One of Twisted's addresses as people write it."""
    match address:
        case IPv4Address(host=host, port=port):
            return f"{host}:{port}"
        case IPv6Address(host=host, port=port):
            return f"[{host}]:{port}"
    return str(getattr(address, "device", "an unknown address"))


@dataclass(frozen=True, slots=True)
class Standing:
    """A session that stands: since when, when something passed last, its state by the RFC, what it does."""

    session: int
    direction: Direction
    address: str | None
    since: datetime
    last: datetime
    state: str
    doing: str
    in_hand: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        instants = {name: getattr(self, name).isoformat(timespec="seconds") for name in ("since", "last")}
        return {**asdict(self), "direction": str(self.direction), **instants}


class SessionTrace:
    """Told of by the session (`hear`), its connection (`say`) and its serial link (`link`)."""

    def __init__(
        self,
        whose: Whose,
        clock: IReactorTime,
        *,
        names: Mapping[str, str],
        keep: Callable[[Entry], None],
        told: Callable[[Entry], None],
        ended: Callable[[SessionTrace], None],
    ) -> None:
        """`names` are partners by their codes; `keep` takes each new entry, `told` each that is complete."""
        self.whose = whose
        self.counters: LinkCounters | None = None
        self._clock = clock
        self._names = names
        self._keep = keep
        self._told = told
        self._ended = ended
        self._held: list[Entry] | None = None if whose.partner else []
        #: The run of data that goes on, and when it began.
        self._run: Entry | None = None
        self._run_began_seconds = 0.0
        self._last: Entry | None = None
        #: All that was told of it, while that is little.
        self._all: list[Entry] | None = []
        self._began_seconds = clock.seconds()
        self._in_hand = InHand()
        self._after: After | None = None

    def hear(self, way: Way, passed: Passed, after: After) -> None:
        """A command passes: see `oftp2.trace.Hear`."""
        if type(passed) is c.DATA:
            self._data(way, passed, after)
            return
        self._after = after
        self._in_hand.hear(way, passed)
        run = self._run
        if run is not None and type(passed) is c.CDT and run.way is not way:
            run.credits += 1
            run.after = after
            return
        if isinstance(passed, c.Command) and not isinstance(passed, _PLAIN):
            passed = masked(passed)
        self._add(Entry(self._clock.seconds(), self.whose, way, passed, after))
        if self._held is not None and isinstance(passed, c.SSID) and way is Way.RECEIVED:
            self._claimed(passed.code)

    def say(self, text: str) -> None:
        """Something about the connection. What is said over and over is one entry."""
        last = self._last
        if last is not None and last.passed == text and self._run is None:
            last.again(self._clock.seconds())
            if self._held is None:
                self._told(last)
            return
        self._add(Entry(self._clock.seconds(), self.whose, Way.ABOUT, text, None))

    def connected(self, transport: object) -> None:
        """The connection stands."""
        peer = getattr(transport, "getPeer", lambda: None)()
        self.whose.address = written(peer)
        watch = getattr(transport, "link_watch", None)
        if isinstance(watch, LinkWatch):
            watch.hear, self.counters = self.say, watch.counters
        is_call = self.whose.direction is Direction.CALLING
        self.say(f"{'connected to' if is_call else 'a call from'} {self.whose.address}")

    def over(self, text: str) -> None:
        """The session is at its end, for the reason that `text` tells."""
        self.say(text)
        self._release()
        self._ended(self)

    @property
    def brief(self) -> list[Entry]:
        """All that was told of a session of few words; empty for others."""
        return self._all or []

    @property
    def in_hand(self) -> str:
        """The file or receipt that is under way, in words; empty without one."""
        return str(self._in_hand)

    def standing(self) -> Standing:
        """How the session stands now."""
        state = None if self._after is None else self._after.state
        return Standing(
            session=self.whose.number,
            direction=self.whose.direction,
            address=self.whose.address,
            since=datetime.fromtimestamp(self._began_seconds, UTC),
            last=datetime.fromtimestamp(self._last.at_seconds if self._last else self._began_seconds, UTC),
            state="" if state is None else str(state),
            doing=doing(state),
            in_hand=self.in_hand,
        )

    def end_run(self) -> None:
        """Data that come later are another entry."""
        run, self._run = self._run, None
        if run is not None and self._held is None:
            self._told(run)

    def _data(self, way: Way, data: c.DATA, after: After) -> None:
        now_seconds = self._clock.seconds()
        run = self._run
        if run is None or run.way is not way or now_seconds - self._run_began_seconds >= RUN_SECONDS:
            self.end_run()
            # The content itself is not kept.
            run = self._run = self._last = Entry(now_seconds, self.whose, way, _NO_CONTENT, after)
            self._run_began_seconds = now_seconds
            self._put(run)
        run.buffers += 1
        run.octets += len(data.payload)
        run.at_seconds = now_seconds
        run.after = self._after = after
        self._in_hand.octets += len(data.payload)

    def _add(self, entry: Entry) -> None:
        self.end_run()
        self._last = entry
        self._put(entry)
        if self._held is None:
            self._told(entry)

    def _put(self, entry: Entry) -> None:
        if self._all is not None:
            self._all = [*self._all, entry] if len(self._all) < _BRIEF else None
        if self._held is None:
            self._keep(entry)
        elif len(self._held) < _HELD_MAX:
            self._held.append(entry)

    def _claimed(self, code: str) -> None:
        self.whose.partner = self._names.get(code)
        self._release()

    def _release(self) -> None:
        held, self._held = self._held, None
        for entry in held or ():
            self._keep(entry)
            self._told(entry)
