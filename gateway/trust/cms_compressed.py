"""CompressedData (RFC 3274): a file within ZLIB, as SFIDCOMP '1' says."""

from __future__ import annotations

import zlib
from typing import Final

from gateway.trust import ber, cms
from gateway.trust.ber import INTEGER, SEQUENCE
from gateway.trust.cms import CmsFault, CmsReason, blamed_on

_ZLIB: Final = ber.oid("1.2.840.113549.1.9.16.3.8")


def compress(content: bytes) -> bytes:
    """`content` within CompressedData."""
    inner = (ber.number(0), cms.algorithm(_ZLIB, b""), cms.encapsulated(zlib.compress(content)))
    return cms.framed(cms.COMPRESSED_DATA, ber.encoded(SEQUENCE, *inner))


def decompress(message: bytes, max_bytes: int) -> bytes:
    """The content of CompressedData; CmsFault for what is none, is damaged or exceeds `max_bytes`."""
    with blamed_on(CmsReason.DECOMPRESSION):
        parts = cms.unframed(message, cms.COMPRESSED_DATA, "CompressedData")
        parts.next("a version", INTEGER)
        name, _ = cms.algorithm_of(parts.next("an algorithm"))
        if name != _ZLIB:
            raise ber.BerFault("expected ZLIB as algorithm")
        compressed = cms.encapsulated_in(parts.next("content"))
        parts.end()
    return _inflated(compressed, max_bytes)


def _inflated(compressed: bytes, max_bytes: int) -> bytes:
    inflating = zlib.decompressobj()
    try:
        # One octet above the cap tells a file that exceeds it from one that just reaches it.
        content = inflating.decompress(compressed, max_bytes + 1)
    except zlib.error:
        raise CmsFault(CmsReason.DECOMPRESSION, "the compressed content is damaged") from None
    if len(content) > max_bytes:
        raise CmsFault(CmsReason.DECOMPRESSION, f"more than {max_bytes} bytes when decompressed")
    if not inflating.eof or inflating.unused_data:
        raise CmsFault(CmsReason.DECOMPRESSION, "the compressed content is cut short, or more follows it")
    return content
