"""The report of a day as JSON, CSV and XML: the same facts in each."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import given
from lxml import etree

from gateway.exchange.day_files import COLUMNS, NAMESPACE, WRITERS
from gateway.exchange.day_report import Times, content
from gateway.ledger.daily_sides import Issued
from gateway.licences.reconcile import Side, classify, differences
from tests.licences.makers import key
from tests.licences.test_reconcile import sides, transfer, used

DAY = date(2026, 6, 1)
AT = datetime(2026, 6, 1, 16, 10, tzinfo=UTC)
LATE = Issued("i-1", "LicenceIssue", key(), datetime(2026, 6, 1, 4, tzinfo=UTC), None, None)


def made(ours: Side, theirs: Side) -> dict[str, Any]:
    items = classify(ours, theirs)
    return content(DAY, Times(AT, AT, AT), items, differences(items), [LATE], partner="customs")


def table(report: dict[str, Any]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(WRITERS["csv"](report).decode())))


@given(sides, sides)
def test_every_item_is_in_every_format(ours: Side, theirs: Side) -> None:
    report = made(ours, theirs)
    assert json.loads(WRITERS["json"](report)) == report
    rows = table(report)
    assert len(rows) == len(report["compared"])
    assert [row["class"] for row in rows if row["class"] != "AGREES"] == [
        row["class"] for row in report["differences"]
    ]
    root = etree.fromstring(WRITERS["xml"](report))
    names = {"r": NAMESPACE}
    assert len(root.findall("r:Difference", names)) == len(report["differences"])
    assert len(root.findall("r:Compared", names)) == len(report["compared"])


def test_a_difference_has_both_sides_figures_in_the_table() -> None:
    report = made(Side((transfer(),), (used("30"),)), Side((), (used("31", 2),)))
    rows = {row["class"]: row for row in table(report)}
    assert tuple(rows["NOT_RECEIVED"]) == COLUMNS
    assert (rows["NOT_RECEIVED"]["message_id"], rows["NOT_RECEIVED"]["our_status"]) == ("S-1", "ACCEPTED")
    assert (rows["USES_DIFFER"]["our_uses"], rows["USES_DIFFER"]["customs_uses"]) == ("1", "2")
    differs = rows["QUANTITY_DIFFERS"]
    assert (differs["our_written_off"], differs["customs_written_off"]) == ("30.00000", "31.00000")
    assert differs["call"] == "customs-hotline licence-bureau-duty"
    assert differs["business_date"] == "2026-06-01"


def test_the_xml_is_a_report_and_no_message() -> None:
    report = made(Side((transfer(),)), Side())
    xml = WRITERS["xml"](report | {"contacts": {"customs-hotline": ["值班室 12345 (at any time)"]}})
    assert xml.startswith(b"<?xml version='1.0' encoding='UTF-8'?>")
    root = etree.fromstring(xml)
    assert root.tag == f"{{{NAMESPACE}}}ReconciliationReport"
    names = {"r": NAMESPACE}
    assert root.findtext("r:Difference/r:MessageID", namespaces=names) == "S-1"
    assert root.findtext("r:Difference/r:Ours/r:Status", namespaces=names) == "ACCEPTED"
    assert root.findtext("r:Late/r:MessageID", namespaces=names) == "i-1"
    assert root.findtext("r:Contact", namespaces=names) == "值班室 12345 (at any time)"
