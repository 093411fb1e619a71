"""Every known attack on enveloped signatures, on both paths at once, and by xmlsec1 where it has a say.

Where a test does not ask xmlsec1, the document is rightly signed in the sense of the standard and only our
profile refuses it, or what xmlsec1 would verify is not the message that we were asked about.
"""

from __future__ import annotations

import hmac
import re
import time
import unicodedata
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree

from gateway.trust.certificates import Role
from gateway.trust.verification import Verified

NAMESPACE = "urn:licence-exchange:1"
DS = "http://www.w3.org/2000/09/xmldsig#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
ENVELOPED = f'<ds:Transform Algorithm="{DS}enveloped-signature"/>'
EXC = '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>'


def swap(old: bytes, new: bytes) -> Callable[[Any], bytes]:
    """The signed document with one thing replaced."""

    def attack(world: Any) -> bytes:
        signed = world.signed()
        assert signed.count(old) == 1, old
        return signed.replace(old, new)

    return attack


CHANGES = {
    "one digit": swap(b"1200.00000", b"1300.00000"),
    "one space": swap(b">1200.00000<", b">1200.00000 <"),
    "white space between elements": swap(b"</Header>", b"</Header>\n"),
    "an attribute more": swap(b"<Quantity ", b'<Quantity note="" '),
    "an attribute less": swap(b' unitCode="035"', b""),
    "a namespace redeclared": swap(b"<Quantity ", b'<Quantity xmlns="urn:licence-exchange:2" '),
    "a namespace taken away": swap(b"<Quantity ", b'<Quantity xmlns="" '),
    "a full-width digit": swap(b"1200.00000", "１200.00000".encode()),
    "an element more": swap(b"</Header>", b"</Header><Urgent>true</Urgent>"),
    "elements in another order": swap(
        b"<MessageID>1</MessageID><Sender>ISSUER-1</Sender>",
        b"<Sender>ISSUER-1</Sender><MessageID>1</MessageID>",
    ),
    "an instruction more": swap(b"1200.00000", b"1200.<?x?>00000"),
    "text behind the signature": swap(b"</Signature>", b"</Signature>forged"),
    "white space behind the signature": swap(b"</Signature>", b"</Signature>\n"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_changed_content_is_refused_by_all_three(
    world: Any, xmlsec: Callable[..., bool], change: Callable[[Any], bytes]
) -> None:
    data = change(world)
    assert world.codes(data) == {"CONTENT_CHANGED"}
    assert not xmlsec(data)


def test_composed_and_decomposed_characters_are_different_content(world: Any) -> None:
    composed, decomposed = (unicodedata.normalize(form, "café").encode() for form in ("NFC", "NFD"))
    signed = world.signed(document=world.document.replace(b"1200.00000", composed))
    assert world.codes(signed) == set()
    assert world.codes(signed.replace(composed, decomposed)) == {"CONTENT_CHANGED"}


HARMLESS = {
    "a comment in the text": swap(b"1200.00000", b"12<!-- -->00.00000"),
    "a comment before the signature": swap(b"<Signature ", b"<!-- --><Signature "),
    "a comment behind the signature": swap(b"</Signature>", b"</Signature><!-- -->"),
    "a comment in the signature": swap(b"<SignedInfo>", b"<SignedInfo><!-- -->"),
    "a namespace that is not used": swap(b"<Quantity ", b'<Quantity xmlns:u="urn:unused" '),
    "other quotes": swap(b'unitCode="035"', b"unitCode='035'"),
    "a character reference": swap(b"1200.00000", b"1&#50;00.00000"),
    "a CDATA section": swap(b"1200.00000", b"<![CDATA[1200.00000]]>"),
}


@pytest.mark.parametrize("change", HARMLESS.values(), ids=HARMLESS)
def test_a_change_that_is_none_in_canonical_form_is_accepted_and_the_signed_content_handed_out(
    world: Any, xmlsec: Callable[..., bool], change: Callable[[Any], bytes]
) -> None:
    data = change(world)
    outcome = world.ask(data)
    assert isinstance(outcome, Verified), outcome
    assert outcome.element.findtext(f"{{{NAMESPACE}}}Quantity") == "1200.00000"
    assert xmlsec(data)


def test_a_comment_in_a_digest_value_hides_nothing(world: Any) -> None:
    digest = re.search(b"<DigestValue>(.*)</DigestValue>", world.signed())[1]
    forged = digest[:4] + b"<!-- -->" + digest[4:]
    assert world.codes(world.signed().replace(digest, forged)) == set()
    other = b64encode(bytes(32))
    forged = other + b"<!-- -->" + digest
    assert "NOT_BASE64" in world.codes(world.signed().replace(digest, forged))


def wrapped(world: Any, original: str, forged: str) -> bytes:
    """`forged` stands in the message's place; for the marks in it see WRAPPINGS."""
    root = etree.fromstring(world.signed())
    signature = etree.tostring(root[-1])
    document = forged.replace("%O", original).replace("%S", signature.decode())
    return document.replace("%W", world.signed().decode()).encode()


FORGED = (
    '<LicenceIssue xmlns="urn:licence-exchange:1" ID="{id}">'
    "<Header><Sender>ISSUER-1</Sender></Header><Quantity>9</Quantity>{rest}</LicenceIssue>"
)
#: What the forged message looks like, and the reasons that must be among those given. %W is the whole signed
#: message, %S its signature alone, %O its content without the signature.
WRAPPINGS = {
    "signed message inside, signature outside": (
        FORGED.format(id="_2", rest="<x>%O</x>%S"),
        "WRONG_REFERENCE",
    ),
    "signed message in an Object": (
        FORGED.format(id="_2", rest=f'<Signature xmlns="{DS}">%I<Object>%O</Object></Signature>'),
        "WRONG_REFERENCE",
    ),
    "the same ID twice, signature outside": (FORGED.format(id="_1", rest="<x>%O</x>%S"), "ID_REPEATED"),
    "the same ID twice, signed message whole inside": (
        FORGED.format(id="_1", rest="<x>%W</x>%S"),
        "ID_REPEATED",
    ),
    "the same ID by another name": (FORGED.format(id="_1", rest='<x Id="_1"/>%S'), "ID_REPEATED"),
    "the same ID as xml:id": (FORGED.format(id="_1", rest='<x xml:id="_1"/>%S'), "ID_REPEATED"),
    "the signature of a message inside": (FORGED.format(id="_2", rest="<x>%W</x>"), "UNSIGNED"),
    "the signature deeper than a child": (FORGED.format(id="_1", rest="<x>%S</x>"), "UNSIGNED"),
    "no ID": (FORGED.replace('ID="{id}"', "").format(rest="%S"), "ID_MISSING"),
    "an ID of another name": (FORGED.replace("ID=", "Id=").format(id="_1", rest="%S"), "ID_MISSING"),
    "two signatures": (FORGED.format(id="_1", rest="%S%S"), "SEVERAL_SIGNATURES"),
    "the signature not last": (FORGED.format(id="_1", rest="%S<x/>"), "SIGNATURE_NOT_LAST"),
    "an instruction behind the signature": (FORGED.format(id="_1", rest="%S<?x?>"), "SIGNATURE_NOT_LAST"),
    "another message's signature": (FORGED.format(id="_1", rest="%S"), "CONTENT_CHANGED"),
}


@pytest.mark.parametrize(("forged", "code"), WRAPPINGS.values(), ids=WRAPPINGS)
def test_signature_wrapping_is_refused(world: Any, forged: str, code: str) -> None:
    inside = "".join(etree.tostring(child).decode() for child in etree.fromstring(world.signed())[-1])
    data = wrapped(world, world.document.decode(), forged.replace("%I", inside))
    assert code in world.codes(data)


def test_a_sibling_with_the_same_id_elsewhere_in_the_file_is_refused(world: Any) -> None:
    data = b'<Interchange xmlns="urn:licence-exchange:1">%s<x ID="_1"/></Interchange>' % world.signed()
    assert world.codes(data, path="x:LicenceIssue") == {"ID_REPEATED"}


def test_a_reference_to_a_sibling_is_refused(world: Any) -> None:
    sibling = world.document.replace(b'"_1"', b'"_2"')
    forged = world.crafted(
        uri="#_2", payload=lambda _: etree.tostring(etree.fromstring(sibling), method="c14n")
    )
    data = b'<Interchange xmlns="urn:licence-exchange:1">%s%s</Interchange>' % (forged, sibling)
    assert world.codes(data, path="x:LicenceIssue[1]") == {"WRONG_REFERENCE"}


@pytest.mark.parametrize(
    "uri", ["", "#", "_1", "#xpointer(id('_1'))", "##_1", "#_1 ", "#%5F1", "file:///etc/passwd"]
)
def test_only_the_plain_reference_by_id_is_accepted(world: Any, uri: str) -> None:
    assert world.codes(world.crafted(uri=uri)) == {"WRONG_REFERENCE"}


def test_a_crafted_signature_of_the_permitted_shape_is_accepted_so_that_refusals_mean_something(
    world: Any, xmlsec: Callable[..., bool]
) -> None:
    assert world.codes(world.crafted()) == set()
    assert xmlsec(world.crafted())


CERTIFICATE = "<ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data>"
SECOND_REFERENCE = (
    f'<ds:Reference URI=""><ds:Transforms>{ENVELOPED}{EXC}</ds:Transforms><ds:DigestMethod '
    'Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue>AAAA</ds:DigestValue></ds:Reference>'
)
XPATH = '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>1</ds:XPath></ds:Transform>'
XSLT = '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>'
PREFIXES = (
    '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><e:InclusiveNamespaces '
    'xmlns:e="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="x"/></ds:Transform>'
)
WITH_COMMENTS = '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#WithComments"/>'
SHA1_DIGEST = {"digest": "sha1", "digest_method": DS + "sha1"}
SHA1_SIGNATURE = {"signature_hash": hashes.SHA1(), "method": MORE + "ecdsa-sha1"}
HMAC_LENGTH = "<ds:HMACOutputLength>8</ds:HMACOutputLength>"
SHAPES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "two references": ({"more_references": SECOND_REFERENCE}, {"SEVERAL_REFERENCES"}),
    "no reference": ({"reference": " "}, {"SEVERAL_REFERENCES"}),
    "SHA-1 digest": (SHA1_DIGEST, {"ALGORITHM_REFUSED"}),
    "MD5 digest": ({"digest": "md5", "digest_method": MORE + "md5"}, {"ALGORITHM_REFUSED"}),
    "SHA-1 signature": (SHA1_SIGNATURE, {"ALGORITHM_REFUSED"}),
    "DSA signature": ({"method": DS + "dsa-sha1"}, {"ALGORITHM_REFUSED"}),
    "no transforms": ({"transforms": ""}, {"TRANSFORMS_REFUSED"}),
    "enveloped only": ({"transforms": ENVELOPED}, {"TRANSFORMS_REFUSED"}),
    "other order": ({"transforms": EXC + ENVELOPED}, {"TRANSFORMS_REFUSED"}),
    "transform twice": ({"transforms": ENVELOPED + EXC + EXC}, {"TRANSFORMS_REFUSED"}),
    "XPath transform": ({"transforms": ENVELOPED + XPATH + EXC}, {"TRANSFORMS_REFUSED"}),
    "XSLT transform": ({"transforms": ENVELOPED + XSLT}, {"TRANSFORMS_REFUSED"}),
    "prefix list": ({"transforms": ENVELOPED + PREFIXES}, {"TRANSFORMS_REFUSED"}),
    "with comments": ({"transforms": ENVELOPED + WITH_COMMENTS}, {"TRANSFORMS_REFUSED"}),
    "inclusive SignedInfo": (
        {"canonicalisation": "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"},
        {"ALGORITHM_REFUSED"},
    ),
    "child of the method": ({"method_inside": HMAC_LENGTH}, {"SIGNATURE_MALFORMED"}),
    "object": ({"inside": "<ds:Object/>"}, {"SIGNATURE_MALFORMED"}),
    "unknown child": ({"inside": '<x xmlns="urn:x"/>'}, {"SIGNATURE_MALFORMED"}),
    "text in the signature": ({"inside": "text"}, {"SIGNATURE_MALFORMED"}),
    "instruction in the signature": ({"inside": "<?x?>"}, {"SIGNATURE_MALFORMED"}),
    "unknown attribute": ({"attributes": ' x="1"'}, {"SIGNATURE_MALFORMED"}),
    "junk behind the digest": ({"digest_tail": "AAAA"}, {"NOT_BASE64"}),
    "star behind the digest": ({"digest_tail": "*"}, {"NOT_BASE64"}),
    "key value only": ({"key_info": "<ds:KeyValue><ds:RSAKeyValue/></ds:KeyValue>"}, {"KEY_INFO_REFUSED"}),
    "empty key info": ({"key_info": ""}, {"KEY_INFO_REFUSED"}),
    "retrieval method": ({"key_info": '<ds:RetrievalMethod URI="http://x/"/>'}, {"KEY_INFO_REFUSED"}),
    "no certificate": ({"key_info": "<ds:X509Data/>"}, {"KEY_INFO_REFUSED"}),
    "only a name": (
        {"key_info": "<ds:X509Data><ds:X509SubjectName>CN=ISSUER-1</ds:X509SubjectName></ds:X509Data>"},
        {"KEY_INFO_REFUSED"},
    ),
    "certificate of junk": ({"key_info": CERTIFICATE.format("AAAA")}, {"CERTIFICATE_UNREADABLE"}),
    "certificate not base64": ({"key_info": CERTIFICATE.format("*")}, {"NOT_BASE64"}),
    "certificate empty": ({"key_info": CERTIFICATE.format("")}, {"NOT_BASE64"}),
}


@pytest.mark.parametrize(("how", "codes"), SHAPES.values(), ids=SHAPES)
def test_a_shape_outside_the_profile_is_refused(world: Any, how: dict[str, Any], codes: set[str]) -> None:
    assert world.codes(world.crafted(**how)) == codes


@pytest.mark.parametrize("beside", ["<ds:KeyValue/>", CERTIFICATE.format("AAAA")])
def test_a_second_key_beside_the_certificate_is_refused(world: Any, beside: str) -> None:
    first = CERTIFICATE.format(world.certificate_base64())
    assert "KEY_INFO_REFUSED" in world.codes(world.crafted(key_info=beside + first))
    assert "KEY_INFO_REFUSED" in world.codes(world.crafted(key_info=first + beside))


def test_junk_behind_the_certificate_is_refused(world: Any) -> None:
    der = world.credentials["issuer"].certificate.public_bytes(Encoding.DER) + b"junk"
    key_info = CERTIFICATE.format(b64encode(der).decode())
    assert world.codes(world.crafted(key_info=key_info)) == {"CERTIFICATE_UNREADABLE"}


def test_a_signature_by_another_key_is_refused_by_all_three(world: Any, xmlsec: Callable[..., bool]) -> None:
    key_info = CERTIFICATE.format(world.certificate_base64("issuer"))
    data = world.crafted("other", key_info=key_info)
    assert world.codes(data) == {"SIGNATURE_WRONG"}
    assert not xmlsec(data)
    thin = world.signed("other").replace(
        world.certificate_base64("other").encode(), world.certificate_base64("issuer").encode()
    )
    assert world.codes(thin) == {"SIGNATURE_WRONG"}


def test_a_digest_made_to_fit_the_change_gives_the_signature_away(
    world: Any, xmlsec: Callable[..., bool]
) -> None:
    digest, value = (
        re.search(b"<%s>(.*)</%s>" % (name, name), world.signed())
        for name in (b"DigestValue", b"SignatureValue")
    )
    forged = world.signed(document=world.document.replace(b"1200", b"1300"))
    old = re.search(b"<SignatureValue>(.*)</SignatureValue>", forged)[1]
    data = forged.replace(old, value[1])
    assert digest[1] not in data
    assert world.codes(data) == {"SIGNATURE_WRONG"}
    assert not xmlsec(data)


def test_hmac_with_the_public_key_is_refused(world: Any, xmlsec: Callable[..., bool]) -> None:
    public = world.credentials["issuer"].key.public_key()
    secrets = (
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    )
    for secret in secrets:
        data = world.crafted(
            method=MORE + "hmac-sha256", sign=lambda text, key=secret: hmac.digest(key, text, "sha256")
        )
        assert world.codes(data) == {"ALGORITHM_REFUSED"}
        assert not xmlsec(data)


@pytest.mark.parametrize(("name", "method"), [("issuer", "rsa-sha256"), ("rsa", "ecdsa-sha256")])
def test_a_method_of_another_kind_of_key_is_refused(
    world: Any, xmlsec: Callable[..., bool], name: str, method: str
) -> None:
    data = world.crafted(name, method=MORE + method)
    assert world.codes(data) == {"KEY_MISFIT"}
    assert not xmlsec(data)


def der_value(world: Any) -> Callable[[bytes], bytes]:
    return lambda data: world.credentials["issuer"].key.sign(data, ec.ECDSA(hashes.SHA256()))


def padded_value(world: Any) -> Callable[[bytes], bytes]:
    def sign(data: bytes) -> bytes:
        value = world.raw_signature("issuer", data, hashes.SHA256())
        return b"\0" + value[:32] + b"\0" + value[32:]

    return sign


VALUES: dict[str, Callable[[Any], Callable[[bytes], bytes]]] = {
    "DER": der_value,
    "short": lambda world: lambda data: bytes(63),
    "long": lambda world: lambda data: world.raw_signature("issuer", data, hashes.SHA256()) + b"\0",
    "padded": padded_value,
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_value_of_another_length_is_refused(world: Any, value: Callable[[Any], Any]) -> None:
    sign = value(world)
    assert world.codes(world.crafted(sign=sign)) == {"SIGNATURE_LENGTH"}
    thin = re.sub(
        b"<SignatureValue>.*</SignatureValue>",
        b"<SignatureValue>%s</SignatureValue>" % b64encode(sign(b"")),
        world.signed(),
    )
    assert world.codes(thin) == {"SIGNATURE_LENGTH"}


@pytest.mark.parametrize("number", [0, 2**256 - 1])
def test_numbers_out_of_range_are_refused(world: Any, number: int) -> None:
    value = number.to_bytes(32, "big") * 2
    assert world.codes(world.crafted(sign=lambda data: value)) == {"SIGNATURE_WRONG"}


def test_stray_bits_in_base64_are_refused(world: Any) -> None:
    signed = world.signed()
    value = re.search(b"<SignatureValue>(.*)==</SignatureValue>", signed)[1]
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    stray = alphabet[alphabet.index(value[-1:]) ^ 1 :][:1]
    assert world.codes(signed.replace(value, value[:-1] + stray)) == {"NOT_BASE64"}


def test_a_certificate_too_large_to_be_kept_is_refused(world: Any) -> None:
    swollen = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), bytes(20_000))
    certificate = world.self_signed(ec.generate_private_key(ec.SECP256R1()), (swollen, False))
    key_info = CERTIFICATE.format(b64encode(certificate.public_bytes(Encoding.DER)).decode())
    assert world.codes(world.crafted(key_info=key_info)) == {"CERTIFICATE_UNREADABLE"}


