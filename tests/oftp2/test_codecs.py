"""Formats against the RFC's own field tables; round trips of commands, buffers and subrecords; reasons."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oftp2 import commands as c
from oftp2.buffers import Unwrapper, wrap
from oftp2.errors import RemoteProtocolError
from oftp2.fields import Binary, Text
from oftp2.formats import FORMATS, Format, build, parse
from oftp2.reasons import (
    EFNA_REASONS,
    ESID_REASONS,
    NERP_REASONS,
    SFNA_REASONS,
    Course,
    EndReason,
    Refusal,
    explain,
)
from oftp2.subrecords import Encoder, decode, is_worth_compressing
from tests.oftp2.users import identity_of

RFC = Path(__file__).parents[2] / ".." / "shared" / "standards" / "rfc5024.txt"
#: The RFC's names of length fields, where they are not the field's own name with an L.
LENGTH_NAMES = {"AUCHCHAL": "AUCHCHLL"} | {
    f"{name}REAST": f"{name}REASL" for name in ("SFNA", "EFNA", "ESID", "NERP")
}


def printed_fields(name: str) -> list[tuple[str, str]]:
    """(field, width) of one command, as the RFC's table has them, without the command octet."""
    if not RFC.exists():
        pytest.skip(f"the text of RFC 5024 is not at {RFC}")
    row = rf"^   \| +\d* *\| ({name}(?!TCMD|TRSV)\w+) +\|.*\| . ?[XUT9]\((\w+)\) *\|$"
    found = re.findall(row, RFC.read_text("latin-1"), re.MULTILINE)
    return [(field, width) for field, width in found if field != f"{name}CMD"]


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.command.__name__)
def test_formats_are_as_printed(form: Format) -> None:
    ours: list[tuple[str, str]] = []
    for _, field in form.fields:
        if isinstance(field, Text | Binary):
            ours.append((LENGTH_NAMES.get(field.name, field.name + "L"), str(field.width)))
            ours.append((field.name, "n"))
        else:
            ours.append((field.name, str(field.width)))
    printed = printed_fields(form.command.__name__)
    assert ours == printed


NAMES = st.text("ABC019/-.&()", min_size=1, max_size=25)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=250)
COUNTS = st.integers(0, c.COUNT_MAX)
FILE = {
    "dataset_name": NAMES,
    "date": st.just("20260301"),
    "time": st.just("1015300001"),
    "destination": NAMES,
    "originator": NAMES,
}
COMMANDS = st.one_of(
    st.just(c.SSRM()),
    st.builds(
        c.SSID,
        level=st.integers(5, 9),
        code=NAMES,
        password=st.text("ABC01", max_size=8),
        buffer_bytes=st.integers(128, 99999),
        mode=st.sampled_from("SRB"),
        compression=st.booleans(),
        restart=st.booleans(),
        special_logic=st.booleans(),
        credit=st.integers(0, 999),
        authentication=st.booleans(),
        user_data=st.text("ABC01", max_size=8),
    ),
    st.builds(
        c.SFID,
        **FILE,
        user_data=st.text("ABC01", max_size=8),
        format=st.sampled_from("FVUT"),
        record_bytes=st.integers(0, 99999),
        size_blocks=st.integers(0, c.BLOCKS_MAX),
        original_size_blocks=st.integers(0, c.BLOCKS_MAX),
        restart=COUNTS,
        security=st.sampled_from(["00", "01", "02", "03"]),
        cipher_suite=st.integers(0, 99),
        description=TEXTS,
    ),
    st.builds(c.SFPA, COUNTS),
    st.builds(c.SFNA, st.integers(0, 99), st.booleans(), TEXTS),
    st.builds(c.DATA, st.binary(min_size=1, max_size=200)),
    st.builds(c.EFID, COUNTS, COUNTS),
    st.builds(c.EFPA, st.booleans()),
    st.builds(c.EFNA, st.integers(0, 99), TEXTS),
    st.builds(c.ESID, st.integers(0, 99), TEXTS),
    st.builds(c.EERP, **FILE, hash=st.binary(max_size=64), signature=st.binary(max_size=300)),
    st.builds(
        c.NERP, **FILE, creator=NAMES, reason=st.integers(0, 99), text=TEXTS, hash=st.binary(max_size=64)
    ),
    st.sampled_from([c.CDT(), c.CD(), c.RTR(), c.SECD()]),
    st.builds(c.AUCH, st.binary(max_size=300)),
    st.builds(c.AURP, st.binary(min_size=20, max_size=20)),
)


