"""The sending half of a serial link: the last block is kept, repeated, and gives way to the next."""

from __future__ import annotations

from collections import deque

from oftp2.levels import LEVEL, written_level
from oftp2.serial_outputs import Down, LinkSettings, LinkTimer, Output, SetTimer, StopTimer, Write
from oftp2.serial_watch import LinkWatch
from oftp2.special_logic import NUMBERS, envelope

_BITS_AN_OCTET = 10
_WAITING_MAX = 16


class SendingHalf:
    """What is on its way out, and the end of it all."""

    def __init__(self, settings: LinkSettings) -> None:
        self.watch = LinkWatch()
        self._settings = settings
        self._outputs: deque[Output] = deque()
        self._waiting: deque[bytes] = deque()
        #: What was sent last, as it was on the line, and whether the partner may still lack it.
        self._last = b""
        self._is_unanswered = False
        self._repeats = 0
        self._number = 0
        self._is_crossing = False
        self._is_ending = False
        self._is_down = False
        #: The release level that is spoken: the lower of those in both SSIDs.
        self._level = LEVEL

    def outputs(self) -> list[Output]:
        """What is to be done now; each is given once."""
        outputs = list(self._outputs)
        self._outputs.clear()
        return outputs

    def send(self, exchange_buffer: bytes) -> None:
        """Send an exchange buffer, or keep it until the one before is answered."""
        if self._is_down or self._is_ending:
            return
        if exchange_buffer[:1] == b"F":
            self._is_ending = True
            self._waiting.clear()
            self._put(exchange_buffer)
        elif self._is_unanswered:
            assert len(self._waiting) < _WAITING_MAX, "credit 1 lets no more than a few buffers wait"
            self._waiting.append(exchange_buffer)
        else:
            self._put(exchange_buffer)

    def close(self) -> None:
        """Our side has ended the session. A last ESID lingers; without one the link goes down at once."""
        if not self._is_ending:
            self._end("ended", is_clean=True)

    def abort(self, reason: str) -> None:
        """Down at once."""
        self._end(reason)

    # Inside

    def _note_level(self, exchange_buffer: bytes) -> None:
        level = exchange_buffer[1:2]
        if exchange_buffer[:1] == b"X" and level.isdigit():
            self._level = written_level(min(self._level, int(level)))

    def _put(self, exchange_buffer: bytes) -> None:
        self._note_level(exchange_buffer)
        if exchange_buffer[:1] in {b"I", b"X"}:
            self._last = exchange_buffer
        else:
            self._last = envelope(self._number, exchange_buffer)
            self._number = (self._number + 1) % NUMBERS
        self._is_unanswered = True
        self._repeats = 0
        self.watch.counters.blocks_sent += 1
        self._transmit()

    def _transmit(self) -> None:
        self._outputs.append(Write(self._last))
        takes_seconds = len(self._last) * _BITS_AN_OCTET / self._settings.bits_per_second
        self._is_crossing = True
        self._set(LinkTimer.CROSSING, takes_seconds + self._settings.crossing_seconds)
        if self._is_ending:
            self._stop(LinkTimer.RESPONSE)
            self._set(LinkTimer.LINGER, takes_seconds + self._settings.linger_seconds)
        else:
            self._set(LinkTimer.RESPONSE, takes_seconds + self._settings.response_seconds)

    def _repeat(self, why: str) -> None:
        if self._repeats == self._settings.repeats_max:
            self._end(f"{why} after {self._repeats} repeats")
            return
        self._repeats += 1
        self.watch.repeated(why, self._repeats, self._settings.repeats_max)
        self._transmit()

    def _wait_again(self) -> None:
        """T1 from its beginning: the partner is alive, and owes us an answer."""
        if self._is_unanswered and not self._is_ending:
            self._set(LinkTimer.RESPONSE, self._settings.response_seconds)

    def _end(self, reason: str, *, is_clean: bool = False) -> None:
        if not self._is_down:
            self._is_down = True
            self._outputs.append(Down(reason, is_clean))

    def _set(self, timer: LinkTimer, seconds: float) -> None:
        self._outputs.append(SetTimer(timer, seconds))

    def _stop(self, timer: LinkTimer) -> None:
        self._outputs.append(StopTimer(timer))
