"""What passed lately on the line, partner by partner: always on, bounded, and free of secrets.

It is for whoever must see in the morning what happened at three in the night; followers see it as it passes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from itertools import count
from typing import Final

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall

from gateway.line.session_trace import RUN_SECONDS, SessionTrace, Standing
from gateway.line.status import Direction
from gateway.line.trace_entry import Entry, Whose
from oftp2.serial_watch import LinkCounters
from oftp2.trace import Way

#: So many entries are kept of each partner, and as many of all callers whom nobody knows.
KEPT: Final = 500

Tell = Callable[[Entry], None]


class Tracing:
    """The rings, the sessions that stand, and who follows."""

    def __init__(self, clock: IReactorTime, codes: Mapping[str, str]) -> None:
        """`codes` are the identification codes of the partners by their names."""
        self.clock = self._clock = clock
        self._names = {code: name for name, code in codes.items()}
        self._kept: dict[str | None, deque[Entry]] = {name: deque(maxlen=KEPT) for name in (*codes, None)}
        self._numbers = count(1)
        self._sessions: set[SessionTrace] = set()
        self._followers: list[tuple[str | None, Tell]] = []
        self._links: dict[tuple[str | None, Direction], LinkCounters] = {}
        #: What was told last of a session that was brief.
        self._before: dict[tuple[str | None, Direction], list[Entry]] = {}
        self._ticking = LoopingCall(self._end_runs)
        self._ticking.clock = clock

    def know(self, codes: Mapping[str, str]) -> None:
        """There are other partners from now on; what was kept of those who stay is kept."""
        self._names.clear()
        self._names.update({code: name for name, code in codes.items()})
        for name in self._kept.keys() - {*codes, None}:
            del self._kept[name]
        for name in codes:
            self._kept.setdefault(name, deque(maxlen=KEPT))

    def session(self, direction: Direction, partner: str | None = None) -> SessionTrace:
        """The trace of a session that begins."""
        trace = SessionTrace(
            Whose(next(self._numbers), direction, partner),
            self._clock,
            names=self._names,
            keep=self._keep,
            told=self._tell,
            ended=self._ended,
        )
        self._sessions.add(trace)
        return trace

    def say(self, partner: str, direction: Direction, text: str) -> None:
        """Something about the line to `partner` outside sessions, a call that failed for example.

        What is said over and over is one entry.
        """
        kept = self._kept.get(partner)
        last = kept[-1] if kept else None
        if last is not None and (last.passed, last.whose.direction) == (text, direction):
            last.again(self._clock.seconds())
            self._tell(last)
            return
        entry = Entry(self._clock.seconds(), Whose(0, direction, partner), Way.ABOUT, text, None)
        self._keep(entry)
        self._tell(entry)

    def standing(self, partner: str) -> list[Standing]:
        """The connections with `partner` as they stand, oldest first; tests of the line are among them."""
        found = [one for one in self._sessions if one.whose.partner == partner]
        return [one.standing() for one in sorted(found, key=lambda one: one.whose.number)]

    def last(self, partner: str | None, most: int) -> list[Entry]:
        """The last entries of `partner`, oldest first; without one, of all and of callers nobody knows."""
        if partner is not None:
            entries = list(self._kept[partner])
        else:
            entries = sorted(
                (entry for kept in self._kept.values() for entry in kept), key=lambda one: one.at_seconds
            )
        return entries[max(0, len(entries) - most) :]

    def follow(self, partner: str | None, tell: Tell) -> Callable[[], None]:
        """Have `tell` told of each entry from now on; the result ends it. `tell` must not wait."""
        follower = (partner, tell)
        self._followers.append(follower)
        if not self._ticking.running:
            self._ticking.start(RUN_SECONDS, now=False)
        return lambda: self._unfollow(follower)

    def link_counters(self, partner: str, direction: Direction) -> LinkCounters | None:
        """What happened on the serial links to `partner` since the start; None if there were none."""
        running = [
            one.counters
            for one in self._sessions
            if one.counters is not None and (one.whose.partner, one.whose.direction) == (partner, direction)
        ]
        ended = self._links.get((partner, direction))
        if ended is None and not running:
            return None
        total = LinkCounters()
        for counters in (*running, *([ended] if ended else [])):
            total += counters
        return total

    def _unfollow(self, follower: tuple[str | None, Tell]) -> None:
        self._followers.remove(follower)
        if not self._followers and self._ticking.running:
            self._ticking.stop()

    def _ended(self, trace: SessionTrace) -> None:
        self._sessions.discard(trace)
        if trace.whose.partner is not None:
            self._fold(trace)
        if trace.counters is not None:
            key = (trace.whose.partner, trace.whose.direction)
            total = self._links.setdefault(key, LinkCounters())
            total += trace.counters

    def _fold(self, trace: SessionTrace) -> None:
        """A session that went as the one before it is kept as one more of those.

        A night of refused calls would else push out what was before it, which is what one looks for.
        """
        key, brief = (trace.whose.partner, trace.whose.direction), trace.brief
        before = self._before.get(key, [])
        kept = self._kept.get(trace.whose.partner, deque())
        is_there = bool(before) and any(entry is before[-1] for entry in kept)
        if not brief or not is_there or _course(brief) != _course(before):
            self._before[key] = brief
            return
        ours = {id(entry) for entry in brief}
        rest = [entry for entry in kept if id(entry) not in ours]
        kept.clear()
        kept.extend(rest)
        before[-1].again(brief[-1].at_seconds)

    def _keep(self, entry: Entry) -> None:
        kept = self._kept.get(entry.whose.partner)
        if kept is not None:
            kept.append(entry)

    def _tell(self, entry: Entry) -> None:
        for partner, tell in tuple(self._followers):
            if partner in (None, entry.whose.partner):
                tell(entry)

    def _end_runs(self) -> None:
        """Followers see data that stopped in the middle, too."""
        for trace in self._sessions:
            trace.end_run()


def _course(entries: list[Entry]) -> list[tuple[Way, object, int]]:
    """How a session went, but for where it came from."""
    return [(entry.way, entry.passed, entry.octets) for entry in entries[1:]]
