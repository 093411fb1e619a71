"""How one value stands in XML: text and attributes to a value, and back.

Reading trusts nothing: what cannot be a value raises `LeafFault` here too, whether or not somebody validated
before.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from lxml import etree

from licencexml import faults
from licencexml.party_code import check_party_code, uscc_check_character
from licencexml.place import shown
from licencexml.rejection import Reason
from licencexml.values import MONEY_PLACES, Money, Quantity, fixed, plain_amount

_WHITE_SPACE = re.compile("[ \t\r\n]+")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DIGITS = re.compile(r"[0-9]{1,10}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_SENTENCE_CHARACTERS = 2000

#: Text as a canonical form has it, as far as the plain form goes: at least one character, no reference first.
_CHARACTERS = r"[^<>&\x00-\x08\x0b-\x1f\ufffe\uffff]"
_PLAIN_TEXT = rf"{_CHARACTERS}++(?:&(?:amp|lt|gt);{_CHARACTERS}*+)*+"


class LeafFault(Exception):
    """A value that cannot be read: the reason and its facts."""

    def __init__(self, reason: Reason, **facts: object) -> None:
        super().__init__(reason.code)
        self.reason = reason
        self.facts = facts


@dataclass(frozen=True, slots=True)
class Leaf:
    """A pair: the value of an element, and an element's content from the value.

    `plain` is a pattern (without groups) of content in canonical form, hence without a tree: of it `value`
    makes what `read` would make of the element, or raises ValueError or KeyError, and then only `read` can
    tell. What has an `attribute` has no other, and its content begins with that attribute's value and `">`.
    """

    read: Callable[[etree._Element], Any]
    write: Callable[[etree._Element, Any], None]
    plain: str
    value: Callable[[str], Any]
    attribute: str | None = None


def collapsed(element: etree._Element) -> str:
    """The element's text with XML white space collapsed, as the schema's tokens have it."""
    return _collapsed(element.text or "")


def _collapsed(text: str) -> str:
    # Of XML's white space only the space is printable: mostly there is nothing to collapse.
    if text.isprintable() and "  " not in text:
        return text.strip(" ")
    return _WHITE_SPACE.sub(" ", text).strip(" ")


def _kept(content: str) -> str:
    """The text of canonical content."""
    if "&" not in content:
        return content
    return content.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _token(content: str) -> str:
    return _collapsed(content if "&" not in content else _kept(content))


def _leaf(
    parse: Callable[[str], Any],
    put: Callable[[Any], str] = str,
    *,
    plain: str,
    value: Callable[[str], Any] | None = None,
) -> Leaf:
    def read(element: etree._Element) -> Any:
        text = collapsed(element)
        try:
            return parse(text)
        except (ValueError, KeyError) as error:
            raise unreadable(element, text, str(error)) from error

    def write(element: etree._Element, value: Any) -> None:
        element.text = put(value)

    return Leaf(read, write, plain, value or parse)


def unreadable(element: etree._Element, text: str, expected: str) -> LeafFault:
    """The fault of a value of the wrong form; `expected` says what was looked for."""
    name = etree.QName(element).localname
    return LeafFault(
        faults.VALUE_FORMAT,
        field_zh=name,
        field_en=name,
        found=shown(text),
        expected_zh=shown(expected, 200),
        expected_en=shown(expected, 200),
    )


def one_of(values: type[StrEnum]) -> Leaf:
    """A leaf for an enumeration."""
    members = {member.value: member for member in values}
    return _leaf(values, plain="[A-Z_]++", value=members.__getitem__)


def _identifier(text: str) -> str:
    if not IDENTIFIER.fullmatch(text):
        raise ValueError(IDENTIFIER.pattern)
    return text


def _integer(text: str) -> int:
    if not _DIGITS.fullmatch(text):
        raise ValueError(_DIGITS.pattern)
    return int(text)


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("an instant with its offset from UTC")
    return instant


def _put_instant(instant: datetime) -> str:
    assert instant.tzinfo is not None, "an instant must be aware"
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _put_decimal(amount: Decimal) -> str:
    return f"{amount:f}"


def _digest(text: str) -> bytes:
    if not _DIGEST.fullmatch(text):
        raise ValueError(_DIGEST.pattern)
    return bytes.fromhex(text)


_YES_NO = {"true": True, "false": False}

TEXT = _leaf(str, plain=_PLAIN_TEXT, value=_token)
IDENTIFIER_TEXT = _leaf(_identifier, plain=IDENTIFIER.pattern, value=str)
INTEGER = _leaf(_integer, plain=_DIGITS.pattern, value=int)
DATE = _leaf(date.fromisoformat, date.isoformat, plain="[0-9]{4}-[0-9]{2}-[0-9]{2}")
INSTANT = _leaf(_instant, _put_instant, plain="[0-9T:.Z+-]++")
HEXADECIMAL = _leaf(_digest, bytes.hex, plain=_DIGEST.pattern, value=bytes.fromhex)
YES_NO = _leaf(_YES_NO.__getitem__, lambda value: "true" if value else "false", plain="true|false")


def _read_kept(element: etree._Element) -> str:
    return element.text or ""


def _write_kept(element: etree._Element, value: str) -> None:
    element.text = value


def _write_sentence(element: etree._Element, value: str) -> None:
    # An answer must go out whatever the refused document put into it.
    clean = _NOT_XML.sub("\ufffd", value)
    element.text = clean if len(clean) <= _SENTENCE_CHARACTERS else clean[: _SENTENCE_CHARACTERS - 1] + "…"


def _write_path(element: etree._Element, value: str) -> None:
    _write_sentence(element, value if len(value) <= _SENTENCE_CHARACTERS // 2 else value[:999] + "…")


#: Text whose line breaks and spaces are kept.
KEPT_TEXT = Leaf(_read_kept, _write_kept, _PLAIN_TEXT, _kept)
SENTENCE = Leaf(_read_kept, _write_sentence, _PLAIN_TEXT, _kept)
PATH = Leaf(_read_kept, _write_path, _PLAIN_TEXT, _kept)


def _read_party_code(element: etree._Element) -> str:
    code = collapsed(element)
    try:
        return check_party_code(code)
    except ValueError as error:
        try:
            expected = uscc_check_character(code[:-1])
        except ValueError:
            raise unreadable(element, code, str(error)) from error
        raise LeafFault(faults.PARTY_CODE, code=shown(code), expected=expected) from error


PARTY_CODE = Leaf(_read_party_code, _write_kept, "[0-9A-Z]++", check_party_code)


def _measured(kind: type[Quantity] | type[Money], attribute: str, other: str, characters: str) -> Leaf:
    """`other` is what the value calls the `attribute`, which is three of `characters`."""

    def read(element: etree._Element) -> Any:
        text = collapsed(element)
        try:
            return kind.of(text, element.get(attribute, ""))
        except ValueError as error:
            raise unreadable(element, text, str(error)) from error

    def write(element: etree._Element, value: Any) -> None:
        element.set(attribute, getattr(value, other))
        element.text = _put_decimal(value.amount)

    def value(content: str) -> Any:
        return checked(Decimal(content[5:]), content[:3])

    checked = kind.checked
    plain = f'{characters}{{3}}">{plain_amount(kind.PLACES)}'
    return Leaf(read, write, plain, value, attribute)


def _dollars(text: str) -> Money:
    return Money(fixed(text, MONEY_PLACES), "USD")


def _plain_dollars(text: str) -> Money:
    return Money.checked(Decimal(text), "USD")


QUANTITY = _measured(Quantity, "unitCode", "unit", "[0-9]")
MONEY = _measured(Money, "currencyCode", "currency", "[A-Z]")
US_DOLLARS = _leaf(
    _dollars,
    lambda money: _put_decimal(money.amount),
    plain=plain_amount(MONEY_PLACES),
    value=_plain_dollars,
)
