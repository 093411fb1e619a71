"""Envelopes: vectors that were computed by hand, and what a receiver finds in noise."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from oftp2.special_logic import (
    TEXT_MAX,
    Bad,
    Began,
    Block,
    Finding,
    Negative,
    Receiver,
    Text,
    checksum,
    envelope,
    is_intact,
    shift_in,
    shift_out,
)

RFC = Path(__file__).parents[2] / ".." / "shared" / "standards" / "rfc5024.txt"
PROFILE = Path(__file__).parents[2] / "docs" / "serial.md"

# Number, exchange buffer, envelope; the sums are in docs/serial.md.
VECTORS = [
    (0, "43 20 20", "02 30 43 20 20 61 EA 0D"),  # CDT
    (0, "50", "02 30 50 CE B0 0D"),  # RTR
    (9, "52", "02 39 52 AF C4 0D"),  # CD
    (1, "44 82 0D FF", "02 31 44 0E A2 0E 2D FF 52 A8 0D"),  # DATA: one record of two octets, 0D FF
]


def found(octets: bytes, maximum_bytes: int = 99_999) -> list[Finding]:
    return list(Receiver(maximum_bytes).feed(octets))


@pytest.mark.parametrize(("number", "buffer", "wire"), VECTORS)
def test_envelopes_are_those_computed_by_hand(number: int, buffer: str, wire: str) -> None:
    assert envelope(number, bytes.fromhex(buffer)) == bytes.fromhex(wire)
    assert found(bytes.fromhex(wire)) == [Began(), Block(number, bytes.fromhex(buffer))]


@pytest.mark.parametrize(("number", "buffer", "wire"), VECTORS)
def test_the_profile_has_the_same_vectors(number: int, buffer: str, wire: str) -> None:
    x_and_y = checksum(b"%d" % number + bytes.fromhex(buffer)).hex(" ").upper()
    assert f"| `{x_and_y}` | `{wire}` |" in PROFILE.read_text("utf-8")


def plain_sums(octets: bytes) -> tuple[int, int]:
    """The two loops of RFC 5024 section C.2.7, one octet after the other, in one's complement arithmetic."""
    c0 = c1 = 0
    for octet in octets:
        c0 += octet
        c0 = (c0 & 0xFF) + (c0 >> 8)
        c1 += c0
        c1 = (c1 & 0xFF) + (c1 >> 8)
    return c0 % 255, c1 % 255


@given(st.binary(max_size=600))
@example(b"\xff" * 300)
@example(b"")
def test_the_checksum_satisfies_the_loops_of_the_rfc(octets: bytes) -> None:
    whole = octets + checksum(octets)
    assert plain_sums(whole) == (0, 0)
    assert is_intact(whole)
    c0, c1 = plain_sums(octets + b"\0\0")
    x, y = checksum(octets)
    assert (x, y) == ((c0 - c1) % 255, (c1 - 2 * c0) % 255)


def test_ff_counts_as_00_in_data_and_in_the_checksum() -> None:
    assert checksum(b"\xff") == checksum(b"\x00") == b"\x00\x00"
    assert is_intact(b"\x00\xff\xff")


@given(st.binary(min_size=1, max_size=50), st.integers(0, 49), st.integers(1, 254))
def test_no_single_changed_octet_passes(octets: bytes, place: int, change: int) -> None:
    whole = bytearray(octets + checksum(octets))
    place %= len(whole)
    whole[place] = (whole[place] + change) % 256
    if {whole[place], (whole[place] - change) % 256} != {0x00, 0xFF}:
        assert not is_intact(bytes(whole))


@given(st.binary(max_size=300))
@example(bytes(range(256)))
def test_shifting_out_leaves_no_control_character_and_comes_back(octets: bytes) -> None:
    wire = shift_out(octets)
    assert not re.search(rb"[\x00-\x0d\x0f-\x1f\x80-\x9f]", wire)
    assert shift_in(wire) == octets
    assert shift_in(wire.replace(b"\x0e", b"\x8e")) == octets


@pytest.mark.parametrize("wire", [b"A\x01B", b"\x0e", b"A\x0eA", b"\x0e\x1f", b"\x0e\x0e", b"\x8e\x7f"])
def test_what_shifting_out_cannot_have_made_is_refused(wire: bytes) -> None:
    with pytest.raises(ValueError, match="control character"):
        shift_in(wire)


