"""`ctl reconcile show`: a table for people, and the whole report for programs."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from gateway.exchange.day_report import Times, content
from gateway.licences.reconcile import Side, classify, differences
from gateway.operations.commands import Commands
from tests.cli.conftest import Gatewayd
from tests.licences.test_reconcile import transfer, used

AT = datetime(2026, 11, 20, 16, 10, tzinfo=UTC)
DAY = {
    "day": "2026-11-20",
    "closed_at": "2026-11-20T16:10:00.000000Z",
    "sent_at": "2026-11-20T16:10:00.000000Z",
    "answered_at": None,
}


def report() -> dict[str, Any]:
    items = classify(Side((transfer(),), (used("30"),)), Side((), (used("31"),)))
    return content(date(2026, 11, 20), Times(AT, AT, AT), items, differences(items), [], partner="customs")


@pytest.fixture
def questions(daemon: Commands) -> list[dict[str, Any]]:
    asked: list[dict[str, Any]] = []
    contacts = {"customs-hotline": ["海关值班室, 12345 (全天)"], "licence-bureau-duty": []}

    async def show(arguments: dict[str, Any]) -> dict[str, Any]:
        asked.append(arguments)
        shown = report()
        if not arguments["compared"]:
            del shown["compared"]
        found = None if arguments.get("date") == "2026-11-19" else shown
        return {**DAY, "report": found, "contacts": contacts}

    daemon.add("reconcile show", show)
    return asked


def test_people_see_each_difference_with_both_sides_and_what_to_do(
    questions: list[dict[str, Any]], gatewayd: Gatewayd, instance: Path
) -> None:
    shown = gatewayd("ctl", "reconcile", "show", "--instance", instance)
    assert shown.exit_code == 0
    assert questions == [{"compared": False}]
    text = shown.stdout
    assert "NOT_RECEIVED" in text
    assert "written off 30.00000" in text
    assert "written off 31.00000" in text
    assert "外经贸配管发〔2000〕539号 art. 6" in text
    assert "customs-hotline: 海关值班室, 12345 (全天)" in text
    assert "licence-bureau-duty (no contact is configured)" in text
    assert "2026-11-21 00:10:00+08:00" in text


def test_programs_get_the_whole_report(
    questions: list[dict[str, Any]], gatewayd: Gatewayd, instance: Path
) -> None:
    def asked(kind: str) -> str:
        result = gatewayd("ctl", "reconcile", "show", "2026-11-20", "--format", kind, "--instance", instance)
        assert result.exit_code == 0
        return result.stdout

    whole = report()
    told = json.loads(asked("json"))
    assert told.pop("contacts")["licence-bureau-duty"] == []
    assert told == whole
    rows = list(csv.DictReader(io.StringIO(asked("csv"))))
    assert [row["class"] for row in rows] == ["NOT_RECEIVED", "QUANTITY_DIFFERS", "AGREES"]
    root = etree.fromstring(asked("xml").encode())
    assert etree.QName(root).localname == "ReconciliationReport"
    assert questions == [{"date": "2026-11-20", "compared": True}] * 3


def test_json_for_programs_is_what_the_daemon_said(
    questions: list[dict[str, Any]], gatewayd: Gatewayd, instance: Path
) -> None:
    shown = json.loads(gatewayd("ctl", "reconcile", "show", "--json", "--instance", instance).stdout)
    assert shown["day"] == "2026-11-20"
    assert shown["report"] == report()


def test_a_day_without_an_answer_says_so(
    questions: list[dict[str, Any]], gatewayd: Gatewayd, instance: Path
) -> None:
    shown = gatewayd("ctl", "reconcile", "show", "2026-11-19", "--instance", instance)
    assert (shown.exit_code, "customs has not answered yet" in shown.stdout) == (0, True)
    refused = gatewayd("ctl", "reconcile", "show", "2026-11-19", "--format", "csv", "--instance", instance)
    assert refused.exit_code == 1
    assert "customs has not answered the reconciliation of 2026-11-20" in refused.stderr


def test_one_of_several_offices_is_asked_for_by_name(
    questions: list[dict[str, Any]], gatewayd: Gatewayd, instance: Path
) -> None:
    shown = gatewayd(
        "ctl", "reconcile", "show", "2026-11-20", "--partner", "shenzhen", "--instance", instance
    )
    assert shown.exit_code == 0
    assert questions == [{"date": "2026-11-20", "partner": "shenzhen", "compared": False}]