@pytest.mark.parametrize("part", ["Transform", "X509Certificate", "Reference", "Object"])
def test_a_signature_swollen_a_hundred_thousand_times_is_refused_at_once(world: Any, part: str) -> None:
    many = f"<ds:{part} x='1'/>" * 100_000
    how = {
        "Transform": {"transforms": many},
        "X509Certificate": {"key_info": f"<ds:X509Data>{many}</ds:X509Data>"},
        "Reference": {"more_references": many},
        "Object": {"inside": many},
    }[part]
    root = etree.fromstring(world.crafted(**how))
    began = time.process_time()
    assert world.codes(root)
    assert time.process_time() - began < 2


def test_all_faults_are_told_at_once(world: Any) -> None:
    data = world.signed("expired").replace(b"1200.00000", b"9.00000").replace(b"ISSUER-1</", b"ISSUER-9</")
    assert world.codes(data, roles=frozenset({Role.SEAL})) == {
        "CONTENT_CHANGED",
        "CERTIFICATE_EXPIRED",
        "WRONG_ROLE",
        "SENDER_MISMATCH",
    }


def test_a_doctype_is_refused(world: Any) -> None:
    data = b'<!DOCTYPE LicenceIssue [<!ATTLIST Quantity note CDATA "x">]>' + world.signed()
    assert "NOT_CANONICAL" in world.codes(data)


def test_a_relative_namespace_name_is_refused_with_a_reason(world: Any) -> None:
    data = world.signed().replace(b"<Quantity ", b'<q:x xmlns:q="relative"/><Quantity ')
    assert world.codes(data) == {"NOT_CANONICAL"}


def test_no_text_of_the_attacker_breaks_the_rejection(world: Any) -> None:
    uri = "#{en}" + "x" * 5000 + "&#10;&#x85;"
    (rejection,) = world.ask(world.crafted(uri=uri))
    assert "{en}" in rejection.en
    assert len(rejection.en) < 400
    assert "\n" not in rejection.en
    assert rejection.where.line == 1
    assert rejection.where.xpath == "/LicenceIssue/Signature/SignedInfo/Reference"
