"""What SFID tells of a file: the same on both sides of the wire, and records that were wrapped come back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oftp2.attributes import FileAttributes, without_record_headers
from oftp2.commands import SFID
from oftp2.formats import build, parse
from oftp2.identity import FileIdentity
from oftp2.offers import offer_fault

IDENTITY = FileIdentity("FILE", "20261121", "1200000001", "O0013ALICE", "O0013BOB")
WRAPPED = FileAttributes(signed=True, enveloped=True, cipher_suite=4)


@given(
    st.builds(
        FileAttributes,
        original_size_blocks=st.integers(0, 10**13 - 1),
        encrypted=st.booleans(),
        signed=st.booleans(),
        cipher_suite=st.integers(0, 99),
        compressed=st.booleans(),
        enveloped=st.booleans(),
        signed_receipt=st.booleans(),
        description=st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=200),
    )
)
def test_attributes_pass_the_wire(attributes: FileAttributes) -> None:
    sfid = SFID.of(IDENTITY, 5000, attributes=attributes)
    read = parse(build(sfid, 5), 5)
    assert isinstance(read, SFID)
    assert read.attributes == attributes
    assert (read.size_blocks, read.format) == (5, "U")


def test_a_plain_file_is_as_large_as_its_original() -> None:
    """RFC 5024 section 5.3.3, SFIDOSIZ."""
    assert SFID.of(IDENTITY, 5000).original_size_blocks == 5


@pytest.mark.parametrize(("level", "offered"), [(5, True), (4, False), (2, False), (1, False)])
def test_levels_below_5_have_no_services(level: int, offered: bool) -> None:
    assert (offer_fault(SFID.of(IDENTITY, 5000, attributes=WRAPPED), level) is None) is offered


def test_what_is_wrapped_counts_as_unstructured() -> None:
    assert FileAttributes(format="V", record_bytes=80).is_structured
    assert not FileAttributes(format="V", record_bytes=80, compressed=True, enveloped=True).is_structured
    assert not FileAttributes(format="T").is_structured


@given(st.lists(st.binary(max_size=300), max_size=8))
def test_records_lose_their_lengths(records: list[bytes]) -> None:
    data = b"".join(len(record).to_bytes(2, "big") + record for record in records)
    assert without_record_headers(data) == b"".join(records)


@pytest.mark.parametrize("data", [b"\0", b"\0\1", b"\0\3ab", b"\0\1a\0", b"\xff\xff" + bytes(9)])
def test_lengths_that_do_not_fit_are_told(data: bytes) -> None:
    with pytest.raises(ValueError, match="longer than the file"):
        without_record_headers(data)


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        (FileAttributes(), "none"),
        (WRAPPED, "signed, cipher suite 04"),
        (FileAttributes(compressed=True, enveloped=True), "compressed"),
        (FileAttributes(enveloped=True), "enveloped"),
        (FileAttributes(signed_receipt=True, cipher_suite=2), "signed receipt wanted, cipher suite 02"),
    ],
)
def test_services_in_words(attributes: FileAttributes, words: str) -> None:
    assert str(attributes) == words
