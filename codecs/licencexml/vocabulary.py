"""What each field is called, in both languages: read from the schema's own notes.

The first sentence of a note is the name; what follows says more. The note of a type says what is expected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from lxml import etree

_XS = "{http://www.w3.org/2001/XMLSchema}"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True)
class Term:
    """A name and what more is said of it, in Chinese and in English."""

    zh: str
    en: str
    more_zh: str = ""
    more_en: str = ""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The terms of a schema, by type and by (type that contains it, element or attribute)."""

    types: Mapping[str, Term]
    fields: Mapping[tuple[str, str], Term]

    @classmethod
    def load(cls, xsd_dir: Path) -> Self:
        """Read the notes of every schema file in `xsd_dir`."""
        types: dict[str, Term] = {}
        fields: dict[tuple[str, str], Term] = {}
        for path in sorted(xsd_dir.glob("*.xsd")):
            for declared in etree.parse(path).iter(f"{_XS}element", f"{_XS}attribute", f"{_XS}*"):
                name, term = declared.get("name"), _note(declared)
                if name is None or term is None:
                    continue
                if declared.tag in (f"{_XS}complexType", f"{_XS}simpleType"):
                    types[name] = term
                else:
                    fields[_owner(declared), name] = term
        return cls(types, fields)

    def field(self, owner_type: str, name: str) -> Term:
        """What `name` is called inside `owner_type` (empty for a root); itself if the schema is silent."""
        return self.fields.get((owner_type, name)) or Term(name, name)

    def expected(self, type_name: str) -> Term:
        """What the schema says of a type."""
        return self.types.get(type_name) or Term(type_name, type_name)


def _owner(declared: etree._Element) -> str:
    for ancestor in declared.iterancestors(f"{_XS}complexType"):
        return ancestor.get("name") or ""
    return ""


def _note(declared: etree._Element) -> Term | None:
    texts = {
        note.get(_LANG): note.text or "" for note in declared.iterfind(f"{_XS}annotation/{_XS}documentation")
    }
    if not {"zh", "en"} <= texts.keys():
        return None
    zh, _, more_zh = texts["zh"].partition("。")
    en, _, more_en = texts["en"].partition(".")
    return Term(zh, en, more_zh.strip(), more_en.strip())
