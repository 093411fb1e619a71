"""What a signature may be made of: every element with its children, attributes and algorithms, as data.

The profile leaves free: prefixes, white space between elements and in base64, `Id` attributes, SHA-384 and
SHA-512, P-384, and hints (the certificate's names and numbers beside it in X509Data; they are not read).
It has no place for a second certificate or key, for InclusiveNamespaces, or for inclusive canonicalisation:
the last two would let the digest depend on where in a file the message stands, and a licence that was
accepted alone would no longer verify inside a sealed licence or an interchange.
Comments count as absent: a canonical form has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lxml import etree

from gateway.trust import faults
from gateway.trust.algorithms import DIGEST_METHODS, EXCLUSIVE_C14N, NAMESPACE, SIGNATURE_METHODS, TRANSFORMS
from gateway.trust.canonical import is_comment
from gateway.trust.faults import shown
from licencexml.place import where
from licencexml.rejection import Rejection

_PREFIX: Final = f"{{{NAMESPACE}}}"
XML_SPACE: Final = " \t\r\n"
_ID: Final = frozenset({"Id"})
_ALGORITHM: Final = frozenset({"Algorithm"})


@dataclass(frozen=True, slots=True)
class _Shape:
    """What an element may hold: exactly these children in this order, these attributes, text or none.

    `hints` are children that may stand anywhere and are not looked at.
    """

    children: tuple[str, ...] = ()
    attributes: frozenset[str] = frozenset()
    algorithms: frozenset[str] | None = None
    text: bool = False
    hints: frozenset[str] = frozenset()


_SHAPES: Final = {
    "Signature": _Shape(("SignedInfo", "SignatureValue", "KeyInfo"), _ID),
    "SignedInfo": _Shape(("CanonicalizationMethod", "SignatureMethod", "Reference"), _ID),
    "CanonicalizationMethod": _Shape((), _ALGORITHM, frozenset({EXCLUSIVE_C14N})),
    "SignatureMethod": _Shape((), _ALGORITHM, frozenset(SIGNATURE_METHODS)),
    "Reference": _Shape(("Transforms", "DigestMethod", "DigestValue"), frozenset({"Id", "URI"})),
    "Transforms": _Shape(("Transform", "Transform")),
    "Transform": _Shape((), _ALGORITHM),
    "DigestMethod": _Shape((), _ALGORITHM, frozenset(DIGEST_METHODS)),
    "DigestValue": _Shape(text=True),
    "SignatureValue": _Shape((), _ID, text=True),
    "KeyInfo": _Shape(("X509Data",), _ID),
    "X509Data": _Shape(
        ("X509Certificate",), hints=frozenset({"X509SubjectName", "X509IssuerSerial", "X509SKI"})
    ),
    "X509Certificate": _Shape(text=True),
}
_TRANSFORMING: Final = frozenset({"Transforms", "Transform"})
_KEY_INFO: Final = frozenset({"KeyInfo", "X509Data"})


def examine(signature: etree._Element, identity: str) -> tuple[Rejection, ...]:
    """Every fault in the make of `signature`, whose parent has the ID `identity`."""
    return tuple(_walk(signature, identity))


def find_all(signature: etree._Element, path: str) -> list[etree._Element]:
    """The elements at a `path` of names of the signature's namespace, such as "KeyInfo/X509Data"."""
    return signature.findall("/".join(_PREFIX + step for step in path.split("/")))


def text_of(node: etree._Element) -> str:
    """The text directly in `node`, as if there were no comments in it."""
    return (node.text or "") + "".join(child.tail or "" for child in node)


def _walk(node: etree._Element, identity: str) -> Iterator[Rejection]:
    name = local_name(node)
    shape = _SHAPES[name]
    children = [child for child in node if not is_comment(child)]
    counted = tuple(each for each in map(local_name, children) if each not in shape.hints)
    if counted != shape.children:
        yield _wrong_children(node, name, counted)
    if strays := sorted(set(map(str, node.attrib)) - shape.attributes):
        yield _malformed(node, name, "@" + strays[0])
    if not shape.text and text_of(node).strip(XML_SPACE):
        yield _malformed(node, name, "text")
    yield from _wrong_values(node, name, shape, identity)
    # What has no place here, or stands here twice, was reported as such; what is inside it does not matter.
    if counted == shape.children:
        for child in (each for each in children if local_name(each) in shape.children):
            yield from _walk(child, identity)
    else:
        firsts = {local_name(child): child for child in reversed(children)}
        for name in (each for each in shape.children if each in firsts):
            yield from _walk(firsts[name], identity)


def _wrong_children(node: etree._Element, name: str, found: tuple[str, ...]) -> Rejection:
    summary = shown(", ".join(found)) or "nothing"
    if name == "SignedInfo" and (count := found.count("Reference")) != 1:
        return faults.SEVERAL_REFERENCES.reject(where(node), count=count)
    if name in _TRANSFORMING:
        return faults.TRANSFORMS_REFUSED.reject(where(node), found=summary)
    if name in _KEY_INFO:
        return faults.KEY_INFO_REFUSED.reject(where(node), found=summary)
    return _malformed(node, name, summary)


def _wrong_values(node: etree._Element, name: str, shape: _Shape, identity: str) -> Iterator[Rejection]:
    algorithm = node.get("Algorithm")
    if shape.algorithms is not None and algorithm not in shape.algorithms:
        yield faults.ALGORITHM_REFUSED.reject(where(node), element=name, algorithm=shown(algorithm))
    if name == "Reference" and node.get("URI") != f"#{identity}":
        yield faults.WRONG_REFERENCE.reject(where(node), uri=shown(node.get("URI")), id=shown(identity))
    if name == "Transforms":
        named = tuple(child.get("Algorithm") or "" for child in find_all(node, "Transform"))
        if named != TRANSFORMS:
            found = shown(", ".join(named)) or "nothing"
            yield faults.TRANSFORMS_REFUSED.reject(where(node), found=found)


def local_name(node: etree._Element) -> str:
    """The name of an element of the signature's namespace; for all else a text that is no such name."""
    return node.tag.removeprefix(_PREFIX) if isinstance(node.tag, str) else "(no element)"


def _malformed(node: etree._Element, name: str, found: str) -> Rejection:
    return faults.SIGNATURE_MALFORMED.reject(where(node), element=name, found=shown(found))
