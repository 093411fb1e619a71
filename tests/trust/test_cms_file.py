"""Files signed, compressed and encrypted: what one end closes the other opens, and only that."""

from __future__ import annotations

import os
import zlib
from datetime import datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.trust import ber, cms
from gateway.trust.cipher_suites import CIPHER_SUITES, CipherSuite
from gateway.trust.cms import CmsFault, CmsReason
from gateway.trust.cms_compressed import compress
from gateway.trust.cms_enveloped import encrypt
from gateway.trust.cms_file import PLAIN, CannotEnvelope, FileKeys, Services, envelope, open_envelope
from gateway.trust.cms_signed import sign, verify
from tests.trust.file_keys import NOW, keys, own

CONTENT = b"<Interchange>" + bytes(range(256)) * 9 + b"</Interchange>"
LIMIT = 1024 * 1024
SUITE = CIPHER_SUITES[4]
ALL = Services(signed=True, compressed=True, encrypted=True, suite=SUITE)
EVERY = [
    Services(*which, suite=SUITE if which[0] or which[2] else None)
    for which in product((False, True), repeat=3)
]


def closed(content: bytes = CONTENT, services: Services = ALL, now: datetime = NOW) -> bytes:
    return envelope(content, services, keys("alice", "bob"), now)


def opened(
    message: bytes, services: Services = ALL, known: FileKeys | None = None, now: datetime = NOW
) -> bytes:
    return open_envelope(message, services, known or keys("bob", "alice"), max_bytes=LIMIT, now=now)


@pytest.mark.parametrize("services", EVERY, ids=str)
def test_what_one_end_closes_the_other_opens(services: Services) -> None:
    message = closed(services=services)
    assert opened(message, services) == CONTENT
    assert services.enveloped is (message != CONTENT)
    if services.encrypted:
        assert CONTENT[:20] not in message


@pytest.mark.parametrize("suite", CIPHER_SUITES.values(), ids=str)
@settings(max_examples=12, deadline=None)
@given(content=st.binary(max_size=5000))
def test_every_suite_brings_every_content_through(suite: CipherSuite, content: bytes) -> None:
    services = Services(signed=True, compressed=True, encrypted=True, suite=suite)
    assert opened(closed(content, services), services) == content


def test_the_order_is_that_of_the_rfc() -> None:
    """Section 6.1: signed first, encrypted last."""
    assert cms_type(closed()) == cms.ENVELOPED_DATA
    signed_and_compressed = closed(services=Services(signed=True, compressed=True, suite=SUITE))
    assert cms_type(signed_and_compressed) == cms.COMPRESSED_DATA
    assert cms_type(closed(services=Services(signed=True, suite=SUITE))) == cms.SIGNED_DATA


def cms_type(message: bytes) -> bytes:
    return bytes(ber.read(message).parts[0].content)


@pytest.mark.parametrize("done", EVERY, ids=str)
@pytest.mark.parametrize("said", EVERY, ids=str)
def test_only_what_the_command_said_is_undone(done: Services, said: Services) -> None:
    """Nothing found within is opened that SFID does not speak of, and all that it speaks of must be there."""
    message = closed(services=done)
    try:
        found = opened(message, said)
    except CmsFault:
        assert said.enveloped
        assert done != said
    else:
        assert (found == CONTENT) is (done == said)
        assert done == said or not (said.signed and not done.signed)


def test_each_failure_has_the_reason_of_the_rfc() -> None:
    def reason(message: bytes, services: Services, known: FileKeys | None = None) -> CmsReason:
        with pytest.raises(CmsFault) as caught:
            opened(message, services, known)
        return caught.value.reason

    signed = Services(signed=True, suite=SUITE)
    encrypted = Services(encrypted=True, suite=SUITE)
    compressed = Services(compressed=True)
    for service, expected in (
        (signed, CmsReason.SIGNATURE),
        (compressed, CmsReason.DECOMPRESSION),
        (encrypted, CmsReason.DECRYPTION),
    ):
        assert reason(b"", service) is expected
        assert reason(b"garbage", service) is expected
        assert reason(closed(services=service)[:-1], service) is expected
    assert reason(closed(services=signed), signed, keys("bob", "mallory")) is CmsReason.SIGNATURE
    assert reason(closed(services=encrypted), encrypted, keys("mallory", "alice")) is CmsReason.DECRYPTION


@pytest.mark.parametrize(("made", "told"), [(4, 6), (4, 3), (2, 4), (6, 4)])
def test_a_file_must_be_of_the_suite_that_was_told(made: int, told: int) -> None:
    for signed, encrypted in ((True, False), (False, True), (True, True)):
        before = Services(signed=signed, encrypted=encrypted, suite=CIPHER_SUITES[made])
        after = Services(signed=signed, encrypted=encrypted, suite=CIPHER_SUITES[told])
        if (signed and CIPHER_SUITES[made].digest is not CIPHER_SUITES[told].digest) or (
            encrypted and CIPHER_SUITES[made].cipher is not CIPHER_SUITES[told].cipher
        ):
            with pytest.raises(CmsFault):
                opened(closed(services=before), after)


