"""The shapes that the tables of `mapping` are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from licencexml.leaves import Leaf
from licencexml.names import qualified
from licencexml.rejection import Rejection

#: Gives the element, for a fault to be placed; where a value is read without a tree, it gives up.
Place = Callable[[], etree._Element]
#: Given its place, the value that was read and its parts by keyword: the faults between the parts.
Check = Callable[[Place, Any, Mapping[str, Any]], Iterator[Rejection]]


@dataclass(frozen=True, slots=True)
class Field:
    """An element `name` that holds the keyword argument `keyword` of the value it is part of.

    `name` is ignored for a `Choice`. `get` fetches the part from the whole, by default the attribute
    `keyword`; None and, for `optional` ones, False are not written.
    """

    name: str
    keyword: str
    kind: Leaf | Record | Choice
    optional: bool = False
    many: bool = False
    get: Callable[[Any], Any] | None = None

    def part_of(self, whole: Any) -> Any:
        """The value of this field in `whole`."""
        return self.get(whole) if self.get else getattr(whole, self.keyword)


@dataclass(frozen=True, slots=True)
class Record:
    """An element whose children are fields, in the schema's order; `check` finds what the schema cannot.

    A message carries its ID as an attribute and may carry a signature. `by_tag` is the table by Clark name;
    `required` and `repeatable` are the keywords of the fields that are.
    """

    build: Callable[..., Any]
    fields: tuple[Field, ...]
    check: Check | None = None
    is_message: bool = False
    by_tag: Mapping[str, tuple[Field, Leaf | Record]] = field(init=False)
    required: frozenset[str] = field(init=False)
    repeatable: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        tags: dict[str, tuple[Field, Leaf | Record]] = {}
        for one in self.fields:
            kinds = one.kind.records if isinstance(one.kind, Choice) else {one.name: one.kind}
            tags |= {qualified(name): (one, kind) for name, kind in kinds.items()}
        object.__setattr__(self, "by_tag", tags)
        object.__setattr__(self, "required", frozenset(f.keyword for f in self.fields if not f.optional))
        object.__setattr__(self, "repeatable", tuple(f.keyword for f in self.fields if f.many))


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several elements; `pick` tells which one holds a given value."""

    records: Mapping[str, Record]
    pick: Callable[[Any], str]
