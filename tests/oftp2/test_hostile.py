"""Whatever a partner sends, the engine answers with ESID or an abort, and never raises."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oftp2 import commands as c
from oftp2 import events as e
from oftp2.buffers import HEADER_BYTES, wrap
from oftp2.formats import build, parse
from oftp2.levels import LEVEL, LEVELS
from oftp2.negotiation import Capabilities, Credentials
from oftp2.reasons import EndReason
from oftp2.session import EMPTY_MAX, Role, Session
from oftp2.subrecords import Encoder
from oftp2.tables import State
from tests.oftp2.users import ALICE, BOB, identity_of

IDENTITY = identity_of()
EERP = c.EERP.of(IDENTITY)
NERP = c.NERP.of(IDENTITY, "O0013BOB", 34, "处理失败")
SSID_ALICE = Capabilities(ALICE).ssid()
SSID_BOB = Capabilities(BOB).ssid()
SFID = c.SFID.of(IDENTITY, 5000)
COMMANDS: list[c.Command] = [
    *(c.SSRM(), SSID_ALICE, SFID, c.SFPA(0), c.SFNA(99, True, "later"), c.DATA(b"\x03abc"), c.CDT()),
    *(c.EFID(0, 3), c.EFPA(False), c.EFPA(True), c.EFNA(11, "short"), c.ESID(0), c.ESID(2, "bad"), c.CD()),
    *(EERP, NERP, c.RTR(), c.SECD(), c.AUCH(b"challenge"), c.AURP(b"r" * 20)),
]


#: The level that the sessions below speak; the tests of bad input go through others too.
SPOKEN = [LEVEL]


def able(end: Credentials, **more: Any) -> Capabilities:
    return Capabilities(end, levels=tuple(level for level in LEVELS if level <= SPOKEN[0]), **more)


def octets_of(command: c.Command, level: int) -> bytes:
    """As the level has it, or as level 5 does where that has no such command."""
    try:
        return build(command, level)
    except ValueError:
        return build(command)


def sent(session: Session) -> list[c.Command]:
    octets, commands = session.data_to_send(), []
    while octets:
        length = int.from_bytes(octets[1:4], "big")
        commands.append(parse(octets[HEADER_BYTES:length], session.level))
        octets = octets[length:]
    return commands


def feed(session: Session, *commands: c.Command) -> list[e.Event]:
    return session.receive_data(b"".join(wrap(octets_of(command, session.level)) for command in commands))


def responder() -> Session:
    session = Session(Role.RESPONDER, able(BOB, credit=2))
    session.connection_made()
    return session


def asked() -> Session:
    session = responder()
    feed(session, able(ALICE).ssid())
    return session


def listener() -> Session:
    session = asked()
    session.accept(able(BOB, credit=2))
    return session


def offered() -> Session:
    session = listener()
    feed(session, SFID)
    return session


def receiving() -> Session:
    session = offered()
    session.accept_file(0)
    return session


def closing() -> Session:
    session = receiving()
    feed(session, c.DATA(b"\x83abc"), c.EFID(0, 3))
    return session


def waiting_for_turn() -> Session:
    session = closing()
    session.accept_end(want_turn=True)
    return session


def answering() -> Session:
    session = listener()
    feed(session, EERP)
    return session


def initiator() -> Session:
    session = Session(Role.INITIATOR, able(ALICE, credit=1))
    session.connection_made()
    return session


def greeted() -> Session:
    session = initiator()
    feed(session, c.SSRM())
    return session


def speaker() -> Session:
    session = greeted()
    feed(session, able(BOB, credit=1).ssid())
    return session


def opening() -> Session:
    session = speaker()
    session.start_file(SFID)
    return session


def sending() -> Session:
    session = opening()
    feed(session, c.SFPA(0))
    return session


def out_of_credit() -> Session:
    session = sending()
    session.send_data(b"\x83abc")
    return session


def closed() -> Session:
    session = sending()
    session.close_file(unit_count=0)
    return session


def receipting() -> Session:
    session = speaker()
    session.send_receipt(IDENTITY)
    return session


def turned() -> Session:
    session = speaker()
    session.change_direction()
    return session


def returned() -> Session:
    session = listener()
    feed(session, c.CD())
    return session


def stored(request: Callable[[Session], None]) -> Callable[[], Session]:
    def prepare() -> Session:
        session = waiting_for_turn()
        request(session)
        return session

    return prepare


def ending() -> Session:
    session = listener()
    session.end(EndReason.UNSPECIFIED)
    return session


PREPARED: dict[State, Callable[[], Session]] = {
    State.A_NC_ONLY: responder,
    State.A_WF_CONRS: asked,
    State.IDLELI: listener,
    State.OPIP: offered,
    State.OPI: receiving,
    State.CLIP: closing,
    State.WF_CD: waiting_for_turn,
    State.ERSTWFCD: stored(lambda session: session.send_receipt(IDENTITY)),
    State.NRSTWFCD: stored(lambda session: session.send_negative_receipt(NERP)),
    State.SFSTWFCD: stored(lambda session: session.start_file(SFID)),
    State.CDSTWFCD: stored(lambda session: session.change_direction()),
    State.RTRP: answering,
    State.I_WF_RM: initiator,
    State.I_WF_SSID: greeted,
    State.IDLESP: speaker,
    State.OPOP: opening,
    State.OPO: sending,
    State.OPOWFC: out_of_credit,
    State.CLOP: closed,
    State.WF_RTR: receipting,
    State.IDLELICD: turned,
    State.IDLESPCD: returned,
    State.WF_NDISC: ending,
}


@pytest.mark.parametrize("state", PREPARED)
def test_preparations_reach_their_state(state: State) -> None:
    assert PREPARED[state]().state is state


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
@pytest.mark.parametrize("state", PREPARED)
def test_any_command_in_any_state_is_followed_or_ended_cleanly(state: State, command: c.Command) -> None:
    session = PREPARED[state]()
    session.data_to_send()
    events = feed(session, command)
    answers = sent(session)
    aborts = [event for event in events if isinstance(event, e.AbortIndication)]
    esids = [answer for answer in answers if isinstance(answer, c.ESID)]
    assert len(aborts) <= 1
    if state is State.WF_NDISC:
        assert not events
        assert not answers
    elif esids:
        assert esids[0].reason in {1, 2, 6, 7, 10, 12}
        assert aborts
        assert aborts[0].blame is e.Blame.REMOTE
        assert session.state is State.WF_NDISC
    elif session.state is State.IDLE:
        assert isinstance(events[-1], e.Disconnect)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_commands_cut_short_or_too_long_are_size_errors(command: c.Command) -> None:
    whole = build(command)
    if isinstance(command, c.DATA):
        return
    variants: Iterator[bytes] = iter([*(whole[:end] for end in range(1, len(whole))), whole + b" "])
    for octets in variants:
        for prepare in (responder, listener, sending):
            session = prepare()
            session.data_to_send()
            events = session.receive_data(wrap(octets))
            (esid,) = sent(session)
            assert isinstance(esid, c.ESID)
            assert esid.reason in {6, 7}, octets
            assert isinstance(events[0], e.AbortIndication)


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 1),
        (b"\x16\x03\x01\x02\x00\x01", 1),
        (b"\x10\xff\xff\xffX", 7),
        (b"\x10\x00\x00\x04", 7),
        (b"\x10\x00\x00\x05?", 1),
        (b"\x10\x00\x10\x00X", 7),
    ],
)
def test_garbage_gets_its_reason(octets: bytes, reason: int) -> None:
    session = responder()
    session.data_to_send()
    events = session.receive_data(octets)
    (esid,) = sent(session)
    assert isinstance(esid, c.ESID)
    assert esid.reason == reason
    assert isinstance(events[0], e.AbortIndication)
    assert events[0].blame is e.Blame.REMOTE
    assert session.receive_data(b"more" * 100) == []
    assert session.data_to_send() == b""


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(PREPARED)), st.lists(st.one_of(st.binary(max_size=60), st.sampled_from(COMMANDS)))
)
def test_noise_never_raises(state: State, noise: list[bytes | c.Command]) -> None:
    session = PREPARED[state]()
    for piece in noise:
        session.receive_data(piece if isinstance(piece, bytes) else wrap(build(piece)))
    session.connection_lost()
    assert session.state is State.IDLE


def test_credit_is_given_again_when_it_is_used_up() -> None:
    session = receiving()
    session.data_to_send()
    feed(session, c.DATA(b"\x01a"))
    assert sent(session) == []
    feed(session, c.DATA(b"\x01b"))
    assert sent(session) == [c.CDT()]


def test_a_file_that_goes_on_without_an_octet_of_it_ends_the_session() -> None:
    session = receiving()
    for _ in range(EMPTY_MAX):
        feed(session, c.DATA(bytes(4)))
    feed(session, c.DATA(b"\x01a"))
    for _ in range(EMPTY_MAX):
        feed(session, c.DATA(b"\x80"))
    assert session.state is State.OPI
    session.data_to_send()
    (abort,) = feed(session, c.DATA(bytes(4)))
    assert isinstance(abort, e.AbortIndication)
    assert sent(session) == [c.ESID(6, f"{EMPTY_MAX + 1} data exchange buffers with no data")]


def test_buffers_past_the_agreed_size_pass_within_ours_only() -> None:
    session = Session(Role.RESPONDER, Capabilities(BOB, buffer_bytes=500))
    session.connection_made()
    feed(session, Capabilities(ALICE, buffer_bytes=200).ssid())
    session.accept(Capabilities(BOB, buffer_bytes=500))
    feed(session, SFID)
    session.accept_file(0)
    assert session.parameters is not None
    assert session.parameters.buffer_bytes == 200

    def payload(size: int) -> bytes:
        return Encoder(iter([bytes(range(1, 200)) * 5]), payload_bytes=size, compress=False).next_payload()

    (event,) = feed(session, c.DATA(payload(499)))
    assert isinstance(event, e.DataIndication)
    session.data_to_send()
    feed(session, c.DATA(payload(500)))
    (esid,) = sent(session)
    assert esid == c.ESID(7, "data exchange buffer of 501 octets")


@pytest.mark.parametrize("end", [b"\r", b"\x8d", b"\n"])
def test_line_feed_passes_for_carriage_return(end: bytes) -> None:
    session = responder()
    (event,) = session.receive_data(wrap(build(SSID_ALICE)[:-1] + end))
    assert isinstance(event, e.ConnectIndication)
    ended = listener()
    events = ended.receive_data(wrap(b"F00000" + end))
    assert [type(event) for event in events] == [e.ReleaseIndication, e.Disconnect]


def test_a_release_without_change_of_direction_is_a_release() -> None:
    for prepare in (listener, speaker, returned):
        events = feed(prepare(), c.ESID(0))
        assert [type(event) for event in events] == [e.ReleaseIndication, e.Disconnect]


def test_a_missing_end_of_record_is_no_fault() -> None:
    session = receiving()
    events = feed(session, c.DATA(b"\x03abc"), c.EFID(0, 3))
    assert isinstance(events[-1], e.CloseFileIndication)
    assert events[-1].fault is None


@pytest.mark.parametrize(("announced", "reason"), [(2, 11), (4, 11)])
def test_wrong_counts_have_their_reason(announced: int, reason: int) -> None:
    session = receiving()
    events = feed(session, c.DATA(b"\x83abc"), c.EFID(0, announced))
    assert isinstance(events[-1], e.CloseFileIndication)
    assert events[-1].fault == reason


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("dataset_name", "with space", 1),
        ("date", "20261301", 1),
        ("destination", "small", 2),
        ("originator", "?", 3),
    ],
)
def test_a_wrong_name_is_refused_and_the_session_goes_on(field: str, value: str, reason: int) -> None:
    session = listener()
    session.data_to_send()
    octets = bytearray(build(SFID))
    at, width = {"dataset_name": (1, 26), "date": (30, 8), "destination": (56, 25), "originator": (81, 25)}[
        field
    ]
    octets[at : at + width] = value.encode().ljust(width)
    assert session.receive_data(wrap(bytes(octets))) == []
    (answer,) = sent(session)
    assert isinstance(answer, c.SFNA)
    assert (answer.reason, answer.retry) == (reason, False)
    assert session.state is State.IDLELI


def test_authentication_is_refused_as_incompatible() -> None:
    session = responder()
    session.data_to_send()
    feed(session, replace(SSID_ALICE, authentication=True))
    session.accept(Capabilities(BOB))
    (esid,) = sent(session)
    assert isinstance(esid, c.ESID)
    assert esid.reason == 12
    caller = greeted()
    caller.data_to_send()
    feed(caller, replace(SSID_BOB, authentication=True, credit=1))
    (esid,) = sent(caller)
    assert isinstance(esid, c.ESID)
    assert esid.reason == 12
