"""What people see of answers: enough to read on, nothing twice; programs get all of it."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.cli.people import for_people
from gateway.cli.render import show

REASON = {
    "code": "QUANTITY_EXCEEDS_BALANCE",
    "line": None,
    "xpath": None,
    "zh": "超过余额。",
    "en": "More than is left.",
    "article": "539号 art. 5",
    "remedy": "请核对数量。 / Check the quantity.",
}


def shown(command: str, answer: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> list[str]:
    show(for_people(command, answer), as_json=False)
    return capsys.readouterr().out.splitlines()


def test_a_licences_uses_are_a_line_each_with_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    use = {
        "entry_id": "220020260000000001",
        "released": "60.00000",
        "amended": None,
        "withdrawn": "10.00000",
        "quantity": "50.00000",
        "message_id": "w-1",
        "amendments": [],
        "withdrawals": [{"number": 1}],
    }
    found = {"id": 3, "status": "OPEN", "rejections": [REASON, REASON], "note": None}
    lines = shown("licence show", {"uses": [use], "discrepancies": [found]}, capsys)
    assert lines == [
        "uses:",
        "ENTRY ID            RELEASED  WITHDRAWN  QUANTITY",
        "220020260000000001  60.00000  10.00000   50.00000",
        "",
        "discrepancies:",
        "ID  STATUS  WHY",
        "3   OPEN    QUANTITY_EXCEEDS_BALANCE",
    ]


def test_an_explanation_is_a_numbered_list_in_each_language(capsys: pytest.CaptureFixture[str]) -> None:
    steps = [
        {"no": 1, "zh": "甲。", "en": "One.", "article": "art. 1", "remedies": []},
        {
            "no": 2,
            "zh": "乙（art. 2）。",
            "en": "Two (art. 2).",
            "article": "art. 2",
            "remedies": ["丙。 / Three."],
        },
    ]
    lines = shown("licence explain", {"licence": "EXPORT/26-AA-000001", "steps": steps}, capsys)
    assert lines == [
        "licence:  EXPORT/26-AA-000001",
        "",
        "中文:",
        " 1. 甲。 [art. 1]",
        " 2. 乙（art. 2）。",
        "    → 丙。",
        "",
        "English:",
        " 1. One. [art. 1]",
        " 2. Two (art. 2).",
        "    → Three.",
    ]


def test_a_history_is_a_line_an_entry_in_local_time(capsys: pytest.CaptureFixture[str]) -> None:
    row = {
        "seq": 7,
        "at": "2026-11-21T04:28:00.5Z",
        "kind": "SENT",
        "message_id": "s-1",
        "data": {"interchange": 1},
        "zh": "已发往海关。",
        "en": "Sent to customs.",
    }
    assert shown("licence history", {"licence": "L", "rows": [row]}, capsys)[2:] == [
        "AT                         KIND  WHAT              MESSAGE ID",
        "2026-11-21 12:28:00+08:00  SENT  Sent to customs.  s-1",
    ]


def test_a_message_tells_nothing_of_what_there_is_none_of(capsys: pytest.CaptureFixture[str]) -> None:
    happened = {"at": "2026-11-21T04:28:00Z", "kind": "SENT", "licence": "L", "zh": "已发。", "en": "Sent."}
    answer = {"message_id": "m", "changed": [], "rejections": [REASON], "what_happened": [happened]}
    lines = shown("message explain", answer, capsys)
    assert "changed:" not in lines
    assert lines[3].split() == ["CODE", "ZH", "EN", "ARTICLE", "REMEDY"]
    assert lines[-1].endswith("SENT  Sent.")


def test_a_discrepancy_says_what_to_do_once(capsys: pytest.CaptureFixture[str]) -> None:
    steps = [{"step": "1", "what": REASON["remedy"]}]
    out = shown("discrepancy show", {"id": 1, "rejections": [REASON], "next_steps": steps}, capsys)
    assert sum("Check the quantity" in line for line in out) == 1


@pytest.mark.parametrize(
    "command", ["licence show", "licence explain", "licence history", "message explain", "discrepancy list"]
)
def test_an_answer_of_another_shape_is_shown_as_it_is(command: str) -> None:
    """Customs answers some of these commands too, in its own words."""
    answer = {"rows": 5, "steps": None, "rejections": "none", "uses": {}}
    assert for_people(command, answer) == answer
