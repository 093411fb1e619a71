"""All of the bad input that can be listed: out of turn, cut short, one field wrong; in each state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from oftp2 import commands as c
from oftp2 import events as e
from oftp2.buffers import wrap
from oftp2.fields import Binary, Field, FixedBinary, Reader, Reserved, Text
from oftp2.formats import FORMATS, build
from oftp2.layouts import FORMATS_BY_LEVEL
from oftp2.levels import LEVEL
from oftp2.negotiation import Capabilities
from oftp2.session import Role, Session
from oftp2.tables import State
from tests.oftp2.test_hostile import COMMANDS, PREPARED, SPOKEN, feed, octets_of, sent
from tests.oftp2.users import ALICE, BOB

BOTH_PROVE = {"authentication": True, "credit": 2}


def to_be_challenged() -> Session:
    session = Session(Role.RESPONDER, Capabilities(BOB, **BOTH_PROVE))
    session.connection_made()
    feed(session, Capabilities(ALICE, **BOTH_PROVE).ssid())
    session.accept(Capabilities(BOB, **BOTH_PROVE))
    return session


def challenging() -> Session:
    session = to_be_challenged()
    feed(session, c.SECD())
    session.challenge(b"r" * 20, b"envelope")
    return session


def waiting_for_challenge() -> Session:
    session = Session(Role.INITIATOR, Capabilities(ALICE, **BOTH_PROVE))
    session.connection_made()
    feed(session, c.SSRM(), Capabilities(BOB, **BOTH_PROVE).ssid())
    return session


ALL: dict[State, Callable[[], Session]] = {
    **PREPARED,
    State.WF_SECD: to_be_challenged,
    State.WF_AURP: challenging,
    State.WF_AUCH: waiting_for_challenge,
}
_TURN = {"CD"}
#: What a partner may say in each state, but for ESID, which it may say in all; by hand from section 9.
IN_TURN: dict[State, set[str]] = {
    State.A_NC_ONLY: {"SSID"},
    State.A_WF_CONRS: set(),
    State.I_WF_RM: {"SSRM"},
    State.I_WF_SSID: {"SSID"},
    State.WF_SECD: {"SECD"},
    State.WF_AURP: {"AURP"},
    State.WF_AUCH: {"AUCH"},
    State.IDLELI: {"SFID", "EERP", "NERP", "CD"},
    State.IDLELICD: {"SFID", "EERP", "NERP"},
    State.OPIP: set(),
    State.OPI: {"DATA", "EFID"},
    State.CLIP: set(),
    State.RTRP: set(),
    State.IDLESP: set(),
    State.IDLESPCD: set(),
    State.OPOP: {"SFPA", "SFNA"},
    State.OPO: set(),
    State.OPOWFC: {"CDT"},
    State.CLOP: {"EFPA", "EFNA"},
    State.WF_RTR: {"RTR"},
    **dict.fromkeys((State.WF_CD, State.ERSTWFCD, State.NRSTWFCD, State.SFSTWFCD, State.CDSTWFCD), _TURN),
}
#: The states that no octet leads to, and the one in which everything is passed over.
UNREACHED = {State.IDLE, State.I_WF_NC, State.UE, State.OTHER}


def aborts(events: list[e.Event]) -> list[e.AbortIndication]:
    return [event for event in events if isinstance(event, e.AbortIndication)]


def assert_ended(session: Session, events: list[e.Event], reasons: set[int], what: object) -> None:
    """The session ended by the partner's fault, with one word at most, and says nothing ever after."""
    answers = sent(session)
    assert session.state in {State.WF_NDISC, State.IDLE}, what
    assert [type(answer) for answer in answers] in ([c.ESID], []), what
    (abort,) = aborts(events)
    assert abort.reason in reasons, (what, abort)
    assert abort.blame is e.Blame.REMOTE, what
    if answers:
        assert answers[0].reason == abort.reason, what
    else:
        assert isinstance(events[-1], e.Disconnect), what
    assert feed(session, c.CD(), c.SSRM(), c.DATA(b"\x81x")) == []
    assert session.data_to_send() == b""


def test_every_state_that_a_partner_can_bring_about_is_looked_at() -> None:
    assert set(ALL) == set(State) - UNREACHED
    assert set(IN_TURN) == set(ALL) - {State.WF_NDISC}
    for state, prepare in ALL.items():
        assert prepare().state is state


#: Commands that came with a later level.
NEWER = {4: {"SECD", "AUCH", "AURP"}, 1: {"SECD", "AUCH", "AURP", "NERP"}}


@pytest.fixture
def level(request: pytest.FixtureRequest) -> Iterator[int]:
    """The level that all sessions of the test speak."""
    SPOKEN[0] = request.param
    yield request.param
    SPOKEN[0] = LEVEL


@pytest.mark.parametrize("state", IN_TURN)
def test_each_command_out_of_turn_ends_the_session_as_a_violation(state: State) -> None:
    tell_each_command(state, {})


