"""The seal put round a message as bytes is the seal put round it as a tree, and both signatures hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.exchange.sealer import SealedDocument, Sealer, SealJob
from gateway.trust.authority import KeyKind
from gateway.trust.certificates import Role
from gateway.trust.signing import Signer
from gateway.trust.verification import Verified
from licencexml import parsing, writing
from licencexml.mapping_issuing import ISSUER_MESSAGES
from licencexml.messages import Header, InterchangeFrame, IssuerMessage
from tests.licencexml import examples, life_strategies
from tests.trust.conftest import known

HEADER = Header("SEAL-1", "SEAL-1", "CN-CUSTOMS", datetime(2026, 3, 1, 8, tzinfo=UTC))
DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'
KINDS = [life_strategies.BY_KIND[kind] for kind in ISSUER_MESSAGES]
FEW = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def sealer(world: Any) -> Sealer:
    """With RSA, whose signatures are the same each time."""
    credential = world.authorities["SEAL"].issue_signing("SEAL-1", at=world.now, kind=KeyKind.RSA2048)
    return Sealer(Signer.of(credential.key, known(credential.certificate)))


def signed(world: Any, message: IssuerMessage, *, name: str = "issuer", long: bool = False) -> bytes:
    """As the demonstration's issuer writes it; or `long`, with both tags of what is empty."""
    message = replace(message, header=replace(message.header, sender="ISSUER-1"))
    root = writing.write_message(message)
    if long:
        return writing.with_last(root, world.signer(name).signature(root)[1])
    world.signer(name).sign(root)
    return DECLARATION + writing.serialise(root) + b"\n"


def by_bytes(sealer: Sealer, xml: bytes) -> SealedDocument | None:
    """The sealed document; None if it went by way of a tree."""
    watched = Sealer(sealer._signer)
    watched.seal_by_tree = Mock(return_value=None)  # type: ignore[method-assign]  # to see whether it is called
    return watched.seal(SealJob(xml, HEADER))


def content(xml: bytes) -> bytes:
    return etree.tostring(etree.fromstring(xml), method="c14n", exclusive=True)


def agrees(sealer: Sealer, xml: bytes) -> SealedDocument | None:
    """What the bytes gave, if they could, which must be what the tree gives."""
    made = by_bytes(sealer, xml)
    if made is not None:
        wanted = sealer.seal_by_tree(SealJob(xml, HEADER))
        assert made.digest == wanted.digest
        assert content(made.xml) == content(wanted.xml)
        assert made.xml.count(xml[xml.index(b"<Licence") :].rstrip()) == 1
    return made


@settings(FEW, max_examples=25)
@given(message=st.one_of(KINDS), name=st.sampled_from(("issuer", "rsa")))
def test_to_the_byte_it_is_what_the_tree_gives(
    world: Any, sealer: Sealer, message: IssuerMessage, name: str
) -> None:
    xml = signed(world, message, name=name)
    made = agrees(sealer, xml)
    odd = b"&#13;" in xml or b">&" in xml
    assert (made is None) == odd
    assert made is None or made.xml == sealer.seal_by_tree(SealJob(xml, HEADER)).xml


@settings(FEW, max_examples=12)
@given(message=st.one_of(KINDS), long=st.booleans())
def test_both_signatures_hold_wherever_the_sealed_message_stands(
    world: Any, sealer: Sealer, message: IssuerMessage, long: bool
) -> None:
    made = sealer.seal(SealJob(signed(world, message, long=long), HEADER))
    frame = InterchangeFrame("C-1", "A", "B", HEADER.created, 1)
    for xml, path in ((made.xml, "."), (writing.interchange(frame, [made.xml]), "x:SealedLicence")):
        outer = world.ask(xml, path=path, roles=frozenset({Role.SEAL}))
        assert isinstance(outer, Verified), outer
        assert outer.digest == made.digest
        kind = type(message).__name__
        for inner in (
            world.ask(xml, path=f"{path}/x:{kind}"),
            world.ask(etree.tostring(outer.element, encoding="utf-8"), path=f"x:{kind}"),
        ):
            assert isinstance(inner, Verified), inner


@pytest.mark.parametrize("long", [False, True])
@pytest.mark.parametrize("kind", ISSUER_MESSAGES)
def test_xmlsec1_accepts_the_issuers_signature_under_a_seal_of_bytes(
    world: Any, sealer: Sealer, xmlsec: Callable[..., bool], kind: str, long: bool
) -> None:
    message = next(one for one in examples.MESSAGES.values() if type(one).__name__ == kind)
    xml = signed(world, message, long=long)  # type: ignore[arg-type]  # an issuer's kind
    made = by_bytes(sealer, xml)
    assert made is not None
    path = f"/*/*[local-name()='{kind}']/*[local-name()='Signature']"
    assert xmlsec(made.xml, name=kind, path=path)
    assert not xmlsec(made.xml.replace(b"ISSUER-1</Sender>", b"ISSUER-2</Sender>"), name=kind, path=path)


