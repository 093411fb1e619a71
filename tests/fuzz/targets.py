"""What is fuzzed: each target takes any octets, and raises only when something is wrong with us.

The first octet of the sessions and the link sets switches; the rest are pieces (`tests.fuzz.pieces`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from oftp2 import commands as c
from oftp2.buffers import EXCHANGE_BUFFER_MAX, Unwrapper, wrap
from oftp2.errors import RemoteProtocolError
from oftp2.formats import build, parse
from oftp2.levels import LEVELS, SECURE_LEVEL
from oftp2.serial_link import COMMAND_BYTES_MAX, SerialLink
from oftp2.serial_outputs import Deliver, Down, LinkTimer, SetTimer, StopTimer, Write
from oftp2.session import Role, Session
from oftp2.special_logic import STX, envelope, shift_in, shift_out
from oftp2.subrecords import Encoder, decode
from oftp2.tables import State
from tests.fuzz.envelopes import asn1, envelopes
from tests.fuzz.obliging import OVER, Obliging, capabilities
from tests.fuzz.pieces import Piece, read


def session(data: bytes) -> None:
    """A partner's octets at a session with a user. Kinds: a buffer, one in two cuts, octets, a time-out."""
    switches = data[0] if data else 0
    role = Role.RESPONDER if switches & 128 else Role.INITIATOR
    ours = capabilities(switches)
    subject = Session(role, ours)
    user = Obliging(subject, ours, refuses=bool(switches & 32), wants_turn=bool(switches & 64))
    subject.connection_made()
    user.take(subject.events())
    check = _Outgoing(subject)
    check.all_is_well()
    for piece in read(data[1:]):
        for octets in _cut(piece):
            user.take(subject.time_out() if octets is None else subject.receive_data(octets))
            check.all_is_well()
    user.take(subject.connection_lost())
    assert subject.state is State.IDLE, "the end of the connection is the end of the session"
    assert user.aborts <= 1, "a session is aborted once"
    assert subject.receive_data(b"more") == [], "nothing is heard after the end"


def _cut(piece: Piece) -> Iterator[bytes | None]:
    match piece.kind % 4:
        case 0 | 1 if not piece.octets:
            return
        case 0:
            yield wrap(piece.octets)
        case 1:
            octets = wrap(piece.octets)
            middle = piece.kind // 4 * len(octets) // 64
            yield from (octets[:middle], octets[middle:])
        case 2:
            yield piece.octets
        case _:
            yield None


class _Outgoing:
    """What a session sends is always what we ourselves can read, and nothing comes after ESID."""

    def __init__(self, subject: Session) -> None:
        self._session = subject
        self._unwrapper = Unwrapper(EXCHANGE_BUFFER_MAX)
        self._has_ended = False

    def all_is_well(self) -> None:
        self._unwrapper.feed(self._session.data_to_send())
        while (buffer := self._unwrapper.next()) is not None:
            assert not self._has_ended, "nothing is sent after ESID"
            level = self._session.level
            command = parse(buffer, level)
            assert build(command, level) == buffer, "what is sent is as strict as can be"
            if isinstance(command, c.DATA):
                agreed = self._session.parameters
                assert agreed is not None and len(buffer) <= agreed.buffer_bytes, "no more than was agreed"
                decode(command.payload)
            self._has_ended = isinstance(command, c.ESID)
        assert not self._has_ended or self._session.state in OVER


def stream(data: bytes) -> None:
    """The first octet says how long the pieces are: cut in any way, a stream means the same."""
    size = data[0] % 64 + 1 if data else 1
    octets = data[1:]
    whole, cut = _responder(), _responder()
    events = whole.receive_data(octets)
    said = [event for at in range(0, len(octets), size) for event in cut.receive_data(octets[at : at + size])]
    assert events == said
    assert whole.data_to_send() == cut.data_to_send()
    assert whole.state is cut.state


def _responder() -> Session:
    subject = Session(Role.RESPONDER, capabilities(15))
    subject.connection_made()
    return subject


def commands(data: bytes) -> None:
    """One exchange buffer, at each level: what can be read and written again is the same read again."""
    for level in LEVELS if data else ():
        _read_and_written(data, level)


