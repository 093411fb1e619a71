"""Signed messages in the plain form: the message as `licencexml.plain` has it, the signature as `shape` does.

Of such a message the bytes say it all: no tree is needed to know its canonical form.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.trust import shape
from licencexml import plain


@dataclass(frozen=True, slots=True)
class PlainMessage:
    """A signed message: its bytes, without XML declaration; what was signed; the signature round it."""

    xml: bytes
    unsigned: plain.Plain
    written: shape.Written


def recognised(xml: bytes) -> PlainMessage | None:
    """The signed message whose bytes are `xml`, without XML declaration; None if it is not in the plain form.

    Whether the signature holds has not been looked at.
    """
    written = shape.written(xml)
    if written is None:
        return None
    try:
        unsigned = plain.recognised(written.unsigned.decode())
    except UnicodeDecodeError:
        return None
    if unsigned is None or unsigned.identity != written.identity:
        return None
    return PlainMessage(xml, unsigned, written)
