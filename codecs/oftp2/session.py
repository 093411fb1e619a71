"""One ODETTE-FTP session without any I/O: octets in, events out; requests in, octets out (RFC 5024).

How to use it: give what comes from the network to `receive_data` and act on the events that it returns; after
every call write `data_to_send` to the network. Requests that are out of turn raise `LocalProtocolError` and
change nothing. Nothing that a partner sends makes a method raise: it ends in ESID and an `AbortIndication`.

Secure authentication needs cryptography, and there is none here: `ChallengeWanted` and `ChallengeIndication`
are answered by the user, with `challenge` and `respond`, or with `end` when that cannot be done.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum

from oftp2 import commands as c
from oftp2.buffers import EXCHANGE_BUFFER_MAX, Unwrapper
from oftp2.core import Core
from oftp2.entity import Entity
from oftp2.errors import LocalProtocolError, RemoteProtocolError
from oftp2.events import ChallengeIndication, ChallengeWanted, Event
from oftp2.fields import INVALID_DATA, SIZE_ERROR, clip
from oftp2.formats import build, parse
from oftp2.identity import FileIdentity
from oftp2.layouts import CHALLENGE_BYTES
from oftp2.negotiation import Capabilities, Credentials
from oftp2.offers import offer_fault
from oftp2.reasons import SFNA_REASONS, EndReason, explain
from oftp2.subrecords import decode
from oftp2.tables import State
from oftp2.trace import Hear, Unreadable, Way
from oftp2.view import SessionView

#: So many data exchange buffers in a row may bring no octet of the file. There are encoders that go on like
#: that without end, and would seem busy to every timer.
EMPTY_MAX = 1_000


class Role(Enum):
    """Who opened the connection."""

    INITIATOR = "initiator"
    RESPONDER = "responder"


class Session(SessionView):
    """One end of a session. `expected` is who an initiator wants to find at the other end.

    `hear` is told of each command that passes (`oftp2.trace`).
    """

    def __init__(
        self,
        role: Role,
        capabilities: Capabilities,
        expected: Credentials | None = None,
        *,
        hear: Hear | None = None,
    ) -> None:
        self.role = role
        super().__init__(Core(Entity(capabilities, caller=role is Role.INITIATOR, expected=expected), hear))
        self._unwrapper = Unwrapper()
        self._empty = 0

    # The network

    def connection_made(self) -> None:
        """The connection stands. A responder greets; an initiator waits for that."""
        if self.role is Role.RESPONDER:
            self._core.demand("N_CON_IND")
            return
        self._core.demand("F_CONNECT_RQ")
        self._core.demand("N_CON_CF")

    def receive_data(self, octets: bytes) -> list[Event]:
        """Take what came from the network; the events that it caused, in order."""
        if self.state is not State.IDLE:
            self._unwrapper.feed(octets)
        try:
            while self.state is not State.IDLE and (buffer := self._unwrapper.next()) is not None:
                self._receive(buffer)
        except RemoteProtocolError as error:
            self._core.note(Way.RECEIVED, Unreadable(error.text))
            self._core.invalid(error)
        self._core.tell()
        if self.state in {State.IDLE, State.WF_NDISC}:
            self._unwrapper.clear()
        return self.events()

    def connection_lost(self) -> list[Event]:
        """The connection is gone."""
        self._core.fire("N_DISC_IND")
        return self.events()

    def time_out(self) -> list[Event]:
        """The inactivity timer ran out."""
        self._core.fire("TIME-OUT", EndReason.TIME_OUT)
        return self.events()

    def data_to_send(self) -> bytes:
        """The octets to write to the network now; each is given once."""
        outgoing, self._core.outgoing = self._core.outgoing, []
        return b"".join(outgoing)

    def events(self) -> list[Event]:
        """The events that requests caused and that were not given yet."""
        events = list(self._core.events)
        self._core.events.clear()
        return events

    # Start and end of the session

    def accept(self, capabilities: Capabilities) -> None:
        """F_CONNECT_RS: take the initiator, answering as `capabilities`. An `AbortIndication` may follow."""
        if self.state is not State.A_WF_CONRS:
            raise LocalProtocolError(f"F_CONNECT_RS is not allowed in state {self.state}")
        self._core.entity.capabilities = capabilities
        self._core.demand("F_CONNECT_RS")
        self._let_buffers_grow()

    def challenge(self, answer: bytes, envelope: bytes) -> None:
        """AUCH: the partner proves who it is by the 20 octets of `answer`, which the CMS `envelope` hides."""
        if self.state is not State.WF_SECD or self._asked is None:
            raise LocalProtocolError(f"no challenge is wanted in state {self.state}")
        if len(answer) != CHALLENGE_BYTES:
            raise ValueError(f"a challenge has {CHALLENGE_BYTES} octets, not {len(answer)}")
        self._answer("SECD", c.AUCH(envelope))
        self._core.entity.challenge = answer

    def respond(self, answer: bytes) -> None:
        """AURP: prove who we are by the octets that the partner's challenge hides.

        A responder's session stands after that; an initiator goes on to challenge the other end.
        """
        if self.state is not State.WF_AUCH or self._asked is None:
            raise LocalProtocolError(f"there is no challenge to answer in state {self.state}")
        self._answer("AUCH", c.AURP(answer))

    def release(self) -> None:
        """F_RELEASE_RQ(normal): end the session. Allowed just after the turn came back unasked."""
        self._core.demand("F_REL_RQ(Ok)")

    def end(self, reason: EndReason, text: str = "") -> None:
        """F_RELEASE_RQ(error): end the session at once with an ESID reason."""
        if self.state is State.IDLE:
            raise LocalProtocolError("there is no session to end")
        self._core.demand("F_REL_RQ(Err)", c.ESID(reason, clip(text)))

    def abort(self) -> None:
        """F_ABORT_RQ: drop the connection without a word."""
        self._core.demand("F_ABORT_RQ")

    # Speaker

    def start_file(self, sfid: c.SFID) -> None:
        """F_START_FILE_RQ. ValueError when it may not be offered so (`oftp2.offers`)."""
        fault = offer_fault(sfid, self.level)
        if fault is not None:
            raise ValueError(fault[1])
        self._core.demand("F_START_FILE_RQ", sfid)

    def send_data(self, payload: bytes) -> None:
        """F_DATA_RQ: one payload of `Encoder`, at most the negotiated buffer size less one."""
        if self.can_send_data and not 1 <= len(payload) < self._core.entity.agreed.buffer_bytes:
            raise LocalProtocolError(f"a payload of {len(payload)} octets does not fit the negotiated buffer")
        self._core.demand("F_DATA_RQ", c.DATA(payload))

    def close_file(self, *, unit_count: int, record_count: int = 0) -> None:
        """F_CLOSE_FILE_RQ with the counts of the whole file."""
        self._core.demand("F_CLOSE_FILE_RQ", c.EFID(record_count, unit_count))

    def send_receipt(self, identity: FileIdentity, *, hash: bytes = b"", signature: bytes = b"") -> None:  # noqa: A002 - the field's own name
        """F_EERP_RQ for the file that came under `identity`; `receipt_words` is what a signature is over."""
        eerp = replace(c.EERP.of(identity), hash=hash, signature=signature)
        self._core.demand("F_EERP_RQ", eerp)

    def send_negative_receipt(self, nerp: c.NERP) -> None:
        """F_NERP_RQ."""
        self._core.demand("F_NERP_RQ", nerp)

    def change_direction(self) -> None:
        """F_CD_RQ: give the turn away. Not allowed just after it came unasked."""
        self._core.demand("F_CD_RQ")

    # Listener

    def accept_file(self, restart: int = 0, *, units_before: int | None = None) -> None:
        """F_START_FILE_RS(+): begin at `restart`, at most what was offered.

        `units_before` is the number of octets before that point; only files of records need to tell it.
        """
        self._core.demand("F_START_FILE_RS", c.SFPA(restart))
        counter = self._core.entity.counter
        if counter.is_structured:
            counter.begin(restart, units_before or 0)
        else:
            counter.begin(0, restart * c.BLOCK_BYTES)

    def refuse_file(self, reason: int, text: str = "", *, retry: bool | None = None) -> None:
        """F_START_FILE_RS(-). Without `retry` the reason's own rule decides."""
        again = explain(SFNA_REASONS, reason).retryable if retry is None else retry
        self._core.demand("F_START_FILE_RS", c.SFNA(reason, again, clip(text)))

    def accept_end(self, *, want_turn: bool = False) -> None:
        """F_CLOSE_FILE_RS(+): the file is safe here. With `want_turn` we become the speaker."""
        self._core.demand("F_CLOSE_FILE_RS", c.EFPA(want_turn))

    def refuse_end(self, reason: int, text: str = "") -> None:
        """F_CLOSE_FILE_RS(-)."""
        self._core.demand("F_CLOSE_FILE_RS", c.EFNA(reason, clip(text)))

    def ready(self) -> None:
        """F_RTR_RS: the end response was dealt with."""
        self._core.demand("F_RTR_RS")

    # Inside

    def _answer(self, event: str, command: c.AUCH | c.AURP) -> None:
        build(command, self.level)
        self._asked = None
        self._core.demand(event, command)

    def _receive(self, buffer: bytes) -> None:
        if self.state is State.WF_NDISC:
            return
        command = parse(buffer, self.level)
        self._core.note(Way.RECEIVED, command)
        if self._is_for_user(command):
            return
        self._check(command)
        event = type(command).__name__
        if isinstance(command, c.ESID):
            event = "ESID R=Normal" if command.reason == EndReason.NORMAL else "ESID R=Error"
        self._core.fire(event, command)
        self._let_buffers_grow()
        if isinstance(command, c.SFID) and self.state is State.OPIP and (fault := command.fault()):
            self.refuse_file(*fault, retry=False)

    def _is_for_user(self, command: c.Command) -> bool:
        """Whether `command` waits for what our user makes; RemoteProtocolError 02 if one waits already."""
        if self._asked is not None and not isinstance(command, c.ESID):
            raise RemoteProtocolError(EndReason.PROTOCOL_VIOLATION, f"{type(command).__name__} out of turn")
        if isinstance(command, c.SECD) and self.state is State.WF_SECD:
            self._core.events.append(ChallengeWanted())
        elif isinstance(command, c.AUCH) and self.state is State.WF_AUCH:
            self._core.events.append(ChallengeIndication(command.challenge))
        else:
            return False
        self._asked = command
        return True

    def _let_buffers_grow(self) -> None:
        if self.parameters is not None:
            self._unwrapper.maximum_bytes = EXCHANGE_BUFFER_MAX

    def _check(self, command: c.Command) -> None:
        """What no table judges; raises RemoteProtocolError."""
        if isinstance(command, c.SSID):
            self._core.entity.peer = command
        elif isinstance(command, c.DATA):
            size = 1 + len(command.payload)
            # More than was agreed but not more than we offered is a known looseness, and does no harm.
            if size > self._core.entity.capabilities.buffer_bytes:
                raise RemoteProtocolError(SIZE_ERROR, f"data exchange buffer of {size} octets")
            self._core.decoded = decoded = decode(command.payload)
            self._empty = 0 if decoded.data else self._empty + 1
            if self._empty > EMPTY_MAX:
                raise RemoteProtocolError(INVALID_DATA, f"{self._empty} data exchange buffers with no data")
        elif isinstance(command, c.EERP | c.NERP):
            try:
                command.identity()
            except ValueError as error:
                raise RemoteProtocolError(INVALID_DATA, str(error)) from error
