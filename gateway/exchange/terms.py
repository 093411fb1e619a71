"""What a post office works by: who is at the other end of each line, and its bounds."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.exchange.correspondence import Correspondent


@dataclass(frozen=True, slots=True)
class PostOfficeLimits:
    """Bounds: messages and bytes an interchange of ours, bytes a file of the partner's."""

    max_messages: int = 500
    max_interchange_bytes: int = 4 * 1024 * 1024
    max_inbound_bytes: int = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Address:
    """A partner as correspondent, and the identification codes of both ends on the line."""

    partner: Correspondent
    our_code: str
    their_code: str