@given(
    st.lists(st.tuples(st.integers(0, 9), st.binary(min_size=1, max_size=80)), max_size=6),
    st.lists(st.integers(1, 40), min_size=1, max_size=5),
)
def test_envelopes_are_found_however_the_octets_are_cut(
    blocks: list[tuple[int, bytes]], sizes: list[int]
) -> None:
    wire = b"".join(envelope(number, buffer) for number, buffer in blocks)
    receiver, seen, at, turn = Receiver(80), [], 0, 0
    while at < len(wire):
        size = sizes[turn % len(sizes)]
        seen += receiver.feed(wire[at : at + size])
        at, turn = at + size, turn + 1
    assert [one for one in seen if isinstance(one, Block)] == [Block(*block) for block in blocks]
    assert not [one for one in seen if isinstance(one, Bad | Text | Negative)]


@given(st.binary(max_size=300), st.integers(0, 9), st.binary(min_size=1, max_size=80))
def test_an_envelope_is_found_after_any_noise(noise: bytes, number: int, buffer: bytes) -> None:
    assert found(noise + envelope(number, buffer))[-1] == Block(number, buffer)


@given(st.binary(max_size=2000), st.integers(1, 100))
def test_noise_never_raises_and_never_piles_up(noise: bytes, maximum: int) -> None:
    receiver = Receiver(maximum)
    for octet in noise:
        list(receiver.feed(bytes((octet,))))
        assert receiver.held_bytes <= max(TEXT_MAX, 2 * (maximum + 3))


def test_carriage_return_and_nak_outside_envelopes() -> None:
    assert found(b"\x15\r") == [Negative()]
    assert found(b"noise\x15\x8d") == [Negative()]
    assert found(b"IODETTE FTP READY \r") == [Text(b"IODETTE FTP READY ")]
    assert found(b"\r") == [Text(b"")]
    assert found(b"x" * 500 + b"\r") == [Text(b"x" * TEXT_MAX)]


def test_a_carriage_return_with_its_parity_bit_ends_an_envelope() -> None:
    wire = envelope(3, b"C  ")
    assert found(wire[:-1] + b"\x8d") == [Began(), Block(3, b"C  ")]


def test_a_carriage_return_after_so_ends_the_envelope_all_the_same() -> None:
    assert found(b"\x020AB\x0e\r") == [Began(), Bad("a control character inside an envelope")]


def test_an_envelope_whose_end_was_lost_gives_way_to_the_next() -> None:
    wire = envelope(3, b"C  ")
    cut = Bad("an envelope began inside another", is_followed=True)
    assert found(wire[:-1] + wire) == [Began(), cut, Began(), Block(3, b"C  ")]


def test_an_envelope_longer_than_any_is_dropped_before_its_end() -> None:
    receiver = Receiver(10)
    assert list(receiver.feed(b"\x02" + b"x" * 30)) == [Began(), Bad("an envelope without end")]
    assert not receiver.is_inside
    assert list(receiver.feed(envelope(1, b"x" * 10)))[-1] == Block(1, b"x" * 10)


def test_envelopes_of_no_or_too_many_octets_and_strange_numbers_are_bad() -> None:
    assert found(b"\x02" + shift_out(b"0" + checksum(b"0")) + b"\r")[-1] == Bad("an envelope of 3 octets")
    assert isinstance(found(envelope(1, b"x" * 11), 10)[-1], Bad)
    wire = b"\x02" + shift_out(b"AB" + checksum(b"AB")) + b"\r"
    assert found(wire)[-1] == Bad("a block number that is no digit")


def test_the_rfc_says_what_is_done_here() -> None:
    if not RFC.exists():
        pytest.skip(f"the text of RFC 5024 is not at {RFC}")
    text = " ".join(RFC.read_text("latin-1").split())
    for words in (
        "X = C0 - C1 Y = C1 - 2*C0",
        "IF ((buffer(i) & X'7F') < X'20') THEN output (SO) output (buffer(i) + X'20')",
        "Format: numeric/1 pos.",
        "(values SO: X'0E' or X'8E')",
        "IF buffer(i) = (X'0D' or X'8D')",
        "This logic is not applied to SSRM and SSID commands.",
    ):
        assert words in text
