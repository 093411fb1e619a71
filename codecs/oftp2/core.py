"""The engine's inside: takes one event at a time through the state tables of RFC 5024 section 9."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace

from oftp2 import commands as c
from oftp2 import events as e
from oftp2.buffers import wrap
from oftp2.entity import Entity
from oftp2.errors import LocalProtocolError, RemoteProtocolError
from oftp2.fields import clip
from oftp2.formats import LEVEL, build, parse
from oftp2.machine import choose, find_cell
from oftp2.reasons import ESID_REASONS, EndReason, explain, known_reason
from oftp2.rules import ACTIONS, PREDICATES
from oftp2.subrecords import Decoded
from oftp2.tables import State, Transition
from oftp2.trace import After, Hear, Passed, Way

#: ESID reasons by which a partner says that we did wrong.
_PARTNER_BLAMES_US = frozenset({1, 2, 3, 4, 6, 7, 10, 11, 12})
_COMMANDS = {
    cls.__name__: cls
    for cls in (
        *(c.SSRM, c.SSID, c.SFID, c.SFPA, c.SFNA, c.DATA, c.CDT, c.EFID, c.EFPA, c.EFNA),
        *(c.CD, c.EERP, c.NERP, c.RTR, c.SECD, c.AUCH, c.AURP),
    )
}
_BARE: dict[str, Callable[[], c.Command]] = {
    "SSRM": c.SSRM,
    "CDT": c.CDT,
    "CD": c.CD,
    "RTR": c.RTR,
    "SECD": c.SECD,
}


class Core:
    """State, variables, what is to be sent and told. `fire` is the only way to change any of it."""

    def __init__(self, entity: Entity, hear: Hear | None = None) -> None:
        self.entity = entity
        self.events: deque[e.Event] = deque()
        self.outgoing: list[bytes] = []
        #: What the DATA that is being taken stands for.
        self.decoded: Decoded | None = None
        self._fault: RemoteProtocolError | None = None
        self._hear = hear
        #: What passed and was not told yet, for the state after it is not known before.
        self._passing: list[tuple[Way, Passed]] = []

    def note(self, way: Way, passed: Passed) -> None:
        """Something passes, and is told with the state that follows from it."""
        if self._hear is not None:
            self._passing.append((way, passed))

    def tell(self) -> None:
        """Tell what has passed."""
        if self._passing and self._hear is not None:
            passing, self._passing = self._passing, []
            after = After(self.entity.state, self.entity.credit)
            for way, passed in passing:
                self._hear(way, passed, after)

    def fire(self, event: str, value: object = None) -> bool:
        """Take `event` through the tables. False, and nothing changed, when it may not happen now."""
        entity = self.entity
        cell = find_cell(event, entity.state)
        if cell is None:
            return False
        entity.input, entity.built, entity.indication = value, None, None
        transition = choose(cell, lambda name: PREDICATES[cell.section, name](entity))
        if transition is None or transition.next_state is State.UE:
            return False
        for action in transition.actions:
            ACTIONS[cell.section, action](entity)
        self._put_out(transition)
        if transition.next_state is not None:
            entity.state = transition.next_state
        self.tell()
        return True

    def demand(self, event: str, value: object = None) -> None:
        """`fire` for our own user: LocalProtocolError when not allowed, ValueError when not buildable."""
        if isinstance(value, c.SFID | c.SFNA | c.EFNA | c.EERP | c.NERP | c.EFID | c.ESID | c.SFPA):
            build(value, self.entity.level)
        if not self.fire(event, value):
            raise LocalProtocolError(f"{event} is not allowed in state {self.entity.state}")

    def invalid(self, fault: RemoteProtocolError) -> None:
        """A buffer that cannot be read: its own reason goes into ESID in place of 01."""
        self._fault = fault
        self.fire("Invalid Buffer")

    def _put_out(self, transition: Transition) -> None:
        for output in transition.outputs:
            name, _, arguments = output.rstrip(")").partition("(")
            if name in _COMMANDS:
                self._send(self._command(name))
            elif name == "ESID":
                self._end(arguments)
            elif name == "F_ABORT_IND":
                self.events.append(self._abort(arguments, transition))
            else:
                event = self._indication(name, arguments)
                if event is not None:
                    self.events.append(event)

    def _command(self, name: str) -> c.Command:
        for candidate in (self.entity.built, self.entity.input):
            if type(candidate) is _COMMANDS[name]:
                return candidate
        return _BARE[name]()

    def _send(self, command: c.Command) -> None:
        level = self.entity.level
        if isinstance(command, c.SFNA | c.EFNA | c.ESID | c.NERP):
            command = replace(command, reason=known_reason(type(command).__name__, command.reason, level))
        octets = build(command, level)
        # What a level has no field for has not been said.
        self.note(Way.SENT, command if level == LEVEL else parse(octets, level))
        self.outgoing.append(wrap(octets))

    def _end(self, arguments: str) -> None:
        """Send ESID: with the user's reason for `R`, else the reason printed in the table or a nearer one."""
        wish = self.entity.input
        if arguments == "R" and isinstance(wish, c.ESID):
            self._send(wish)
            return
        reason, text = self._reason(arguments.removeprefix("R="))
        self._send(c.ESID(reason, clip(text)))

    def _reason(self, printed: str) -> tuple[int, str]:
        entity = self.entity
        if printed == "01" and self._fault is not None:
            return self._fault.reason, self._fault.text
        if printed == "10" and entity.disagreement is not None:
            return entity.disagreement.reason, entity.disagreement.text
        reason = int(printed)
        if reason == EndReason.NORMAL:
            return reason, ""
        if reason == EndReason.PROTOCOL_VIOLATION:
            got = type(entity.input).__name__
            return reason, f"{got} in state {entity.state}"
        return reason, explain(ESID_REASONS, reason).meaning

    def _abort(self, arguments: str, transition: Transition) -> e.AbortIndication:
        if arguments == "R,AO=L":
            printed = transition.outputs[0].removeprefix("ESID(R=").rstrip(")")
            reason, text = self._reason(printed)
            return e.AbortIndication(reason, text, distant=False, blame=e.Blame.REMOTE)
        got = self.entity.input
        if isinstance(got, c.ESID):
            blame = e.Blame.LOCAL if got.reason in _PARTNER_BLAMES_US else e.Blame.REMOTE
            text = got.text or explain(ESID_REASONS, got.reason).meaning
            return e.AbortIndication(got.reason, text, distant=True, blame=blame)
        if isinstance(got, c.SSID):
            text = f"SSID in state {self.entity.state}"
            return e.AbortIndication(EndReason.PROTOCOL_VIOLATION, text, distant=False, blame=e.Blame.REMOTE)
        if got == EndReason.TIME_OUT:
            return e.AbortIndication(EndReason.TIME_OUT, "time-out", distant=False, blame=e.Blame.REMOTE)
        text = f"connection lost in state {self.entity.state}"
        return e.AbortIndication(EndReason.UNSPECIFIED, text, distant=True, blame=e.Blame.NETWORK)

    def _indication(self, name: str, arguments: str) -> e.Event | None:  # noqa: PLR0911 - one line an event
        entity = self.entity
        if entity.indication is not None and name != "N_DISC_RQ":
            return entity.indication
        match name, entity.input:
            case "N_DISC_RQ", _:
                return e.Disconnect()
            case "F_CONNECT_IND", c.SSID() as ssid:
                return e.ConnectIndication(ssid)
            case "F_CONNECT_CF", _:
                return e.ConnectConfirmation(entity.agreed)
            case "F_DATA_IND", _:
                return self._data()
            case "F_DATA_CF", _:
                return e.DataConfirmation()
            case "F_CLOSE_FILE_IND", c.EFID() as efid:
                return self._close(efid)
            case "F_CLOSE_FILE_CF", _:
                return e.CloseFileConfirmation(speaker="SP=Yes" in arguments)
            case "F_CD_IND", _:
                return e.ChangeDirectionIndication()
            case "F_RTR_CF", _:
                return e.ReadyConfirmation()
            case "F_RELEASE_IND", _:
                return e.ReleaseIndication()
        # Of F_START_FILE_IND nothing is told when the file's name is wrong: the session refuses it by itself.
        assert name in {"N_CON_RQ", "N_CON_RS", "F_START_FILE_IND"}, f"no event {name}"
        return None

    def _data(self) -> e.DataIndication:
        decoded, self.decoded = self.decoded, None
        assert decoded is not None, "a buffer is decoded before it goes through the tables"
        self.entity.counter.add(len(decoded.data), decoded.record_ends)
        return e.DataIndication(decoded.data, decoded.record_ends)

    def _close(self, efid: c.EFID) -> e.CloseFileIndication:
        counter = self.entity.counter
        # An unstructured file has no records to count, though some partners count it as one.
        records = counter.total_records if counter.is_structured else efid.record_count
        return e.CloseFileIndication(
            efid.record_count, efid.unit_count, records, counter.units, counter.records_fit
        )
