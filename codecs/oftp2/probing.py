"""Trying a partner without sending it anything: who it is, what it can do, and a proper end. Sans-IO.

A probe offers to send only, so that a partner of good manners hands over no files while it has the turn. It
gets that for a moment, because a session ends properly no other way (RFC 5024 section 4.6).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from oftp2 import events as e
from oftp2.commands import SSID
from oftp2.negotiation import Capabilities, Mode, Parameters
from oftp2.reasons import ESID_REASONS, EndReason, explain
from oftp2.session import Session
from oftp2.tables import State

_LEVELS = {1: "revision 1.2", 2: "revision 1.3", 4: "revision 1.4", 5: "revision 2.0"}
_DIRECTIONS = {"S": "sends only", "R": "receives only", "B": "sends and receives"}


def asking_nothing(ours: Capabilities) -> Capabilities:
    """What a probe offers in place of `ours`: the same, but to send only, unless we only receive."""
    return ours if ours.mode is Mode.RECEIVE else replace(ours, mode=Mode.SEND)


class Probe:
    """Leads an initiator's session through start and end. `fault` is what went wrong, in words.

    Give it every event in `on`, and call `pump` after. `stood` tells that the partner took us.
    """

    def __init__(self, session: Session, partner: str) -> None:
        """`partner` is the identification code that must answer."""
        self.session = session
        self.fault: str | None = None
        self.stood = False
        self._partner = partner
        self._has_given_turn = False

    def on(self, event: e.Event) -> None:
        """Deal with an event."""
        match event:
            case e.ConnectConfirmation(parameters=parameters) if parameters.code != self._partner:
                self.fault = f"{parameters.code} answers, not {self._partner}"
                self.session.end(EndReason.UNKNOWN_USER, "somebody else was called")
            case e.ConnectConfirmation():
                self.stood = True
            case e.AbortIndication():
                self.fault = self.fault or self._why(event)
            case e.StartFileIndication():
                # To try again is the partner's right: nothing is wrong with its file.
                self.session.refuse_file(99, "files are not taken in a test", retry=True)
            case e.EndResponseIndication() | e.NegativeEndResponseIndication():
                # A receipt that is taken and not kept would be lost.
                self.fault = "the partner gives receipts, which are not taken in a test: it gives them again"
                self.session.end(EndReason.NO_RESOURCES, "receipts are not taken in a test")

    def _why(self, event: e.AbortIndication) -> str:
        peer = self.session.peer
        if event.reason == EndReason.UNKNOWN_USER and not event.distant and peer is not None:
            return f"{peer.code} answers, not {self._partner}"
        return why_ended(event)

    def pump(self) -> None:
        """Give the turn once, and end when it comes back."""
        if not self.stood:
            return
        if self.session.may_release:
            self.session.release()
        elif self.session.state is State.IDLESP and not self._has_given_turn:
            self._has_given_turn = True
            self.session.change_direction()


def why_ended(event: e.AbortIndication) -> str:
    """How a session ended before its time."""
    if event.blame is e.Blame.NETWORK:
        return event.text
    who = "the partner ended" if event.distant else "we ended"
    meaning = explain(ESID_REASONS, event.reason).meaning
    said = f" ({event.text})" if event.text and event.text != meaning else ""
    return f"{who} the session: ESID {event.reason:02d} {meaning}{said}"


def findings(peer: SSID, agreed: Parameters | None, ours: Capabilities) -> Iterator[tuple[str, str]]:
    """Pairs of what was looked at in the partner's SSID and what was found."""
    yield "identification", peer.code
    yield "level", f"{peer.level} ({_LEVELS.get(peer.level, 'not of RFC 5024')})"
    yield "direction", _direction(peer, ours)
    buffer_bytes = agreed.buffer_bytes if agreed else peer.buffer_bytes
    yield "buffer", f"{buffer_bytes} octets, {ours.buffer_bytes} offered"
    yield "credit", f"{agreed.credit if agreed else peer.credit}, {ours.credit} offered"
    yield "compression", _yes(peer.compression) if ours.compression else "not offered"
    yield "restart", _yes(peer.restart)
    yield "special logic", _yes(peer.special_logic)
    yield "authentication", "demanded" if peer.authentication else "no"
    yield "user data", peer.user_data or "none"


def _direction(peer: SSID, ours: Capabilities) -> str:
    if ours.mode is Mode.SEND and peer.mode == Mode.RECEIVE:
        return "receives (it was asked for no more, so that it hands over nothing)"
    return _DIRECTIONS[peer.mode]


def _yes(value: bool) -> str:
    return "yes" if value else "no"
