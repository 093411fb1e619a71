"""The release levels: each command's octets at each, which level two ends agree on, sessions at each."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oftp2 import commands as c
from oftp2 import events as e
from oftp2.buffers import wrap
from oftp2.errors import RemoteProtocolError
from oftp2.formats import build, parse
from oftp2.identity import FileIdentity
from oftp2.layouts import FORMATS_BY_LEVEL
from oftp2.levels import LEVELS, selected_level
from oftp2.negotiation import Capabilities, Disagreement, Parameters, agreed_level, negotiate
from oftp2.offers import offer_fault
from oftp2.reasons import EndReason, Refusal, known_reason
from oftp2.session import Role, Session
from oftp2.tables import State
from oftp2.trace import in_a_line
from tests.oftp2.users import ALICE, BOB, User, connect, identity_of, run, session_pair

OLDER = (4, 2, 1)
WHOLE = FileIdentity("DELFOR.99", "20260301", "1015300042", "O0013ALICE", "O0013BOB")
NAMES = b"%-25b%-25b" % (b"O0013BOB", b"O0013ALICE")
#: The other way round: a response goes to the originator.
BACK = b"%-25b%-25b" % (b"O0013ALICE", b"O0013BOB")
DSN = b"%-26b" % b"DELFOR.99"
SHORT, LONG = DSN + b" " * 9 + b"260301101530", DSN + b"   202603011015300042"
SFID = replace(c.SFID.of(WHOLE, 70_000, restart=68, user_data="UD"), format="V", record_bytes=80)
SSID = c.SSID(
    level=4,
    code="O0013ALICE",
    password="PW",
    buffer_bytes=2048,
    mode="B",
    compression=True,
    restart=False,
    credit=7,
    user_data="UD",
)
#: By hand, from RFC 2204 section 5.3, and for level 4 with the long stamps.
VECTORS: list[tuple[tuple[int, ...], c.Command, bytes]] = [
    ((4, 2, 1), c.SSRM(), b"IODETTE FTP READY \r"),
    ((2, 1), SFID, b"H" + SHORT + b"UD      " + NAMES + b"V00080" + b"0000069" + b"000000068"),
    ((4,), SFID, b"H" + LONG + b"UD      " + NAMES + b"V00080" + b"0000069" + b"000000068"),
    ((4, 2, 1), c.SFPA(68), b"2000000068"),
    ((4, 2, 1), c.SFNA(6, retry=False, text="too much"), b"306N"),
    ((4, 2, 1), c.CDT(), b"C  "),
    ((4, 2, 1), c.EFID(875, 70_000), b"T000000875000000070000"),
    ((4, 2, 1), c.EFPA(change_direction=True), b"4Y"),
    ((4, 2, 1), c.EFNA(11, "short"), b"511"),
    ((4, 2, 1), c.ESID(8, "full"), b"F08\r"),
    ((4, 2, 1), c.CD(), b"R"),
    ((2, 1), c.EERP.of(WHOLE, "UD"), b"E" + SHORT + b"UD      " + BACK),
    ((4,), c.EERP.of(WHOLE, "UD"), b"E" + LONG + b"UD      " + BACK),
    (
        (4,),
        c.NERP.of(WHOLE, "O0013BOB", 34, "why"),
        b"N" + DSN + b" " * 6 + b"202603011015300042" + BACK + b"%-25b34" % b"O0013BOB",
    ),
    ((4, 2, 1), c.RTR(), b"P"),
    ((4, 2, 1), c.DATA(b"\x81x"), b"D\x81x"),
]
CASES = [(level, command, octets) for levels, command, octets in VECTORS for level in levels]


@pytest.mark.parametrize(("level", "command", "octets"), CASES, ids=lambda value: type(value).__name__)
def test_commands_are_written_and_read_as_of_old(level: int, command: c.Command, octets: bytes) -> None:
    assert build(command, level) == octets
    came = parse(octets, level)
    # What the level has no field for is not there; the counter of a short stamp neither.
    if isinstance(command, c.SFNA | c.EFNA | c.ESID | c.NERP):
        command = replace(command, text="")
    if isinstance(command, c.SFID):
        command = replace(command, original_size_blocks=0)
    if isinstance(command, c.SFID | c.EERP) and level < 4:
        command = replace(command, time="1015300000")
    assert came == command


def test_a_whole_sfid_has_128_octets_below_level_5() -> None:
    assert {len(build(SFID, level)) for level in OLDER} == {128}


@pytest.mark.parametrize("level", OLDER)
def test_an_ssid_is_written_and_read_by_the_level_that_it_names(level: int) -> None:
    ssid = replace(SSID, level=level)
    octets = b"X%d%-25b%-8b02048BYNN007     %-8b\r" % (level, b"O0013ALICE", b"PW", b"UD")
    assert build(ssid) == octets
    assert parse(octets) == ssid
    # What level 5 has as an indicator is reserved, whatever is in it.
    assert parse(octets[:47] + b"?" + octets[48:]) == ssid
    with pytest.raises(ValueError, match="no authentication"):
        build(replace(ssid, authentication=True))


@pytest.mark.parametrize("level", OLDER)
def test_what_a_level_has_not_is_neither_written_nor_read(level: int) -> None:
    missing: list[c.Command] = [c.SECD(), c.AUCH(b"challenge"), c.AURP(b"r" * 20)]
    missing += [c.NERP.of(WHOLE, "O0013BOB", 34)] if level < 4 else []
    for command in missing:
        with pytest.raises(ValueError, match="there is no"):
            build(command, level)
        with pytest.raises(RemoteProtocolError, match="ESID 01"):
            parse(build(command), level)
    weighty = (
        replace(SFID, security="02"),
        replace(SFID, signed_receipt=True),
        replace(SFID, compressed=True),
        replace(c.EERP.of(WHOLE), signature=b"CMS"),
    )
    for command in weighty:
        with pytest.raises(ValueError, match=f"at level {level}"):
            build(command, level)
    assert b"words" not in build(replace(SFID, description="words"), level)


def test_the_formats_of_level_5_are_refused_at_the_others() -> None:
    for level in OLDER:
        for command in (SFID, c.SFPA(0), c.SFNA(1, retry=False), c.EFID(0, 1), c.EFNA(1), c.EERP.of(WHOLE)):
            with pytest.raises(RemoteProtocolError, match=r"ESID 0[67]"):
                parse(build(command), level)


@pytest.mark.parametrize("level", LEVELS)
def test_an_end_of_either_length_is_read_at_each_level(level: int) -> None:
    assert parse(b"F04\r", level) == parse(b"F04\n", level) == c.ESID(4)
    assert parse(b"F04003bye\r", level) == c.ESID(4, "bye")


@pytest.mark.parametrize(
    ("written", "date"), [(b"680229", "20680229"), (b"690228", "19690228"), (b"000229", "20000229")]
)
def test_the_century_of_a_short_date_comes_from_a_window(written: bytes, date: str) -> None:
    octets = build(SFID, 2).replace(b"260301101530", written + b"235959")
    sfid = parse(octets, 2)
    assert isinstance(sfid, c.SFID)
    assert (sfid.date, sfid.time, sfid.fault()) == (date, "2359590000", None)
    assert build(sfid, 2) == octets


def test_a_date_that_two_digits_cannot_tell_is_not_written() -> None:
    with pytest.raises(ValueError, match="two digits"):
        build(replace(SFID, date="19260301"), 1)


def test_short_dates_that_are_none_are_refused_as_names_are() -> None:
    octets = build(SFID, 2).replace(b"260301101530", b"260230101530")
    sfid = parse(octets, 2)
    assert isinstance(sfid, c.SFID)
    assert sfid.fault() == (1, "file date '20260230' is not in the calendar")
    with pytest.raises(RemoteProtocolError, match="not 6 digits"):
        parse(octets.replace(b"260230", b"26O230"), 2)


def test_an_answer_without_a_counter_stands_for_the_file_of_that_second() -> None:
    short = WHOLE.without_counter()
    assert short.time == "1015300000"
    assert short.stands_for(WHOLE)
    assert WHOLE.stands_for(WHOLE)
    assert not WHOLE.stands_for(short)
    assert not short.stands_for(replace(WHOLE, time="1015310042"))
    assert not short.stands_for(replace(WHOLE, dataset_name="OTHER"))


# Which level is spoken


def test_the_lowest_of_both_is_spoken() -> None:
    assert [selected_level(LEVELS, theirs) for theirs in range(10)] == [None, 1, 2, 2, 4, 5, 5, 5, 5, 5]
    assert selected_level((5, 4), 2) is None


def test_a_caller_takes_no_level_that_it_does_not_speak() -> None:
    assert [agreed_level(LEVELS, theirs, caller=True) for theirs in range(8)] == [
        None,
        1,
        2,
        None,
        4,
        5,
        5,
        5,
    ]
    # An answer above what was offered chooses nothing: the offer stands.
    assert agreed_level((4, 2), 5, caller=True) == 4


@pytest.mark.parametrize(("highest", "other"), list(product(LEVELS, LEVELS)))
def test_all_pairs_of_levels_come_to_terms(highest: int, other: int) -> None:
    def up_to(level: int) -> tuple[int, ...]:
        return tuple(one for one in LEVELS if one <= level)

    caller, answerer = session_pair(Capabilities(ALICE, levels=up_to(highest)))
    alice = User(caller, outbox=[(c.SFID.of(WHOLE, 3000), b"x" * 3000)])
    bob = User(answerer, want_turn=True, ours=Capabilities(BOB, levels=up_to(other)))
    bob.after = lambda user: user.session.change_direction()
    connect(alice, bob)
    run(alice, bob)
    assert caller.parameters is not None
    assert answerer.parameters is not None
    assert caller.parameters.level == answerer.parameters.level == min(highest, other)
    assert caller.level == answerer.level == min(highest, other)
    (came,) = bob.complete
    assert came.stands_for(WHOLE)
    assert bytes(bob.store[came]) == b"x" * 3000
    assert alice.delivered == [WHOLE]
    assert [one.stands_for(WHOLE) for one in alice.receipted] == [True]
    assert caller.state is State.IDLESPCD
    caller.release()
    run(alice, bob)
    assert answerer.state is State.IDLE


@given(st.sets(st.sampled_from(LEVELS), min_size=1), st.integers(0, 9), st.booleans())
def test_nothing_is_agreed_that_one_end_does_not_speak(ours: set[int], theirs: int, caller: bool) -> None:
    capabilities = Capabilities(ALICE, levels=tuple(ours))
    outcome = negotiate(capabilities, replace(SSID, level=theirs, credit=1), caller=caller)
    if isinstance(outcome, Parameters):
        assert outcome.level in ours
        assert outcome.level <= theirs
    else:
        assert isinstance(outcome, Disagreement)
        assert outcome.reason is EndReason.INCOMPATIBLE
        assert not caller or theirs not in ours
        assert caller or min(ours) > theirs


# Ends of sessions that cannot be


def ends_at(octets: bytes) -> bytes:
    """The last exchange buffer in what was sent."""
    last = b""
    while octets:
        length = int.from_bytes(octets[1:4], "big")
        last, octets = octets[4:length], octets[length:]
    return last


def answered(ours: Capabilities, level: int) -> tuple[Session, bytes]:
    session = Session(Role.RESPONDER, ours)
    session.connection_made()
    session.receive_data(wrap(build(replace(SSID, level=level))))
    session.accept(ours)
    return session, ends_at(session.data_to_send())


def test_a_level_that_is_too_old_is_told_so_in_its_own_words() -> None:
    ours = Capabilities(BOB, levels=(5, 4))
    session, last = answered(ours, 2)
    assert last == b"F10\r"
    (abort,) = session.events()
    assert isinstance(abort, e.AbortIndication)
    assert abort.text == "level 2 is not spoken here, 4 or 5 is needed"
    caller = Session(Role.INITIATOR, Capabilities(ALICE, levels=(5,)))
    caller.connection_made()
    caller.receive_data(wrap(build(c.SSRM())) + wrap(build(replace(SSID, level=4))))
    assert ends_at(caller.data_to_send()) == b"F10\r"


@pytest.mark.parametrize("level", OLDER)
def test_who_cannot_authenticate_is_told_that_it_is_incompatible(level: int) -> None:
    session, last = answered(Capabilities(BOB, authentication=True), level)
    assert last == b"F10\r"
    (abort,) = session.events()
    assert isinstance(abort, e.AbortIndication)
    assert abort.reason == EndReason.AUTHENTICATION_INCOMPATIBLE


def test_capabilities_know_which_levels_there_are() -> None:
    with pytest.raises(ValueError, match="levels"):
        Capabilities(ALICE, levels=())
    with pytest.raises(ValueError, match="levels"):
        Capabilities(ALICE, levels=(3,))
    with pytest.raises(ValueError, match="authentication needs level 5"):
        Capabilities(ALICE, levels=(4, 2), authentication=True)


# Reasons, and what a level has no room for


def test_reasons_that_a_level_does_not_know_are_unspecified() -> None:
    assert known_reason("SFNA", Refusal.DIRECTION_REFUSED, 2) == 99
    assert known_reason("SFNA", Refusal.DIRECTION_REFUSED, 4) == 14
    assert known_reason("EFNA", Refusal.INVALID_SIGNATURE, 4) == 99
    assert known_reason("EFNA", Refusal.INVALID_SIGNATURE, 5) == 21
    assert known_reason("ESID", EndReason.CHALLENGE_FAILED, 4) == 99
    assert known_reason("NERP", 24, 4) == 24
    assert known_reason("NERP", 34, 4) == 99
    assert known_reason("NERP", 34, 5) == 34


@pytest.mark.parametrize("level", LEVELS)
def test_a_refusal_is_told_as_the_level_can(level: int) -> None:
    caller, answerer = session_pair(Capabilities(ALICE, levels=(level,)))
    alice, bob = User(caller), User(answerer, refuse=Refusal.UNENCRYPTED_NOT_ALLOWED)
    connect(alice, bob)
    run(alice, bob)
    caller.start_file(c.SFID.of(WHOLE, 10))
    run(alice, bob)
    (refusal,) = [event for event in alice.seen if isinstance(event, e.StartFileRefusal)]
    assert refusal.reason == (17 if level == 5 else 99)


def test_a_trace_shows_what_is_on_the_line_at_that_level() -> None:
    lines: list[str] = []
    caller = Session(
        Role.INITIATOR,
        Capabilities(ALICE, levels=(2,)),
        hear=lambda way, passed, after: lines.append(in_a_line(way, passed, after)),
    )
    alice, bob = User(caller), User(Session(Role.RESPONDER, Capabilities(BOB)))
    connect(alice, bob)
    run(alice, bob)
    caller.start_file(replace(c.SFID.of(WHOLE, 10), description="unheard"))
    assert lines[-1] == (
        "> SFID DSN=DELFOR.99 DATE=20260301 TIME=1015300000"
        " DEST=O0013BOB ORIG=O0013ALICE FMT=U FSIZ=1  [OPOP]"
    )


def test_what_is_too_big_for_a_level_is_not_offered() -> None:
    big = replace(c.SFID.of(WHOLE, 0), size_blocks=10**7)
    assert offer_fault(big, 5) is None
    for level in OLDER:
        fault = offer_fault(big, level)
        assert fault is not None
        assert fault[0] is Refusal.FILE_TOO_BIG
    fault = offer_fault(replace(c.SFID.of(WHOLE, 0), security="01"), 4)
    assert fault == (Refusal.UNSPECIFIED, "SFID has no security at level 4")


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_has_the_commands_of_a_whole_transfer(level: int) -> None:
    octets = [form.octet for form in FORMATS_BY_LEVEL[level]]
    assert len(set(octets)) == len(octets)
    assert set(b"IXH23CT45FREP") <= {octet[0] for octet in octets}
    assert (b"N" in octets) is (level >= 4)
    assert (b"J" in octets) is (level == 5)


def test_a_negative_response_is_of_no_use_below_level_4() -> None:
    caller, answerer = session_pair(Capabilities(ALICE, levels=(2,)))
    alice, bob = User(caller), User(answerer)
    connect(alice, bob)
    run(alice, bob)
    with pytest.raises(ValueError, match="no NERP at level 2"):
        caller.send_negative_receipt(c.NERP.of(identity_of(), "O0013ALICE", 34))
    assert caller.state is State.IDLESP