def _read_and_written(data: bytes, level: int) -> None:
    try:
        command = parse(data, level)
    except RemoteProtocolError:
        return
    try:
        octets = build(command, level)
    except ValueError:
        # More may be read than may be written.
        return
    again = parse(octets, level)
    if not (isinstance(command, c.ESID) and level < SECURE_LEVEL):
        # Of an ESID the text may have been read, and has no field.
        assert again == command
    assert build(again, level) == octets


def subrecords(data: bytes) -> None:
    """As the payload of DATA, and as records (cut where an octet is 0) that are sent and read again."""
    try:
        decoded = decode(data)
    except RemoteProtocolError:
        decoded = None
    if decoded is not None:
        assert list(decoded.record_ends) == sorted(decoded.record_ends)
        assert not decoded.record_ends or decoded.record_ends[-1] <= len(decoded.data)
    size, records = (data[0] + 2 if data else 2), data[1:].split(b"\0")
    for compress in (False, True):
        _encode_and_decode(records, size, compress=compress)


def _encode_and_decode(records: list[bytes], size: int, *, compress: bool) -> None:
    encoder, ends, content = Encoder(iter(records), payload_bytes=size, compress=compress), [0], b""
    while not encoder.exhausted:
        payload = encoder.next_payload()
        assert 1 <= len(payload) <= size
        decoded = decode(payload)
        ends += [len(content) + end for end in decoded.record_ends]
        content += decoded.data
    assert content == b"".join(records)
    assert [end - start for start, end in pairwise(ends)] == [len(record) for record in records]


def link(data: bytes) -> None:
    """A serial link: octets from the line, envelopes of the number that is due, timers, and what we send."""
    switches = data[0] if data else 0
    _Line(SerialLink(Role.RESPONDER if switches & 128 else Role.INITIATOR)).run(data[1:])


class _Line:
    """What happens to a link. Kinds: octets, an envelope, a timer, the carrier, a buffer to send, the end."""

    def __init__(self, subject: SerialLink) -> None:
        self._link = subject
        self._armed: dict[LinkTimer, float] = {}
        self._number = 0
        self._waiting = 0
        self._is_down = False

    def run(self, data: bytes) -> None:
        self._link.start()
        self._act()
        for piece in read(data):
            self._move(piece)
            self._act()
        self._link.abort("over")
        self._act()
        assert self._is_down, "the end is the end"

    def _move(self, piece: Piece) -> None:
        match piece.kind % 6:
            case 1 if 1 <= len(piece.octets) <= COMMAND_BYTES_MAX:
                self._link.receive(envelope(self._number, piece.octets))
                self._number = (self._number + 1) % 10
            case 2 if self._armed:
                timer = sorted(self._armed)[piece.kind // 6 % len(self._armed)]
                del self._armed[timer]
                self._link.timer_expired(timer)
            case 3:
                self._link.carrier(is_present=bool(piece.kind & 32))
            case 4 if piece.octets and self._waiting < 2:
                self._waiting += 1
                self._link.send(piece.octets)
            case 5:
                self._link.close()
            case _:
                self._link.receive(piece.octets)

    def _act(self) -> None:
        for output in self._link.outputs():
            assert not self._is_down, "nothing is done after the end"
            match output:
                case Write(octets):
                    assert octets, "nothing is not written"
                    if octets[0] == STX:
                        shift_in(octets[1:-1])
                case Deliver(exchange_buffer):
                    assert 1 <= len(exchange_buffer) <= COMMAND_BYTES_MAX
                    self._waiting = 0
                case SetTimer(timer, seconds):
                    assert seconds > 0
                    self._armed[timer] = seconds
                case StopTimer(timer):
                    self._armed.pop(timer, None)
                case Down():
                    self._is_down = True
                    self._armed.clear()


def shifting(data: bytes) -> None:
    """Shift-out coding: what is shifted out can be shifted in, and what is shifted in was shifted out."""
    assert shift_in(shift_out(data)) == data
    try:
        octets = shift_in(data)
    except ValueError:
        return
    # SO may come with its high bit set; it is sent without.
    assert len(shift_out(octets)) == len(data)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "session": session,
    "stream": stream,
    "commands": commands,
    "subrecords": subrecords,
    "link": link,
    "shifting": shifting,
    "envelopes": envelopes,
    "asn1": asn1,
}
