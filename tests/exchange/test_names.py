"""Names of files: whatever an issuer calls a file, its answers have a name that every system takes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.exchange.names import MAX_NAME_BYTES, answer_name, is_handed_over, is_urgent, printable

file_names = (
    st.binary(min_size=1, max_size=MAX_NAME_BYTES)
    .filter(lambda raw: b"/" not in raw and b"\0" not in raw)
    .map(os.fsdecode)
)


@pytest.mark.parametrize(
    ("name", "handed_over"),
    [
        ("a.xml", True),
        ("A.XML", True),
        ("许可证.xml", True),
        ("a.urgent.xml", True),
        ("a.tmp", False),
        ("a.xml.tmp", False),
        (".a.xml", False),
        ("a.xml\n", False),
        ("xml", False),
    ],
)
def test_only_a_visible_name_that_ends_in_xml_is_handed_over(name: str, handed_over: bool) -> None:
    assert is_handed_over(name) is handed_over


def test_urgent_by_name() -> None:
    assert is_urgent("x.urgent.xml")
    assert not is_urgent("x.xml")


def test_an_answer_says_what_it_answers() -> None:
    assert answer_name("a.xml", "accepted.json") == "a.accepted.json"
    assert answer_name("a.urgent.xml", "sealed.xml") == "a.sealed.xml"


@given(file_names, st.sampled_from(["accepted.json", "customs-rejected.json"]))
def test_any_name_gives_an_answer_name_that_a_file_system_takes(name: str, answer: str) -> None:
    result = answer_name(printable(name), answer)
    assert len(result.encode()) <= MAX_NAME_BYTES
    assert "/" not in result
    assert result.isprintable() or all(character >= " " for character in result)
    assert result not in (".", "..")
    assert result.endswith(answer)


@given(file_names, file_names)
def test_two_names_never_share_an_answer(one: str, other: str) -> None:
    def stem(name: str) -> str:
        return name[: -len(".xml")] if name.lower().endswith(".xml") else name

    def named(stem: str) -> str:
        return answer_name(printable(f"{stem}.xml"), "a")

    if stem(one).removesuffix(".urgent") != stem(other).removesuffix(".urgent"):
        assert named(stem(one)) != named(stem(other))


@given(file_names)
def test_printable_is_text_that_can_be_stored(name: str) -> None:
    text = printable(name)
    assert text.encode().decode() == text
    assert "\n" not in text


def test_printable_writes_what_is_unsafe_in_percent() -> None:
    assert printable("a\nb") == "a%0Ab"
    assert printable("100%") == "100%25"
    assert printable(os.fsdecode(b"\xff.xml")) == "%FF.xml"
    assert printable("急证😀.xml") == "急证😀.xml"


def test_a_name_of_255_bytes_can_be_answered_on_this_file_system(tmp_path: Path) -> None:
    name = "证" * 83 + ".xml"
    (tmp_path / answer_name(name, "customs-accepted.json")).write_bytes(b"")
