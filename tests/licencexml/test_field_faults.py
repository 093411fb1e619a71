"""Every field of every message, spoiled in every way that its type can be: code, line, path, both languages.

The cases are generated from the schema: a new field is tested as soon as it is declared.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import xmlschema
from lxml import etree

from licencexml.names import NAMESPACE, local_name
from licencexml.place import where
from licencexml.schema import Schemas
from tests.licencexml.examples import MESSAGES, parsed, tree

SCHEMA = xmlschema.XMLSchema10(Path(__file__).parents[2] / "xsd" / "messages.xsd", allow="local")
LONG = "长" * 3000
#: What is sealed is an example by itself too.
INSIDE_THE_SEAL = re.compile("/SealedLicence/(?!Header)[^/]+/")

#: For each simple type of the schema: what spoils it, and the code expected.
SPOILED: dict[str, list[tuple[str, str]]] = {
    "IdentifierType": [("", "VALUE_EMPTY"), ("-a", "VALUE_WRONG_FORMAT"), ("a" * 65, "VALUE_WRONG_FORMAT")],
    "ParticipantType": [("", "VALUE_EMPTY"), ("a b", "VALUE_WRONG_FORMAT"), ("a" * 36, "VALUE_WRONG_FORMAT")],
    "InstantType": [
        ("", "VALUE_EMPTY"),
        ("yesterday", "VALUE_WRONG_TYPE"),
        ("2026-11-21T25:00:00Z", "VALUE_WRONG_TYPE"),
        ("2026-11-21T24:00:00Z", "VALUE_WRONG_FORMAT"),
        ("2026-11-21T01:00:00", "VALUE_WRONG_FORMAT"),
        ("2026-11-21T01:00:00.1234567Z", "VALUE_WRONG_FORMAT"),
    ],
    "DateType": [
        ("", "VALUE_EMPTY"),
        ("21.11.2026", "VALUE_WRONG_TYPE"),
        ("2026-02-30", "VALUE_WRONG_TYPE"),
        ("2026-11-21Z", "VALUE_WRONG_FORMAT"),
        ("1926-11-21", "VALUE_WRONG_FORMAT"),
    ],
    "YesNoType": [("", "VALUE_EMPTY"), ("yes", "VALUE_WRONG_TYPE"), ("1", "VALUE_WRONG_FORMAT")],
    "OrdinalType": [
        ("", "VALUE_EMPTY"),
        ("one", "VALUE_WRONG_TYPE"),
        ("0", "VALUE_WRONG_FORMAT"),
        ("10000", "VALUE_WRONG_FORMAT"),
        ("+1", "VALUE_WRONG_FORMAT"),
    ],
    "CountType": [("", "VALUE_EMPTY"), ("many", "VALUE_WRONG_TYPE"), ("-1", "VALUE_WRONG_FORMAT")],
    "LicenceTypeType": [("", "VALUE_EMPTY"), ("TRANSIT", "VALUE_NOT_LISTED")],
    "MediumType": [("", "VALUE_EMPTY"), ("STONE", "VALUE_NOT_LISTED")],
    "UsageModeType": [("", "VALUE_EMPTY"), ("multi", "VALUE_NOT_LISTED")],
    "PermittedGroundType": [("", "VALUE_EMPTY"), ("AGENT", "VALUE_NOT_LISTED")],
    "LicenceNumberType": [
        ("", "VALUE_EMPTY"),
        ("26-AA-12345", "VALUE_WRONG_FORMAT"),
        ("26-aa-123456", "VALUE_WRONG_FORMAT"),
        ("26AA123456", "VALUE_WRONG_FORMAT"),
        ("２６-AA-123456", "VALUE_WRONG_FORMAT"),
    ],
    "FormNumberType": [
        ("", "VALUE_EMPTY"),
        ("123456", "VALUE_WRONG_FORMAT"),
        ("12345678", "VALUE_WRONG_FORMAT"),
    ],
    "PartyCodeType": [
        ("", "VALUE_EMPTY"),
        ("91110000600037341", "VALUE_WRONG_FORMAT"),
        ("91110000600037341I", "VALUE_WRONG_FORMAT"),
        ("911A0000600037341L", "VALUE_WRONG_FORMAT"),
        ("11006000373411", "VALUE_WRONG_FORMAT"),
    ],
    "CustomsCodeType": [("", "VALUE_EMPTY"), ("220", "VALUE_WRONG_FORMAT"), ("22000", "VALUE_WRONG_FORMAT")],
    "CountryType": [("", "VALUE_EMPTY"), ("JP", "VALUE_WRONG_FORMAT"), ("jpn", "VALUE_WRONG_FORMAT")],
    "UnitCodeType": [("", "VALUE_EMPTY"), ("35", "VALUE_WRONG_FORMAT"), ("吨", "VALUE_WRONG_FORMAT")],
    "CurrencyType": [("", "VALUE_EMPTY"), ("$", "VALUE_WRONG_FORMAT"), ("usd", "VALUE_WRONG_FORMAT")],
    "GoodsCodeType": [
        ("", "VALUE_EMPTY"),
        ("100630200", "VALUE_WRONG_FORMAT"),
        ("1006.30.2001", "VALUE_WRONG_FORMAT"),
    ],
    "QuantityAmountType": [
        ("", "VALUE_EMPTY"),
        ("much", "VALUE_WRONG_TYPE"),
        ("0", "VALUE_TOO_SMALL"),
        ("0.00000", "VALUE_TOO_SMALL"),
        ("-1", "VALUE_TOO_SMALL"),
        ("1.000001", "VALUE_TOO_PRECISE"),
        ("123456789012345", "VALUE_TOO_LARGE"),
        ("1234567890123456789012", "VALUE_TOO_LARGE"),
        ("1,5", "VALUE_WRONG_TYPE"),
        ("+1", "VALUE_WRONG_FORMAT"),
    ],
    "FigureAmountType": [
        ("", "VALUE_EMPTY"),
        ("much", "VALUE_WRONG_TYPE"),
        ("1.000001", "VALUE_TOO_PRECISE"),
        ("123456789012345", "VALUE_TOO_LARGE"),
        ("-1", "VALUE_WRONG_FORMAT"),
        ("+1", "VALUE_WRONG_FORMAT"),
    ],
    "MoneyAmountType": [
        ("", "VALUE_EMPTY"),
        ("free", "VALUE_WRONG_TYPE"),
        ("1.00001", "VALUE_TOO_PRECISE"),
        ("1234567890123456", "VALUE_TOO_LARGE"),
        ("-1", "VALUE_WRONG_FORMAT"),
    ],
    "PartyNameType": [("", "VALUE_EMPTY"), (" \n ", "VALUE_EMPTY"), ("长" * 101, "VALUE_TOO_LONG")],
    "GoodsNameType": [("", "VALUE_EMPTY"), ("长" * 256, "VALUE_TOO_LONG")],
    "SpecificationType": [("", "VALUE_EMPTY"), ("长" * 256, "VALUE_TOO_LONG")],
    "ShortTextType": [("", "VALUE_EMPTY"), ("长" * 65, "VALUE_TOO_LONG")],
    "ContractNumberType": [
        ("", "VALUE_EMPTY"),
        ("合同一", "VALUE_WRONG_FORMAT"),
        ("A" * 18, "VALUE_WRONG_FORMAT"),
    ],
    "RemarksType": [("", "VALUE_EMPTY"), ("长" * 501, "VALUE_TOO_LONG")],
    "EntryIDType": [("", "VALUE_EMPTY"), ("1" * 17, "VALUE_WRONG_FORMAT"), ("1" * 19, "VALUE_WRONG_FORMAT")],
    "TechnicalStatusType": [("", "VALUE_EMPTY"), ("MAYBE", "VALUE_NOT_LISTED")],
    "AckStatusType": [("", "VALUE_EMPTY"), ("MAYBE", "VALUE_NOT_LISTED")],
    "ReplacementModeType": [("", "VALUE_EMPTY"), ("REPLACE", "VALUE_NOT_LISTED")],
    "ReplacementKindType": [("", "VALUE_EMPTY"), ("THEFT", "VALUE_NOT_LISTED")],
    "RevocationGroundType": [("", "VALUE_EMPTY"), ("USED", "VALUE_NOT_LISTED")],
    "SuspensionActionType": [("", "VALUE_EMPTY"), ("PAUSE", "VALUE_NOT_LISTED")],
    "SuspensionGroundType": [("", "VALUE_EMPTY"), ("DOUBT", "VALUE_NOT_LISTED")],
    "LicenceStatusType": [("", "VALUE_EMPTY"), ("FINE", "VALUE_NOT_LISTED")],
    "TransferStatusType": [("", "VALUE_EMPTY"), ("LOST", "VALUE_NOT_LISTED")],
    "DigestType": [
        ("", "VALUE_EMPTY"),
        ("0" * 63, "VALUE_WRONG_FORMAT"),
        ("A" * 64, "VALUE_WRONG_FORMAT"),
        ("0x" + "0" * 62, "VALUE_WRONG_FORMAT"),
    ],
    "KindType": [("", "VALUE_EMPTY"), ("write off", "VALUE_WRONG_FORMAT")],
    "ReasonCodeType": [("", "VALUE_EMPTY"), ("no-code", "VALUE_WRONG_FORMAT")],
    "SourceLineType": [("", "VALUE_EMPTY"), ("first", "VALUE_WRONG_TYPE"), ("0", "VALUE_WRONG_FORMAT")],
    "SourcePathType": [(LONG, "VALUE_TOO_LONG")],
    "SentenceType": [(LONG, "VALUE_TOO_LONG"), ("长" * 20_000, "VALUE_TOO_LONG")],
}


@dataclass(frozen=True)
class Target:
    """A field of an example: where it is and what the schema declares."""

    example: str
    index: int
    path: str
    declared: Any

    def element(self, root: etree._Element) -> etree._Element:
        return list(root.iter())[self.index]


def _targets() -> Iterator[Target]:
    for example, message in MESSAGES.items():
        root = tree(message)
        for index, element in enumerate(root.iter()):
            if index == 0:
                continue
            names = [local_name(str(one.tag)) for one in (element, *element.iterancestors())]
            steps = "/".join(f"lx:{name}" for name in reversed(names))
            declared = SCHEMA.find(steps, {"lx": NAMESPACE})
            assert declared is not None, steps
            path = where(element).xpath or ""
            if "[2]" not in path and not (example.startswith("sealed") and INSIDE_THE_SEAL.match(path)):
                yield Target(example, index, path, declared)


TARGETS = list(_targets())
VALUES = [target for target in TARGETS if not target.declared.type.has_complex_content()]
every_field = pytest.mark.parametrize("target", TARGETS, ids=lambda t: f"{t.example}:{t.path}")
every_value = pytest.mark.parametrize("target", VALUES, ids=lambda t: f"{t.example}:{t.path}")


def _simple(declared: Any) -> Any:
    return declared.type if declared.type.is_simple() else declared.type.content


def _only(schemas: Schemas, root: etree._Element, code: str) -> Any:
    rejections = schemas.check(root)
    assert [one.code for one in rejections] == [code], [
        (one.code, str(one.where), one.en) for one in rejections
    ]
    (rejection,) = rejections
    assert rejection.article
    assert rejection.remedy
    assert any("\u4e00" <= character <= "\u9fff" for character in rejection.zh)
    assert any("a" <= character <= "z" for character in rejection.en)
    return rejection


@every_field
def test_a_missing_field(target: Target, schemas: Schemas) -> None:
    root = tree(MESSAGES[target.example])
    element = target.element(root)
    parent = element.getparent()
    assert parent is not None
    same = [child for child in parent if child.tag == element.tag]
    for child in same:
        parent.remove(child)
    if target.declared.min_occurs == 0:
        assert schemas.check(root) == ()
        return
    rejection = _only(schemas, root, "FIELD_MISSING")
    assert rejection.where.line == parent.sourceline
    name = local_name(str(element.tag))
    assert name in rejection.where.xpath.rpartition("/")[2].split("|")
    assert rejection.where.xpath.rpartition("/")[0] == where(parent).xpath
    assert name in rejection.zh
    assert name in rejection.en


@every_field
def test_a_field_too_many(target: Target, schemas: Schemas) -> None:
    root = tree(MESSAGES[target.example])
    element = target.element(root)
    parent = element.getparent()
    assert parent is not None
    limit = target.declared.max_occurs
    there = sum(1 for child in parent if child.tag == element.tag)
    for _ in range(limit + 1 - there):
        again = copy.deepcopy(element)
        if "ID" in again.attrib:
            again.set("ID", "_OTHER")
        element.addnext(again)
    root = parsed(root)
    rejection = _only(schemas, root, "FIELD_REPEATED")
    assert rejection.where.xpath.endswith(f"[{limit + 1}]")
    assert f"{limit}" in rejection.en


@every_value
def test_a_spoiled_value(target: Target, schemas: Schemas) -> None:
    type_name = local_name(_simple(target.declared).name)
    for value, code in SPOILED[type_name]:
        root = tree(MESSAGES[target.example])
        element = target.element(root)
        element.text = value
        line = element.sourceline
        rejection = _only(schemas, root, code)
        assert (rejection.where.line, rejection.where.xpath) == (line, target.path)


@every_field
def test_an_element_or_text_that_does_not_belong_there(target: Target, schemas: Schemas) -> None:
    root = tree(MESSAGES[target.example])
    target.element(root).insert(0, etree.fromstring("<Foreign xmlns='urn:licence-exchange:1'/>"))
    root = parsed(root)
    rejection = _only(schemas, root, "FIELD_UNEXPECTED")
    assert rejection.where.xpath == f"{target.path}/Foreign"
    if target.declared.type.has_complex_content():
        root = tree(MESSAGES[target.example])
        element = target.element(root)
        element.text = "stray"
        rejection = _only(schemas, root, "TEXT_UNEXPECTED")
        assert rejection.where.xpath == target.path


@every_field
def test_attributes(target: Target, schemas: Schemas) -> None:
    root = tree(MESSAGES[target.example])
    target.element(root).set("foreign", "1")
    rejection = _only(schemas, root, "ATTRIBUTE_UNEXPECTED")
    assert rejection.where.xpath == target.path
    for name, attribute in target.declared.attributes.items():
        if name == "ID":
            continue
        root = tree(MESSAGES[target.example])
        del target.element(root).attrib[name]
        assert name in _only(schemas, root, "ATTRIBUTE_MISSING").en
        for value, code in SPOILED[local_name(attribute.type.name)]:
            root = tree(MESSAGES[target.example])
            target.element(root).set(name, value)
            assert _only(schemas, root, code).where.xpath == target.path


def test_every_simple_type_is_spoiled_here() -> None:
    ours = {name for name, kind in SCHEMA.types.items() if kind.is_simple()}
    assert set(SPOILED) == ours


def test_every_declared_field_is_in_an_example() -> None:
    seen = {target.declared.name for target in TARGETS}
    types: list[Any] = list(SCHEMA.types.values())
    contents = [kind.content for kind in types if kind.has_complex_content()]
    declared = {element.name for content in contents for element in content.iter_elements()}
    ours = {name for name in declared if name and name.startswith(f"{{{NAMESPACE}}}")}
    roots = {f"{{{NAMESPACE}}}{name}" for name in SCHEMA.elements}
    assert ours - seen - roots == set()
