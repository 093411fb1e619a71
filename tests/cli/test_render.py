"""Rendering: whatever an answer holds is shown, aligned, and harmless to the terminal."""

import json
from typing import Any

import pytest
from click import unstyle
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from gateway.cli.blocks import Facts, Table, Text, blocks
from gateway.cli.render import show

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


def test_facts_tables_and_texts_are_told_apart() -> None:
    answer = {
        "participant": "CN-GATEWAY",
        "ready": True,
        "queues": {"DUE": 3, "by_priority": {"urgent": 1}},
        "lines": [{"partner": "customs", "call": ["a", "b"], "error": None}],
        "alerts": [],
        "xml": "<a>\n</a>",
    }
    assert list(blocks(answer)) == [
        Facts("", (("participant", "CN-GATEWAY"), ("ready", "yes"))),
        Facts("queues", (("DUE", "3"),)),
        Facts("queues · by priority", (("urgent", "1"),)),
        Table("lines", ("partner", "call", "error"), (("customs", "a, b", "–"),)),
        Table("alerts", (), ()),
        Text("xml", ("<a>", "</a>")),
    ]


def test_lists_inside_rows_follow_as_tables_of_their_own() -> None:
    rows = [{"id": 1, "rejections": [{"code": "USCC"}]}, {"id": 2, "rejections": []}, {"id": 3}]
    assert list(blocks({"rows": rows})) == [
        Table("", ("id",), (("1",), ("2",), ("3",))),
        Table("1 · rejections", ("code",), (("USCC",),)),
    ]


def test_dicts_inside_many_rows_are_cells_and_inside_few_are_blocks() -> None:
    row = {"seq": 1, "data": {"entry_id": "X", "lines": [{"n": 1}, {"n": 2}]}}
    assert list(blocks({"rows": [row] * 4})) == [
        Table("", ("seq", "data"), (("1", "entry id X, lines (2)"),) * 4)
    ]
    assert list(blocks({"rows": [row]})) == [
        Table("", ("seq",), (("1",),)),
        Facts("1 · data", (("entry id", "X"),)),
        Table("1 · data · lines", ("n",), (("1",), ("2",))),
    ]


def test_rows_that_begin_alike_are_told_apart() -> None:
    rows = [{"partner": "customs", "way": way, "window": {"credit": 64}} for way in ("calling", "answering")]
    titles = [block.title for block in blocks({"lines": rows})]
    assert titles == ["lines", "lines · customs · calling · window", "lines · customs · answering · window"]


@pytest.mark.parametrize(
    ("instant", "shown"),
    [
        ("2026-11-21T04:28:00.504036Z", "2026-11-21 12:28:00+08:00"),
        ("2026-11-21T04:28:00+00:00", "2026-11-21 12:28:00+08:00"),
        ("2026-13-21T04:28:00Z", "2026-13-21T04:28:00Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
        ("2026-11-21", "2026-11-21"),
    ],
)
def test_people_read_instants_in_business_time(instant: str, shown: str) -> None:
    assert list(blocks({"at": instant})) == [Facts("", (("at", shown),))]


@given(answer=st.dictionaries(st.text(max_size=8), JSON, max_size=5))
def test_any_answer_can_be_shown_and_none_steers_the_terminal(answer: dict[str, Any]) -> None:
    for block in blocks(answer):
        match block:
            case Facts(title, pairs):
                told = [title, *(text for pair in pairs for text in pair)]
            case Table(title, columns, rows):
                told = [title, *columns, *(text for row in rows for text in row)]
                assert all(len(row) == len(columns) for row in rows)
            case Text(title, lines):
                told = [title, *lines]
        assert all(text.isprintable() for text in told)


def test_columns_are_aligned_even_in_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    show({"rows": [{"goods": "原油", "unit": "070"}, {"goods": "rice", "unit": "035"}]}, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["GOODS", "UNIT"]
    assert {cell_len(line[: line.index(line.split()[1])]) for line in lines} == {7}


def test_a_terminal_gets_colour_and_tables(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    show({"lines": [{"partner": "customs", "state": "up"}], "note": "[red]not markup[/red]"}, as_json=False)
    out = capsys.readouterr().out
    assert "\x1b[32mup" in out
    assert "[red]not markup[/red]" in out


@pytest.mark.parametrize("columns", [200, 100, 80])
def test_a_terminal_cuts_nothing_off(
    columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    row = {
        "message_id": "1e182a16-1f6d-4991-89fc-96b0f1f4496b",
        "licence": "AUTOMATIC_IMPORT/26-AA-KIK2CU",
        "code": "CONTENT_CHANGED",
        "created": "2026-11-21T04:28:00.504036Z",
        "zh": "报文内容与签名时不一致：签名后被更改。" * 5,
        "signer": None,
    }
    show({"rows": [row, row]}, as_json=False)
    out = unstyle(capsys.readouterr().out)
    assert "…" not in out
    for name in ("message_id", "licence", "code"):
        assert out.count(str(row[name])) == 2
    assert max(map(cell_len, out.splitlines())) <= columns
    assert out.count("更") == 10


def test_a_long_heading_is_broken_and_not_cut_off(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "34")
    counts = {f"{what}_{way}": 1 for what in ("files", "bytes") for way in ("sent", "received")}
    show({"rows": [counts]}, as_json=False)
    heading = [line.split() for line in unstyle(capsys.readouterr().out).splitlines()[:2]]
    assert heading == [["files", "files", "bytes", "bytes"], ["sent", "received", "sent", "received"]]


def test_json_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    show({"rows": [], "zh": "许可证"}, as_json=True)
    out = capsys.readouterr().out
    assert "许可证" in out
    assert json.loads(out) == {"rows": [], "zh": "许可证"}
