"""How the calls and offers of one partner go: who fails over and over is put off, and nobody else.

A place is a host or a serial device. That whoever calls from elsewhere under the same code is not put off
with it matters where nothing but a password tells who calls.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field

from twisted.internet.interfaces import IReactorTime

_WINDOW_SECONDS = 60.0
_FIRST_PAUSE_SECONDS = 10.0
_GROWTH = 2.0
_PLACES_MAX = 64
#: Offers in a row that are refused at once; the answer to each one more takes longer, up to a limit.
_REFUSED_AT_ONCE = 10
_FIRST_PATIENCE_SECONDS = 0.05
_PATIENCE_MAX_SECONDS = 2.0


def patience_seconds(refusals: int) -> float:
    """How long the answer to an offer is held back that is the last of so many refused in a row.

    Who offers over and over what is refused would else be answered, and told in the log, without end.
    """
    if refusals <= _REFUSED_AT_ONCE:
        return 0.0
    doublings = min(refusals - _REFUSED_AT_ONCE - 1, 10)
    return min(_PATIENCE_MAX_SECONDS, _FIRST_PATIENCE_SECONDS * _GROWTH**doublings)


@dataclass(slots=True)
class _Place:
    failures: deque[float]
    times_put_off: int = 0
    not_before: float = field(default=0.0)


class Inflow:
    """More than `limit_per_minute` failed calls from one place, and its calls are refused for a pause.

    Pauses double up to `pause_max_seconds`. The first call after a pause that fails too begins the next one;
    one that works ends it all.
    """

    def __init__(self, limit_per_minute: int, pause_max_seconds: float, clock: IReactorTime) -> None:
        self._limit = limit_per_minute
        self._pause_max_seconds = pause_max_seconds
        self._clock = clock
        self._places: OrderedDict[str, _Place] = OrderedDict()

    def renew(self, limit_per_minute: int, pause_max_seconds: float) -> None:
        """Other limits from now on."""
        if limit_per_minute != self._limit:
            self._places.clear()
        self._limit, self._pause_max_seconds = limit_per_minute, pause_max_seconds

    def put_off_seconds(self, place: str) -> float:
        """For how long calls from `place` are refused still; 0 when they are not."""
        known = self._places.get(place)
        return 0.0 if known is None else max(0.0, known.not_before - self._clock.seconds())

    def failed(self, place: str) -> float:
        """A call from `place` came to nothing; for how long it is put off by that, 0 when it is not."""
        now = self._clock.seconds()
        known = self._places.setdefault(place, _Place(deque(maxlen=self._limit + 1)))
        self._places.move_to_end(place)
        if len(self._places) > _PLACES_MAX:
            self._places.popitem(last=False)
        if now < known.not_before:
            return 0.0
        known.failures.append(now)
        is_storm = len(known.failures) > self._limit and now - known.failures[0] <= _WINDOW_SECONDS
        if not is_storm and not known.times_put_off:
            return 0.0
        pause_seconds = min(self._pause_max_seconds, _FIRST_PAUSE_SECONDS * _GROWTH**known.times_put_off)
        known.times_put_off = min(known.times_put_off + 1, 16)
        known.not_before = now + pause_seconds
        known.failures.clear()
        return pause_seconds

    def worked(self, place: str) -> None:
        """A session with a caller from `place` served."""
        self._places.pop(place, None)
