"""Files of records on a line: restarted at records, and refused when they are not as announced."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.line.file_rules import FileRules
from oftp2 import commands as c
from oftp2 import events as e
from oftp2.subrecords import Encoder
from oftp2.virtual_file import VirtualFile
from tests.line.dummies import identity_of
from tests.line.test_clocked import Wire
from tests.line.test_levels import said, wired

__all__ = ["said"]

LENGTHS = (80, 0, 64, 3, 80, 80, 1) * 30
CONTENT = bytes(range(256)) * 36 + b"x" * (sum(LENGTHS) - 256 * 36)
FILE = VirtualFile(CONTENT, LENGTHS)
OFFER = replace(c.SFID.of(identity_of(1), FILE.size_bytes), format="V", record_bytes=80)


def send(wire: Wire, file: VirtualFile, offer: c.SFID, cut_after: int | None = None) -> list[e.Event]:
    """Send until so many buffers have gone; what came back last."""
    wire.partner.start_file(offer)
    (answer,) = wire.exchange()
    if not isinstance(answer, e.StartFileConfirmation):
        return [answer]
    encoder = Encoder(file.records_from(answer.restart), payload_bytes=399, compress=True)
    sent = 0
    while not encoder.exhausted and sent != cut_after:
        wire.partner.send_data(encoder.next_payload())
        wire.exchange()
        sent += 1
    if cut_after is not None:
        wire.lose()
        return []
    wire.partner.close_file(unit_count=file.size_bytes, record_count=file.record_count)
    return [event for event in wire.exchange() if not isinstance(event, e.DataConfirmation)]


@pytest.mark.parametrize("level", [5, 4, 1])
def test_a_file_of_records_goes_on_at_a_record(level: int) -> None:
    first = wired(level).in_session()
    send(first, FILE, OFFER, cut_after=7)
    (identity,) = first.office.held
    held = len(first.office.held[identity])
    assert first.office.log[-2:] == [("abandoned", "FILE1", held), ("session lost", "gateway")]
    second = wired(level)
    second.office.held, second.office.record_ends = first.office.held, first.office.record_ends
    before = len(second.office.record_ends[identity])
    assert 0 < second.office.record_ends[identity][-1] <= held
    assert send(second.in_session(), FILE, replace(OFFER, restart=FILE.end)) == [
        e.CloseFileConfirmation(speaker=True)
    ]
    assert second.office.log[0] == ("offered", "FILE1", sum(LENGTHS[:before]))
    assert second.office.received == {identity: CONTENT}
    ends = second.office.record_ends[identity]
    assert [end - start for start, end in zip([0, *ends], ends, strict=False)] == list(LENGTHS)


def test_what_the_partner_says_of_a_file_is_in_the_log(said: list[str]) -> None:
    wire = wired(5).in_session()
    send(wire, FILE, replace(OFFER, description="核销 \x1b[31m"))
    assert (
        f"file FILE1 received from gateway, {len(CONTENT)} bytes (format V; described as '核销 \\x1b[31m')"
        in said
    )


def test_records_that_are_not_as_announced_are_refused_and_the_file_begins_anew() -> None:
    wire = wired(5).in_session()
    (refusal,) = send(wire, FILE, replace(OFFER, record_bytes=79))
    assert isinstance(refusal, e.CloseFileRefusal)
    assert refusal.reason == 5
    assert refusal.text == "a record has another length than SFIDLRECL announced"
    assert wire.office.log[-1] == ("discarded", "FILE1")
    (answer,) = send(wire, FILE, replace(OFFER, restart=FILE.end))
    assert answer == e.CloseFileConfirmation(speaker=True)
    assert wire.office.log[-2:] == [("offered", "FILE1", 0), ("received", "FILE1", len(CONTENT))]


@pytest.mark.parametrize(
    ("record_format", "size", "lengths"),
    [("V", 170, [80, 80, 10]), ("F", 170, [80, 80, 80]), ("F", 160, [80, 80]), ("V", 0, [])],
)
def test_our_files_go_out_in_records_to_who_takes_nothing_else(
    record_format: str, size: int, lengths: list[int]
) -> None:
    rules = FileRules(send_format=record_format, send_record_bytes=80)
    wire = wired(2, files=rules).in_session()
    content = bytes(range(40, 126)) * 2 + b"x" * 100
    wire.office.outbox = [(identity_of(2, "O0013CUSTOMS", "O0013GATEWAY"), content[:size])]
    wire.partner.change_direction()
    (offer,) = wire.exchange()
    assert isinstance(offer, e.StartFileIndication)
    assert (offer.sfid.format, offer.sfid.record_bytes, offer.sfid.restart) == (
        record_format,
        80,
        len(lengths),
    )
    wire.partner.accept_file(min(1, len(lengths)), units_before=min(80, sum(lengths)))
    events = wire.exchange()
    data = b"".join(event.data for event in events if isinstance(event, e.DataIndication))
    assert data == content[:size].ljust(sum(lengths))[80:]
    assert isinstance(events[-1], e.CloseFileIndication)
    assert events[-1].fault is None
    assert (events[-1].record_count, events[-1].unit_count) == (len(lengths), sum(lengths))
