"""A day's comparison as files for people and programs: JSON, CSV and XML, the same facts in each.

The XML is a report, and no message of the exchange: it has a namespace of its own, and nobody signs it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, cast

from lxml import etree

from gateway.exchange.day_report import AGREES, MOVED_SINCE

NAMESPACE = "urn:licence-exchange:report:1"

Content = Mapping[str, Any]

#: What is stated of an item, for either side.
_STATED = (
    "status",
    "kind",
    "digest",
    "uses",
    "lines",
    "goods_code",
    "unit",
    "issued",
    "written_off",
    "balance",
    "over_shipment",
)
_ITEM = ("subject", "class", "licence", "message_id", "line")
_TOLD = ("zh", "en", "article", "remedy", "call")
COLUMNS = (
    "business_date",
    "partner",
    *_ITEM,
    *(f"{side}_{name}" for name in _STATED for side in ("our", "customs")),
    *_TOLD,
)


def as_json(content: Content) -> bytes:
    """Readable JSON, UTF-8."""
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def as_csv(content: Content) -> bytes:
    """UTF-8 as RFC 4180 has it, with a header row: a row for every item, those that differ first."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, restval="")
    writer.writeheader()
    others = (row for row in content["compared"] if row["class"] in (AGREES, MOVED_SINCE))
    which = {"business_date": content["business_date"], "partner": content["partner"]}
    for row in (*content["differences"], *others):
        writer.writerow({**which, **_flat(row)})
    return text.getvalue().encode()


def as_xml(content: Content) -> bytes:
    """Well-formed XML in UTF-8, indented."""
    nsmap = cast("dict[str, str]", {None: NAMESPACE})
    root = etree.Element(f"{{{NAMESPACE}}}ReconciliationReport", nsmap=nsmap)
    for name in ("business_date", "partner", "as_of", "customs_as_of", "compared_at"):
        _leaf(root, _camel(name), content[name])
    totals = _branch(root, "Totals")
    for name, value in content["totals"].items():
        _leaf(totals, "Total", value, name=name)
    for row in content["differences"]:
        _put_row(_branch(root, "Difference"), row)
    for row in content["compared"]:
        _put_row(_branch(root, "Compared"), row)
    for row in content["late"]:
        _put_row(_branch(root, "Late"), row)
    for role, called in content.get("contacts", {}).items():
        for one in called:
            _leaf(root, "Contact", one, role=role)
    etree.indent(root, " ")
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"


#: The writers, by the ending of the file and the name of the format.
WRITERS: Mapping[str, Callable[[Content], bytes]] = MappingProxyType(
    {"json": as_json, "csv": as_csv, "xml": as_xml}
)


def _flat(row: Content) -> dict[str, Any]:
    """A row of the report as one of a table; a list of words is one cell."""
    flat = {name: row.get(name) for name in (*_ITEM, *_TOLD)}
    flat["call"] = " ".join(row.get("call", ()))
    for side, stated in (("our", row["ours"]), ("customs", row["customs"])):
        for name, value in (stated or {}).items():
            flat[f"{side}_{name}"] = value
    return {name: "" if value is None else value for name, value in flat.items()}


def _put_row(element: etree._Element, row: Content) -> None:
    for name, value in row.items():
        if isinstance(value, Mapping):
            _put_row(_branch(element, _camel(name)), value)
        elif isinstance(value, list):
            for one in value:
                _leaf(element, _camel(name), one)
        elif value is not None:
            _leaf(element, _camel(name), value)


def _branch(parent: etree._Element, name: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")


def _leaf(parent: etree._Element, element: str, value: object, **attributes: str) -> None:
    leaf = _branch(parent, element)
    leaf.text = str(value)
    for name, held in attributes.items():
        leaf.set(name, held)


def _camel(name: str) -> str:
    """`message_id` as `MessageID`, in the schema's manner."""
    special = {"message_id": "MessageID", "zh": "Chinese", "en": "English"}
    return special.get(name) or "".join(word.capitalize() for word in name.split("_"))
