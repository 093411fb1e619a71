"""What the schema cannot say: found in reading, all at once, with its place."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
from lxml import etree

from licencexml import parsing, reading, writing
from licencexml.messages import InterchangeFrame, LicenceIssue, Message
from licencexml.names import qualified
from licencexml.rejection import Rejection
from licencexml.schema import Schemas
from licencexml.values import LicenceKey, LicenceType
from tests.licencexml.examples import KEY, MESSAGES, NOW, tree

WRONG_CODE = "91110000600037341M"
Spoil = Callable[[etree._Element], None]


def first(root: etree._Element, name: str) -> etree._Element:
    return next(root.iter(qualified(name)))


def put(name: str, text: str) -> Spoil:
    def spoil(root: etree._Element) -> None:
        first(root, name).text = text

    return spoil


def drop(name: str) -> Spoil:
    def spoil(root: etree._Element) -> None:
        element = first(root, name)
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)

    return spoil


def euros(root: etree._Element) -> None:
    first(root, "UnitPrice").set("currencyCode", "EUR")


def operator_of_the_paper(root: etree._Element) -> None:
    first(first(root, "PaperFace"), "Code").text = WRONG_CODE


def other_id(root: etree._Element) -> None:
    root.set("ID", "_OTHER")


def total_quantity(root: etree._Element) -> None:
    quantity = first(root, "Total").find(qualified("Quantity"))
    assert quantity is not None
    quantity.text = "26"


def mixed_units(root: etree._Element) -> None:
    first(root, "Quantity").set("unitCode", "035")


def refused(root: etree._Element) -> tuple[Rejection, ...]:
    with pytest.raises(parsing.Malformed) as caught:
        reading.read_message(root)
    return caught.value.rejections


@pytest.mark.parametrize(
    ("example", "spoil", "code", "path"),
    [
        (
            "import",
            put("Code", "91110000600037341M"),
            "PARTY_CODE_CHECK_CHARACTER",
            "/ImportLicence/Importer/Code",
        ),
        ("export", put("LineNumber", "2"), "LINE_NUMBER_REPEATED", "/ExportLicence/GoodsLine[2]"),
        ("write-off", put("LineNumber", "2"), "LINE_NUMBER_REPEATED", "/Declaration/DeclarationLine[2]"),
        (
            "write-off",
            operator_of_the_paper,
            "PARTY_CODE_CHECK_CHARACTER",
            "/Declaration/PaperFace/Operator/Code",
        ),
        ("export", euros, "CURRENCY_MIXED", "/ExportLicence"),
        ("export", put("AmountInUSD", "5000.0001"), "TOTAL_WRONG", "/ExportLicence/Total"),
        ("automatic", put("Amount", "1"), "TOTAL_WRONG", "/AutomaticImportLicence/Total"),
        ("import", total_quantity, "TOTAL_WRONG", "/ImportLicence/Total"),
        ("import", mixed_units, "TOTAL_WRONG", "/ImportLicence/Total"),
        ("import", drop("FormNumber"), "FORM_NUMBER_MISSING", "/ImportLicence"),
        ("technical", other_id, "MESSAGE_ID_ATTRIBUTE", "/TechnicalAck"),
    ],
    # Functions have no name that is the same in every process.
    ids=lambda value: value if isinstance(value, str) else "spoilt",
)
def test_parts_that_do_not_agree(example: str, spoil: Spoil, code: str, path: str, schemas: Schemas) -> None:
    root = tree(MESSAGES[example])
    spoil(root)
    assert schemas.check(root) == ()
    (rejection,) = refused(root)
    assert rejection.code == code
    assert (rejection.where.xpath or "").endswith(path)
    assert rejection.where.line
    assert rejection.zh
    assert rejection.en
    assert rejection.remedy


def test_the_expected_check_character_is_told() -> None:
    root = tree(MESSAGES["import"])
    put("Code", "91110000600037341M")(root)
    assert '"L"' in refused(root)[0].en


def test_all_faults_are_told_at_once() -> None:
    root = tree(MESSAGES["sealed"])
    for spoil in (put("Code", "91110000600037341M"), put("LineNumber", "2"), drop("FormNumber"), other_id):
        spoil(root)
    assert {one.code for one in refused(root)} == {"PARTY_CODE_CHECK_CHARACTER", "MESSAGE_ID_ATTRIBUTE"}
    put("Code", "91110000600037341L")(root)
    assert [one.code for one in refused(root)] == [
        "LINE_NUMBER_REPEATED",
        "FORM_NUMBER_MISSING",
        "MESSAGE_ID_ATTRIBUTE",
    ]


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
def test_what_nobody_validated_is_refused_not_misread(message: Message) -> None:
    """Whatever element is taken away, renamed or doubled: a value that was written so, or reasons."""
    count = sum(1 for _ in tree(message).iter())
    for index in range(1, count):
        for change in ("drop", "rename", "empty"):
            root = tree(message)
            element = list(root.iter())[index]
            parent = element.getparent()
            assert parent is not None
            if change == "drop":
                parent.remove(element)
            elif change == "rename":
                element.tag = qualified("Foreign")
            else:
                element.text = ""
            try:
                reading.read_message(root)
            except parsing.Malformed as fault:
                assert all(one.where.line for one in fault.rejections)
            else:
                assert change != "rename"


def test_a_message_of_another_kind_is_refused() -> None:
    for document in (b"<a/>", b'<Interchange xmlns="urn:licence-exchange:1"/>'):
        assert [one.code for one in refused(etree.fromstring(document))] == ["MESSAGE_UNKNOWN"]


def frame_faults(data: bytes) -> list[str]:
    with pytest.raises(parsing.Malformed) as caught:
        reading.read_interchange_frame(parsing.parse(data, max_bytes=2**20))
    return [one.code for one in caught.value.rejections]


def test_the_frame_of_an_interchange_must_be_right() -> None:
    member = writing.serialise(tree(MESSAGES["write-off"]))
    good = writing.interchange(InterchangeFrame("I-1", "A", "B", NOW, 1), [member])
    frame, elements = reading.read_interchange_frame(parsing.parse(good, max_bytes=2**20))
    assert frame == InterchangeFrame("I-1", "A", "B", NOW, 1)
    assert writing.serialise(elements[0]) == member
    assert frame_faults(good.replace(b">1</MessageCount>", b">2</MessageCount>")) == ["MESSAGE_COUNT_WRONG"]
    assert frame_faults(good.replace(b">I-1<", b">I 1<")) == ["VALUE_WRONG_FORMAT"]
    assert frame_faults(good.replace(b"<Sender>A</Sender>", b"", 1)) == ["FIELD_MISSING"]
    assert frame_faults(writing.interchange(InterchangeFrame("I-1", "A", "B", NOW, 0), [])) == [
        "FIELD_MISSING"
    ]
    assert frame_faults(member) == ["MESSAGE_UNKNOWN"]


@pytest.mark.parametrize("name", MESSAGES)
def test_a_hint_of_the_licence_for_logs(name: str) -> None:
    message = MESSAGES[name]
    export = LicenceKey(LicenceType.EXPORT, "26-AA-000001")
    automatic = LicenceKey(LicenceType.AUTOMATIC_IMPORT, "26-AA-000001")
    expected: LicenceKey | None = {
        "export": export,
        "automatic": automatic,
        "replacement-export": export,
        "replacement-automatic": automatic,
        "sealed": export,
        "sealed-replacement": export,
        "technical": None,
        "reconciliation": None,
    }.get(name, KEY)
    assert reading.licence_key_hint(tree(message)) == expected
    spoiled = tree(message)
    for number in spoiled.iter(qualified("LicenceNumber")):
        number.text = "x"
    assert reading.licence_key_hint(spoiled) is None


def test_white_space_round_a_value_is_not_part_of_it(schemas: Schemas) -> None:
    root = tree(MESSAGES["export"])
    put("LicenceNumber", "\n   26-AA-000001\n")(root)
    put("Name", "北京\n  样例\u3000公司")(root)
    assert schemas.check(root) == ()
    message = reading.read_message(root)
    assert isinstance(message, LicenceIssue)
    assert message.licence.key.number == "26-AA-000001"
    assert message.licence.operator.name == "北京 样例\u3000公司"


def test_urgent_is_false_if_absent() -> None:
    message = MESSAGES["import"]
    assert isinstance(message, LicenceIssue)
    calm = dataclasses.replace(message, urgent=False)
    element = writing.write_message(calm)
    assert element.find(qualified("Urgent")) is None
    assert reading.read_message(element) == calm