def test_signed_again_and_for_two_while_certificates_change() -> None:
    """Section 6.2: a file may be signed more than once."""
    message = sign(CONTENT, [own("alice"), own("mallory")], SUITE.digest)
    for known in (["alice"], ["mallory"], ["alice", "mallory"]):
        assert verify(message, keys("bob", *known).partner, SUITE.digest, NOW) == CONTENT
    with pytest.raises(CmsFault, match="not signed by"):
        verify(message, keys("alice", "bob").partner, SUITE.digest, NOW)
    for two in (FileKeys(keys("bob").own, ()), FileKeys(keys("mallory").own + keys("bob").own, ())):
        sealed = envelope(
            CONTENT, Services(encrypted=True, suite=SUITE), keys("alice", "mallory", "bob"), NOW
        )
        assert opened(sealed, Services(encrypted=True, suite=SUITE), two) == CONTENT


def test_certificates_must_be_valid() -> None:
    late = NOW + timedelta(days=400)
    with pytest.raises(CmsFault, match="expired"):
        opened(closed(), now=late)
    with pytest.raises(CannotEnvelope, match="valid now"):
        closed(now=late)


def test_signatures_are_the_same_every_time_and_encryption_never() -> None:
    services = Services(signed=True, compressed=True, suite=SUITE)
    assert closed(services=services) == closed(services=services)
    assert closed() != closed()


def test_a_bomb_does_not_go_off() -> None:
    bomb = compress(bytes(50 * LIMIT))
    assert len(bomb) < LIMIT
    with pytest.raises(CmsFault, match="when decompressed"):
        opened(bomb, Services(compressed=True))
    just = compress(bytes(LIMIT))
    assert len(opened(just, Services(compressed=True))) == LIMIT
    signed = compress(sign(bytes(LIMIT + 1), [own("alice")], SUITE.digest))
    with pytest.raises(CmsFault, match="when opened"):
        opened(signed, Services(signed=True, compressed=True, suite=SUITE))


@pytest.mark.parametrize("tail", [b"more", zlib.compress(b"another")])
def test_nothing_may_follow_what_is_compressed(tail: bytes) -> None:
    inner = (ber.number(0), cms.algorithm(ber.oid("1.2.840.113549.1.9.16.3.8"), b""))
    content = cms.encapsulated(zlib.compress(CONTENT) + tail)
    message = cms.framed(cms.COMPRESSED_DATA, ber.encoded(ber.SEQUENCE, *inner, content))
    with pytest.raises(CmsFault, match="more follows"):
        opened(message, Services(compressed=True))


@pytest.mark.parametrize("services", EVERY[1:], ids=str)
def test_one_octet_changed_is_never_accepted_as_another_file(services: Services) -> None:
    """Encryption alone does not tell what is genuine; a signature and a checksum do."""
    message = closed(CONTENT[:700], services)
    known = keys("bob", "alice")
    for at in range(len(message)):
        changed = bytearray(message)
        changed[at] ^= (1, 0x80, 0xFF)[at % 3]
        try:
            found = opened(bytes(changed), services, known)
        except CmsFault:
            continue
        assert found == CONTENT[:700] or not (services.signed or services.compressed)


@settings(max_examples=300, deadline=None)
@given(
    services=st.sampled_from(EVERY[1:]),
    start=st.floats(0, 1, exclude_max=True),
    cut=st.integers(0, 300),
    put=st.binary(max_size=40),
)
def test_a_region_changed_raises_nothing_but_its_fault(
    services: Services, start: float, cut: int, put: bytes
) -> None:
    message = closed(CONTENT[:700], services)
    at = int(start * len(message))
    changed = message[:at] + put + message[at + cut :]
    try:
        found = opened(changed, services)
    except CmsFault as fault:
        assert CONTENT[:30].decode("latin-1") not in fault.text
    else:
        assert found == CONTENT[:700] or not (services.signed or services.compressed)


def test_what_the_key_decides_is_told_in_the_same_words() -> None:
    """No oracle: a wrong padding of the key and one of the content look alike."""
    services = Services(encrypted=True, suite=SUITE)
    message = closed(services=services)
    words = set()
    for at in (len(message) - 1, message.index(ber.encoded(ber.NULL)) + 40):
        for octet in range(1, 200):
            changed = bytearray(message)
            changed[at] ^= octet
            try:
                opened(bytes(changed), services)
            except CmsFault as fault:
                words.add((fault.reason, fault.text))
    assert len(words) == 1


def test_nothing_secret_is_shown() -> None:
    assert "key=" not in repr(keys("alice", "bob")).split("certificate")[0]


def test_plain_files_stay_as_they_are() -> None:
    content = os.urandom(100)
    assert envelope(content, PLAIN, None, NOW) == content
    assert open_envelope(content, PLAIN, None, max_bytes=100, now=NOW) == content


def test_an_envelope_with_other_kinds_of_recipients_is_opened() -> None:
    message = encrypt(CONTENT, keys("alice", "bob").partner, SUITE.cipher)
    info, (name, explicit) = ber.read(message), ber.read(message).parts
    version, recipients, content = explicit.parts[0].parts
    other = ber.encoded(0xA2, ber.number(4))
    rebuilt = ber.encoded(
        ber.SEQUENCE,
        version.der(),
        ber.encoded(ber.SET, *(one.der() for one in recipients.parts), other),
        content.der(),
    )
    assert bytes(name.content) == cms.ENVELOPED_DATA
    assert info.is_constructed
    services = Services(encrypted=True, suite=SUITE)
    assert opened(cms.framed(cms.ENVELOPED_DATA, rebuilt), services) == CONTENT
