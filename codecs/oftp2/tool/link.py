"""A connection with a session on it: blocking, with a limit to each wait."""

from __future__ import annotations

import socket
import ssl
from typing import Protocol

from oftp2 import events as e
from oftp2.errors import LocalProtocolError
from oftp2.session import Session
from oftp2.tables import State
from oftp2.tool.trace import Trace

_READ_BYTES = 65_536
#: How long the partner may take to close the connection after the session has ended.
_CLOSING_SECONDS = 5.0
_OVER = frozenset({State.IDLE, State.WF_NDISC})


class Failure(Exception):
    """What the command could not do, for the one who gave it: exit status 1."""


class Usage(Exception):
    """What was asked for wrongly: exit status 2."""


class Talk(Protocol):
    """What a command does with a session."""

    def on(self, event: e.Event) -> None:
        """Deal with an event."""

    def pump(self) -> None:
        """Say what may be said now; called after events."""


class Link:
    """Carries octets between a socket and a session until the session is over."""

    def __init__(
        self, connection: socket.socket, session: Session, trace: Trace, limit_seconds: float
    ) -> None:
        self.session = session
        self.trace = trace
        self._connection = connection
        self._is_broken = False
        connection.settimeout(limit_seconds)

    @property
    def is_over(self) -> bool:
        """Whether nothing more can be said."""
        return self.session.state in _OVER or self._is_broken

    def flush(self) -> None:
        """Write what the session has to send. A connection that breaks is noticed when it is read next."""
        octets = self.session.data_to_send()
        if octets and not self._is_broken:
            try:
                self._connection.sendall(octets)
            except OSError as error:
                self._is_broken = True
                self.trace.say(f"cannot send: {error}")

    def run(self, talk: Talk) -> None:
        """Hold the session, from the first word to the end of the connection."""
        self.session.connection_made()
        try:
            while True:
                self.flush()
                if self.session.state is State.IDLE:
                    return
                for event in self._wait():
                    self._hand_over(event, talk)
                if not self.is_over:
                    talk.pump()
        finally:
            self._close()

    def _hand_over(self, event: e.Event, talk: Talk) -> None:
        try:
            talk.on(event)
        except LocalProtocolError:
            # What came right after the event has ended the session: there is nobody left to answer.
            if not self.is_over:
                raise

    def _wait(self) -> list[e.Event]:
        if self.session.state is State.WF_NDISC:
            self._connection.settimeout(_CLOSING_SECONDS)
        try:
            octets = self._connection.recv(_READ_BYTES)
        except TimeoutError:
            self.trace.say("nothing came in time")
            return self.session.time_out()
        except OSError as error:
            self.trace.say(f"cannot receive: {error}")
            octets = b""
        if octets:
            return self.session.receive_data(octets)
        self.trace.say("the connection has ended")
        return self.session.connection_lost()

    def _close(self) -> None:
        # The partner may not have read our last word yet: say that no more comes before closing.
        try:
            self._connection.settimeout(_CLOSING_SECONDS)
            if isinstance(self._connection, ssl.SSLSocket):
                self._connection.unwrap()
            else:
                self._connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        self._connection.close()
