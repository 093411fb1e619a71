"""`send`: one file to a partner."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace

from oftp2 import events as e
from oftp2.levels import SECURE_LEVEL
from oftp2.negotiation import Mode
from oftp2.offers import offer_fault
from oftp2.reasons import EFNA_REASONS, NERP_REASONS, SFNA_REASONS, Refusal
from oftp2.session import Session
from oftp2.subrecords import Encoder, is_worth_compressing
from oftp2.tool.caller import Caller
from oftp2.tool.link import Failure
from oftp2.tool.outcome import refusal, tell
from oftp2.tool.source import Source


class Sender(Caller):
    """Sends `source`, then waits for its receipt if that is wanted."""

    def __init__(
        self,
        session: Session,
        options: argparse.Namespace,
        source: Source,
        flush: Callable[[], None],
    ) -> None:
        super().__init__(session, options.partner)
        self._options = options
        self._source = source
        self._identity = source.sfid.identity()
        self._file = source.file
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
            restart = self._file.end
        elif self._options.restart:
            tell("the partner cannot restart: the file is sent from its beginning")
        sfid = replace(self._source.sfid, restart=restart)
        fault = offer_fault(sfid, parameters.level)
        if fault is not None:
            self.fault = f"not to be offered at level {parameters.level}: {fault[1]}"
            return
        if sfid.description and parameters.level < SECURE_LEVEL:
            tell(f"level {parameters.level} has no descriptions: it is left out")
        self.session.start_file(sfid)

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
                tell(f"sent: {self._identity}, {self._source.size_in_words}")
            case e.CloseFileRefusal(reason=reason, text=text):
                self.fault = refusal("EFNA", EFNA_REASONS, reason, text)
            case e.EndResponseIndication(identity=identity) if identity.stands_for(self._identity):
                self._has_receipt = True
                tell("the receipt (EERP) has come")
            case e.NegativeEndResponseIndication(identity=identity, nerp=nerp) if identity.stands_for(
                self._identity
            ):
                self.fault = refusal("NERP", NERP_REASONS, nerp.reason, nerp.text)

    def pump(self) -> None:
        """Send as long as there is credit."""
        while self._encoder is not None and self.session.can_send_data:
            if self._encoder.exhausted:
                self._encoder = None
                self.session.close_file(
                    unit_count=self._file.size_bytes, record_count=self._file.record_count
                )
            else:
                self.session.send_data(self._encoder.next_payload())
                self.session.events()
            self._flush()
        super().pump()

    def _begin(self, restart: int) -> None:
        parameters = self.session.parameters
        assert parameters is not None, "the session stands"
        before = self._file.octets_before(restart)
        if restart:
            tell(f"restarted at octet {before} of {self._file.size_bytes}")
        self._encoder = Encoder(
            self._file.records_from(restart),
            payload_bytes=parameters.buffer_bytes - 1,
            compress=parameters.compression and is_worth_compressing(self._file.content[before:]),
        )


def judge(sender: Sender) -> None:
    """Failure unless all was done."""
    if sender.fault is not None:
        raise Failure(sender.fault)
    if not sender.is_done:
        raise Failure("no receipt (EERP) came in this session")
