"""Thin path, general path and xmlsec1 agree on what is well signed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from lxml.builder import ElementMaker
from signxml.exceptions import InvalidDigest, InvalidInput, InvalidSignature
from signxml.verifier import XMLVerifier

from gateway.trust import shape
from gateway.trust.canonical import canonical
from gateway.trust.certificates import Role
from gateway.trust.verification import Identities, Verified, verify

NAMESPACE = "urn:licence-exchange:1"
OTHER = "urn:other"
MAKERS = (
    ElementMaker(namespace=NAMESPACE, nsmap={None: NAMESPACE}),
    ElementMaker(namespace=OTHER, nsmap={"o": OTHER}),
    ElementMaker(namespace=OTHER, nsmap={None: OTHER}),
    ElementMaker(namespace=NAMESPACE, nsmap={"n": NAMESPACE, "unused": "urn:unused"}),
)
texts = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\ufffe\uffff", min_codepoint=32)
    | st.sampled_from("\t\n\r<>&\"' 货é́\U00020000"),
    max_size=30,
)
names = st.sampled_from(("Header", "Sender2", "GoodsLine", "Quantity", "货物", "Signature"))


@st.composite
def elements(draw: st.DrawFn, depth: int = 3) -> etree._Element:
    made = draw(st.sampled_from(MAKERS))(draw(names))
    made.text = draw(texts)
    for key in draw(st.sets(st.sampled_from(("a", "b", f"{{{OTHER}}}c", "{urn:d}d")))):
        made.set(key, draw(texts))
    if depth:
        for child in draw(st.lists(elements(depth - 1), max_size=3)):
            child.tail = draw(texts)
            made.append(child)
        if draw(st.booleans()):
            made.insert(0, etree.Comment("not signed"))
    return made


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    root = MAKERS[0]("LicenceIssue", ID="_1")
    for child in draw(st.lists(elements(), max_size=3)):
        child.tail = draw(texts)
        root.append(child)
    return etree.tostring(root, encoding="utf-8")


def content(data: bytes) -> bytes:
    return etree.tostring(etree.fromstring(data), method="c14n", exclusive=True, with_comments=False)


@given(document=documents(), name=st.sampled_from(("issuer", "rsa")))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_we_sign_both_paths_verify_and_give_back_whole(
    world: Any, document: bytes, name: str
) -> None:
    verified = world.ask(world.signed(name, document))
    assert isinstance(verified, Verified), verified
    assert etree.tostring(verified.element, method="c14n", exclusive=True) == content(document)


@given(document=documents(), data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_change_of_a_signed_document_that_leaves_other_content_is_accepted(
    world: Any, document: bytes, data: st.DataObject
) -> None:
    signed = bytearray(world.signed("issuer", document))
    position = data.draw(st.integers(0, len(signed) - 1))
    signed[position] ^= data.draw(st.integers(1, 255))
    try:
        root = etree.fromstring(bytes(signed))
    except etree.XMLSyntaxError:
        return
    if root.getroottree().docinfo.internalDTD is not None:
        return
    outcome = world.ask(bytes(signed))
    if isinstance(outcome, Verified):
        assert etree.tostring(outcome.element, method="c14n", exclusive=True) == content(document)


@given(document=documents())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_xmlsec1_accepts_what_we_sign(world: Any, xmlsec: Callable[..., bool], document: bytes) -> None:
    path = "/*/*[local-name()='Signature'][last()]"
    assert xmlsec(world.signed("issuer", document), path=path)


@pytest.mark.parametrize("name", ["issuer", "rsa"])
def test_our_own_signatures_take_the_thin_path(world: Any, name: str) -> None:
    root = etree.fromstring(world.signed(name))
    assert shape.read_shape(canonical(root), "_1") is not None


@pytest.mark.parametrize(
    "behind",
    [
        "</x></LicenceIssue>",
        "</LicenceIssue><x></x>",
        "text</LicenceIssue>",
        "<x></x></LicenceIssue>",
        "<?x ?></LicenceIssue>",
        "</LicenceIssue>\n<?x </LicenceIssue>?>",
    ],
)
def test_our_shape_has_nothing_but_the_end_of_the_element_behind_it(world: Any, behind: str) -> None:
    whole = canonical(etree.fromstring(world.signed()))
    assert shape.read_shape(whole.replace(b"</LicenceIssue>", behind.encode()), "_1") is None


@pytest.mark.parametrize(
    "opinion",
    [
        Mock(return_value=Mock(signed_data=b"other content")),
        Mock(side_effect=InvalidDigest),
        Mock(side_effect=InvalidSignature),
        Mock(side_effect=InvalidInput),
    ],
)
def test_what_signxml_sees_otherwise_is_refused(
    world: Any, monkeypatch: pytest.MonkeyPatch, opinion: Mock
) -> None:
    monkeypatch.setattr(XMLVerifier, "verify", opinion)
    assert world.codes(world.crafted()) == {"UNDECIDED"}


def test_what_signxml_alone_accepts_is_refused(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = world.crafted().replace(b"1200.0", b"1300.0")
    monkeypatch.setattr(XMLVerifier, "verify", Mock(return_value=Mock(signed_data=b"")))
    assert world.codes(changed) == {"CONTENT_CHANGED", "UNDECIDED"}


def test_a_pretty_printed_signature_takes_the_general_path(world: Any) -> None:
    signed = world.signed().replace(b"<SignedInfo>", b"\n <SignedInfo>")
    assert shape.read_shape(canonical(etree.fromstring(signed)), "_1") is None
    assert world.codes(signed) == set()


@pytest.mark.parametrize(
    "wrapper",
    [
        b'<Interchange xmlns="urn:licence-exchange:1">%s</Interchange>',
        b'<i:Interchange xmlns:i="urn:licence-exchange:1" xmlns="urn:x" xml:lang="zh">1 %s 2</i:Interchange>',
        b"<?target instruction?><!-- a comment -->%s<?target again?>",
    ],
)
def test_a_message_verifies_wherever_it_stands_and_its_digest_is_the_same(world: Any, wrapper: bytes) -> None:
    path = ".//x:LicenceIssue" if b"Interchange" in wrapper else "."
    alone = world.ask(world.signed())
    inside = world.ask(wrapper % world.signed(), path=path)
    assert isinstance(inside, Verified), inside
    assert inside.digest == alone.digest
    assert etree.tostring(inside.element) == etree.tostring(alone.element)


def test_every_message_of_an_interchange_verifies_with_identities_counted_once(world: Any) -> None:
    members = b"".join(world.signed(document=world.document.replace(b'"_1"', b'"_%d"' % n)) for n in range(5))
    root = etree.fromstring(b'<Interchange xmlns="urn:licence-exchange:1">%s</Interchange>' % members)
    identities = Identities.of(root)
    for element in root:
        how = {"trust": world.trust, "roles": frozenset({Role.ISSUER}), "at": world.now}
        assert isinstance(verify(element, identities=identities, **how), Verified)


def test_a_seal_and_the_issuers_signature_inside_it_both_hold(world: Any) -> None:
    outer = b'<SealedLicence xmlns="urn:licence-exchange:1" ID="_s">%s</SealedLicence>' % world.signed()
    sealed = world.signed("seal", outer)
    seal = world.ask(sealed, roles=frozenset({Role.SEAL}))
    assert isinstance(seal, Verified)
    inner = world.ask(seal.element, path="x:LicenceIssue")
    assert isinstance(inner, Verified)
    assert inner.digest == world.ask(world.signed()).digest


def test_lines_of_the_verified_tree_are_those_of_the_file(world: Any) -> None:
    document = world.document.replace(b"<GoodsName", b"\n\n<GoodsName")
    data = b'<Interchange xmlns="urn:licence-exchange:1">\n\n\n' + world.signed(document=document)
    verified = world.ask(data + b"</Interchange>", path="x:LicenceIssue")
    assert verified.element.sourceline == 4
    assert verified.element.find("{*}GoodsName").sourceline == 6