@pytest.mark.parametrize("level", NEWER, indirect=True)
def test_so_it_does_at_older_levels_and_unknown_commands_as_such(level: int) -> None:
    for state in IN_TURN:
        # There is no such state where there is no such command.
        if state is not State.NRSTWFCD and ALL[state] in PREPARED.values():
            tell_each_command(state, dict.fromkeys(NEWER[level], 1))


def tell_each_command(state: State, unknown: dict[str, int]) -> None:
    for command in COMMANDS:
        name = type(command).__name__
        session = ALL[state]()
        session.data_to_send()
        events = feed(session, command)
        if name in unknown:
            assert_ended(session, events, {1}, (state, command))
        elif name in IN_TURN[state]:
            # This SSID gives more credit than was offered.
            assert {abort.reason for abort in aborts(events)} <= {10}, (state, command)
        elif name == "ESID":
            assert sent(session) == []
            assert session.state is State.IDLE
            assert isinstance(events[-1], e.Disconnect)
        else:
            assert_ended(session, events, {2}, (state, command))


@pytest.mark.parametrize("state", ALL)
def test_each_command_cut_at_each_octet_ends_the_session_as_unreadable(state: State) -> None:
    cut_each_command(state, COMMANDS)


@pytest.mark.parametrize("level", NEWER, indirect=True)
@pytest.mark.parametrize(
    "state", [State.A_NC_ONLY, State.I_WF_SSID, State.IDLELI, State.OPI, State.OPOP, State.CLOP, State.WF_RTR]
)
def test_so_it_does_at_older_levels(state: State, level: int) -> None:
    cut_each_command(state, [one for one in COMMANDS if type(one).__name__ not in NEWER[level]])


def cut_each_command(state: State, commands: list[c.Command]) -> None:
    for command in commands:
        whole = octets_of(command, SPOKEN[0])
        for end in range(1, len(whole)):
            if isinstance(command, c.DATA) and end == 1:
                continue  # A data exchange buffer without subrecords is one.
            session = ALL[state]()
            session.data_to_send()
            events = session.receive_data(wrap(whole[:end]))
            if state is State.WF_NDISC:
                assert events == []
                assert session.data_to_send() == b""
            else:
                assert_ended(session, events, {6, 7}, (state, whole[:end]))


def fields_of(command: c.Command, level: int = LEVEL) -> Iterator[tuple[Field[Any], int, int]]:
    """Each field of the command with where it begins and ends in its buffer."""
    (form,) = [form for form in FORMATS_BY_LEVEL[level] if form.command is type(command)]
    whole = build(command, level)
    reader = Reader(whole, 1)
    start = 1
    for _, field in form.fields:
        field.read(reader)
        yield field, start, reader._position
        start = reader._position


def in_turn(command: c.Command) -> list[State]:
    return [state for state, names in IN_TURN.items() if type(command).__name__ in names]


STRUCTURED = [command for command in COMMANDS if not isinstance(command, c.DATA)]


@pytest.mark.parametrize("command", STRUCTURED, ids=lambda command: type(command).__name__)
def test_each_field_wrong_is_answered_or_tolerated_and_never_raises(command: c.Command) -> None:
    spoil_each_field(command, LEVEL)


@pytest.mark.parametrize("level", NEWER, indirect=True)
def test_so_it_is_at_older_levels(level: int) -> None:
    for command in STRUCTURED:
        if type(command).__name__ not in NEWER[level] | {"SSRM", "CD", "RTR"}:
            spoil_each_field(command, level)


def spoil_each_field(command: c.Command, level: int) -> None:
    if isinstance(command, c.SSID):
        command = replace(command, level=level)
    whole = build(command, level)
    for field, start, end in fields_of(command, level):
        for octet in (0x00, 0x09, 0x20, 0x39, 0x3F, 0x5A, 0x80, 0xFF):
            wrong = whole[:start] + bytes((octet,)) * (end - start) + whole[end:]
            for state in in_turn(command) or [State.IDLELI]:
                session = ALL[state]()
                session.data_to_send()
                events = session.receive_data(wrap(wrong))
                what = (field.name, f"{octet:02X}", state)
                loose = isinstance(field, Reserved | Binary | FixedBinary | Text) or end == start
                if octet in {0x00, 0x09, 0x80, 0xFF} and not loose:
                    # Neither text nor number, nor the end of a command.
                    assert_ended(session, events, {6}, what)
                elif aborts(events) and not any(isinstance(event, e.Disconnect) for event in events):
                    assert_ended(session, events, {1, 2, 6, 7, 10, 11, 12}, what)
                session.connection_lost()
                assert session.state is State.IDLE, what


@pytest.mark.parametrize("octet", range(256))
def test_no_other_octet_begins_a_command(octet: int) -> None:
    known = {form.octet[0] for form in FORMATS} | {ord("D")}
    if octet in known:
        return
    for state in (State.A_NC_ONLY, State.IDLELI, State.OPI, State.OPO):
        session = ALL[state]()
        session.data_to_send()
        events = session.receive_data(wrap(bytes((octet,)) + b"whatever"))
        assert_ended(session, events, {1}, (state, octet))
