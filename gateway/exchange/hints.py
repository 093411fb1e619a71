"""What a message says of itself, and where: read without trust, for answers and logs only."""

from __future__ import annotations

from typing import cast

from lxml import etree

from licencexml import parsing, reading
from licencexml.rejection import Rejection, Where


def mapping_faults(element: etree._Element) -> tuple[Rejection, ...]:
    """What is wrong between the parts of a message."""
    try:
        reading.read_message(element)
    except parsing.Malformed as fault:
        return tuple(fault.rejections)
    return ()


def text(element: etree._Element, path: str) -> str | None:
    """The first 200 characters at `path`, local names such as "Header/Sender"."""
    found = _find(element, path)
    return None if found is None or not found.text else found.text[:200]


def where(element: etree._Element, path: str = "") -> Where:
    """The place of what is at `path`, or of the element if there is nothing."""
    found = _find(element, path) if path else None
    line = cast("int | None", (element if found is None else found).sourceline)
    return Where(line, "/" + "/".join([etree.QName(element).localname, *([path] if path else [])]))


def _find(element: etree._Element, path: str) -> etree._Element | None:
    namespace = etree.QName(element).namespace
    return element.find("/".join(f"{{{namespace}}}{step}" for step in path.split("/")))
