"""Canonical XML, as far as signatures need it: exclusive, without comments, of one element in its place."""

from __future__ import annotations

from typing import Final

from lxml import etree

#: For bytes that come from a tree that the hardened parser made. Comments are never signed, so never read.
_PARSER: Final = etree.XMLParser(
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    huge_tree=False,
    collect_ids=False,
    remove_comments=True,
)


class CanonicalisationError(ValueError):
    """The element has no canonical form (an entity, a relative namespace name), or none within the limits."""


def canonical(element: etree._Element) -> bytes:
    """The exclusive canonical form of `element`, without comments, as if it stood alone.

    Neither what surrounds the element nor what follows it has a part in it. Raises CanonicalisationError.
    """
    if element.getroottree().docinfo.internalDTD is not None:
        raise CanonicalisationError("a DOCTYPE")
    try:
        return etree.tostring(element, method="c14n", exclusive=True, with_comments=False)
    except (etree.C14NError, ValueError) as error:
        raise CanonicalisationError(str(error)) from error


def standalone(element: etree._Element) -> etree._Element:
    """A copy of `element`, without comments, as the root of a document of its own.

    Raises CanonicalisationError.
    """
    # Not lxml's default of ASCII: names cannot be written in it that XML allows.
    return parsed(etree.tostring(element, encoding="utf-8", with_tail=False))


def parsed(data: bytes, first_line: int = 1) -> etree._Element:
    """The root of `data`, its lines counted from `first_line`; raises CanonicalisationError."""
    try:
        return etree.fromstring(b"\n" * (first_line - 1) + data, _PARSER)
    except etree.XMLSyntaxError as error:
        raise CanonicalisationError(str(error)) from error


def is_comment(node: etree._Element) -> bool:
    """Whether a child of an element is a comment, which a canonical form leaves out."""
    return isinstance(node, etree._Comment)
