"""The message schema, compiled once: libxml2 accepts or refuses, `explanation` says why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Self, cast

import xmlschema
from lxml import etree

from licencexml import faults
from licencexml.explanation import Explainer
from licencexml.names import local_name, qualified
from licencexml.place import shown, where
from licencexml.rejection import Rejection, Where
from licencexml.vocabulary import Vocabulary

ENTRY_FILE = "messages.xsd"
#: How many faults are listed; one more says that there are others.
MAX_REJECTIONS = 50


@dataclass(frozen=True, slots=True)
class Schemas:
    """The compiled schema. Make it once for each process and keep it; `check` is not for several threads."""

    decider: etree.XMLSchema
    explainer: Explainer
    roots: frozenset[str]

    @classmethod
    def load(cls, xsd_dir: Path) -> Self:
        """Compile the schema in the folder `xsd_dir`. Raises OSError or the libraries' parse errors."""
        entry = xsd_dir / ENTRY_FILE
        components = xmlschema.XMLSchema10(entry, allow="local")
        return cls(
            decider=etree.XMLSchema(etree.parse(entry)),
            explainer=Explainer(components, Vocabulary.load(xsd_dir)),
            roots=frozenset(qualified(str(name)) for name in components.elements),
        )

    def check(self, root: etree._Element) -> tuple[Rejection, ...]:
        """Every fault of `root` against the schema, none if it is valid.

        `root` is a message or an interchange: the root of a parsed document, or a message inside one.
        """
        if root.tag not in self.roots:
            return (faults.ROOT.reject(where(root), name=shown(local_name(str(root.tag)))),)
        if self.decider.validate(root):
            return ()
        found = tuple(islice(self.explainer.explain(root, where(root).xpath or "/"), MAX_REJECTIONS + 1))
        if not found:
            found = tuple(islice(self._as_libxml2_says(), MAX_REJECTIONS + 1))
        assert found, "libxml2 gives a reason for what it refuses"
        return found if len(found) <= MAX_REJECTIONS else (*found[:MAX_REJECTIONS], _left_out())

    def _as_libxml2_says(self) -> Iterator[Rejection]:
        for entry in cast("Iterable[Any]", self.decider.error_log):
            detail = shown(entry.message.replace("{urn:licence-exchange:1}", ""), 300)
            name = shown(entry.message.partition("'")[2].partition("'")[0].rpartition("}")[2])
            yield faults.SCHEMA_VIOLATION.reject(
                Where(entry.line or None, entry.path), field_zh=name, field_en=name, detail=detail
            )


def _left_out() -> Rejection:
    return faults.LEFT_OUT.reject(shown=MAX_REJECTIONS)
