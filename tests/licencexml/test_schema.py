"""The schema as a whole: two validators agree, notes are there, all faults at once, in bounded time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from licencexml import parsing, writing
from licencexml.messages import InterchangeFrame
from licencexml.schema import MAX_REJECTIONS, Schemas
from tests.licencexml.examples import MESSAGES, NOW, tree

XSD = Path(__file__).parents[2] / "xsd"
SECOND_OPINION = xmlschema.XMLSchema10(XSD / "messages.xsd", allow="local")
TEXTS = ["", "0", "1.5", "x", "26-AA-123456", "２", "2026-11-21"]
XS = "{http://www.w3.org/2001/XMLSchema}"
NS = b'xmlns="urn:licence-exchange:1"'


def test_a_document_may_begin_with_what_the_schema_declares_as_such(schemas: Schemas) -> None:
    assert schemas.roots == {f"{{urn:licence-exchange:1}}{name}" for name in SECOND_OPINION.elements}


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_both_validators_agree_and_every_refusal_is_explained(data: st.DataObject, schemas: Schemas) -> None:
    root = tree(data.draw(st.sampled_from(list(MESSAGES.values()))))
    elements = list(root.iter())
    for _ in range(data.draw(st.integers(1, 4))):
        element = data.draw(st.sampled_from(elements))
        parent = element.getparent()
        match data.draw(st.sampled_from(["text", "remove", "move", "rename", "attribute"])):
            case "text":
                element.text = data.draw(
                    st.sampled_from(["", "0", "1.5", "x", "26-AA-123456", "２", "2026-11-21"])
                )
            case "remove" if parent is not None:
                parent.remove(element)
            case "move" if parent is not None:
                parent.insert(0, element)
            case "rename":
                element.tag = data.draw(st.sampled_from([str(one.tag) for one in elements]))
            case _:
                element.set(data.draw(st.sampled_from(["ID", "unitCode", "other"])), "_x")
    rejections = schemas.check(root)
    if root.tag in schemas.roots:
        assert (rejections == ()) == SECOND_OPINION.is_valid(root)
    assert all(one.code != "SCHEMA_VIOLATION" for one in rejections)


def test_every_field_and_type_has_a_note_in_both_languages() -> None:
    for path in XSD.glob("*.xsd"):
        if path.name == "xmldsig.xsd":
            continue
        for declared in etree.parse(path).iter(
            f"{XS}element", f"{XS}attribute", f"{XS}simpleType", f"{XS}complexType"
        ):
            if declared.get("name") in (None, "ID"):
                continue
            languages = [
                note.get("{http://www.w3.org/XML/1998/namespace}lang")
                for note in declared.iterfind(f"{XS}annotation/{XS}documentation")
            ]
            assert languages == ["en", "zh"], f"{path.name}: {declared.get('name')}"


def test_faults_all_over_a_document_are_told_at_once(schemas: Schemas) -> None:
    root = tree(MESSAGES["export"])
    for name, text in (("Sender", "a b"), ("ExpiryDate", "soon"), ("GoodsCode", "1"), ("Amount", "1.23456")):
        element = next(root.iter(f"{{urn:licence-exchange:1}}{name}"))
        element.text = text
    number = next(root.iter("{urn:licence-exchange:1}ContractNumber"))
    parent = number.getparent()
    assert parent is not None
    parent.remove(number)
    found = [(one.code, (one.where.xpath or "").rpartition("/")[2]) for one in schemas.check(root)]
    assert found == [
        ("VALUE_WRONG_FORMAT", "Sender"),
        ("FIELD_MISSING", "ContractNumber"),
        ("VALUE_WRONG_TYPE", "ExpiryDate"),
        ("VALUE_WRONG_FORMAT", "GoodsCode"),
        ("VALUE_TOO_PRECISE", "Amount"),
    ]


def test_wrong_order_is_told_as_such(schemas: Schemas) -> None:
    root = tree(MESSAGES["write-off"])
    header = root[0]
    header.insert(0, header[1])
    assert [one.code for one in schemas.check(root)] == ["FIELD_OUT_OF_ORDER"]


def test_a_field_of_another_licence_type_has_no_place(schemas: Schemas) -> None:
    root = tree(MESSAGES["export"])
    root[2].tag = "{urn:licence-exchange:1}ImportLicence"
    codes = {one.code for one in schemas.check(root)}
    assert codes == {"FIELD_UNEXPECTED", "FIELD_MISSING"}


def test_unknown_messages_are_told_as_such(schemas: Schemas) -> None:
    root = parsing.parse(b"<Licence " + NS + b"/>", max_bytes=1000)
    assert [one.code for one in schemas.check(root)] == ["MESSAGE_UNKNOWN"]


def test_a_message_is_checked_where_it_stands(schemas: Schemas) -> None:
    good, bad = tree(MESSAGES["sealed"]), tree(MESSAGES["write-off"])
    next(bad.iter("{urn:licence-exchange:1}EntryID")).text = "1"
    frame = InterchangeFrame("I-1", "A", "B", NOW, 2)
    whole = writing.interchange(frame, [writing.serialise(good), writing.serialise(bad)])
    root = parsing.parse(whole, max_bytes=2**20)
    sealed, write_off = root[-2], root[-1]
    inner = sealed.find("{urn:licence-exchange:1}LicenceIssue")
    assert inner is not None
    assert schemas.check(inner) == schemas.check(sealed) == ()
    (rejection,) = schemas.check(write_off)
    assert rejection.where.xpath == "/Interchange/WriteOff/Declaration/EntryID"
    assert rejection == schemas.check(root)[0]


def test_every_message_travels_in_an_interchange(schemas: Schemas) -> None:
    for message in MESSAGES.values():
        frame = InterchangeFrame("I-1", "A", "B", NOW, 1)
        whole = writing.interchange(frame, [writing.serialise(tree(message))])
        assert schemas.check(parsing.parse(whole, max_bytes=2**20)) == ()


def test_an_interchange_has_1_to_1000_messages(schemas: Schemas) -> None:
    frame = InterchangeFrame("I-1", "A", "B", NOW, 0)
    empty = parsing.parse(writing.interchange(frame, []), max_bytes=2**20)
    assert [one.code for one in schemas.check(empty)] == ["FIELD_MISSING"]
    member = tree(MESSAGES["write-off"])
    for _ in range(1001):
        copy = etree.fromstring(writing.serialise(member))
        empty.append(copy)
    assert "FIELD_REPEATED" in {one.code for one in schemas.check(empty)}


def test_a_signature_may_stand_last_and_once(schemas: Schemas) -> None:
    signature = etree.fromstring(
        '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>'
        '<ds:CanonicalizationMethod Algorithm="a"/><ds:SignatureMethod Algorithm="b"/>'
        '<ds:Reference URI="#_ISSUE-1"><ds:DigestMethod Algorithm="c"/><ds:DigestValue>YQ==</ds:DigestValue>'
        "</ds:Reference></ds:SignedInfo><ds:SignatureValue>YQ==</ds:SignatureValue></ds:Signature>"
    )
    root = tree(MESSAGES["import"])
    root.append(signature)
    assert schemas.check(root) == ()
    root.append(etree.fromstring(etree.tostring(signature)))
    assert [one.code for one in schemas.check(root)] == ["FIELD_REPEATED"]
    first = tree(MESSAGES["import"])
    first.insert(0, signature)
    assert {one.code for one in schemas.check(first)} == {"FIELD_OUT_OF_ORDER"}


HOSTILE = {
    "unknown children": b"<Header>" + b"<a/>" * 150_000 + b"</Header>",
    "repeated fields": b"<Header>" + b"<Sender>x</Sender>" * 90_000 + b"</Header>",
    "bad lines": b"<Declaration>"
    + b"<DeclarationLine><Quantity>x</Quantity></DeclarationLine>" * 60_000
    + b"</Declaration>",
    "stray text": b"<Header>" + b"x<Sender/>" * 90_000 + b"</Header>",
    "long value": b"<Header><MessageID>" + b"1" * 9_000_000 + b"</MessageID></Header>",
    "long number": b"<Header><Created>" + b"2" * 9_000_000 + b"</Created></Header>",
    "attributes": (b"<Header " + b" ".join(b"a%d=''" % n for n in range(250)) + b"/>") * 1200,
    "long names": b"<Header>" + (b"<" + b"n" * 40_000 + b"/>") * 300 + b"</Header>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_document_is_explained_in_bounded_time_and_words(name: str, schemas: Schemas) -> None:
    root = parsing.parse(b"<WriteOff " + NS + b' ID="_a">' + HOSTILE[name] + b"</WriteOff>", max_bytes=2**24)
    started = time.process_time()
    rejections = schemas.check(root)
    assert time.process_time() - started < 3.0, "seconds of processor time"
    assert 0 < len(rejections) <= MAX_REJECTIONS + 1
    assert (rejections[-1].code == "FAULTS_LEFT_OUT") == (len(rejections) > MAX_REJECTIONS)
    assert all(
        len(one.zh) + len(one.en) + len(one.remedy) + len(one.where.xpath or "") < 3000 for one in rejections
    )
