"""Places in a document, and values from it, put so that they can be shown to people."""

from __future__ import annotations

import re

from lxml import etree

from licencexml.names import local_name
from licencexml.rejection import Where

_UNPRINTABLE = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SHOWN_CHARACTERS = 60


def shown(value: str, limit: int = _SHOWN_CHARACTERS) -> str:
    """`value` on one line, without control characters, cut after `limit` characters."""
    plain = _UNPRINTABLE.sub("\ufffd", " ".join(value[: limit * 4].split()))
    return plain if len(plain) <= limit and len(value) <= limit * 4 else plain[:limit] + "…"


def where(element: etree._Element) -> Where:
    """The line and the path of `element`.

    The path is made of local names, with a position where siblings share a name:
    /LicenceIssue/ImportLicence/GoodsLine[2]/Quantity. lxml knows lines beyond 65,535 by the text near them.
    """
    steps = [_step(element), *(_step(ancestor) for ancestor in element.iterancestors())]
    return Where(line_of(element), "/" + "/".join(reversed(steps)))


def line_of(element: etree._Element) -> int | None:
    """The line of an element that was parsed, None for one that was made."""
    line = element.sourceline
    return line if isinstance(line, int) else None


def _step(element: etree._Element) -> str:
    name = shown(local_name(str(element.tag)))
    before = sum(1 for _ in element.itersiblings(element.tag, preceding=True))
    alone = before == 0 and next(element.itersiblings(element.tag), None) is None
    return name if alone else f"{name}[{before + 1}]"
