"""What proves to others that a partner has, or has refused, a file in which a message went."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Any

from gateway.ledger import looking, post
from gateway.ledger.store import Ledger
from gateway.operations.commands import CommandRefused, Commands
from gateway.service.arguments import Arguments
from gateway.service.looking_handlers import found
from gateway.trust.cipher_suites import CIPHER_SUITES

Answer = dict[str, Any]


class EvidenceHandlers:
    """The control command that hands out signed end-to-end responses, with the files that they are about."""

    def __init__(self, *, ledger: Ledger, transmitted: Callable[[int], Awaitable[bytes]]) -> None:
        """`transmitted` is `LedgerPostOffice.transmitted`."""
        self._ledger = ledger
        self._transmitted = transmitted

    def register(self, commands: Commands) -> None:
        """Add it."""
        commands.add("message evidence", self.evidence)

    async def evidence(self, arguments: Arguments) -> Answer:
        """Each signed response about the message, and the file, as it was transmitted, in base64.

        `fits` tells whether the file still has the hash that was signed.
        """
        message_id = str(arguments.get("message_id", ""))
        shown = await self._ledger.read(lambda connection: looking.show_message(connection, message_id))
        receipts = found(shown, f"the message {message_id}").get("receipts", [])
        proofs = [one for one in receipts if one["signer"] is not None]
        if not proofs:
            raise CommandRefused("not-found", f"no signed receipt is kept for the message {message_id}")
        return {"message_id": message_id, "rows": [await self._with_file(one) for one in proofs]}

    async def _with_file(self, receipt: Answer) -> Answer:
        number = receipt["interchange"]
        interchange, form = await self._ledger.read(
            lambda connection: (post.interchange(connection, number), post.form_of(connection, number))
        )
        assert interchange is not None, "a receipt is about an interchange"
        assert form is not None, "a signature was asked for"
        content = await self._transmitted(number)
        suite = CIPHER_SUITES[form.attributes.cipher_suite]
        return {
            **receipt,
            "dataset": interchange.identity.dataset_name,
            "control_reference": interchange.control_reference,
            "services": str(form.attributes),
            "digest": suite.digest.name,
            "fits": hmac.compare_digest(suite.digest.of(content).hex(), str(receipt["hash"])),
            "content": b64encode(content).decode("ascii"),
        }
