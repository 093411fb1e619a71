"""Exchange buffers over a line that loses and garbles octets, once and in order (RFC 5024 appendix C.2.5).

The law of this module. Each end keeps its last block. The partner's next block is the answer to it, and the
only one: so a second exchange buffer waits for that. ESID alone goes at once, and nothing after it. A block
that has no answer is sent again on NAK, when T1 runs out, and when the partner repeats the block before; at
most `repeats_max` times. A block that came before is dropped, one that skips a number ends the link. So
between two new blocks there are finitely many repeats and NAKs, each wait for them has a timer, and the link
either goes on or ends.

How to use it: after every call act on `outputs`, in order. Time is the caller's: `SetTimer` asks for a call
of `timer_expired`, and takes the place of an earlier one for that timer.
"""

from __future__ import annotations

from oftp2.commands import ESID, SSID, SSRM
from oftp2.errors import RemoteProtocolError
from oftp2.formats import build, parse
from oftp2.reasons import EndReason
from oftp2.serial_outputs import Deliver, LinkSettings, LinkTimer, Write
from oftp2.serial_sending import SendingHalf
from oftp2.session import Role
from oftp2.special_logic import (
    NEGATIVE,
    NUMBERS,
    Bad,
    Began,
    Block,
    Finding,
    Negative,
    Receiver,
    Text,
)

#: Exchange buffers on a serial line are no longer: a longer block costs more when it is garbled.
BUFFER_BYTES_MAX = 2_048
#: Commands may be longer than data: what is told about them, or a challenge.
COMMAND_BYTES_MAX = 8_192
#: A line of fewer octets than this outside envelopes was no block, and is not complained of.
_TEXT_WORTH_A_NAK = 4
#: A line of no more may have been a NAK: at worst a block is sent once more, and dropped.
_MAYBE_A_NAK = 1
_SSRM = build(SSRM())
_SSID_BYTES = 61


