"""Two engines back to back: whole sessions, however the octets are cut."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oftp2 import commands as c
from oftp2 import events as e
from oftp2.identity import FileIdentity
from oftp2.negotiation import Capabilities, Credentials, Mode
from oftp2.reasons import EndReason, Refusal
from oftp2.session import Role, Session
from oftp2.subrecords import Encoder
from oftp2.tables import State
from tests.oftp2.users import ALICE, BOB, User, connect, identity_of, run, session_pair

CONTENTS = st.one_of(
    st.binary(max_size=3000),
    st.lists(st.tuples(st.binary(min_size=1, max_size=3), st.integers(1, 400)), max_size=20).map(
        lambda runs: b"".join(octets * count for octets, count in runs)
    ),
)
CAPABILITIES = st.builds(
    Capabilities,
    st.just(ALICE),
    buffer_bytes=st.integers(128, 2000),
    credit=st.integers(1, 5),
    compression=st.booleans(),
    restart=st.just(True),
)


def offer(number: int, data: bytes, *, restart: int = 0) -> tuple[c.SFID, bytes]:
    return c.SFID.of(identity_of(number), len(data), restart=restart), data


@settings(max_examples=150, deadline=None)
@given(CAPABILITIES, st.lists(CONTENTS, min_size=1, max_size=3), st.data())
def test_files_arrive_whole_in_any_chunking(
    ours: Capabilities, files: list[bytes], data: st.DataObject
) -> None:
    caller, answerer = session_pair(ours)
    outbox = [offer(number, content) for number, content in enumerate(files)]
    alice = User(caller, outbox=list(outbox))
    bob = User(answerer)
    sizes = data.draw(st.lists(st.integers(1, 300), min_size=1, max_size=8))

    def cut(octets: bytes) -> list[bytes]:
        pieces, at, turn = [], 0, 0
        while at < len(octets):
            size = sizes[turn % len(sizes)]
            pieces.append(octets[at : at + size])
            at, turn = at + size, turn + 1
        return pieces

    connect(alice, bob)
    run(alice, bob, cut)
    assert [bytes(bob.store[sfid.identity()]) for sfid, _ in outbox] == files
    assert alice.delivered == bob.complete == [sfid.identity() for sfid, _ in outbox]
    assert caller.state is State.IDLESP
    assert answerer.state is State.IDLELI


def test_receipts_come_back_when_the_listener_asks_for_the_turn() -> None:
    caller, answerer = session_pair()
    alice, bob = User(caller, outbox=[offer(1, b"A" * 5000)]), User(answerer, want_turn=True)
    bob.after = lambda user: user.session.change_direction()
    connect(alice, bob)
    run(alice, bob)
    assert alice.receipted == [identity_of(1)]
    assert any(isinstance(event, e.ReadyConfirmation) for event in bob.seen)
    assert caller.state is State.IDLESPCD
    caller.release()
    run(alice, bob)
    assert isinstance(bob.seen[-2], e.ReleaseIndication)
    assert isinstance(bob.seen[-1], e.Disconnect)
    assert answerer.state is State.IDLE


def test_both_directions_in_one_session() -> None:
    caller, answerer = session_pair()
    alice, bob = User(caller, outbox=[offer(1, b"from alice" * 1000)]), User(answerer)
    back = identity_of(2, "O0013BOB", "O0013ALICE")
    bob.outbox = [(c.SFID.of(back, 7), b"answers")]
    alice.after = lambda user: user.session.change_direction() if user.session.state is State.IDLESP else None
    connect(alice, bob)
    run(alice, bob)
    assert alice.complete == [back]
    assert bob.complete == [identity_of(1)]


@pytest.mark.parametrize("size", [0, 1, 1023, 1024, 1025, 5000])
def test_cut_at_every_octet_then_restarted_gives_the_file_once(size: int) -> None:
    """Whatever octet the line breaks at, on either way, the file is whole and delivered once after all."""
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    ours = Capabilities(ALICE, buffer_bytes=700, credit=2, compression=False)
    for limit in range(0, size + 500, 1 if size < 1100 else 13):
        caller, answerer = session_pair(ours)
        alice, bob = User(caller, outbox=[offer(1, content)]), User(answerer)
        _carry_at_most(alice, bob, limit)
        held = len(bob.store.get(identity_of(1), b""))
        complete_before = list(bob.complete)
        caller, answerer = session_pair(ours)
        again = User(caller, outbox=[offer(1, content, restart=-(-size // 1024))])
        partner = User(answerer, store=bob.store, complete=bob.complete)
        connect(again, partner)
        run(again, partner)
        assert bytes(partner.store[identity_of(1)]) == content, (limit, held)
        assert partner.complete == [identity_of(1)], (limit, complete_before)
        assert again.delivered == [identity_of(1)]


def _carry_at_most(alice: User, bob: User, limit: int) -> None:
    """Carry octets until `limit` of them have passed in all, then break the connection."""
    connect(alice, bob)
    left = limit
    while left > 0:
        moved = 0
        for source, target in ((alice, bob), (bob, alice)):
            octets = source.session.data_to_send()[:left]
            left -= len(octets)
            moved += len(octets)
            target.take(target.session.receive_data(octets))
        if not moved:
            break
    for user in (alice, bob):
        user.take(user.session.connection_lost())
        assert user.session.state is State.IDLE


def _variable(records: list[bytes], announced: int) -> list[e.Event]:
    """Send `records` as a V file that announces so many of them; what the listener's engine told."""
    caller, answerer = session_pair()
    alice, bob = User(caller), User(answerer)
    connect(alice, bob)
    run(alice, bob)
    sfid = replace(c.SFID.of(identity_of(1), 100), format="V", record_bytes=50)
    alice.on = lambda event: None  # type: ignore[method-assign]
    caller.start_file(sfid)
    run(alice, bob)
    encoder = Encoder(iter(records), payload_bytes=40, compress=True)
    while not encoder.exhausted:
        caller.send_data(encoder.next_payload())
        run(alice, bob)
    caller.close_file(unit_count=sum(map(len, records)), record_count=announced)
    run(alice, bob)
    return bob.seen


