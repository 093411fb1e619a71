"""However the tree of a signed document is rearranged: what is accepted is exactly what was signed."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.trust.verification import Verified

DS = "{http://www.w3.org/2000/09/xmldsig#}"
MESSAGE = "{urn:licence-exchange:1}LicenceIssue"
choices = st.integers(0, 10**6)


def move(root: etree._Element, a: etree._Element, b: etree._Element) -> None:
    if a is not root and a not in b.iterancestors() and a is not b:
        b.append(a)


def copy_first(root: etree._Element, a: etree._Element, b: etree._Element) -> None:
    b.insert(0, deepcopy(a))


def copy_last(root: etree._Element, a: etree._Element, b: etree._Element) -> None:
    b.append(deepcopy(a))


def wrap(root: etree._Element, a: etree._Element, b: etree._Element) -> None:
    parent = a.getparent()
    if parent is not None:
        wrapper = etree.Element(b.tag, b.attrib)
        parent.replace(a, wrapper)
        wrapper.append(a)


def delete(root: etree._Element, a: etree._Element, b: etree._Element) -> None:
    if a is not root:
        a.getparent().remove(a)


def copy_text(root: etree._Element, a: etree._Element, b: etree._Element) -> None:
    a.text = b.text


def copy_attributes(root: etree._Element, a: etree._Element, b: etree._Element) -> None:
    a.attrib.update(b.attrib)


def other_identity(root: etree._Element, a: etree._Element, b: etree._Element) -> None:
    for name in ("ID", "Id", "URI"):
        if name in a.attrib:
            a.set(name, {"_1": "_2", "_2": "_1", "#_1": "#_2", "#_2": "#_1"}.get(a.get(name), "_1"))


def rename(root: etree._Element, a: etree._Element, b: etree._Element) -> None:
    if not a.tag.startswith(DS):
        a.tag = b.tag if not b.tag.startswith(DS) else MESSAGE


OPERATIONS = (
    move,
    copy_first,
    copy_last,
    wrap,
    delete,
    copy_text,
    copy_attributes,
    other_identity,
    rename,
)
steps = st.lists(st.tuples(st.sampled_from(OPERATIONS), choices, choices), min_size=1, max_size=4)


def rearranged(world: Any, steps: Any, *, pretty: bool) -> bytes:
    """Two signed messages side by side, after `steps`."""
    signed = [
        world.crafted(space="\n", uri=uri, document=document) if pretty else world.signed(document=document)
        for uri, document in (("#_1", world.document), ("#_2", second(world)))
    ]
    root = etree.fromstring(b'<Interchange xmlns="urn:licence-exchange:1">%s%s</Interchange>' % tuple(signed))
    for operation, first, other in steps:
        nodes = list(root.iter())
        operation(root, nodes[first % len(nodes)], nodes[other % len(nodes)])
    return etree.tostring(root)


def second(world: Any) -> bytes:
    return world.document.replace(b'"_1"', b'"_2"').replace(b"1200.0", b"3400.0")


def messages(data: bytes) -> list[str]:
    """The XPath of each message."""
    count = len(list(etree.fromstring(data).iter(MESSAGE)))
    return [f"(//x:LicenceIssue)[{number}]" for number in range(1, count + 1)]


@given(steps=steps, pretty=st.booleans())
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_only_what_was_signed_is_ever_accepted(world: Any, steps: Any, pretty: bool) -> None:
    originals = {
        etree.tostring(etree.fromstring(each), method="c14n") for each in (world.document, second(world))
    }
    data = rearranged(world, steps, pretty=pretty)
    for path in messages(data):
        outcome = world.ask(data, path=path)
        if isinstance(outcome, Verified):
            assert etree.tostring(outcome.element, method="c14n") in originals


@given(steps=steps, pretty=st.booleans())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_we_accept_xmlsec1_accepts(world: Any, xmlsec: Any, steps: Any, pretty: bool) -> None:
    data = rearranged(world, steps, pretty=pretty)
    identities = etree.fromstring(data).xpath("//@ID")
    # It refuses the whole file for an ID that stands twice anywhere, and we only the messages that have it.
    assume(len(identities) == len(set(identities)))
    for path in messages(data):
        if isinstance(world.ask(data, path=path), Verified):
            plain = path.replace("x:LicenceIssue", "*[local-name()='LicenceIssue']")
            assert xmlsec(data, path=f"{plain}/*[local-name()='Signature']")
