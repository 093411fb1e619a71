"""Files of records on a line: restarted at records, and refused when they are not as announced."""

from __future__ import annotations

from dataclasses import replace

import pytest

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
