"""Messages in the plain form: recognised, and read, without a tree.

The plain form is what `writing` gives, canonical: the elements of the tables in their order with nothing
between them; no attribute but theirs; no comment, instruction, prefix, CDATA, empty element, or reference but
`&amp;`, `&lt;` and `&gt;`; text without carriage returns. So what is recognised is well formed, declares one
namespace and one ID, both in its first tag, and is its own exclusive canonical form, byte for byte.

The patterns are made of the same tables as all else that reads and writes (`mapping`). Nothing is refused
here: what is not of this form, or has any fault, is left to the tree, which tells.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from operator import itemgetter
from typing import Any, Protocol, cast

from lxml import etree

from licencexml.leaves import IDENTIFIER, Leaf
from licencexml.mapping import INTERCHANGE_FRAME, MESSAGES
from licencexml.messages import InterchangeFrame, Message, SealedLicence
from licencexml.names import ID_ATTRIBUTE, INTERCHANGE, NAMESPACE
from licencexml.record import Choice, Field, Record

_NAMESPACE = f' xmlns="{NAMESPACE}"'
_NAME = re.compile("<([A-Za-z]+)>")
_DOCUMENT = re.compile(
    rb"""(?:<\?xml version="1\.0" encoding="(?:UTF|utf)-8"\?>[ \t\r\n]*+)?+(<.*>)[ \t\r\n]*""", re.DOTALL
)
_KIND = re.compile(rf"<([A-Za-z]+){re.escape(_NAMESPACE)}")
_ID = rf'{_NAMESPACE} {ID_ATTRIBUTE}="(_{IDENTIFIER.pattern})"'
_END_OF_FRAME = f"</{INTERCHANGE_FRAME.fields[-1].name}>".encode()
_MEMBER = re.compile(rb"[ \t\r\n]*+(<([A-Za-z]+) )")
_END = re.compile(rb"[ \t\r\n]*+</%s>" % INTERCHANGE.encode())
#: In a sealed message the issuer's own is not canonical: it declares the namespace again.
_KINDS = MESSAGES.keys() - {SealedLicence.__name__}


class _NotPlain(Exception):
    """The text is not of the plain form, or what it says has a fault."""


@dataclass(frozen=True, slots=True)
class Plain:
    """An unsigned message in the plain form: its kind, its ID attribute, and what its tags hold."""

    kind: str
    identity: str
    _form: _Form
    _raw: list[Any]

    def message(self) -> Message | None:
        """What `reading.read_message` makes of it; None if that has a fault to tell."""
        try:
            message = cast("Message", self._form.value(self._raw))
        except (_NotPlain, ValueError, KeyError):
            return None
        return message if self.identity == f"_{message.header.message_id}" else None


def recognised(text: str) -> Plain | None:
    """The unsigned message that `text` is, in the plain form; None if it is not."""
    start = _KIND.match(text)
    if start is None or start[1] not in _KINDS:
        return None
    form = _message_form(start[1])
    try:
        raw, end = form.scan(text, 0)
    except _NotPlain:
        return None
    return Plain(start[1], raw[0], form, raw[1:]) if end == len(text) else None


def body(document: bytes, max_bytes: int) -> bytes | None:
    """A document without its XML declaration and the white space round its root; None if it has more.

    None too for what is longer than `max_bytes`.
    """
    found = _DOCUMENT.fullmatch(document) if len(document) <= max_bytes else None
    return None if found is None else found[1]


def interchange(body: bytes) -> tuple[InterchangeFrame, list[bytes]] | None:
    """The frame of an interchange, and its messages: what stands there, each to be recognised.

    None if it is not in the plain form, in which there may be white space round each message, or has a fault.
    """
    end = body.find(_END_OF_FRAME) + len(_END_OF_FRAME)
    frame = _frame(body[:end])
    if frame is None:
        return None
    members = []
    while member := _MEMBER.match(body, end):
        end = body.find(b"</Signature></%s>" % member[2], member.end())
        if end < 0:
            return None
        end += len(b"</Signature></>") + len(member[2])
        members.append(body[member.start(1) : end])
    if not _END.fullmatch(body, end) or len(members) != frame.message_count or not members:
        return None
    return frame, members


def _frame(head: bytes) -> InterchangeFrame | None:
    form = _frame_form()
    try:
        text = head.decode()
        raw, end = form.scan(text, 0)
        return cast("InterchangeFrame", form.value(raw)) if end == len(text) else None
    except (_NotPlain, ValueError, KeyError):
        return None


class _Step(Protocol):
    """One step through a text: puts what it finds in its slots, and returns where it ends."""

    def scan(self, text: str, position: int, raw: list[Any]) -> int: ...


@dataclass(frozen=True, slots=True)
class _Form:
    """How a record stands in the plain form: steps that fill slots, and what makes its value of them."""

    steps: tuple[_Step, ...]
    values: tuple[Callable[[Any], Any], ...]
    build: Callable[[list[Any]], Any]

    def scan(self, text: str, position: int) -> tuple[list[Any], int]:
        """The slots, and where the record ends."""
        raw: list[Any] = []
        for step in self.steps:
            position = step.scan(text, position, raw)
        return raw, position

    def value(self, raw: list[Any]) -> Any:
        """The value of what was scanned."""
        return self.build(
            [None if one is None else of(one) for of, one in zip(self.values, raw)]  # noqa: B905 - made together
        )


@dataclass(frozen=True, slots=True)
class _Tags:
    """Elements whose number is known; each group is a slot."""

    pattern: re.Pattern[str]

    def scan(self, text: str, position: int, raw: list[Any]) -> int:
        found = self.pattern.match(text, position)
        if found is None:
            raise _NotPlain
        raw += found.groups()
        return found.end()


@dataclass(frozen=True, slots=True)
class _Repeated:
    """Any number of one record; one slot."""

    start: str
    form: _Form

    def scan(self, text: str, position: int, raw: list[Any]) -> int:
        found = []
        while text.startswith(self.start, position):
            one, position = self.form.scan(text, position)
            found.append(one)
        raw.append(found)
        return position

    def value(self, found: list[Any]) -> tuple[Any, ...]:
        return tuple([self.form.value(one) for one in found])

    def only(self, found: list[Any]) -> Any:
        """The value of a part that may be absent."""
        if len(found) > 1:
            raise _NotPlain
        return self.form.value(found[0]) if found else None


@dataclass(frozen=True, slots=True)
class _OneOf:
    """One of several records, by the name of its element; one slot."""

    records: Mapping[str, Record]
    forms: dict[str, _Form] = field(default_factory=dict)

    def scan(self, text: str, position: int, raw: list[Any]) -> int:
        start = _NAME.match(text, position)
        record = self.records.get(start[1]) if start else None
        if start is None or record is None:
            raise _NotPlain
        name = start[1]
        form = self.forms.get(name) or self.forms.setdefault(name, _form(name, record))
        found, position = form.scan(text, position)
        raw.append((form, found))
        return position

    @staticmethod
    def value(found: tuple[_Form, list[Any]]) -> Any:
        form, raw = found
        return form.value(raw)


@cache
def _message_form(kind: str) -> _Form:
    plan = _Plan()
    plan.pattern = f"<{kind}{_ID}>"
    build = plan.record(MESSAGES[kind])
    plan.pattern += f"</{kind}>"
    return plan.form(build)


@cache
def _frame_form() -> _Form:
    plan = _Plan()
    plan.pattern = f"<{INTERCHANGE}{_NAMESPACE}>"
    return plan.form(plan.record(INTERCHANGE_FRAME))


def _form(name: str, record: Record) -> _Form:
    plan = _Plan()
    plan.pattern = f"<{name}>"
    build = plan.record(record)
    plan.pattern += f"</{name}>"
    return plan.form(build)


class _Plan:
    """A form in the making: the pattern that is not a step yet, the steps, and the values of the slots."""

    def __init__(self) -> None:
        self.pattern = ""
        self._steps: list[_Step] = []
        self._values: list[Callable[[Any], Any]] = []

    def form(self, build: Callable[[list[Any]], Any]) -> _Form:
        """What has been planned; `build` is what `record` gave."""
        self._close()
        return _Form(tuple(self._steps), tuple(self._values), build)

    def record(self, record: Record) -> Callable[[list[Any]], Any]:
        """Plan the record's fields; the function makes its value of the values in the slots."""
        leaves: dict[str, int] = {}
        parts: dict[str, Callable[[list[Any]], Any]] = {}
        for one in record.fields:
            if isinstance(one.kind, Record) and not one.many and (not one.optional or _is_flat(one.kind)):
                parts[one.keyword] = self._inside(one, one.kind)
            else:
                leaves[one.keyword] = self._slot(one)
        return _builder(record, leaves, parts)

    def _inside(self, one: Field, record: Record) -> Callable[[list[Any]], Any]:
        """A record whose slots are among those of the whole."""
        self.pattern += f"(?:<{one.name}>" if one.optional else f"<{one.name}>"
        first = len(self._values)
        build = self.record(record)
        self.pattern += f"</{one.name}>)?+" if one.optional else f"</{one.name}>"
        if not one.optional:
            return build
        assert not record.fields[0].optional, "whether it is there is seen by its first field"
        return lambda values: None if values[first] is None else build(values)

    def _slot(self, one: Field) -> int:
        """A part that is one slot; returns which."""
        if isinstance(one.kind, Choice):
            choice = _OneOf(one.kind.records)
            self._step(choice, choice.value)
        elif isinstance(one.kind, Record):
            repeated = _Repeated(f"<{one.name}>", _form(one.name, one.kind))
            self._step(repeated, repeated.value if one.many else repeated.only)
        else:
            self._leaf(one, one.kind)
        return len(self._values) - 1

    def _leaf(self, one: Field, leaf: Leaf) -> None:
        start, end = f"<{one.name}>", f"</{one.name}>"
        if one.many:
            assert leaf.attribute is None, "of these there is one each"
            self.pattern += f"((?:{start}(?:{leaf.plain}){end})*+)"
            self._values.append(_run(start, end, leaf.value))
            return
        if leaf.attribute is not None:
            start = f'<{one.name} {leaf.attribute}="'
        tag = f"{start}({leaf.plain}){end}"
        self.pattern += f"(?:{tag})?+" if one.optional else tag
        self._values.append(leaf.value)

    def _step(self, step: _Step, value: Callable[[Any], Any]) -> None:
        self._close()
        self._steps.append(step)
        self._values.append(value)

    def _close(self) -> None:
        if self.pattern:
            self._steps.append(_Tags(re.compile(self.pattern)))
            self.pattern = ""


