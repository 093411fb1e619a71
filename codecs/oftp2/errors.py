"""Errors that say whose fault it is: ours (a call out of turn) or the partner's (bytes that are wrong)."""

from __future__ import annotations


class LocalProtocolError(Exception):
    """The user of this library asked for what is not allowed now; nothing was sent or changed."""


class RemoteProtocolError(Exception):
    """The partner sent what cannot be accepted. `reason` is the ESID reason (RFC 5024 section 5.3.11)."""

    def __init__(self, reason: int, text: str) -> None:
        self.reason = reason
        self.text = text
        super().__init__(f"ESID {reason:02d}: {text}")
