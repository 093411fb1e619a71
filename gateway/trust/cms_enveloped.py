"""EnvelopedData (RFC 5652 section 6): content under a key of its own, and that key under RSA PKCS#1 1.5."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from gateway.trust import ber, cms
from gateway.trust.ber import (
    CONSTRUCTED,
    INTEGER,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    SET,
    Element,
    Parts,
)
from gateway.trust.cipher_suites import ContentCipher
from gateway.trust.cms import CmsFault, CmsReason, blamed_on
from gateway.trust.cms_keys import OwnKey, rsa_key
from gateway.trust.keys import KnownCertificate

_ORIGINATOR, _UNPROTECTED = cms.TAG_0 | CONSTRUCTED, cms.TAG_1 | CONSTRUCTED
_PIECE_BYTES: Final = 64 * 1024
#: The same words for all that the key decides: whoever tries out envelopes is to learn nothing from them.
_CANNOT = "the envelope cannot be opened by our key, or its content is damaged"


def encrypt(content: bytes, recipients: Iterable[KnownCertificate], cipher: ContentCipher) -> bytes:
    """`content` within EnvelopedData that each of `recipients` (of RSA keys) can open."""
    key, vector = secrets.token_bytes(cipher.key_bytes), secrets.token_bytes(cipher.block_bytes)
    padder = PKCS7(8 * cipher.block_bytes).padder()
    encryptor = Cipher(cipher.with_key(key), CBC(vector)).encryptor()
    encrypted = _through(encryptor, padder.update(content) + padder.finalize())
    infos = sorted(_recipient(known, key) for known in recipients)
    assert infos, "an envelope is for somebody"
    content_info = ber.encoded(
        SEQUENCE,
        cms.object_identifier(cms.DATA),
        cms.algorithm(cipher.oid, ber.encoded(OCTET_STRING, vector)),
        ber.encoded(cms.TAG_0, encrypted),
    )
    enveloped = ber.encoded(SEQUENCE, ber.number(0), ber.encoded(SET, *infos), content_info)
    return cms.framed(cms.ENVELOPED_DATA, enveloped)


def decrypt(message: bytes, keys: Sequence[OwnKey], ciphers: Collection[ContentCipher]) -> bytes:
    """The content of EnvelopedData, opened by the first of `keys` that it is for; CmsFault otherwise."""
    with blamed_on(CmsReason.DECRYPTION):
        parts = cms.unframed(message, cms.ENVELOPED_DATA, "EnvelopedData")
        parts.next("a version", INTEGER)
        parts.optional(_ORIGINATOR)
        recipients = parts.next("recipients", SET).parts
        cipher, vector, encrypted = _encrypted(parts.next("encrypted content"), ciphers)
        parts.optional(_UNPROTECTED)
        parts.end()
        own, encrypted_key = _ours(recipients, keys)
    return _opened(own, encrypted_key, cipher, vector, encrypted)


def _recipient(known: KnownCertificate, key: bytes) -> bytes:
    """A KeyTransRecipientInfo."""
    return ber.encoded(
        SEQUENCE,
        ber.number(0),
        cms.issuer_and_serial(known.certificate),
        cms.algorithm(cms.RSA_ENCRYPTION),
        ber.encoded(OCTET_STRING, rsa_key(known).encrypt(key, PKCS1v15())),
    )


def _encrypted(element: Element, ciphers: Collection[ContentCipher]) -> tuple[ContentCipher, bytes, bytes]:
    """Cipher, initial vector and octets of an EncryptedContentInfo."""
    parts = Parts(element.need(SEQUENCE, "encrypted content"), "the encrypted content")
    found = parts.next("a content type", OBJECT_IDENTIFIER)
    if bytes(found.content) != cms.DATA:
        raise ber.BerFault(f"expected encrypted content of type Data, found {cms.named(found.content)}")
    name, parameters = cms.algorithm_of(parts.next("a cipher"))
    encrypted = parts.optional(cms.TAG_0, cms.TAG_0 | CONSTRUCTED)
    parts.end()
    cipher = next((one for one in ciphers if one.oid == name), None)
    if cipher is None:
        allowed = " or ".join(sorted(one.name for one in ciphers))
        raise CmsFault(CmsReason.DECRYPTION, f"encrypted by another cipher than {allowed} in CBC mode")
    if encrypted is None or parameters is None or parameters.tag != OCTET_STRING:
        raise ber.BerFault("expected an initial vector and the encrypted octets")
    vector = parameters.octets()
    if len(vector) != cipher.block_bytes:
        raise ber.BerFault(f"expected an initial vector of {cipher.block_bytes} octets")
    return cipher, vector, encrypted.octets()


def _ours(recipients: Sequence[Element], keys: Sequence[OwnKey]) -> tuple[OwnKey, bytes]:
    """The key that opens the envelope, and what it opens first."""
    if len(recipients) > cms.MAX_PARTIES:
        raise ber.BerFault(f"expected at most {cms.MAX_PARTIES} recipients")
    for recipient in recipients:
        if recipient.tag != SEQUENCE:  # another kind than key transport: it is not for an RSA key
            continue
        parts = Parts(recipient, "a recipient")
        parts.next("a version", INTEGER)
        who = parts.next("a certificate's name")
        name, _ = cms.algorithm_of(parts.next("an algorithm"))
        encrypted_key = parts.next("an encrypted key", OCTET_STRING)
        parts.end()
        own = next((one for one in keys if cms.names(who, one.certificate)), None)
        if own is None:
            continue
        if name != cms.RSA_ENCRYPTION:
            raise CmsFault(CmsReason.DECRYPTION, "the envelope's key is not under RSA PKCS#1 1.5")
        return own, encrypted_key.octets()
    raise CmsFault(CmsReason.DECRYPTION, "the envelope is for none of our certificates")


def _opened(
    own: OwnKey, encrypted_key: bytes, cipher: ContentCipher, vector: bytes, encrypted: bytes
) -> bytes:
    key = _content_key(own.key, encrypted_key, cipher)
    decryptor = Cipher(cipher.with_key(key), CBC(vector)).decryptor()
    unpadder = PKCS7(8 * cipher.block_bytes).unpadder()
    try:
        padded = _through(decryptor, encrypted)
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        raise CmsFault(CmsReason.DECRYPTION, _CANNOT) from None


def _content_key(key: rsa.RSAPrivateKey, encrypted_key: bytes, cipher: ContentCipher) -> bytes:
    """The content's key; a random one where the padding is wrong (RFC 3218 section 2.3.2)."""
    substitute = secrets.token_bytes(cipher.key_bytes)
    try:
        found = key.decrypt(encrypted_key, PKCS1v15())
    except ValueError:
        return substitute
    return found if len(found) == cipher.key_bytes else substitute


def _through(cipher: CipherContext, data: bytes) -> bytes:
    """`data` through a cipher in pieces: between them other threads get the interpreter."""
    view = memoryview(data)
    pieces = [cipher.update(view[at : at + _PIECE_BYTES]) for at in range(0, len(view), _PIECE_BYTES)]
    return b"".join((*pieces, cipher.finalize()))
