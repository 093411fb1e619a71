"""What careless and hostile files get: one clear reason, its line, and little of our time and memory."""

from __future__ import annotations

import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from licencexml import parsing
from licencexml.rejection import Rejection

MAX_BYTES = 16 * 2**20
NS = b'xmlns="urn:licence-exchange:1"'
#: Of our own processor time; most documents here take a hundredth of it.
MAX_SECONDS = 3.0


def document(content: bytes = b"", prolog: bytes = b"") -> bytes:
    return prolog + b"<WriteOff " + NS + b">" + content + b"</WriteOff>"


def refused(data: bytes, **limits: int) -> tuple[Rejection, ...]:
    with pytest.raises(parsing.Malformed) as caught:
        parsing.parse(data, max_bytes=limits.pop("max_bytes", MAX_BYTES), **limits)
    assert all(one.zh and one.en and one.article and one.remedy for one in caught.value.rejections)
    return caught.value.rejections


_LAST_LINE_DOCTYPE = b"<?xml version='1.0'?>\n<!-- -->\n<!DOCTYPE a>"
CASES: dict[str, tuple[Callable[[], bytes], str, int | None]] = {
    "empty": (lambda: b"", "XML_EMPTY", 1),
    "binary": (lambda: bytes(range(256)) * 100, "XML_BINARY", 1),
    "compressed": (lambda: zlib.compress(document()), "XML_BINARY", 1),
    "null byte": (lambda: document(b"\n\n\0"), "XML_BINARY", 3),
    "plain text": ("许可证".encode, "XML_BINARY", 1),
    "UTF-16": (lambda: document().decode().encode("utf-16"), "ENCODING_UNSUPPORTED", 1),
    "GBK declared": (
        lambda: document(prolog=b"<?xml version='1.0' encoding='GBK'?>"),
        "ENCODING_UNSUPPORTED",
        1,
    ),
    "XML 1.1": (lambda: document(prolog=b"<?xml version='1.1'?>"), "XML_VERSION_UNSUPPORTED", 1),
    "control character": (lambda: document(b"\n\x01"), "XML_NOT_WELL_FORMED", 2),
    "wrong end tag": (lambda: document(b"\n<a></b>"), "XML_NOT_WELL_FORMED", 2),
    "something after the root": (lambda: document() + b"\njunk", "XML_NOT_WELL_FORMED", 2),
    "DOCTYPE": (
        lambda: document(prolog=_LAST_LINE_DOCTYPE),
        "DOCTYPE_FORBIDDEN",
        3,
    ),
    "external entity": (
        lambda: document(b"&x;", b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n'),
        "DOCTYPE_FORBIDDEN",
        1,
    ),
    "billion laughs": (
        lambda: document(
            b"&l9;",
            b'<!DOCTYPE a [<!ENTITY l0 "ha">'
            + b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
            + b"]>",
        ),
        "DOCTYPE_FORBIDDEN",
        1,
    ),
    "undeclared entity": (lambda: document(b"\n&x;"), "ENTITY_FORBIDDEN", 2),
    "instruction before the root": (lambda: document(prolog=b"\n<?xml-stylesheet a?>"), "PI_FORBIDDEN", 2),
    "instruction inside": (lambda: document(b"\n\n<?php a?>"), "PI_FORBIDDEN", 3),
    "instruction after the root": (lambda: document() + b"\n<?a?>", "PI_FORBIDDEN", 2),
    "XInclude": (
        lambda: document(b'\n<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="/etc/passwd"/>'),
        "XINCLUDE_FORBIDDEN",
        2,
    ),
    "depth 65": (lambda: document(b"\n" + b"<a>" * 64 + b"</a>" * 64), "DEPTH_EXCEEDED", 2),
    "depth 10,000": (lambda: document(b"\n" + b"<a>" * 9999 + b"</a>" * 9999), "DEPTH_EXCEEDED", 2),
    "two million elements": (lambda: document(b"\n" + b"<a/>" * 2_000_000), "ELEMENTS_EXCEEDED", 2),
    "two million comments": (lambda: document(b"<!---->" * 2_000_000), "ELEMENTS_EXCEEDED", 1),
    "a million attributes": (
        lambda: b"<WriteOff " + b" ".join(b"a%d=''" % n for n in range(1_000_000)) + b"/>",
        "ELEMENTS_EXCEEDED",
        None,
    ),
    "390,000 attributes": (
        lambda: (
            b"<WriteOff "
            + NS
            + b"\n><a "
            + b" ".join(b"a%d=''" % n for n in range(390_000))
            + b"/></WriteOff>"
        ),
        "ATTRIBUTES_EXCEEDED",
        2,
    ),
    "many instructions": (lambda: document(b"<?a?>" * 190_000), "PI_FORBIDDEN", 1),
    "many equal IDs": (lambda: document(b"<a ID='x'/>" * 190_000), "ID_DUPLICATE", 1),
    "text of 12 MB": (lambda: document(b"x" * 12_000_000), "TEXT_TOO_LONG", 1),
    "attribute of 12 MB": (lambda: b"<WriteOff a='" + b"x" * 12_000_000 + b"'/>", "TEXT_TOO_LONG", 1),
    "50 MB": (lambda: document(b" " * 50_000_000), "XML_TOO_LARGE", None),
    "equal IDs": (lambda: document(b"<a ID='x'/>\n<b Id='x'/>"), "ID_DUPLICATE", 2),
    "equal xml:id": (lambda: document(b"<a xml:id='x'/>\n<b ID='x'/>"), "ID_DUPLICATE", 2),
    "no namespace": (lambda: b"<WriteOff/>", "NAMESPACE_WRONG", 1),
    "foreign namespace": (lambda: b"\n<WriteOff xmlns='urn:other'/>", "NAMESPACE_WRONG", 2),
    "later version": (lambda: b"\n<WriteOff xmlns='urn:licence-exchange:2'/>", "SCHEMA_VERSION_UNKNOWN", 2),
}


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_document_is_refused_quickly_with_its_code_and_line(name: str) -> None:
    make, code, line = CASES[name]
    data = make()
    started = time.process_time()
    rejections = refused(data)
    assert time.process_time() - started < MAX_SECONDS
    assert (rejections[0].code, rejections[0].where.line) == (code, line)
    assert len(rejections) <= 20


def test_memory_stays_bounded() -> None:
    """The worst that the limits let through, in a process of its own."""
    program = (
        "import resource; from licencexml.parsing import parse\n"
        "data = b'<W xmlns=\"urn:licence-exchange:1\">' + b\"<a b='' c=''>x</a>\" * 199_000 + b'</W>'\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "parse(data, max_bytes=2**24)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    home = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=home / "codecs",
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert int(done.stdout) < 250 * 1024, "kibibytes"


def test_all_that_is_forbidden_is_told_at_once() -> None:
    data = document(b"\n<?a?>\n<x:b xmlns:x='http://www.w3.org/2001/XInclude'/>\n<c ID='d'/>\n<e ID='d'/>")
    assert [(one.code, one.where.line) for one in refused(data)] == [
        ("PI_FORBIDDEN", 2),
        ("XINCLUDE_FORBIDDEN", 3),
        ("ID_DUPLICATE", 5),
    ]


@pytest.mark.parametrize("cut", range(1, 60))
def test_a_file_cut_anywhere_is_called_truncated(cut: int) -> None:
    data = document(b"\n<a b='c'>text &amp; <![CDATA[more]]></a><!-- note -->\n", b"<?xml version='1.0'?>")
    part = data[: len(data) * cut // 60]
    assert {one.code for one in refused(part)} <= {"XML_TRUNCATED", "XML_EMPTY"}


_MARKUP = st.text("<>/!?[]-&;='\" aID\n", max_size=80)


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=300) | st.text("<>/!?[]-&;='\" aID\n", max_size=80).map(lambda t: document(t.encode()))
)
def test_no_bytes_end_in_anything_but_a_tree_or_reasons(data: bytes) -> None:
    try:
        root = parsing.parse(data, max_bytes=MAX_BYTES)
    except parsing.Malformed as fault:
        assert fault.rejections
    else:
        assert root.getroottree().docinfo.internalDTD is None


def test_a_comment_does_not_split_the_text_round_it() -> None:
    root = parsing.parse(document(b"26-AA<!-- hidden -->-123456"), max_bytes=MAX_BYTES)
    assert root.text == "26-AA-123456"
    assert len(root) == 0


def test_a_doctype_in_a_comment_or_text_is_only_text() -> None:
    data = document(b"<![CDATA[<!DOCTYPE a>]]>", b"<!-- <!DOCTYPE a> -->")
    assert parsing.parse(data, max_bytes=MAX_BYTES).text == "<!DOCTYPE a>"


def test_lines_beyond_65535_are_told() -> None:
    data = document(b"\n" * 70_000 + b"<a ID='x'>1</a>\n<b ID='x'>2</b>")
    assert refused(data)[0].where.line == 70_002


def test_a_parser_without_memory_says_nothing_about_the_document(monkeypatch: pytest.MonkeyPatch) -> None:
    def parse(*_: object) -> None:
        raise etree.XMLSyntaxError("Memory allocation failed", 2, 1, 1)

    monkeypatch.setattr(parsing.etree, "fromstring", parse)
    with pytest.raises(MemoryError):
        parsing.parse(b"<a/>", max_bytes=100)
