"""Which encoding a document declares, and whether that is true."""

from __future__ import annotations

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE

from licencexml import faults
from licencexml.rejection import Rejection, Where

_DECLARATION = re.compile(
    rb"""<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*["'](?P<version>[^"'<>]{1,16})["']"""
    rb"""(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*["'](?P<encoding>[^"'<>]{1,40})["'])?"""
)
_ACCEPTED = {"UTF-8": "utf-8", "GB18030": "gb18030"}
_CHINESE = re.compile("[\u4e00-\u9fff]")


def to_utf8(data: bytes) -> bytes | Rejection:
    """The document's bytes in UTF-8 without a byte order mark, or why they are not what they say they are.

    The XML declaration is left as it is: the caller must not believe it.
    """
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return faults.ENCODING_UNSUPPORTED.reject(Where(1), encoding="UTF-16")
    marked = data.startswith(BOM_UTF8)
    body = data[len(BOM_UTF8) :] if marked else data
    if refusal := _not_text(body):
        return refusal
    declaration = _DECLARATION.match(body)
    if declaration and declaration["version"] != b"1.0":
        return faults.XML_VERSION.reject(Where(1), version=_ascii(declaration["version"]))
    declared = _ascii(declaration["encoding"]) if declaration and declaration["encoding"] else "UTF-8"
    name = declared.upper()
    if name not in _ACCEPTED:
        return faults.ENCODING_UNSUPPORTED.reject(Where(1), encoding=declared)
    if marked and name != "UTF-8":
        return _mismatch(name, line=1, looks_like="UTF-8")
    return _transcode(body, name)


def _not_text(body: bytes) -> Rejection | None:
    if b"\0" in body:
        line = body.count(b"\n", 0, body.index(b"\0")) + 1
        return faults.NOT_XML.reject(Where(line), detail_zh="含有空字节", detail_en="it holds null bytes")
    if not body.lstrip(b" \t\r\n").startswith(b"<"):
        return faults.NOT_XML.reject(Where(1), detail_zh="开头不是“<”", detail_en="it does not begin with <")
    return None


def _transcode(body: bytes, name: str) -> bytes | Rejection:
    try:
        text = body.decode(_ACCEPTED[name])
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        other = "GB18030" if name == "UTF-8" else "UTF-8"
        return _mismatch(name, line, other if _decodes(body, other) else None)
    if name == "UTF-8":
        return body
    # Text in GB18030 is hardly ever valid UTF-8 with Chinese characters in it; text in UTF-8 mostly decodes
    # as GB18030, to nonsense.
    if not body.isascii() and _decodes(body, "UTF-8") and _CHINESE.search(body.decode("utf-8")):
        return _mismatch(name, line=1, looks_like="UTF-8")
    return text.encode("utf-8")


def _decodes(body: bytes, name: str) -> bool:
    try:
        body.decode(_ACCEPTED[name])
    except UnicodeDecodeError:
        return False
    return True


def _mismatch(declared: str, line: int, looks_like: str | None) -> Rejection:
    return faults.ENCODING_MISMATCH.reject(
        Where(line),
        declared=declared,
        line=line,
        guess_zh=f"，看来是 {looks_like}" if looks_like else "",
        guess_en=f"; it looks like {looks_like}" if looks_like else "",
    )


def _ascii(value: bytes) -> str:
    return value.decode("ascii", "replace")
