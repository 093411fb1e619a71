"""Signed messages in the plain form: the message as `licencexml.plain` has it, the signature as `shape` does.

Of such a message the bytes say it all: no tree is needed to know its canonical form.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gateway.trust import checking, shape
from gateway.trust.certificates import Endorsement, Role, TrustStore
from gateway.trust.keys import known_certificate
from gateway.trust.verification import SignerInfo, signer_info
from licencexml import plain
from licencexml.messages import Message


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


def all_recognised(members: Iterable[bytes]) -> list[PlainMessage] | None:
    """The messages of one document, each with an ID of its own; None if one is not in the plain form."""
    found: dict[str, PlainMessage] = {}
    for member in members:
        signed = recognised(member)
        if signed is None or signed.unsigned.identity in found:
            return None
        found[signed.unsigned.identity] = signed
    return list(found.values())


@dataclass(frozen=True, slots=True)
class VerifiedPlain:
    """What was signed, and by whom: see `verification.Verified`, of which this has the message for a tree."""

    message: Message
    digest: bytes
    signer: SignerInfo


def verified(
    signed: PlainMessage, *, trust: TrustStore, roles: frozenset[Role], at: datetime
) -> VerifiedPlain | None:
    """What `verification.verify` finds by the steps it tells; None if it has a fault to tell.

    Steps 1 and 2 are part of the plain form; that no other message of the same document has the same ID is
    for the caller to know. The message is read from the bytes that were digested.
    """
    evidence = signed.written.evidence()
    if evidence is None:
        return None
    try:
        known = known_certificate(evidence.certificate)
    except ValueError:
        return None
    endorsement = trust.check(known, roles, at)
    if not isinstance(endorsement, Endorsement) or known.key is None:
        return None
    if checking.misfit(evidence, known.key) is not None or checking.check(evidence, known.key):
        return None
    message = signed.unsigned.message()
    if message is None or message.header.sender != endorsement.participant:
        return None
    return VerifiedPlain(message, evidence.digest_value, signer_info(known, endorsement.role))
