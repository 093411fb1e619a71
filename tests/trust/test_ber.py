"""ASN.1: every form of BER is read, DER is written, and nothing raises anything but its fault."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.trust import ber


def test_lengths_are_read_in_every_form() -> None:
    inner = bytes.fromhex("0403616263")
    for data in (
        b"\x30\x05" + inner,
        b"\x30\x81\x05" + inner,
        b"\x30\x84\0\0\0\x05" + inner,
        b"\x30\x80" + inner + b"\0\0",
    ):
        sequence = ber.read(data).need(ber.SEQUENCE, "a sequence")
        assert [part.octets() for part in sequence.parts] == [b"abc"]
        assert sequence.der() == b"\x30\x05" + inner


def test_octet_strings_in_pieces_are_joined() -> None:
    pieces = bytes.fromhex("2480 040161 2480 040162 0000 0400 040163 0000")
    assert ber.read(pieces).octets() == b"abc"
    with pytest.raises(ber.BerFault, match="in pieces"):
        ber.read(bytes.fromhex("2480 020161 0000")).octets()


def test_a_set_is_put_in_order() -> None:
    unordered = bytes.fromhex("31 06 020102 020101")
    assert ber.read(unordered).der() == bytes.fromhex("31 06 020101 020102")
    assert ber.read(b"\xa0" + unordered[1:]).der(ber.SET) == bytes.fromhex("31 06 020101 020102")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("", "cut short"),
        ("30", "cut short"),
        ("3080", "cut short"),
        ("30800403616263", "cut short"),
        ("3003040361", "longer than what holds it"),
        ("04800000", "must tell its length"),
        ("048500000000010000", "1 octets too many"),
        ("048600000000000100", "cannot be"),
        ("1f8101", "CMS does not have"),
        ("0000", "CMS does not have"),
        ("040000", "too many at the end"),
        ("3080" * 40, "too deep"),
        ("30843fffffff", "longer than what holds it"),
    ],
)
def test_what_is_no_ber_is_refused(data: str, words: str) -> None:
    with pytest.raises(ber.BerFault, match=words):
        ber.read(bytes.fromhex(data))


def test_the_number_of_elements_is_bounded() -> None:
    with pytest.raises(ber.BerFault, match="too many"):
        ber.read(ber.encoded(ber.SEQUENCE, b"\x05\x00" * 1_000_000))


def test_pieces_are_joined_in_linear_time() -> None:
    """A hundred times the octets of one message, in the pieces that Bouncy Castle makes."""
    piece = ber.encoded(ber.OCTET_STRING, bytes(1000))
    data = b"\x24\x80" + piece * 16_000 + b"\0\0"
    assert len(ber.read(data).octets()) == 16_000_000


@settings(max_examples=300)
@given(st.binary(max_size=60))
def test_nothing_else_is_ever_raised(data: bytes) -> None:
    try:
        element = ber.read(data)
        element.octets()
        element.der()
    except ber.BerFault:
        pass


@given(st.integers(0, 2**200), st.binary(max_size=70_000))
def test_what_is_written_is_read(value: int, content: bytes) -> None:
    written = ber.encoded(ber.SEQUENCE, ber.number(value), ber.encoded(ber.OCTET_STRING, content))
    number, octets = ber.read(written).parts
    assert number.number() == value
    assert octets.octets() == content
    assert ber.read(written).der() == written


def test_object_identifiers_are_encoded_as_openssl_does() -> None:
    assert ber.oid("1.2.840.113549.1.7.2").hex() == "2a864886f70d010702"
    assert ber.oid("2.16.840.1.101.3.4.1.42").hex() == "60864801650304012a"
