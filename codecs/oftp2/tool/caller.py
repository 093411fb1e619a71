"""What a command that calls does: it knows who answers, speaks its piece, and leaves in good order."""

from __future__ import annotations

from abc import ABC, abstractmethod

from oftp2 import events as e
from oftp2.probing import why_ended
from oftp2.reasons import EndReason
from oftp2.session import Session
from oftp2.tables import State


class Caller(ABC):
    """The initiator's side. `fault` is what went wrong, in words; None when nothing did."""

    def __init__(self, session: Session, partner: str) -> None:
        self.session = session
        self.fault: str | None = None
        self.stood = False
        self._partner = partner

    @abstractmethod
    def has_more(self) -> bool:
        """Whether something is still to be said, or answered by the partner."""

    @abstractmethod
    def start(self) -> None:
        """The session stands and we have the turn."""

    @abstractmethod
    def transfer(self, event: e.Event) -> None:
        """An event of the transfer itself."""

    def on(self, event: e.Event) -> None:
        """Deal with an event."""
        match event:
            case e.ConnectConfirmation(parameters=parameters):
                if parameters.code != self._partner:
                    self.fault = f"{parameters.code} answers, not {self._partner}"
                    self.session.end(EndReason.UNKNOWN_USER, "somebody else was called")
                    return
                self.stood = True
                self.start()
            case e.AbortIndication():
                self.fault = self.fault or self.ended_early(event)
            case e.StartFileIndication():
                # To try again is the partner's right: nothing is wrong with its file.
                self.session.refuse_file(99, "files are not taken in this session", retry=True)
            case e.EndResponseIndication():
                self.transfer(event)
                self.session.ready()
            case e.NegativeEndResponseIndication():
                self.transfer(event)
                self.session.ready()
            case _:
                self.transfer(event)

    def ended_early(self, event: e.AbortIndication) -> str | None:
        """What is wrong with an end before its time; None when all was done by then."""
        return why_ended(event) if self.has_more() or not self.stood else None

    def pump(self) -> None:
        """When all is said: give the turn, and end when it comes back, as section 9 has it."""
        if self.has_more() or not self.stood:
            return
        if self.session.may_release:
            self.session.release()
        elif self.session.state is State.IDLESP:
            self.session.change_direction()
