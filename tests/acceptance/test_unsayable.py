"""What no document can say: schema and codec refuse it before the law is asked."""

from __future__ import annotations

import dataclasses
import re

import pytest

from gateway.data import data_dir
from licencexml import parsing, reading, writing
from licencexml.messages import WriteOff, WriteOffAmendment, WriteOffReversal
from licencexml.schema import Schemas
from tests.licences.clearances import amendment, reversal, withdrawn
from tests.licences.makers import drawn, write_off

MESSAGES = (write_off(drawn("10")), amendment("10"), reversal(withdrawn("10")))
Said = WriteOff | WriteOffAmendment | WriteOffReversal


@pytest.fixture(scope="module")
def schemas() -> Schemas:
    return Schemas.load(data_dir("xsd"))


def refusals(text: bytes, schemas: Schemas) -> list[str]:
    """The codes for which a document is refused."""
    root = parsing.parse(text, max_bytes=2**20)
    if found := schemas.check(root):
        return [one.code for one in found]
    try:
        reading.read_message(root)
    except parsing.Malformed as fault:
        return [one.code for one in fault.rejections]
    return []


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
@pytest.mark.parametrize(
    "quantity",
    ["0", "0.00000", "-10", "10.000001", "123456789012345.00000", "1e3", "10,5", "NaN", "INF", "", "１０"],
)
def test_a_quantity_that_is_none_is_refused_before_the_law_is_asked(
    message: Said, quantity: str, schemas: Schemas
) -> None:
    """Zero, negative, over-precise, enormous, or no number at all."""
    document = writing.serialise(writing.write_message(message))
    spoiled = re.sub(rb"(Quantity[^>]*>)10(\.0+)?<", rb"\g<1>" + quantity.encode() + b"<", document)
    assert spoiled != document

    assert refusals(document, schemas) == []
    assert refusals(spoiled, schemas) != []


@pytest.mark.parametrize("quantity", ["0.00001", "99999999999999.99999"])
def test_the_smallest_and_the_largest_quantity_can_be_said(quantity: str, schemas: Schemas) -> None:
    document = writing.serialise(writing.write_message(write_off(drawn(quantity))))
    assert refusals(document, schemas) == []


def test_one_line_stands_once_in_a_document(schemas: Schemas) -> None:
    twice = (write_off(drawn("10"), drawn("20")), reversal(withdrawn("10"), withdrawn("1")))
    for message in twice:
        assert refusals(writing.serialise(writing.write_message(message)), schemas) == [
            "LINE_NUMBER_REPEATED"
        ]


def test_a_declaration_of_another_length_and_another_alphabet_is_none(schemas: Schemas) -> None:
    for entry_id in ("22002026000000001", "2200202600000000011", "22002026000000000a"):
        declaration = dataclasses.replace(write_off().declaration, entry_id=entry_id)
        message = dataclasses.replace(write_off(), declaration=declaration)
        assert refusals(writing.serialise(writing.write_message(message)), schemas) != []
