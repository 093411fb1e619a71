"""Why a document does not follow the schema: every fault, with its place and its words.

libxml2 decides; this explains what it refused. It walks the document beside xmlschema's components: which
children an element may have, which attributes, what values. So a missing field is blamed on the element that
lacks it, and all faults are found at once. The work is bounded by the elements visited.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import xmlschema
from lxml import etree

from licencexml import faults
from licencexml.content import Slot, slots_of
from licencexml.names import SCHEMA_INSTANCE_NAMESPACE, local_name, namespace_of
from licencexml.place import line_of, shown
from licencexml.rejection import Rejection, Where
from licencexml.value_faults import MAX_EXAMINED_CHARACTERS, value_fault
from licencexml.vocabulary import Term, Vocabulary

MAX_VISITED = 10_000


@dataclass(frozen=True, slots=True)
class _Visit:
    """An element of the document with what the schema declares for it."""

    element: etree._Element
    declared: Any
    path: str
    term: Term

    @property
    def where(self) -> Where:
        return Where(line_of(self.element), self.path)

    @property
    def type_name(self) -> str:
        return local_name(self.declared.type.name or "")


class Explainer:
    """Explains refused documents by one compiled schema and its vocabulary."""

    def __init__(self, schema: xmlschema.XMLSchema10, vocabulary: Vocabulary) -> None:
        self._schema = schema
        self._vocabulary = vocabulary
        self._slots: dict[str, tuple[Slot, ...]] = {}

    def explain(self, root: etree._Element, path: str) -> Iterator[Rejection]:
        """The faults of `root`, a message or an interchange that stands at `path`, in document order."""
        declared = self._schema.maps.elements.get(str(root.tag))
        assert declared is not None, "the caller has looked the root up"
        name = local_name(str(root.tag))
        stack = [_Visit(root, declared, path, self._vocabulary.field("", name))]
        for _ in range(MAX_VISITED):
            if not stack:
                return
            visit = stack.pop()
            yield from self._attributes(visit)
            if visit.declared.type.has_complex_content() or visit.declared.type.is_empty():
                yield from self._stray_text(visit)
                yield from self._children(visit)
                stack.extend(reversed([*islice(self._below(visit), MAX_VISITED)]))
            else:
                yield from self._value(visit)

    def _attributes(self, visit: _Visit) -> Iterator[Rejection]:
        permitted = visit.declared.attributes
        for name, attribute in permitted.items():
            if name is not None and attribute.use == "required" and name not in visit.element.attrib:
                term = self._vocabulary.field(visit.type_name, name)
                yield faults.ATTRIBUTE_MISSING.reject(
                    visit.where, **_names(visit.term), name=name, attribute_zh=term.zh, attribute_en=term.en
                )
        for name in map(str, visit.element.keys()):
            if name in permitted:
                term = self._vocabulary.field(visit.type_name, name)
                text = visit.element.get(name) or ""
                yield from self._judge(permitted[name].type, text, visit.where, term)
            elif namespace_of(name) != SCHEMA_INSTANCE_NAMESPACE:
                yield faults.ATTRIBUTE_UNEXPECTED.reject(visit.where, **_names(visit.term), name=shown(name))

    def _stray_text(self, visit: _Visit) -> Iterator[Rejection]:
        texts = [visit.element.text, *(child.tail for child in visit.element)]
        stray = next((text for text in texts if text and text.strip(" \t\r\n")), None)
        if stray is not None:
            yield faults.STRAY_TEXT.reject(visit.where, **_names(visit.term), found=shown(stray))

    def _children(self, visit: _Visit) -> Iterator[Rejection]:
        slots = self._slots_of(visit)
        found: Counter[int] = Counter()
        furthest = 0
        for child, path in _with_paths(visit):
            index = next((n for n, slot in enumerate(slots) if slot.takes(str(child.tag))), None)
            at = Where(line_of(child), path)
            if index is None:
                name = shown(local_name(str(child.tag)))
                yield faults.UNEXPECTED.reject(at, **_parent(visit.term), name=name)
                continue
            found[index] += 1
            if found[index] == (slots[index].most or MAX_VISITED) + 1:
                yield self._surplus(visit, slots[index], at, str(child.tag))
            if index < furthest and found[index] == 1:
                names = _names(self._term(visit, str(child.tag)))
                after = slots[furthest].label
                yield faults.ORDER.reject(at, **names, name=local_name(str(child.tag)), after=after)
            furthest = max(furthest, index)
        for index, slot in enumerate(slots):
            if found[index] < slot.least:
                yield self._missing(visit, slot)

    def _surplus(self, visit: _Visit, slot: Slot, at: Where, tag: str) -> Rejection:
        names = _names(self._term(visit, tag))
        total = sum(1 for child in visit.element if slot.takes(str(child.tag)))
        return faults.REPEATED.reject(at, **names, name=slot.label, limit=slot.most, found=total)

    def _missing(self, visit: _Visit, slot: Slot) -> Rejection:
        terms = [self._term(visit, name) for name in slot.names]
        return faults.MISSING.reject(
            Where(line_of(visit.element), f"{visit.path}/{slot.label}"),
            **_parent(visit.term),
            field_zh=" | ".join(term.zh for term in terms),
            field_en=" | ".join(term.en for term in terms),
            name=slot.label,
        )

    def _below(self, visit: _Visit) -> Iterator[_Visit]:
        slots = self._slots_of(visit)
        for child, path in _with_paths(visit):
            tag = str(child.tag)
            declared = next((slot.names[tag] for slot in slots if tag in slot.names), None)
            if declared is not None:
                yield _Visit(child, declared, path, self._term(visit, tag))

    def _value(self, visit: _Visit) -> Iterator[Rejection]:
        if len(visit.element):
            child = visit.element[0]
            name = shown(local_name(str(child.tag)))
            at = Where(line_of(child), f"{visit.path}/{name}")
            yield faults.UNEXPECTED.reject(at, **_parent(visit.term), name=name)
            return
        yield from self._judge(visit.declared.type, visit.element.text or "", visit.where, visit.term)

    def _judge(self, xsd_type: Any, text: str, at: Where, term: Term) -> Iterator[Rejection]:
        simple = xsd_type if xsd_type.is_simple() else xsd_type.content
        reason = value_fault(simple, text)
        if reason is not None:
            expected = self._vocabulary.expected(local_name(simple.name or simple.base_type.name or ""))
            yield reason.reject(
                at,
                **_names(term),
                found=shown(text[:MAX_EXAMINED_CHARACTERS]),
                expected_zh=expected.more_zh or expected.zh,
                expected_en=expected.more_en or expected.en,
            )

    def _slots_of(self, visit: _Visit) -> tuple[Slot, ...]:
        name = visit.type_name
        if name not in self._slots:
            self._slots[name] = slots_of(visit.declared.type.content)
        return self._slots[name]

    def _term(self, visit: _Visit, tag: str) -> Term:
        name = local_name(tag)
        own = self._vocabulary.fields.get((visit.type_name, name))
        return own or self._vocabulary.field("", name)


def _with_paths(visit: _Visit) -> Iterator[tuple[etree._Element, str]]:
    """The children, each with its path; a position only where siblings share a name."""
    children = [child for child in visit.element if isinstance(child.tag, str)]
    total = Counter(child.tag for child in children)
    seen: Counter[str] = Counter()
    for child in children:
        tag = str(child.tag)
        seen[tag] += 1
        name = shown(local_name(tag))
        yield child, f"{visit.path}/{name}" + (f"[{seen[tag]}]" if total[tag] > 1 else "")


def _names(term: Term) -> dict[str, str]:
    return {"field_zh": term.zh, "field_en": term.en}


def _parent(term: Term) -> dict[str, str]:
    return {"parent_zh": term.zh, "parent_en": term.en}