class SerialLink(SendingHalf):
    """One end of the link, for one session."""

    def __init__(self, role: Role, settings: LinkSettings | None = None) -> None:
        super().__init__(settings or LinkSettings())
        self._is_initiator = role is Role.INITIATOR
        self._receiver = Receiver(COMMAND_BYTES_MAX)
        self._expected = 0
        #: The partner's SSRM (of a responder), then its SSID; None until then.
        self._greeting: bytes | None = None
        self._blocks = 0
        self._bad = 0
        self._rings = 0
        #: NAKs that came while there was nothing to repeat.
        self._strays = 0
        #: Whether the envelope that is coming in began while our last block was still under way.
        self._has_crossed = False
        #: Whether what comes up to the next CR belongs to an envelope that was complained of already.
        self._is_rest = False

    def start(self) -> None:
        """The line is open. An initiator asks for the responder's SSRM, which may have been sent long ago."""
        if self._is_initiator:
            self._ring()

    def receive(self, octets: bytes) -> None:
        """Take what came from the line."""
        for finding in self._receiver.feed(octets):
            if not self._is_down:
                self._on(finding)
        if self._is_down or not octets:
            return
        is_amid = self._receiver.is_inside or (self._awaits_ssid and self._receiver.held_bytes > 0)
        if is_amid:
            self._set(LinkTimer.CHARACTER, self._settings.character_seconds)
        else:
            self._stop(LinkTimer.CHARACTER)

    def carrier(self, *, is_present: bool) -> None:
        """The modem's carrier has gone, or has come back. Without a word of it, it is taken to be there."""
        if self._is_down:
            return
        self.watch.say("the carrier is back" if is_present else "the carrier is gone")
        if is_present:
            self._stop(LinkTimer.CARRIER)
        else:
            self._set(LinkTimer.CARRIER, self._settings.carrier_seconds)

    def timer_expired(self, timer: LinkTimer) -> None:
        """A timer that was asked for has run out."""
        if self._is_down:
            return
        match timer:
            case LinkTimer.RESPONSE:
                self.watch.timed_out(timer, "no answer")
                self._repeat("no answer")
            case LinkTimer.CHARACTER:
                self.watch.timed_out(timer, "a block broke off")
                was_worth_it = self._receiver.is_inside or self._receiver.held_bytes >= _TEXT_WORTH_A_NAK
                self._receiver.forget()
                if was_worth_it:
                    self._complain("a block broke off")
            case LinkTimer.CARRIER:
                self.watch.timed_out(timer, "no carrier")
                self._end("the carrier is lost")
            case LinkTimer.RING:
                self._ring()
            case LinkTimer.CROSSING:
                self._is_crossing = False
            case LinkTimer.LINGER:
                self._end("ended", is_clean=True)

    # Inside

    def _ring(self) -> None:
        if self._rings == self._settings.rings_max:
            self._end("nobody answers")
            return
        self._rings += 1
        self.watch.say(f"ringing, {self._rings} of {self._settings.rings_max}")
        self._outputs.append(Write(NEGATIVE))
        self._set(LinkTimer.RING, self._settings.ring_seconds)

    def _complain(self, why: str) -> None:
        """NAK; not of an initiator that has not heard SSRM, which rings by a timer of its own."""
        self._note_bad()
        if not self._is_down and not (self._is_initiator and self._greeting is None):
            self.watch.nak_sent(why)
            self._outputs.append(Write(NEGATIVE))
            self._wait_again()

    def _note_bad(self) -> None:
        self._bad += 1
        self.watch.counters.bad_blocks += 1
        if self._bad > self._settings.bad_max:
            self._end(f"{self._bad} bad blocks in a row")

    # Receiving

    def _on(self, finding: Finding) -> None:
        match finding:
            case Began():
                self._is_rest = False
                self._has_crossed = self._is_crossing
                self._stop(LinkTimer.RESPONSE)
            case Block():
                self._bad = 0
                self._on_block(finding)
            case Bad(is_followed=True):
                self._note_bad()
            case Bad(why=why):
                self._is_rest = True
                self._complain(why)
            case Negative():
                self._on_negative()
            case Text(octets):
                self._on_text(octets)

    @property
    def _awaits_ssid(self) -> bool:
        """Whether the next thing to come without an envelope is the partner's SSID."""
        return self._greeting == _SSRM if self._is_initiator else self._greeting is None

    def _on_block(self, block: Block) -> None:
        if self._greeting is None:
            # Of a session before this one: the partner will find out.
            self._wait_again()
            return
        if block.number == self._expected:
            self._expected = (self._expected + 1) % NUMBERS
            self._blocks += 1
            self._arrived(block.exchange_buffer)
        elif self._blocks and block.number == (self._expected - 1) % NUMBERS:
            self._came_again()
        else:
            text = f"block {block.number} in place of {self._expected}"
            self.send(build(ESID(EndReason.PROTOCOL_VIOLATION, text), self._level))
            self._end(text)

    def _arrived(self, exchange_buffer: bytes) -> None:
        if self._is_ending:
            return
        self._note_level(exchange_buffer)
        self._is_unanswered = False
        self._bad = self._strays = 0
        self.watch.counters.blocks_received += 1
        self._stop(LinkTimer.RESPONSE)
        self._outputs.append(Deliver(exchange_buffer))
        if self._waiting:
            self._put(self._waiting.popleft())

    def _came_again(self) -> None:
        """The partner lacks our answer, if it had time to come; if we have none yet, it must wait."""
        self.watch.came_again()
        if self._is_unanswered and not self._has_crossed:
            self._repeat("the same block")
        else:
            self._wait_again()

    def _on_negative(self) -> None:
        self.watch.nak_received()
        if self._last == _SSRM and self._greeting is None:
            # Rings: the partner may have opened its end later than we did.
            self._rings += 1
            if self._rings > self._settings.rings_max:
                self._end("rung for, and no SSID came")
            else:
                self._transmit()
        elif self._is_unanswered:
            self._repeat("NAK")
        else:
            # Noise while we prepare our answer, or a partner that begins anew and rings.
            self._strays += 1
            if self._strays > self._settings.rings_max:
                self._end("the partner asks for what it has")

    def _on_text(self, octets: bytes) -> None:
        """A line outside envelopes: a greeting, perhaps behind garbage, or a block whose STX was lost."""
        was_rest, self._is_rest = self._is_rest, False
        line = octets + b"\r"
        if line.endswith(_SSRM):
            self._on_ssrm()
        elif self._is_ssid(line):
            self._on_ssid(line[-_SSID_BYTES:])
        elif len(octets) <= _MAYBE_A_NAK:
            self._on_negative()
        elif len(octets) >= _TEXT_WORTH_A_NAK and not was_rest:
            self._complain("a line outside envelopes")

    def _on_ssrm(self) -> None:
        if self._is_initiator and self._greeting is None:
            self._greeting = _SSRM
            self._stop(LinkTimer.RING)
            self._arrived(_SSRM)
        elif self._is_initiator and self._greeting != _SSRM and self._blocks:
            self._end("the partner has begun anew")
        elif self._is_initiator and not self._is_crossing:
            self._has_crossed = False
            self._came_again()

    def _is_ssid(self, line: bytes) -> bool:
        if not (self._awaits_ssid or self._greeting == line[-_SSID_BYTES:]):
            return False
        try:
            return isinstance(parse(line[-_SSID_BYTES:]), SSID)
        except RemoteProtocolError:
            return False

    def _on_ssid(self, ssid: bytes) -> None:
        if self._awaits_ssid:
            self._greeting = ssid
            self._arrived(ssid)
        elif not self._blocks:
            self._has_crossed = self._is_crossing
            self._came_again()
