"""What an issuing system does: sign its messages, and hand them over by the spool's rename."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import get_args

from lxml import etree

from gateway.errors import EnvironmentFault
from gateway.operations.instance import ISSUER_CERTIFICATE, ISSUER_KEY
from gateway.trust.signing import Signer
from licencexml import parsing, reading, writing
from licencexml.messages import IssuerMessage
from licencexml.names import SIGNATURE

_DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'


class NotToBeSigned(Exception):
    """A document that this issuer cannot sign; the message says why."""


class Issuer:
    """The issuing system that `gatewayd init` made keys for."""

    def __init__(self, signer: Signer) -> None:
        self.participant = signer.participant
        self._signer = signer

    @classmethod
    def of_instance(cls, folder: Path) -> Issuer:
        """The issuer of the instance in `folder`; ConfigurationFault if its key cannot be used."""
        return cls(Signer.load(folder / ISSUER_KEY, folder / ISSUER_CERTIFICATE))

    def issue(self, message: IssuerMessage) -> bytes:
        """The signed document of a message whose sender is this issuer."""
        assert message.header.sender == self.participant, "an issuer signs in its own name"
        return self._signed(writing.write_message(message))

    def sign(self, data: bytes, *, max_bytes: int) -> bytes:
        """The document in `data`, an unsigned message of an issuer, signed as it is.

        Raises NotToBeSigned, or licencexml.parsing.Malformed with all that is wrong with it.
        """
        root, _ = self._unsigned(data, max_bytes)
        return self._signed(root)

    def issue_again(self, data: bytes, *, message_id: str, created: datetime, max_bytes: int) -> bytes:
        """What `data` says in a message of its own: with this MessageID, and `created` (aware).

        Raises as `sign`.
        """
        _, message = self._unsigned(data, max_bytes)
        header = replace(message.header, message_id=message_id, created=created)
        return self.issue(replace(message, header=header))

    def _unsigned(self, data: bytes, max_bytes: int) -> tuple[etree._Element, IssuerMessage]:
        root = parsing.parse(data, max_bytes=max_bytes)
        if root.find(SIGNATURE) is not None:
            raise NotToBeSigned("it is signed already; take its Signature out to sign it anew")
        message = reading.read_message(root)
        if not isinstance(message, IssuerMessage):
            kinds = ", ".join(kind.__name__ for kind in get_args(IssuerMessage))
            raise NotToBeSigned(f"expected one of {kinds}; found a {type(message).__name__}")
        if message.header.sender != self.participant:
            raise NotToBeSigned(
                f'its Sender is "{message.header.sender}"; this key signs for "{self.participant}"'
            )
        return root, message

    def _signed(self, root: etree._Element) -> bytes:
        self._signer.sign(root)
        return _DECLARATION + writing.serialise(root) + b"\n"


def hand_over(spool: Path, name: str, data: bytes) -> Path:
    """Put `data` into the spool's `in/` as NAME.xml, written whole under another name first."""
    temporary = spool / "in" / f"{name}.tmp"
    final = temporary.with_suffix(".xml")
    try:
        temporary.write_bytes(data)
        return temporary.rename(final)
    except OSError as error:
        raise EnvironmentFault(f"{final}: cannot be handed over: {error.strerror}") from error