def _is_flat(record: Record) -> bool:
    """Whether all of it is one pattern."""
    return all(isinstance(one.kind, Leaf) for one in record.fields)


def _run(start: str, end: str, value: Callable[[str], Any]) -> Callable[[str], tuple[Any, ...]]:
    between, before, behind = end + start, len(start), -len(end)

    def values(run: str) -> tuple[Any, ...]:
        return tuple([value(one) for one in run[before:behind].split(between)]) if run else ()

    return values


def _builder(
    record: Record, leaves: Mapping[str, int], parts: Mapping[str, Callable[[list[Any]], Any]]
) -> Callable[[list[Any]], Any]:
    """Makes the record's value of the values in the slots, as `reading` does of its parts."""
    keywords, slots = tuple(leaves), tuple(leaves.values())
    take = itemgetter(*slots) if len(slots) > 1 else lambda values: tuple(values[slot] for slot in slots)
    nested = tuple(parts.items())
    optional = tuple(one.keyword for one in record.fields if one.optional and not one.many)
    build, check = record.build, record.check

    def make(values: list[Any]) -> Any:
        given = dict(zip(keywords, take(values)))  # noqa: B905 - as many as it was made for
        for keyword, part in nested:
            given[keyword] = part(values)
        for keyword in optional:
            if given[keyword] is None:
                del given[keyword]
        value = build(**given)
        if check is not None:
            for _ in check(_no_place, value, given):
                raise _NotPlain
        return value

    return make


def _no_place() -> etree._Element:
    raise _NotPlain