def test_records_keep_their_ends() -> None:
    records = [b"first", b"", b"a" * 50, bytes(range(45))]
    seen = _variable(records, 4)
    ends, size = [], 0
    for event in seen:
        if isinstance(event, e.DataIndication):
            ends += [size + end for end in event.record_ends]
            size += len(event.data)
    assert ends == [5, 5, 55, 100]
    closing = next(event for event in seen if isinstance(event, e.CloseFileIndication))
    assert closing.fault is None


def test_records_are_counted() -> None:
    closing = next(event for event in _variable([b"a", b"b"], 3) if isinstance(event, e.CloseFileIndication))
    assert closing.fault is Refusal.INVALID_RECORD_COUNT


def test_wrong_password_of_the_responder_is_answered_with_its_reason() -> None:
    caller = Session(Role.INITIATOR, Capabilities(ALICE), Credentials("O0013BOB", "OTHER"))
    alice, bob = User(caller), User(Session(Role.RESPONDER, Capabilities(BOB)))
    connect(alice, bob)
    run(alice, bob)
    assert alice.seen == [
        e.AbortIndication(EndReason.INVALID_PASSWORD, "invalid password", distant=False, blame=e.Blame.REMOTE)
    ]
    ends = [event for event in bob.seen if isinstance(event, e.AbortIndication)]
    assert ends == [
        e.AbortIndication(EndReason.INVALID_PASSWORD, "invalid password", distant=True, blame=e.Blame.LOCAL)
    ]


def test_unknown_initiator_is_ended_by_the_responders_user() -> None:
    caller, answerer = session_pair()
    alice, bob = User(caller), User(answerer)
    connect(alice, bob)
    alice.take(caller.receive_data(answerer.data_to_send()))
    assert isinstance(answerer.receive_data(caller.data_to_send())[0], e.ConnectIndication)
    answerer.end(EndReason.UNKNOWN_USER)
    run(alice, bob)
    abort = next(event for event in alice.seen if isinstance(event, e.AbortIndication))
    assert (abort.reason, abort.distant) == (3, True)


@pytest.mark.parametrize(
    ("ours", "theirs", "agreed"),
    [
        (Mode.BOTH, Mode.BOTH, (Mode.BOTH, Mode.BOTH)),
        (Mode.SEND, Mode.BOTH, (Mode.SEND, Mode.RECEIVE)),
        (Mode.BOTH, Mode.SEND, (Mode.RECEIVE, Mode.SEND)),
        (Mode.RECEIVE, Mode.SEND, (Mode.RECEIVE, Mode.SEND)),
    ],
)
def test_modes_are_negotiated(ours: Mode, theirs: Mode, agreed: tuple[Mode, Mode]) -> None:
    caller, answerer = session_pair(Capabilities(ALICE, mode=ours))
    caller_user, answerer_user = User(caller), User(answerer)

    def accept(event: e.Event) -> None:
        if isinstance(event, e.ConnectIndication):
            answerer.accept(Capabilities(BOB, mode=theirs, buffer_bytes=200, credit=3, compression=False))

    answerer_user.on = accept  # type: ignore[method-assign]
    connect(caller_user, answerer_user)
    run(caller_user, answerer_user)
    assert caller.parameters is not None
    assert answerer.parameters is not None
    assert (caller.parameters.mode, answerer.parameters.mode) == agreed
    assert caller.parameters.buffer_bytes == answerer.parameters.buffer_bytes == 200
    assert caller.parameters.credit == answerer.parameters.credit == 3
    assert not caller.parameters.compression


def test_two_senders_do_not_come_together() -> None:
    caller, answerer = session_pair(Capabilities(ALICE, mode=Mode.SEND), Capabilities(BOB, mode=Mode.SEND))
    alice, bob = User(caller), User(answerer)
    connect(alice, bob)
    run(alice, bob)
    assert answerer.state is State.IDLE
    assert bob.seen == [e.Disconnect()]


def test_an_answered_partner_that_never_speaks_times_out() -> None:
    answerer = Session(Role.RESPONDER, Capabilities(BOB))
    answerer.connection_made()
    assert answerer.timer.running
    assert answerer.is_awaiting_partner
    events = answerer.time_out()
    assert [type(event) for event in events] == [e.AbortIndication, e.Disconnect]
    assert events[0] == e.AbortIndication(9, "time-out", distant=False, blame=e.Blame.REMOTE)


def test_identities_say_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="dataset name"):
        FileIdentity("lower", "20260301", "1015300001", "A", "B")
    with pytest.raises(ValueError, match="calendar"):
        FileIdentity("F", "20260230", "1015300001", "A", "B")
    with pytest.raises(ValueError, match="HHMMSS"):
        FileIdentity("F", "20260228", "2515300001", "A", "B")
    with pytest.raises(ValueError, match="originator"):
        FileIdentity("F", "20260228", "2315300001", "", "B")
