"""Bytes to an element tree, or the reasons why not. The only XML parser in the house.

In this order, so that nothing dangerous is ever handed on: (1) size; (2) encoding, checked and made UTF-8;
(3) no DOCTYPE, hence no entities; (4) a bound on the number of tags and attributes, counted in the bytes;
(5) libxml2, without network, entities, DTD or its "huge" mode; (6) what no message may contain: crowds of
attributes, processing instructions, XInclude, depth, equal IDs, a foreign namespace or version. Comments are
dropped; the text on both sides of one is read whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from typing import cast

from lxml import etree

from licencexml import faults
from licencexml.encoding import to_utf8
from licencexml.names import (
    NAMESPACE,
    NAMESPACE_STEM,
    VERSION,
    XINCLUDE_NAMESPACE,
    local_name,
    namespace_of,
)
from licencexml.place import line_of, shown, where
from licencexml.rejection import Rejection, Where

DEFAULT_MAX_DEPTH = 64
DEFAULT_MAX_ELEMENTS = 200_000
#: How many attributes one element may have.
MAX_ATTRIBUTES = 256
#: How many faults of one kind are listed.
_LISTED = 10

_PROLOG = re.compile(rb"(?:[ \t\r\n]+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)
_TAG = re.compile(rb"<[^/]")
_ID_NAMES: set[str] = {"ID", "Id", "id", "{http://www.w3.org/XML/1998/namespace}id"}
_ID_VALUES = etree.XPath(
    "//@*[local-name() = 'ID' or local-name() = 'Id' or local-name() = 'id']", smart_strings=False
)

_CROWDED = etree.XPath(f"//*[@*[{MAX_ATTRIBUTES + 1}]]")

# libxml2's xmlParserErrors
_ERR_NO_MEMORY = 2
_ERR_DOCUMENT_END = 5
_ERR_UNDECLARED_ENTITY = 26
_ERR_TAG_NOT_FINISHED = 77
_ERR_RESOURCE_LIMIT = 114


class Malformed(Exception):
    """A document that is not a message; `rejections` says why, all of it at once."""

    def __init__(self, rejections: Iterable[Rejection]) -> None:
        self.rejections = tuple(rejections)
        assert self.rejections, "a refusal has a reason"
        super().__init__("; ".join(f"{r.code} ({r.where}): {r.en}" for r in self.rejections))


def parse(
    data: bytes,
    *,
    max_bytes: int,
    max_depth: int = DEFAULT_MAX_DEPTH,
    max_elements: int = DEFAULT_MAX_ELEMENTS,
) -> etree._Element:
    """The root element of the document in `data`, of our namespace, not yet validated against the schema.

    Raises Malformed. Time and memory are bounded by `max_bytes` and `max_elements`, which bounds
    attributes too (at twice the number).
    """
    if not data:
        raise Malformed([faults.EMPTY.reject(Where(1))])
    if len(data) > max_bytes:
        raise Malformed([faults.TOO_LARGE.reject(size=len(data), limit=max_bytes)])
    body = to_utf8(data)
    if isinstance(body, Rejection):
        raise Malformed([body])
    if refusal := _doctype(body) or _too_many(body, max_elements):
        raise Malformed([refusal])
    root = _parse_utf8(body, max_depth)
    if rejections := [*_crowded(root, body), *_forbidden(root, max_depth)]:
        raise Malformed(rejections)
    return root


def parse_plain(body: bytes) -> etree._Element | None:
    """The root of what `licencexml.plain` has recognised, an interchange or a message; None if `parse` has
    a fault to tell of it.

    Its size and its encoding are known, and it has none of what is looked for in the tree: no instructions,
    no prefixes, no attributes but ours, none inside none; and it is for the caller that no ID is there twice.
    """
    if _too_many(body, DEFAULT_MAX_ELEMENTS):
        return None
    try:
        return _parse_utf8(body, DEFAULT_MAX_DEPTH, _plain_parser())
    except Malformed:
        return None


@cache
def _plain_parser() -> etree.XMLParser:
    # It keeps the names that it has met, which are all ours.
    return hardened_parser()


def hardened_parser() -> etree.XMLParser:
    """libxml2 for UTF-8 whatever is declared: no network, DTD, entities, "huge" mode or comments."""
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=False,
        collect_ids=False,
    )


def _doctype(body: bytes) -> Rejection | None:
    prolog = _PROLOG.match(body)
    assert prolog is not None, "the pattern matches the empty string"
    if not body.startswith(b"<!DOCTYPE", prolog.end()):
        return None
    return faults.DOCTYPE.reject(Where(body.count(b"\n", 0, prolog.end()) + 1))


def _too_many(body: bytes, max_elements: int) -> Rejection | None:
    if len(body) <= max_elements:
        return None
    # Never less than the number of start tags, comments and instructions: an end tag has both patterns in it.
    tags = body.count(b"<") - body.count(b"</")
    if tags > max_elements:
        nth = next(match for n, match in enumerate(_TAG.finditer(body)) if n == max_elements)
        return faults.ELEMENTS.reject(Where(body.count(b"\n", 0, nth.start()) + 1), limit=max_elements)
    if body.count(b"=") > 2 * max_elements:
        return faults.ELEMENTS.reject(limit=max_elements)
    return None


def _parse_utf8(body: bytes, max_depth: int, parser: etree.XMLParser | None = None) -> etree._Element:
    try:
        root = etree.fromstring(body, parser or hardened_parser())
    except etree.XMLSyntaxError as error:
        if _code(error) == _ERR_NO_MEMORY:
            raise MemoryError from None
        raise Malformed([_syntax(error, body, max_depth)]) from None
    assert root.getroottree().docinfo.internalDTD is None, "a DOCTYPE was refused before"
    return root


def _syntax(error: etree.XMLSyntaxError, body: bytes, max_depth: int) -> Rejection:
    line, column = max(error.lineno or 1, 1), max(error.offset or 1, 1)
    detail = shown(re.sub(r", line \d+, column \d+.*", "", error.msg or ""), 200)
    at, code = Where(line), _code(error)
    if code == _ERR_RESOURCE_LIMIT and "depth" in detail:
        return faults.DEPTH.reject(at, limit=max_depth)
    if code == _ERR_RESOURCE_LIMIT:
        return faults.TEXT_LIMIT.reject(at, line=line)
    if code == _ERR_UNDECLARED_ENTITY:
        return faults.ENTITY.reject(at, line=line, detail=detail)
    if code != _ERR_DOCUMENT_END and _breaks_off(code, line, body):
        return faults.TRUNCATED.reject(at, line=line)
    return faults.NOT_WELL_FORMED.reject(at, line=line, column=column, detail=detail)


def _code(error: etree.XMLSyntaxError) -> int:
    """The number in libxml2's xmlParserErrors (lxml's type stubs lack the attribute)."""
    return int(getattr(error, "code", None) or 0)


def _breaks_off(code: int, line: int, body: bytes) -> bool:
    prolog = _PROLOG.match(body)
    if code == _ERR_TAG_NOT_FINISHED or (prolog is not None and prolog.end() == len(body)):
        return True
    text = body.rstrip(b" \t\r\n")
    return not text.endswith(b">") and line >= text.count(b"\n") + 1


def _crowded(root: etree._Element, body: bytes) -> Iterator[Rejection]:
    # What comes after needs quadratic time for the attributes of one element.
    if body.count(b"=") > MAX_ATTRIBUTES:
        for element in cast("list[etree._Element]", _CROWDED(root))[:_LISTED]:
            yield faults.ATTRIBUTES.reject(where(element), limit=MAX_ATTRIBUTES)


def _forbidden(root: etree._Element, max_depth: int) -> Iterator[Rejection]:
    for instruction in islice(_instructions(root), _LISTED):
        yield faults.PROCESSING_INSTRUCTION.reject(
            Where(line_of(instruction)), target=shown(str(instruction.target))
        )
    for element in islice(root.iter(f"{{{XINCLUDE_NAMESPACE}}}*"), _LISTED):
        yield faults.XINCLUDE.reject(where(element))
    if too_deep := cast("list[etree._Element]", _deeper_than(max_depth)(root)):
        yield faults.DEPTH.reject(Where(line_of(too_deep[0])), limit=max_depth)
    yield from islice(_equal_ids(root), _LISTED)
    yield from _foreign(root)


def _instructions(root: etree._Element) -> Iterator[etree._ProcessingInstruction]:
    # Iteration, not XPath: libxml2 needs quadratic time to collect many instructions.
    for beside in (*root.itersiblings(preceding=True), *root.itersiblings()):
        if isinstance(beside, etree._ProcessingInstruction):
            yield beside
    for inside in root.iter(etree.ProcessingInstruction):
        assert isinstance(inside, etree._ProcessingInstruction)
        yield inside


@cache
def _deeper_than(max_depth: int) -> etree.XPath:
    return etree.XPath("/*" * (max_depth + 1))


def _equal_ids(root: etree._Element) -> Iterator[Rejection]:
    values = cast("list[str]", _ID_VALUES(root))
    if len(set(values)) == len(values):
        return
    first: dict[str, etree._Element] = {}
    for element in root.iter(etree.Element):
        for name in sorted(_ID_NAMES & set(element.keys())):
            value = element.get(name, "")
            if first.setdefault(value, element) is not element:
                yield faults.DUPLICATE_ID.reject(
                    where(element), value=shown(value), first=line_of(first[value])
                )


def _foreign(root: etree._Element) -> Iterator[Rejection]:
    found = namespace_of(str(root.tag))
    if found == NAMESPACE:
        return
    name = shown(local_name(str(root.tag)))
    if found.startswith(NAMESPACE_STEM):
        version = shown(found.removeprefix(NAMESPACE_STEM))
        yield faults.VERSION.reject(where(root), found=version, expected=VERSION)
    else:
        yield faults.NAMESPACE.reject(where(root), name=name, found=shown(found), expected=NAMESPACE)
