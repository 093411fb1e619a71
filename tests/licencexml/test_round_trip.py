"""What is written reads back the same, through bytes and through the schema, for every message."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import cast, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from licencexml import parsing, reading, writing
from licencexml.mapping import MAX_ACK_REJECTIONS, MESSAGES
from licencexml.messages import (
    AckStatus,
    AckSubject,
    ApplicationAck,
    Header,
    InterchangeFrame,
    Message,
    SealedLicence,
    WriteOff,
)
from licencexml.rejection import Rejection, Where
from licencexml.schema import Schemas
from tests.licencexml import examples, life_strategies, strategies

MAX_BYTES = 16 * 2**20


def through_bytes(message: Message, schemas: Schemas) -> Message:
    root = parsing.parse(writing.serialise(writing.write_message(message)), max_bytes=MAX_BYTES)
    assert schemas.check(root) == ()
    return reading.read_message(root)


@pytest.mark.parametrize("messages", life_strategies.BY_KIND.values(), ids=life_strategies.BY_KIND)
def test_every_message_reads_back_the_same(messages: st.SearchStrategy[Message], schemas: Schemas) -> None:
    @settings(max_examples=40, deadline=None)
    @given(messages)
    def round_trip(message: Message) -> None:
        assert through_bytes(message, schemas) == message
        once = writing.serialise(writing.write_message(message))
        assert once == writing.serialise(writing.write_message(message))

    round_trip()


@settings(max_examples=30, deadline=None)
@given(data=st.data(), messages=st.lists(life_strategies.any_message, min_size=1, max_size=4))
def test_an_interchange_gives_back_its_messages_in_order(
    data: st.DataObject, messages: list[Message], schemas: Schemas
) -> None:
    messages = [_renamed(message, f"M{n}") for n, message in enumerate(messages)]
    frame = InterchangeFrame(
        data.draw(strategies.identifiers),
        data.draw(strategies.participants),
        data.draw(strategies.participants),
        data.draw(strategies.instants),
        len(messages),
    )
    members = [writing.serialise(writing.write_message(message)) for message in messages]
    whole = writing.interchange(frame, members)
    assert whole == writing.interchange(frame, iter(members))
    root = parsing.parse(whole, max_bytes=MAX_BYTES)
    assert schemas.check(root) == ()
    read_frame, elements = reading.read_interchange_frame(root)
    assert read_frame == frame
    assert [schemas.check(element) for element in elements] == [()] * len(messages)
    assert [reading.read_message(element) for element in elements] == messages
    assert [writing.serialise(element) for element in elements] == members


def test_every_message_of_the_schema_is_read_and_written() -> None:
    assert set(life_strategies.BY_KIND) == set(MESSAGES) == {one.__name__ for one in get_args(Message)}


def _renamed(message: Message, message_id: str) -> Message:
    """The same message under an identity of its own; one file holds an identity once."""
    header = dataclasses.replace(message.header, message_id=message_id)
    if isinstance(message, SealedLicence):
        inner = dataclasses.replace(message.content.header, message_id=message_id + ".inner")
        content = dataclasses.replace(message.content, header=inner)
        return dataclasses.replace(message, header=header, content=content)
    return dataclasses.replace(message, header=header)


def test_the_issuers_element_is_sealed_to_the_letter(schemas: Schemas) -> None:
    """Prefixes, white space and signature of a stranger's element survive the seal."""
    issue = (
        '<lx:LicenceIssue xmlns:lx="urn:licence-exchange:1" xmlns:other="urn:other" ID="_A">\n'
        "  <lx:Header/>中<x xmlns=''/>&#13;</lx:LicenceIssue>"
    ).encode()
    header = Header("S", "CN-GATEWAY", "CN-CUSTOMS", datetime(2026, 11, 21, tzinfo=UTC))
    envelope = writing.seal_envelope(header, parsing.parse(issue, max_bytes=MAX_BYTES))
    assert issue.replace(b"''", b'""') in writing.serialise(envelope)
    assert envelope.get("ID") == "_S"


def test_an_answer_goes_out_whatever_the_refused_document_put_into_it(schemas: Schemas) -> None:
    hostile = Rejection("CODE", Where(1, "/" + "x" * 5000), "\x00\x1b[31m\ud800", "e" * 9000, "", "\ufffe")
    ack = ApplicationAck(
        Header("A", "B", "C", datetime(2026, 11, 21, tzinfo=UTC), "M"),
        AckSubject("M", "WriteOff"),
        AckStatus.REFUSED,
        None,
        (hostile,) * (MAX_ACK_REJECTIONS + 5),
    )
    answer = through_bytes(ack, schemas)
    assert isinstance(answer, ApplicationAck)
    assert len(answer.rejections) == MAX_ACK_REJECTIONS
    assert answer.rejections[-1].code == "FAULTS_LEFT_OUT"
    assert answer.rejections[0].zh == "\ufffd\ufffd[31m\ufffd"


def test_a_declaration_without_a_paper_face_is_the_document_that_it_always_was(schemas: Schemas) -> None:
    shown = cast("WriteOff", examples.MESSAGES["write-off"])
    silent = dataclasses.replace(shown, declaration=dataclasses.replace(shown.declaration, paper_face=None))
    assert through_bytes(silent, schemas) == silent
    with_face, without = (writing.serialise(writing.write_message(one)) for one in (shown, silent))
    start, end = with_face.index(b"<PaperFace>"), with_face.index(b"</PaperFace>") + len(b"</PaperFace>")
    assert without == with_face[:start] + with_face[end:]