@given(COMMANDS)
def test_commands_survive_the_wire(command: c.Command) -> None:
    assert parse(build(command)) == command


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=10), st.integers(1, 50))
def test_buffers_survive_any_chunking(buffers: list[bytes], size: int) -> None:
    stream = b"".join(map(wrap, buffers))
    unwrapper, got = Unwrapper(), []
    for at in range(0, len(stream), size):
        unwrapper.feed(stream[at : at + size])
        while (buffer := unwrapper.next()) is not None:
            got.append(buffer)
    assert got == buffers


@given(
    st.lists(st.binary(max_size=400) | st.integers(0, 500).map(bytes), max_size=6),
    st.integers(2, 300),
    st.booleans(),
)
def test_records_survive_subrecords(records: list[bytes], room: int, compress: bool) -> None:
    encoder = Encoder(iter(records), payload_bytes=room, compress=compress)
    data, ends, payloads = b"", [], []
    while not encoder.exhausted:
        payload = encoder.next_payload()
        payloads.append(payload)
        assert 1 <= len(payload) <= room
        decoded = decode(payload)
        ends += [len(data) + end for end in decoded.record_ends]
        data += decoded.data
    assert data == b"".join(records)
    assert [end - start for start, end in zip([0, *ends], ends, strict=False)] == [len(r) for r in records]


def test_runs_are_compressed_and_the_rest_is_not() -> None:
    encoder = Encoder(iter([b"\0" * 130 + b"ab"]), payload_bytes=100, compress=True)
    assert encoder.next_payload() == b"\x7f\0\x7f\0\x44\0\x82ab"
    assert Encoder(iter([b""]), payload_bytes=9, compress=True).next_payload() == b"\x80"


def test_runs_are_looked_for_where_they_pay() -> None:
    assert is_worth_compressing(b"x" + b" " * 5000)
    assert not is_worth_compressing(b"<Number>26-AA-123456</Number>    " * 100)
    assert not is_worth_compressing(b"")


def test_a_cut_subrecord_is_invalid_data() -> None:
    with pytest.raises(RemoteProtocolError, match="inside a subrecord"):
        decode(b"\x05abc")
    with pytest.raises(RemoteProtocolError):
        decode(b"\xc5")


def test_the_early_end_of_an_older_level_is_read() -> None:
    assert parse(b"F04\r") == c.ESID(4, "")


def test_receipts_go_to_the_originator() -> None:
    receipt = c.EERP.of(identity_of())
    assert (receipt.destination, receipt.originator) == ("O0013ALICE", "O0013BOB")
    assert receipt.identity() == c.NERP.of(identity_of(), "O0013BOB", 34).identity() == identity_of()


def printed_reasons(command: str, following: str) -> set[int]:
    if not RFC.exists():
        pytest.skip(f"the text of RFC 5024 is not at {RFC}")
    text = RFC.read_text("latin-1")
    start = text.index(f"   {command} ", text.index(f"| {command} "))
    return {
        int(code)
        for code in re.findall(
            r"^ +(?:Value:?)? +'(\d\d)'  ", text[start : text.index(following, start)], re.M
        )
    }


@pytest.mark.parametrize(
    ("command", "following", "table"),
    [
        ("SFNAREAS", "SFNARRTR  ", SFNA_REASONS),
        ("EFNAREAS", "EFNAREASL ", EFNA_REASONS),
        ("ESIDREAS", "ESIDREASL ", ESID_REASONS),
        ("NERPREAS", "NERPREASL ", NERP_REASONS),
    ],
)
def test_every_reason_of_the_rfc_is_known(command: str, following: str, table: dict[int, object]) -> None:
    assert printed_reasons(command, following) == set(table)


def test_reasons_have_courses() -> None:
    assert set(Refusal) == set(EFNA_REASONS)
    assert set(EndReason) == set(ESID_REASONS)
    assert SFNA_REASONS[13].course is Course.DELIVERED
    unknown = explain(SFNA_REASONS, 77)
    assert (unknown.code, unknown.retryable) == (77, True)
