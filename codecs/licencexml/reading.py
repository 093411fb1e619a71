"""Elements to values, by the tables of `mapping`. Every fault is found before any is told."""

from __future__ import annotations

from typing import Any, cast

from lxml import etree

from licencexml import faults
from licencexml.leaves import Leaf, LeafFault
from licencexml.mapping import INTERCHANGE_FRAME, MESSAGES
from licencexml.mapping_issuing import ISSUER_MESSAGES
from licencexml.mapping_licence import LICENCE_TYPES
from licencexml.messages import InterchangeFrame, Message
from licencexml.names import (
    ID_ATTRIBUTE,
    INTERCHANGE,
    NAMESPACE,
    SIGNATURE,
    local_name,
    namespace_of,
    qualified,
)
from licencexml.parsing import Malformed
from licencexml.place import line_of, shown, where
from licencexml.record import Record
from licencexml.rejection import Rejection, Where
from licencexml.values import LicenceKey

_ISSUER_TAGS = frozenset(map(qualified, ISSUER_MESSAGES))
#: Stands for a value that could not be read; its fault has been noted.
_UNREAD = object()


def read_message(element: etree._Element) -> Message:
    """The message in `element`, which should have passed `Schemas.check`.

    Raises Malformed with every fault that the schema cannot find: check characters of party codes, repeated
    line numbers, totals, mixed currencies, a missing form number, an ID that is not the message's. What the
    schema would have refused is refused here too, in fewer words.
    """
    record = MESSAGES.get(local_name(str(element.tag))) if _ours(element) else None
    if record is None:
        raise Malformed([_unknown(element)])
    found: list[Rejection] = []
    value = _record(record, element, found)
    if found:
        raise Malformed(found)
    return cast("Message", value)


def read_interchange_frame(root: etree._Element) -> tuple[InterchangeFrame, list[etree._Element]]:
    """The frame of an interchange and its message elements, in order, not read yet.

    Raises Malformed if it is no interchange, a field of the frame is wrong, or the count is.
    """
    if root.tag != qualified(INTERCHANGE):
        raise Malformed([_unknown(root)])
    found: list[Rejection] = []
    parts, rest = _parts(INTERCHANGE_FRAME, root, found)
    if found:
        raise Malformed(found)
    frame = InterchangeFrame(**parts)
    if frame.message_count != len(rest):
        found.append(faults.MESSAGE_COUNT.reject(where(root), declared=frame.message_count, found=len(rest)))
    if not rest:
        found.append(_missing(root, "message"))
    if found:
        raise Malformed(found)
    return frame, rest


def sealed_content(sealed: etree._Element) -> etree._Element | None:
    """The issuer's own message inside a SealedLicence; None if there is none."""
    return next((child for child in sealed if child.tag in _ISSUER_TAGS), None)


def licence_key_hint(element: etree._Element) -> LicenceKey | None:
    """The licence that a message speaks of, as far as it can be told without validating: for logs only.

    Of a replacement it is the new one.
    """
    content = sealed_content(element)
    speaking = element if content is None else content
    try:
        reference = speaking.find(qualified("LicenceReference"))
        if reference is not None:
            return LicenceKey.parse(f"{_text(reference, 'LicenceType')}/{_text(reference, 'LicenceNumber')}")
        for name, licence_type in LICENCE_TYPES.items():
            licence = speaking.find(qualified(name))
            if licence is not None:
                return LicenceKey(licence_type, _text(licence, "LicenceNumber"))
    except ValueError:
        return None
    return None


def _text(element: etree._Element, name: str) -> str:
    return (element.findtext(qualified(name)) or "").strip(" \t\r\n")


def _ours(element: etree._Element) -> bool:
    return namespace_of(str(element.tag)) == NAMESPACE


def _unknown(element: etree._Element) -> Rejection:
    return faults.ROOT.reject(where(element), name=shown(local_name(str(element.tag))))


def _record(record: Record, element: etree._Element, found: list[Rejection]) -> Any:
    before = len(found)
    parts, rest = _parts(record, element, found)
    for surplus in rest:
        if not (record.is_message and surplus.tag == SIGNATURE):
            found.append(
                faults.UNEXPECTED.reject(
                    where(surplus), parent_zh=_name(element), parent_en=_name(element), name=_name(surplus)
                )
            )
    if record.is_message and "header" in parts:
        found.extend(_id_faults(element, parts["header"].message_id))
    if len(found) > before:
        return _UNREAD
    try:
        value = record.build(**parts)
    except ValueError as error:
        found.append(_not_built(element, error))
        return _UNREAD
    if record.check is not None:
        found.extend(record.check(lambda: element, value, parts))
    return value


def _parts(
    record: Record, element: etree._Element, found: list[Rejection]
) -> tuple[dict[str, Any], list[etree._Element]]:
    """The record's keyword arguments, and, in order, the children that belong to none of its fields."""
    parts: dict[str, Any] = {}
    repeated: dict[str, list[Any]] = {keyword: [] for keyword in record.repeatable}
    seen: set[str] = set()
    rest: list[etree._Element] = []
    by_tag = record.by_tag
    for child in element:
        known = by_tag.get(child.tag)
        if known is None or (known[0].keyword in seen and not known[0].many):
            rest.append(child)
            continue
        field, kind = known
        keyword = field.keyword
        seen.add(keyword)
        value = _value(kind, child, found)
        if field.many:
            repeated[keyword].append(value)
        elif value is not _UNREAD:
            parts[keyword] = value
    if not record.required <= seen:
        absent = (field for field in record.fields if not field.optional and field.keyword not in seen)
        found.extend(_missing(element, field.name or field.keyword) for field in absent)
    for keyword, values in repeated.items():
        parts[keyword] = tuple(values)
    return parts, rest


def _value(kind: Leaf | Record, element: etree._Element, found: list[Rejection]) -> Any:
    if isinstance(kind, Record):
        return _record(kind, element, found)
    try:
        return kind.read(element)
    except LeafFault as fault:
        found.append(fault.reason.reject(where(element), **fault.facts))
        return _UNREAD


def _id_faults(element: etree._Element, message_id: str) -> list[Rejection]:
    stated, expected = element.get(ID_ATTRIBUTE, ""), f"_{message_id}"
    if stated == expected:
        return []
    return [faults.MESSAGE_ID_ATTRIBUTE.reject(where(element), found=shown(stated), expected=expected)]


def _missing(element: etree._Element, name: str) -> Rejection:
    parent = where(element)
    return faults.MISSING.reject(
        Where(line_of(element), f"{parent.xpath}/{name}"),
        parent_zh=_name(element),
        parent_en=_name(element),
        field_zh=name,
        field_en=name,
        name=name,
    )


def _not_built(element: etree._Element, error: ValueError) -> Rejection:
    name = _name(element)
    return faults.SCHEMA_VIOLATION.reject(
        where(element), field_zh=name, field_en=name, detail=shown(str(error), 200)
    )


def _name(element: etree._Element) -> str:
    return shown(local_name(str(element.tag)))
