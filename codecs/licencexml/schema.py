"""The message schema, compiled once: libxml2 accepts or refuses, `explanation` says why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from lxml import etree

from licencexml import faults
from licencexml.names import local_name, qualified
from licencexml.place import shown, where
from licencexml.rejection import Rejection, Where
from licencexml.vocabulary import Vocabulary

if TYPE_CHECKING:
    from licencexml.explanation import Explainer

ENTRY_FILE = "messages.xsd"
_XS = "{http://www.w3.org/2001/XMLSchema}"
#: How many faults are listed; one more says that there are others.
MAX_REJECTIONS = 50


class _LateExplainer:
    """Made when the first document is refused: it takes longer to load than all else that a worker needs."""

    def __init__(self, xsd_dir: Path) -> None:
        self._xsd_dir = xsd_dir
        self._made: Explainer | None = None

    def explain(self, root: etree._Element, path: str) -> Iterator[Rejection]:
        """See `Explainer.explain`."""
        if self._made is None:
            self._made = self._make()
        return self._made.explain(root, path)

    def _make(self) -> Explainer:
        import xmlschema  # noqa: PLC0415 - late on purpose, see above

        from licencexml.explanation import Explainer  # noqa: PLC0415 - it imports the same

        components = xmlschema.XMLSchema10(self._xsd_dir / ENTRY_FILE, allow="local")
        return Explainer(components, Vocabulary.load(self._xsd_dir))


@dataclass(frozen=True, slots=True)
class Schemas:
    """The compiled schema. Make it once for each process and keep it; `check` is not for several threads."""

    decider: etree.XMLSchema
    explainer: _LateExplainer
    roots: frozenset[str]

    @classmethod
    def load(cls, xsd_dir: Path) -> Self:
        """Compile the schema in the folder `xsd_dir`. Raises OSError or the libraries' parse errors."""
        entry = xsd_dir / ENTRY_FILE
        return cls(
            decider=etree.XMLSchema(etree.parse(entry)),
            explainer=_LateExplainer(xsd_dir),
            roots=frozenset(map(qualified, _global_elements(entry, set()))),
        )

    def check(self, root: etree._Element) -> tuple[Rejection, ...]:
        """Every fault of `root` against the schema, none if it is valid.

        `root` is a message or an interchange: the root of a parsed document, or a message inside one.
        """
        if root.tag not in self.roots:
            return (faults.ROOT.reject(where(root), name=shown(local_name(str(root.tag)))),)
        if self.is_valid(root):
            return ()
        found = tuple(islice(self.explainer.explain(root, where(root).xpath or "/"), MAX_REJECTIONS + 1))
        if not found:
            found = tuple(islice(self._as_libxml2_says(), MAX_REJECTIONS + 1))
        assert found, "libxml2 gives a reason for what it refuses"
        return found if len(found) <= MAX_REJECTIONS else (*found[:MAX_REJECTIONS], _left_out())

    def is_valid(self, root: etree._Element) -> bool:
        """Whether `check` finds no fault."""
        return root.tag in self.roots and self.decider.validate(root)

    def _as_libxml2_says(self) -> Iterator[Rejection]:
        for entry in cast("Iterable[Any]", self.decider.error_log):
            detail = shown(entry.message.replace("{urn:licence-exchange:1}", ""), 300)
            name = shown(entry.message.partition("'")[2].partition("'")[0].rpartition("}")[2])
            yield faults.SCHEMA_VIOLATION.reject(
                Where(entry.line or None, entry.path), field_zh=name, field_en=name, detail=detail
            )


def _global_elements(path: Path, seen: set[Path]) -> Iterator[str]:
    """The names of the elements that a document may begin with: of `path` and of all that it includes."""
    if path in seen:
        return
    seen.add(path)
    for declared in etree.parse(path).getroot():
        if declared.tag == f"{_XS}element":
            yield str(declared.attrib["name"])
        elif declared.tag == f"{_XS}include":
            yield from _global_elements(path.with_name(str(declared.attrib["schemaLocation"])), seen)


def _left_out() -> Rejection:
    return faults.LEFT_OUT.reject(shown=MAX_REJECTIONS)
