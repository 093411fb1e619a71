"""`send`: one file to a partner."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from oftp2 import events as e
from oftp2.commands import BLOCK_BYTES, SFID
from oftp2.identity import FileIdentity
from oftp2.negotiation import Mode
from oftp2.reasons import EFNA_REASONS, NERP_REASONS, SFNA_REASONS, Refusal
from oftp2.session import Session
from oftp2.subrecords import Encoder, is_worth_compressing
from oftp2.tool.caller import Caller
from oftp2.tool.link import Failure, Usage
from oftp2.tool.outcome import refusal, tell


class Sender(Caller):
    """Sends `content` under `identity`, then waits for its receipt if that is wanted."""

    def __init__(
        self,
        session: Session,
        options: argparse.Namespace,
        identity: FileIdentity,
        content: bytes,
        flush: Callable[[], None],
    ) -> None:
        super().__init__(session, options.partner)
        self._options = options
        self._identity = identity
        self._content = content
        self._flush = flush
        self._encoder: Encoder | None = None
        self._is_there = False
        self._has_receipt = False

    @property
    def is_done(self) -> bool:
        """Whether the partner has the file, and has said so in a receipt if that was wanted."""
        return self._is_there and (self._has_receipt or not self._options.receipt) and self.fault is None

    def has_more(self) -> bool:
        """Until the partner has answered for the file."""
        return not self._is_there and self.fault is None

    def start(self) -> None:
        """Offer the file; with --restart, from its end: whoever holds a part answers with where that ends."""
        parameters = self.session.parameters
        assert parameters is not None, "the session stands"
        if parameters.mode is Mode.RECEIVE:
            self.fault = "the partner only sends"
            return
        restart = 0
        if self._options.restart and parameters.restart:
            restart = len(self._content) // BLOCK_BYTES
        elif self._options.restart:
            tell("the partner cannot restart: the file is sent from its beginning")
        self.session.start_file(
            SFID.of(self._identity, len(self._content), restart=restart, user_data=self._options.user_data)
        )

    def transfer(self, event: e.Event) -> None:
        """What the partner says of the file."""
        match event:
            case e.StartFileConfirmation(restart=restart):
                self._begin(restart)
            case e.StartFileRefusal(reason=Refusal.DUPLICATE_FILE):
                self._is_there = True
                tell(f"the partner has it already: {self._identity}")
            case e.StartFileRefusal(reason=reason, text=text, retry=retry):
                self.fault = refusal("SFNA", SFNA_REASONS, reason, text) + (", try again" if retry else "")
            case e.CloseFileConfirmation():
                self._is_there = True
                tell(f"sent: {self._identity}, {len(self._content)} octets")
            case e.CloseFileRefusal(reason=reason, text=text):
                self.fault = refusal("EFNA", EFNA_REASONS, reason, text)
            case e.EndResponseIndication(identity=identity) if identity == self._identity:
                self._has_receipt = True
                tell("the receipt (EERP) has come")
            case e.NegativeEndResponseIndication(identity=identity, nerp=nerp) if identity == self._identity:
                self.fault = refusal("NERP", NERP_REASONS, nerp.reason, nerp.text)

    def pump(self) -> None:
        """Send as long as there is credit."""
        while self._encoder is not None and self.session.can_send_data:
            if self._encoder.exhausted:
                self._encoder = None
                self.session.close_file(unit_count=len(self._content))
            else:
                self.session.send_data(self._encoder.next_payload())
                self.session.events()
            self._flush()
        super().pump()

    def _begin(self, restart: int) -> None:
        parameters = self.session.parameters
        assert parameters is not None, "the session stands"
        rest = self._content[restart * BLOCK_BYTES :]
        if restart:
            tell(f"restarted at octet {restart * BLOCK_BYTES} of {len(self._content)}")
        self._encoder = Encoder(
            iter((rest,)),
            payload_bytes=parameters.buffer_bytes - 1,
            compress=parameters.compression and is_worth_compressing(rest),
        )


def read_file(options: argparse.Namespace) -> tuple[FileIdentity, bytes]:
    """The file and its identity; Usage when either is no good."""
    path: Path = options.file
    try:
        content = path.read_bytes()
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError as error:
        raise Usage(f"{path}: {error.strerror}") from error
    stamp = options.stamp or f"{changed:%Y%m%d%H%M%S}0000"
    try:
        identity = FileIdentity(
            options.dataset,
            stamp[:8],
            stamp[8:],
            options.originator or options.us,
            options.destination or options.partner,
        )
        SFID.of(identity, len(content))
    except ValueError as error:
        raise Usage(str(error)) from error
    return identity, content


def judge(sender: Sender) -> None:
    """Failure unless all was done."""
    if sender.fault is not None:
        raise Failure(sender.fault)
    if not sender.is_done:
        raise Failure("no receipt (EERP) came in this session")
