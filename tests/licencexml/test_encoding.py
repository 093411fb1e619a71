"""UTF-8 and GB18030 are read, if they are what the file says they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licencexml import parsing

TEXT = '<?xml version="1.0"{declared}?>\n<WriteOff xmlns="urn:licence-exchange:1">\n{content}</WriteOff>'


def document(content: str, encoding: str, declared: str | None) -> bytes:
    return TEXT.format(declared=f' encoding="{declared}"' if declared else "", content=content).encode(
        encoding
    )


def read(data: bytes) -> str:
    return (parsing.parse(data, max_bytes=2**20).text or "").strip()


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", None),
        ("utf-8", "UTF-8"),
        ("utf-8", "utf-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-8-sig", None),
        ("gb18030", "GB18030"),
        ("gb18030", "gb18030"),
    ],
)
def test_a_true_declaration_is_believed(encoding: str, declared: str | None) -> None:
    assert read(document("一般贸易，稻谷𠮷€", encoding, declared)) == "一般贸易，稻谷𠮷€"


@pytest.mark.parametrize(
    ("encoding", "declared", "line", "guess"),
    [
        ("gb18030", "UTF-8", 3, "GB18030"),
        ("gb18030", None, 3, "GB18030"),
        ("utf-8", "GB18030", 1, "UTF-8"),
        ("utf-8-sig", "GB18030", 1, "UTF-8"),
    ],
    ids=str,
)
def test_a_lie_is_told_with_its_line_and_what_it_looks_like(
    encoding: str, declared: str | None, line: int, guess: str
) -> None:
    with pytest.raises(parsing.Malformed) as caught:
        read(document("许可证号", encoding, declared))
    (rejection,) = caught.value.rejections
    assert (rejection.code, rejection.where.line) == ("ENCODING_MISMATCH", line)
    assert guess in rejection.zh
    assert guess in rejection.en


def test_short_gb18030_that_happens_to_be_utf8_is_believed() -> None:
    assert read(document("联通", "gb18030", "GB18030")) == "联通"


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=4, max_size=40))
def test_any_chinese_text_is_read_from_both_encodings(content: str) -> None:
    assert read(document(content, "gb18030", "GB18030")) == content
    assert read(document(content, "utf-8", "UTF-8")) == content


@pytest.mark.parametrize("declared", ["UTF-16", "ISO-8859-1", "US-ASCII", "GBK", "x" * 40])
def test_other_encodings_are_refused_by_name(declared: str) -> None:
    with pytest.raises(parsing.Malformed) as caught:
        read(document("a", "ascii", declared))
    assert caught.value.rejections[0].code == "ENCODING_UNSUPPORTED"
    assert declared in caught.value.rejections[0].en