@pytest.mark.parametrize("kind", ISSUER_MESSAGES)
def test_xmlsec1_accepts_the_seal(
    world: Any, tmp_path: Any, xmlsec: Callable[..., bool], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a key of the issuers' authority, the one that this xmlsec1 trusts."""
    message = next(one for one in examples.MESSAGES.values() if type(one).__name__ == kind)
    made = by_bytes(Sealer(world.signer("rsa")), signed(world, message))  # type: ignore[arg-type]  # see above
    assert made is not None
    assert xmlsec(made.xml, name="SealedLicence", path="/*/*[local-name()='Signature']")


ODD: dict[str, Callable[[bytes], bytes]] = {
    "byte order mark": lambda xml: b"\xef\xbb\xbf" + xml,
    "other encoding": lambda xml: xml.decode().replace("UTF-8", "GB18030").encode("gb18030"),
    "standalone": lambda xml: xml.replace(b'"UTF-8"', b'"UTF-8" standalone="yes"'),
    "comment before": lambda xml: xml.replace(b"<Licence", b"<!-- x --><Licence", 1),
    "comment inside": lambda xml: xml.replace(b"<Header>", b"<!-- x --><Header>"),
    "comment behind": lambda xml: xml + b"<!-- x -->",
    "white space": lambda xml: xml.replace(b"<MessageID>", b"\n <MessageID>"),
    "space in a tag": lambda xml: xml.replace(b"<Header>", b"<Header >"),
    "space in an end tag": lambda xml: xml.replace(b"</Header>", b"</Header\n>"),
    "character data": lambda xml: xml.replace(b"CN-GATEWAY", b"<![CDATA[CN-GATEWAY]]>"),
    "character reference": lambda xml: xml.replace(b"CN-GATEWAY", b"CN&#45;GATEWAY"),
    "prefix": lambda xml: xml.replace(b"xmlns=", b"xmlns:a='urn:a' xmlns=", 1),
    "single quotes": lambda xml: xml.replace(
        b'xmlns="urn:licence-exchange:1"', b"xmlns='urn:licence-exchange:1'"
    ),
    "ID first": lambda xml: xml.replace(b' xmlns="urn:licence-exchange:1" ID="_', b' ID="_', 1).replace(
        b'"><Header>', b'" xmlns="urn:licence-exchange:1"><Header>', 1
    ),
    "xml:space": lambda xml: xml.replace(b"<Header>", b'<Header xml:space="preserve">'),
    "namespace again": lambda xml: xml.replace(b"<Header>", b'<Header xmlns="urn:licence-exchange:1">'),
    "no namespace": lambda xml: xml.replace(b' xmlns="urn:licence-exchange:1"', b"", 1),
    "carriage returns": lambda xml: xml.replace(b"\n", b"\r\n") + b"\r\n",
    "end not closed": lambda xml: xml.rstrip()[:-1],
    "tags crossed": lambda xml: xml.replace(b"</Header>", b"</Receiver>").replace(
        b"</Receiver>", b"</Header>", 1
    ),
    "signature twice": lambda xml: xml.replace(
        b"</SignatureValue>", b"</SignatureValue><SignatureValue>AA==</SignatureValue>"
    ),
    "not signed": lambda xml: xml[: xml.index(b"<Signature")] + xml[xml.index(b"</Signature>") + 12 :],
    "attribute on the signature": lambda xml: xml.replace(b"<Signature ", b'<Signature Id="_x" '),
    "not UTF-8": lambda xml: xml.replace(b"</Sender>", b"\xff</Sender>"),
}


@pytest.mark.parametrize("odd", ODD)
def test_whatever_is_written_otherwise_goes_by_way_of_the_tree(world: Any, sealer: Sealer, odd: str) -> None:
    plain = signed(world, examples.MESSAGES["import"])  # type: ignore[arg-type]  # an issue
    assert agrees(sealer, plain) is not None
    xml = ODD[odd](plain)
    assert xml != plain
    if odd == "carriage returns":
        # All of them stand beside the root.
        assert agrees(sealer, xml) is not None
    else:
        assert by_bytes(sealer, xml) is None


BITS = (b"<", b">", b"&", b"\r", b"/>", b" ", b"\xef\xbf\xbf", b"&lt;")


@settings(FEW, max_examples=150)
@given(data=st.data())
def test_what_the_tree_refuses_is_never_sealed_as_bytes(
    world: Any, sealer: Sealer, data: st.DataObject
) -> None:
    xml = bytearray(signed(world, examples.MESSAGES["export"]))  # type: ignore[arg-type]  # an issue
    for _ in range(data.draw(st.integers(1, 2))):
        at = data.draw(st.integers(0, len(xml) - 1))
        xml[at : at + data.draw(st.integers(0, 3))] = data.draw(
            st.binary(max_size=2)
            | st.sampled_from((b"<", b">", b"&", b"\r", b"/>", b" ", b"\xef\xbf\xbf", b"&lt;"))
        )
    try:
        agrees(sealer, bytes(xml))
    except parsing.Malformed as fault:
        pytest.fail(f"sealed as bytes, refused as a tree: {fault}")


def test_what_is_no_issuers_message_is_not_sealed(world: Any, sealer: Sealer) -> None:
    root = writing.write_message(examples.MESSAGES["write-off"])
    world.signer().sign(root)
    with pytest.raises(AssertionError):
        sealer.seal(SealJob(writing.serialise(root), HEADER))


def test_a_longer_document_than_any_goes_by_way_of_the_tree(world: Any, sealer: Sealer) -> None:
    xml = signed(world, examples.MESSAGES["import"])  # type: ignore[arg-type]  # an issue
    assert by_bytes(sealer, xml + b" " * 2**20) is None
