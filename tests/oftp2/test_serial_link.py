"""The link over lines of all kinds: once, in order, unaltered, or down with a reason."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oftp2.commands import ESID, SSID, SSRM
from oftp2.formats import build
from oftp2.serial_link import BUFFER_BYTES_MAX, COMMAND_BYTES_MAX, SerialLink
from oftp2.serial_outputs import Deliver, Down, LinkSettings, LinkTimer, Output, SetTimer, Write
from oftp2.session import Role
from oftp2.special_logic import NEGATIVE, envelope
from tests.oftp2.line_model import Line, Noise

READY = build(SSRM())
FAST = LinkSettings()


def ssid(code: str) -> bytes:
    return build(
        SSID(
            level=5,
            code=code,
            password="PW",
            buffer_bytes=2048,
            mode="B",
            compression=True,
            restart=True,
            special_logic=True,
            credit=1,
        )
    )


ALICE, BOB = ssid("O0013ALICE"), ssid("O0013BOB")
GOODBYE = build(ESID(0))


class Conversation:
    """A session in outline: greetings, then `buffers` in turn, initiator first, and ESID from who is next."""

    def __init__(self, line: Line, buffers: list[bytes]) -> None:
        self.line = line
        self.scripts = (
            [ALICE, *buffers[0::2]],
            [BOB, *buffers[1::2]],
        )
        self.sent: tuple[list[bytes], list[bytes]] = ([], [])
        self.scripts[len(buffers) % 2].append(GOODBYE)
        for number, end in enumerate(line.ends):
            end.take = lambda buffer, number=number: self.answer(number, buffer)

    def run(self) -> None:
        self.line.start()
        self.line.send(self.line.ends[1], READY)
        self.line.run()

    def answer(self, number: int, buffer: bytes) -> None:
        end = self.line.ends[number]
        if buffer == GOODBYE:
            end.link.close()
        else:
            octets = self.scripts[number].pop(0)
            self.sent[number].append(octets)
            end.link.send(octets)
        self.line.act(end)


def enveloped(buffers: list[bytes]) -> list[bytes]:
    return [buffer for buffer in buffers if buffer[:1] not in {b"I", b"X"}]


def check(talk: Conversation) -> bool:
    """What must hold of every line; whether the session came to its proper end."""
    line = talk.line
    for number, end in enumerate(line.ends):
        sent, came = enveloped(talk.sent[1 - number]), enveloped(end.delivered)
        assert came == sent[: len(came)], "altered, twice, or out of order"
        assert len(sent) - len(came) <= 1, "nobody goes on before the other has it"
        assert len([one for one in end.delivered if one[:1] == b"X"]) <= 1
        assert end.down is not None and end.down.reason
    return not any(talk.scripts) and all(end.down and end.down.is_clean for end in line.ends)


BUFFERS = st.lists(st.binary(max_size=200).map(lambda octets: b"D" + octets), max_size=40)


@settings(max_examples=60, deadline=None)
@given(BUFFERS)
def test_a_clean_line_carries_all_of_it(buffers: list[bytes]) -> None:
    talk = Conversation(Line(FAST, Noise()), buffers)
    talk.run()
    assert check(talk)
    assert sum(end.written for end in talk.line.ends) == (
        len(NEGATIVE) + 2 * len(READY) + len(ALICE + BOB)
    ) + sum(len(envelope(0, buffer)) for buffer in [*buffers, GOODBYE]) + _digits(buffers)


def _digits(buffers: list[bytes]) -> int:
    """How much longer envelopes are for having other numbers than 0: a checksum may need shifting out."""
    return sum(
        len(envelope(turn // 2 % 10, buffer)) - len(envelope(0, buffer))
        for turn, buffer in enumerate([*buffers, GOODBYE])
    )


# The checksum lets one garbled block in 65,025 pass, whatever anyone does: so the examples stay the same.
@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    BUFFERS,
    st.integers(0, 2**32),
    st.tuples(*[st.sampled_from([0.0, 0.0003, 0.002])] * 4),
)
def test_a_noisy_line_delivers_once_and_in_order_or_ends(
    buffers: list[bytes], seed: int, noise: tuple[float, float, float, float]
) -> None:
    talk = Conversation(Line(FAST, Noise(*noise), seed), buffers)
    talk.run()
    check(talk)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 2**32), st.floats(0.02, 0.5))
def test_a_hopeless_line_is_given_up(seed: int, flip: float) -> None:
    talk = Conversation(Line(FAST, Noise(flip, flip / 2, flip / 2, flip / 10), seed), [b"D" * 100] * 50)
    talk.run()
    check(talk)
    assert talk.line.now_seconds < 3600


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 2**32), st.floats(0, 1.5))
def test_a_line_that_goes_dead_is_noticed_within_six_times_t1(seed: int, dead_from_seconds: float) -> None:
    talk = Conversation(Line(FAST, Noise(dead_from_seconds=dead_from_seconds), seed), [b"D" * 100] * 150)
    talk.run()
    check(talk)
    assert talk.line.now_seconds <= dead_from_seconds + 6 * 45 + 30


def test_moderate_noise_is_overcome_every_time() -> None:
    done = 0
    for seed in range(40):
        noise = Noise(flip=1e-4, drop=5e-5, double=5e-5)
        talk = Conversation(Line(FAST, noise, seed), [b"D" + bytes(range(256)) * 4, b"C  "] * 20)
        talk.run()
        done += check(talk)
    assert done == 40


# One end alone, step by step.


def writes(outputs: list[Output]) -> list[bytes]:
    return [output.octets for output in outputs if isinstance(output, Write)]


def delivers(outputs: list[Output]) -> list[bytes]:
    return [output.exchange_buffer for output in outputs if isinstance(output, Deliver)]


def down(outputs: list[Output]) -> str | None:
    return next((output.reason for output in outputs if isinstance(output, Down)), None)


def timers(outputs: list[Output]) -> dict[LinkTimer, float]:
    return {output.timer: output.seconds for output in outputs if isinstance(output, SetTimer)}


def initiator() -> SerialLink:
    """In session, and with the turn."""
    link = SerialLink(Role.INITIATOR)
    link.start()
    link.receive(READY)
    link.send(ALICE)
    link.receive(BOB)
    assert delivers(link.outputs()) == [READY, BOB]
    return link


def responder() -> SerialLink:
    """In session, and without the turn."""
    link = SerialLink(Role.RESPONDER)
    link.start()
    link.send(READY)
    link.receive(ALICE)
    link.send(BOB)
    assert delivers(link.outputs()) == [ALICE]
    return link


def later(link: SerialLink) -> None:
    """The answer has long left."""
    link.timer_expired(LinkTimer.CROSSING)


def test_the_initiator_rings_until_it_gives_up() -> None:
    link = SerialLink(Role.INITIATOR)
    link.start()
    for _ in range(14):
        outputs = link.outputs()
        assert writes(outputs) == [NEGATIVE]
        assert timers(outputs) == {LinkTimer.RING: 2.0}
        link.timer_expired(LinkTimer.RING)
    link.timer_expired(LinkTimer.RING)
    assert down(link.outputs()) == "nobody answers"


def test_a_ring_makes_the_responder_greet_again() -> None:
    link = SerialLink(Role.RESPONDER)
    link.start()
    link.send(READY)
    link.receive(NEGATIVE)
    assert writes(link.outputs()) == [READY, READY]


@pytest.mark.parametrize("garbage", [b"AT OK CONNECT 115200", b"\xff" * 300, b"\x020abc\r", b"IODETTE"])
def test_garbage_before_the_greetings_is_passed_over(garbage: bytes) -> None:
    link = SerialLink(Role.INITIATOR)
    link.start()
    link.receive(garbage.replace(b"\x02", b"") + READY)
    assert delivers(link.outputs()) == [READY]
    link.send(ALICE)
    link.receive(garbage + BOB)
    assert delivers(link.outputs()) == [BOB]


def test_a_garbled_ssid_is_asked_for_again() -> None:
    link = SerialLink(Role.RESPONDER)
    link.start()
    link.send(READY)
    link.outputs()
    link.receive(b"Q" + ALICE[1:])
    assert writes(link.outputs()) == [NEGATIVE]
    link.receive(ALICE[:-1])
    assert timers(link.outputs())[LinkTimer.CHARACTER] == 7.0
    link.timer_expired(LinkTimer.CHARACTER)
    assert writes(link.outputs()) == [NEGATIVE]
    link.receive(ALICE)
    outputs = link.outputs()
    assert delivers(outputs) == [ALICE]


def test_an_ssid_that_comes_again_has_its_answer_repeated() -> None:
    link = responder()
    link.receive(ALICE)
    assert writes(link.outputs()) == [], "it crossed our answer"
    later(link)
    link.receive(ALICE)
    outputs = link.outputs()
    assert writes(outputs) == [BOB]
    assert delivers(outputs) == []


def test_blocks_are_numbered_from_0_after_ssid_to_9_and_round() -> None:
    link = initiator()
    for turn in range(23):
        link.send(b"D%d" % turn)
        assert writes(link.outputs()) == [envelope(turn % 10, b"D%d" % turn)]
        link.receive(envelope(turn % 10, b"C  "))
        assert delivers(link.outputs()) == [b"C  "]


def test_t1_runs_from_the_last_octet_and_repeats_the_block_five_times() -> None:
    link = initiator()
    link.send(b"D" * 1000)
    wire = envelope(0, b"D" * 1000)
    for _ in range(6):
        outputs = link.outputs()
        assert writes(outputs) == [wire]
        assert timers(outputs)[LinkTimer.RESPONSE] == pytest.approx(45 + len(wire) * 10 / 115_200)
        link.timer_expired(LinkTimer.RESPONSE)
    assert down(link.outputs()) == "no answer after 5 repeats"


def test_a_nak_brings_the_whole_block_again() -> None:
    link = initiator()
    link.send(b"DATA")
    link.receive(NEGATIVE)
    assert writes(link.outputs()) == [envelope(0, b"DATA")] * 2


@pytest.mark.parametrize("garbled", [b"\x14\r", b"\r"])
def test_a_garbled_nak_does_too(garbled: bytes) -> None:
    link = initiator()
    link.send(b"DATA")
    link.receive(garbled)
    assert writes(link.outputs()) == [envelope(0, b"DATA")] * 2


def test_a_nak_for_what_was_answered_repeats_nothing() -> None:
    link = initiator()
    link.send(b"DATA")
    link.receive(envelope(0, b"C  "))
    link.outputs()
    for _ in range(15):
        link.receive(NEGATIVE)
        assert writes(link.outputs()) == []
    link.receive(NEGATIVE)
    assert down(link.outputs()) == "the partner asks for what it has"


@pytest.mark.parametrize(
    "bad",
    [
        envelope(0, b"C  ")[1:],  # STX lost
        envelope(0, b"C  ").replace(b"C", b"B"),  # bad data
        envelope(0, b"C  ")[:-2] + b"x\r",  # bad checksum
        envelope(0, b"C  ").replace(b" ", b"\r", 1),  # one complaint for both halves
    ],
)
def test_a_bad_block_is_asked_for_once(bad: bytes) -> None:
    link = initiator()
    link.send(b"DATA")
    link.outputs()
    link.receive(bad)
    outputs = link.outputs()
    assert writes(outputs) == [NEGATIVE]
    assert delivers(outputs) == []
    assert timers(outputs)[LinkTimer.RESPONSE] == 45.0
    link.receive(envelope(0, b"C  "))
    assert delivers(link.outputs()) == [b"C  "]


def test_a_lost_carriage_return_is_noticed_by_t2() -> None:
    link = initiator()
    link.send(b"DATA")
    link.receive(envelope(0, b"C  ")[:-1])
    assert timers(link.outputs())[LinkTimer.CHARACTER] == 7.0
    link.timer_expired(LinkTimer.CHARACTER)
    outputs = link.outputs()
    assert writes(outputs) == [NEGATIVE]
    assert timers(outputs) == {LinkTimer.RESPONSE: 45.0}


def test_a_repeated_block_is_dropped_and_our_answer_repeated_if_it_was_lost() -> None:
    link = responder()
    link.receive(envelope(0, b"DATA"))
    link.send(b"C  ")
    link.outputs()
    link.receive(envelope(0, b"DATA"))
    outputs = link.outputs()
    assert writes(outputs) == delivers(outputs) == [], "it crossed our answer"
    later(link)
    link.receive(envelope(0, b"DATA"))
    outputs = link.outputs()
    assert writes(outputs) == [envelope(0, b"C  ")]
    assert delivers(outputs) == []


def test_a_repeated_block_waits_while_there_is_no_answer_yet() -> None:
    link = responder()
    link.receive(envelope(0, b"DATA") * 3)
    outputs = link.outputs()
    assert delivers(outputs) == [b"DATA"]
    assert writes(outputs) == []


@pytest.mark.parametrize("number", [2, 5, 8])
def test_a_block_out_of_sequence_is_a_protocol_violation(number: int) -> None:
    link = responder()
    link.receive(envelope(0, b"DATA"))
    link.outputs()
    link.receive(envelope(number, b"DATA"))
    outputs = link.outputs()
    assert down(outputs) == f"block {number} in place of 1"
    assert delivers(outputs) == []
    (last,) = writes(outputs)
    assert last.startswith(b"\x020F02")


def test_a_second_buffer_waits_for_the_answer_to_the_first() -> None:
    link = initiator()
    link.send(b"ONE")
    link.send(b"TWO")
    assert writes(link.outputs()) == [envelope(0, b"ONE")]
    link.receive(envelope(0, b"C  "))
    assert writes(link.outputs()) == [envelope(1, b"TWO")]


def test_the_end_of_the_session_waits_for_nothing_and_lingers() -> None:
    link = initiator()
    link.send(b"ONE")
    link.outputs()
    link.send(GOODBYE)
    link.send(b"AFTER")
    outputs = link.outputs()
    assert writes(outputs) == [envelope(1, GOODBYE)]
    assert LinkTimer.LINGER in timers(outputs)
    link.close()
    link.receive(NEGATIVE)
    assert writes(link.outputs()) == [envelope(1, GOODBYE)]
    link.timer_expired(LinkTimer.LINGER)
    assert link.outputs() == [Down("ended", is_clean=True)]
    link.receive(envelope(0, b"LATE"))
    link.timer_expired(LinkTimer.RESPONSE)
    assert link.outputs() == []


def test_a_refusal_may_come_in_place_of_ssid() -> None:
    link = SerialLink(Role.INITIATOR)
    link.start()
    link.receive(READY)
    link.send(ALICE)
    link.receive(envelope(0, build(ESID(4, "invalid password"))))
    assert delivers(link.outputs())[1:] == [build(ESID(4, "invalid password"))]


def test_a_responder_that_begins_anew_ends_the_session() -> None:
    link = initiator()
    link.send(b"DATA")
    link.receive(envelope(0, b"C  "))
    link.receive(READY)
    assert down(link.outputs()) == "the partner has begun anew"


def test_a_carrier_that_is_away_for_longer_than_t3_ends_the_session() -> None:
    link = initiator()
    link.carrier(is_present=False)
    assert timers(link.outputs()) == {LinkTimer.CARRIER: 1.0}
    link.carrier(is_present=True)
    assert down(link.outputs()) is None
    link.carrier(is_present=False)
    link.timer_expired(LinkTimer.CARRIER)
    assert down(link.outputs()) == "the carrier is lost"


def test_envelopes_that_only_begin_are_borne_so_many_times() -> None:
    link = initiator()
    link.receive(b"\x02abc" * 20)
    assert down(link.outputs()) == "13 bad blocks in a row"


def test_the_longest_commands_of_a_session_fit() -> None:
    link = responder()
    longest = build(ESID(99, "x" * 999))
    assert len(longest) <= BUFFER_BYTES_MAX < COMMAND_BYTES_MAX
    link.receive(envelope(0, longest))
    assert delivers(link.outputs()) == [longest]


def test_what_happens_on_the_link_is_counted_and_told() -> None:
    line = Line(LinkSettings(), Noise(flip=0.002, drop=0.001), seed=5)
    heard: list[str] = []
    line.ends[0].link.watch.hear = heard.append
    talk = Conversation(line, [b"D" + bytes(range(1, 100))] * 30)
    talk.run()
    check(talk)
    ours, theirs = (end.link.watch.counters for end in line.ends)
    assert ours.blocks_received <= theirs.blocks_sent
    assert theirs.blocks_received <= ours.blocks_sent
    assert ours.repeats_sent + theirs.repeats_sent > 0
    assert ours.bad_blocks + theirs.bad_blocks > 0
    assert len([text for text in heard if text.startswith("NAK sent")]) == ours.naks_sent
    assert len([text for text in heard if text == "NAK received"]) == ours.naks_received
    assert len([text for text in heard if text.startswith("last block repeated")]) == ours.repeats_sent


def test_a_silent_line_is_told_as_it_is_waited_for() -> None:
    line = Line(LinkSettings(), Noise(dead_from_seconds=0.0))
    heard: list[str] = []
    line.ends[1].link.watch.hear = heard.append
    Conversation(line, []).run()
    assert heard[:2] == [
        "T1 has run out: no answer",
        "last block repeated, 1 of 5: no answer",
    ]
    assert line.ends[1].link.watch.counters.time_outs == 6
