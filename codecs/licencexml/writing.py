"""Values to elements and bytes, by the tables of `mapping`. The same value always gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from lxml import etree

from licencexml.leaves import IDENTIFIER, Leaf
from licencexml.mapping import INTERCHANGE_FRAME, MESSAGES
from licencexml.mapping_issuing import ISSUER_MESSAGES
from licencexml.mapping_parts import HEADER
from licencexml.messages import Header, InterchangeFrame, Message, SealedLicence, kind_of
from licencexml.names import ID_ATTRIBUTE, INTERCHANGE, NAMESPACE, local_name, qualified
from licencexml.parsing import hardened_parser
from licencexml.record import Choice, Record

_DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'


def message_id_attribute(message_id: str) -> str:
    """The ID attribute of the message `message_id`: an underscore before it makes it an XML name."""
    assert IDENTIFIER.fullmatch(message_id), f"not a message identifier: {message_id!r}"
    return f"_{message_id}"


def write_message(message: Message) -> etree._Element:
    """The unsigned element of `message`, alone in its document, in the schema's order, without white space.

    A SealedLicence written so has an unsigned message in it; see `seal_envelope` for a signed one.
    """
    root = _root(kind_of(message))
    _fill(root, MESSAGES[kind_of(message)], message)
    return root


def seal_envelope(header: Header, issuer_element: etree._Element) -> etree._Element:
    """An unsigned SealedLicence round the issuer's own element, which is embedded to the letter.

    The element is spliced in as bytes: moving it within lxml would rename its namespace prefixes, and that
    would break the signature.
    """
    name = local_name(str(issuer_element.tag))
    assert issuer_element.tag == qualified(name), "what is sealed is of our namespace"
    assert name in ISSUER_MESSAGES, "what is sealed is an issuer's message"
    return etree.fromstring(_with_members(seal_frame(header), [serialise(issuer_element)]), hardened_parser())


def seal_frame(header: Header) -> etree._Element:
    """A SealedLicence without its content: the element round the header."""
    outer = _root(SealedLicence.__name__)
    outer.set(ID_ATTRIBUTE, message_id_attribute(header.message_id))
    _fill(etree.SubElement(outer, qualified("Header")), HEADER, header)
    return outer


def serialise(element: etree._Element) -> bytes:
    """The bytes of one message in UTF-8, without XML declaration; whole by itself wherever it stood."""
    return etree.tostring(element, encoding="UTF-8", xml_declaration=False, with_tail=False)


def with_last(element: etree._Element, child: bytes) -> bytes:
    """The bytes of `element`, as `serialise` gives them, with those of `child` as its last child."""
    return _with_members(element, [child])


def interchange(frame: InterchangeFrame, message_bytes: Iterable[bytes]) -> bytes:
    """The bytes of an interchange, with XML declaration: the frame round the messages' own bytes.

    `message_bytes` are as `serialise` gives them, in order; their number is `frame.message_count`.
    """
    members = list(message_bytes)
    assert len(members) == frame.message_count, "the frame counts its messages"
    assert all(member.startswith(b"<") for member in members), "bytes of messages"
    assert not any(member.startswith(b"<?") for member in members), "without XML declaration"
    root = _root(INTERCHANGE)
    _fill(root, INTERCHANGE_FRAME, frame)
    return _DECLARATION + _with_members(root, [b"\n" + member for member in members] + [b"\n"])


def _root(name: str) -> etree._Element:
    return etree.Element(qualified(name), nsmap=cast("dict[str, str]", {None: NAMESPACE}))


def _with_members(outer: etree._Element, members: list[bytes]) -> bytes:
    whole = serialise(outer)
    end = whole.rindex(b"</")
    return b"".join([whole[:end], *members, whole[end:]])


def _fill(element: etree._Element, record: Record, value: Any) -> None:
    if record.is_message:
        element.set(ID_ATTRIBUTE, message_id_attribute(value.header.message_id))
    for field in record.fields:
        part = field.part_of(value)
        if part is None or (field.optional and part is False):
            continue
        for one in part if field.many else (part,):
            name, kind = field.name, field.kind
            if isinstance(kind, Choice):
                name = kind.pick(one)
                kind = kind.records[name]
            _put(etree.SubElement(element, qualified(name)), kind, one)


def _put(element: etree._Element, kind: Leaf | Record, value: Any) -> None:
    if isinstance(kind, Record):
        _fill(element, kind, value)
    else:
        kind.write(element, value)
