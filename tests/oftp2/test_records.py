"""Records: where they end, how long they may be, what is kept of them, and what is sent after a restart."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oftp2 import commands as c
from oftp2 import events as e
from oftp2 import records
from oftp2.entity import Counter
from oftp2.offers import offer_fault
from oftp2.reasons import Refusal
from oftp2.virtual_file import VirtualFile
from tests.oftp2.users import User, connect, identity_of, run, session_pair

LENGTHS = st.lists(st.integers(0, 300), max_size=30)


@given(LENGTHS, st.integers(0, 40))
def test_a_list_is_read_as_it_was_written_but_for_a_torn_line(lengths: list[int], torn: int) -> None:
    lines = records.written(lengths)
    assert records.read(lines) == lengths
    kept = records.read(lines[: len(lines) - torn] if torn else lines)
    assert kept == lengths[: len(kept)]


def test_what_is_no_list_is_told() -> None:
    for lines in (b"80\nmany\n", b"80\n-1\n", b"80\n\0\0\n"):
        with pytest.raises(ValueError, match="no length"):
            records.read(lines)


@given(LENGTHS, st.integers(0, 9000), st.integers(0, 40))
def test_what_is_held_ends_with_a_record(lengths: list[int], size: int, most: int) -> None:
    count, octets = records.held(lengths, size, most)
    assert octets == sum(lengths[:count]) <= size
    assert count <= most
    assert count in (most, len(lengths)) or octets + lengths[count] > size


@given(st.integers(0, 500), st.integers(1, 99))
def test_a_file_is_cut_evenly(size: int, record: int) -> None:
    lengths = records.cut_evenly(size, record)
    assert records.fault_of(lengths, size, "V", record) is None
    assert (records.fault_of(lengths, size, "F", record) is None) is (size % record == 0)


def test_lengths_that_are_not_those_of_the_file_are_told() -> None:
    assert records.fault_of([3, 4], 8, "V", 5) == "the records have 7 octets, the file has 8"
    assert records.fault_of([3, 5], 8, "V", 4) == "a record has 5 octets, more than 4"
    assert records.fault_of([4, 3, 1], 8, "F", 4) == "a record has 1 octets, and all of format F have 4"


@given(LENGTHS, st.data())
def test_after_a_restart_the_rest_is_sent(lengths: list[int], data: st.DataObject) -> None:
    content = bytes(range(251)) * (sum(lengths) // 251 + 1)
    file = VirtualFile(content[: sum(lengths)], tuple(lengths))
    restart = data.draw(st.integers(0, file.end))
    rest = list(file.records_from(restart))
    assert [len(one) for one in rest] == lengths[restart:]
    assert b"".join(rest) == file.content[file.octets_before(restart) :]
    plain = VirtualFile(file.content)
    restart = data.draw(st.integers(0, plain.end))
    assert b"".join(plain.records_from(restart)) == plain.content[restart * 1024 :]
    assert plain.record_count == 0


def fits(record_format: str, record_bytes: int, *buffers: tuple[int, tuple[int, ...]]) -> bool:
    counter = Counter(is_structured=True, is_fixed=record_format == "F", record_bytes=record_bytes)
    for size, ends in buffers:
        counter.add(size, ends)
    return counter.records_fit


def test_records_have_the_lengths_that_were_announced() -> None:
    assert fits("V", 5, (5, (5,)), (3, (0, 3)), (4, ()), (1, (1,)))
    assert not fits("V", 5, (3, ()), (3, (3,)))
    assert not fits("V", 5, (6, ()))
    # Nothing was announced.
    assert fits("V", 0, (6000, (6000,)))
    assert fits("F", 5, (10, (5, 10)))
    assert not fits("F", 5, (11, (5, 11)))
    # Of the last record, less is tolerated, whether its end is marked or not.
    assert fits("F", 5, (8, (5, 8)))
    assert fits("F", 5, (8, (5,)))
    assert not fits("F", 5, (8, (5, 8)), (5, (5,)))
    assert not fits("F", 5, (8, (5, 8)), (1, ()))


def test_a_record_begins_where_the_file_goes_on() -> None:
    counter = Counter(is_structured=True, is_fixed=True, record_bytes=5)
    counter.begin(3, 15)
    counter.add(5, (5,))
    assert (counter.units, counter.total_records, counter.records_fit) == (20, 4, True)


def test_a_record_that_is_too_long_is_refused_at_the_end_of_the_file() -> None:
    caller, answerer = session_pair()
    alice, bob = User(caller), User(answerer)
    connect(alice, bob)
    run(alice, bob)
    caller.start_file(replace(c.SFID.of(identity_of(), 10), format="V", record_bytes=4))
    alice.on = alice.seen.append  # type: ignore[method-assign]
    run(alice, bob)
    caller.send_data(b"\x82ab\x85cdefg")
    run(alice, bob)
    caller.close_file(unit_count=7, record_count=2)
    run(alice, bob)
    assert isinstance(alice.seen[-1], e.CloseFileRefusal)
    assert alice.seen[-1].reason == Refusal.RECORD_LENGTH_NOT_SUPPORTED


@pytest.mark.parametrize(("record_format", "record_bytes"), [("U", 80), ("T", 1), ("F", 0), ("V", 0)])
def test_a_length_that_does_not_go_with_the_format_is_not_offered(
    record_format: str, record_bytes: int
) -> None:
    sfid = replace(c.SFID.of(identity_of(), 10), format=record_format, record_bytes=record_bytes)
    fault = offer_fault(sfid, 5)
    assert fault is not None
    assert fault[0] is Refusal.RECORD_LENGTH_NOT_SUPPORTED
