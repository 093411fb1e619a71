"""What is examined without a tree for its values ends as it does with one, whatever is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.exchange.bench import FROM_CUSTOMS, FROM_ISSUERS
from gateway.exchange.examination import Document, Examined, ExaminedInterchange, Examiner, Refused
from licencexml import writing
from licencexml.messages import Header, InterchangeFrame, Message
from licencexml.schema import Schemas
from tests.licencexml import examples, life_strategies

XSD = Path(__file__).parents[2] / "xsd"
FEW = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
US = "CN-GATEWAY"
DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'


@pytest.fixture(scope="module")
def examiners(world: Any) -> tuple[Examiner, Examiner]:
    """Of the spool, and of the line."""
    schemas = Schemas.load(XSD)
    made = (
        Examiner(participant=US, schemas=schemas, trust=world.trust, accepts=accepts, max_bytes=2**20)
        for accepts in (FROM_ISSUERS, FROM_CUSTOMS)
    )
    spool, line = made
    return spool, line


def signed(world: Any, message: Message, name: str = "issuer", **header: Any) -> bytes:
    """Created now and addressed to us, unless `header` says otherwise."""
    given = {"sender": "ISSUER-1", "receiver": US, "created": world.now, **header}
    root = writing.write_message(replace(message, header=replace(message.header, **given)))
    return writing.with_last(root, world.signer(name).signature(root)[1])


def examined(examiner: Examiner, xml: bytes, world: Any, **document: Any) -> tuple[Examined | Refused, bool]:
    """What becomes of it, which must be what the tree makes of it; and whether it was taken as plain."""
    given = Document(xml, **{"received": world.now, **document})
    wanted = examiner.message_by_tree(given)
    tree = Mock(return_value=wanted)
    watched = _watched(examiner, "message_by_tree", tree)
    found = watched.message(given)
    assert found == wanted
    assert tree.called or isinstance(found, Examined)
    return found, not tree.called


def _watched(examiner: Examiner, name: str, tree: Mock) -> Examiner:
    watched = object.__new__(Examiner)
    watched.__dict__.update(examiner.__dict__)
    setattr(watched, name, tree)
    return watched


@cache
def example(name: str) -> Any:
    return examples.MESSAGES[name]


@settings(FEW, max_examples=25)
@given(message=st.one_of([life_strategies.BY_KIND[kind] for kind in FROM_ISSUERS]), data=st.data())
def test_what_an_issuer_sends_ends_the_same(
    world: Any, examiners: tuple[Examiner, Examiner], message: Message, data: st.DataObject
) -> None:
    xml = signed(world, message, data.draw(st.sampled_from(("issuer", "rsa"))))
    if data.draw(st.booleans()):
        xml = b'<?xml version="1.0" encoding="UTF-8"?>\n' + etree.tostring(
            etree.fromstring(xml), encoding="utf-8"
        )
    found, plain = examined(examiners[0], xml, world)
    assert isinstance(found, Examined), found
    assert found.message.header.message_id == message.header.message_id
    assert plain != (b"&#13;" in xml or b"&#xD;" in xml or b">&" in xml)


OTHERWISE: dict[str, dict[str, Any]] = {
    "another's name": {"header": {"sender": "ISSUER-2"}},
    "another's key": {"name": "other"},
    "expired": {"name": "expired"},
    "not valid yet": {"name": "future"},
    "a key of customs": {"name": "customs"},
    "nobody's key": {"name": "stranger"},
    "an impostor's key": {"name": "impostor"},
    "not for us": {"header": {"receiver": "CN-CUSTOMS"}},
    "not from here": {"document": {"senders": frozenset({"ISSUER-2"})}},
}


@pytest.mark.parametrize("wrong", OTHERWISE)
def test_what_is_wrong_is_told_by_the_tree(
    world: Any, examiners: tuple[Examiner, Examiner], wrong: str
) -> None:
    how = OTHERWISE[wrong]
    xml = signed(world, example("import"), how.get("name", "issuer"), **how.get("header", {}))
    found, plain = examined(examiners[0], xml, world, **how.get("document", {}))
    assert isinstance(found, Refused)
    assert not plain


def test_what_was_created_in_the_future_is_told_by_the_tree(
    world: Any, examiners: tuple[Examiner, Examiner]
) -> None:
    early = world.now + timedelta(minutes=6)
    found, _ = examined(examiners[0], signed(world, example("import"), created=early), world)
    assert isinstance(found, Refused)


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "another amount": lambda xml: xml.replace(b".00000</Quantity>", b".00001</Quantity>", 1),
    "another digest": lambda xml: xml.replace(b"<DigestValue>", b"<DigestValue>AA", 1),
    "another value": lambda xml: xml.replace(b"<SignatureValue>", b"<SignatureValue>AAAA", 1),
    "a certificate cut": lambda xml: xml.replace(b"</X509Certificate>", b"AAAA</X509Certificate>"),
    "another reference": lambda xml: xml.replace(b'URI="#_', b'URI="#_x'),
    "another ID": lambda xml: xml.replace(b' ID="_', b' ID="_x').replace(b'URI="#_', b'URI="#_x'),
    "an unknown kind": lambda xml: xml.replace(b"LicenceIssue", b"LicenceIssues"),
    "a code that the schema refuses": lambda xml: xml.replace(b"<GoodsCode>", b"<GoodsCode>A", 1),
    "two documents": lambda xml: xml + xml,
    "a foreign root": lambda xml: b'<a xmlns="urn:licence-exchange:1">' + xml + b"</a>",
    "nothing": lambda xml: b"",
    "too much": lambda xml: xml + b" " * 2**20,
    "null": lambda xml: xml.replace(b"<Header>", b"<Header>\0"),
    "a comment in the signature": lambda xml: xml.replace(b"<SignedInfo>", b"<SignedInfo><!-- -->"),
    "a DOCTYPE": lambda xml: b"<!DOCTYPE a>" + xml,
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_changed_ends_the_same(
    world: Any, examiners: tuple[Examiner, Examiner], change: str
) -> None:
    xml = signed(world, example("import"))
    changed = CHANGES[change](xml)
    assert changed != xml
    assert not examined(examiners[0], changed, world)[1]


@settings(FEW, max_examples=100)
@given(data=st.data())
def test_wherever_it_was_changed_it_ends_the_same(
    world: Any, examiners: tuple[Examiner, Examiner], data: st.DataObject
) -> None:
    xml = bytearray(signed(world, example("export")))
    at = data.draw(st.integers(0, len(xml) - 1))
    xml[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    examined(examiners[0], bytes(xml), world)


def interchange(world: Any, members: list[bytes], count: int | None = None) -> bytes:
    frame = InterchangeFrame("C-1", "ISSUER-1", US, world.now, len(members))
    whole = writing.interchange(frame, members)
    return (
        whole
        if count is None
        else whole.replace(b"<MessageCount>%d<" % len(members), b"<MessageCount>%d<" % count)
    )


def both(examiner: Examiner, xml: bytes, world: Any) -> tuple[ExaminedInterchange | Refused, bool]:
    """As `examined`. The bytes of a message may be written otherwise, where the tree wrote them."""
    given = Document(xml, world.now)
    wanted = examiner.interchange_by_tree(given)
    tree = Mock(return_value=wanted)
    found = _watched(examiner, "interchange_by_tree", tree).interchange(given)
    if tree.called:
        assert found is wanted
        return found, False
    assert isinstance(found, ExaminedInterchange)
    assert isinstance(wanted, ExaminedInterchange)
    assert len(found.messages) == len(wanted.messages)
    for one, other in zip(found.messages, wanted.messages, strict=True):
        assert isinstance(one, Examined)
        assert isinstance(other, Examined)
        assert xml.count(one.xml) == 1
        assert etree.canonicalize(one.xml.decode()) == etree.canonicalize(other.xml.decode())
        assert replace(one, xml=b"") == replace(other, xml=b"")
    assert replace(found, messages=()) == replace(wanted, messages=())
    return found, True


@settings(FEW, max_examples=15)
@given(
    messages=st.lists(
        st.one_of([life_strategies.BY_KIND[kind] for kind in FROM_CUSTOMS]), min_size=1, max_size=3
    )
)
def test_an_interchange_ends_the_same(
    world: Any, examiners: tuple[Examiner, Examiner], messages: list[Message]
) -> None:
    members = [signed(world, message, "customs", message_id=f"M-{n}") for n, message in enumerate(messages)]
    xml = interchange(world, members)
    found, plain = both(examiners[1], xml, world)
    assert isinstance(found, ExaminedInterchange)
    assert all(isinstance(one, Examined) for one in found.messages)
    assert plain != (b"&#13;" in xml or b">&" in xml)


def test_what_is_wrong_with_an_interchange_is_told_by_the_tree(
    world: Any, examiners: tuple[Examiner, Examiner]
) -> None:
    good = signed(world, example("application"), "customs", message_id="M-1")
    other = signed(world, example("write-off"), "customs", message_id="M-2")
    assert both(examiners[1], interchange(world, [good, other]), world)[1]
    for members, count in (
        ([good, good], None),
        ([good, other], 3),
        ([good, signed(world, example("write-off"), "issuer", message_id="M-2")], None),
        ([good, other.replace(b"<Port>", b"<Port><!-- -->")], None),
        ([good, other.replace(b"<Port>", b"<Port>1")], None),
        ([good, signed(world, example("import"), "customs", message_id="M-2")], None),
        ([good, b"<a/>"], None),
        ([good, other + b"<!-- -->"], None),
        ([good, other + b"x"], None),
        ([good.replace(b">M-1<", b">M-2<"), other], None),
    ):
        assert not both(examiners[1], interchange(world, members, count), world)[1]
    assert not both(examiners[1], good, world)[1]
    assert not both(examiners[1], b"", world)[1]
    assert both(examiners[0], interchange(world, [signed(world, example("import"))]), world)[1]


def test_a_header_is_what_was_signed(world: Any, examiners: tuple[Examiner, Examiner]) -> None:
    found, plain = examined(examiners[0], signed(world, example("import"), message_id="M-1"), world)
    assert plain
    assert isinstance(found, Examined)
    assert found.message.header == Header("M-1", "ISSUER-1", US, world.now, found.message.header.in_reply_to)
