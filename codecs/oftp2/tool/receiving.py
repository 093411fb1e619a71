"""`receive`: files into a folder."""

from __future__ import annotations

import argparse

from oftp2 import events as e
from oftp2.commands import BLOCK_BYTES
from oftp2.identity import FileIdentity
from oftp2.probing import why_ended
from oftp2.reasons import EndReason, Refusal
from oftp2.session import Session
from oftp2.tables import State
from oftp2.tool.folder import Arrival, Folder
from oftp2.tool.outcome import complain, tell


class Receiver:
    """The responder's side: takes what is offered, answers with receipts, gives the turn back."""

    def __init__(self, session: Session, options: argparse.Namespace, folder: Folder) -> None:
        self.session = session
        self.fault: str | None = None
        self._options = options
        self._folder = folder
        self._arrival: Arrival | None = None
        self._room_bytes = 0
        self._excess = False
        self._receipts: list[FileIdentity] = []

    def on(self, event: e.Event) -> None:
        """Deal with an event."""
        match event:
            case e.ConnectIndication(ssid=ssid):
                if ssid.code != self._options.partner:
                    self.fault = f"{ssid.code} calls, not {self._options.partner}"
                    self.session.end(EndReason.UNKNOWN_USER, "user code not known")
                else:
                    self.session.accept(self._options.capabilities)
                    for follows in self.session.events():
                        self.on(follows)
            case e.StartFileIndication():
                self._offered(event)
            case e.DataIndication():
                self._came(event)
            case e.CloseFileIndication():
                self._closed(event)
            case e.EndResponseIndication(identity=identity):
                tell(f"receipt for {identity}")
                self.session.ready()
            case e.NegativeEndResponseIndication(identity=identity, nerp=nerp):
                tell(f"negative receipt {nerp.reason:02d} {nerp.text} for {identity}")
                self.session.ready()
            case e.ReadyConfirmation():
                self._receipts.pop(0)
            case e.AbortIndication():
                self._ended_early(event)

    def pump(self) -> None:
        """With the turn: send receipts, then give the turn back or end."""
        session = self.session
        if session.is_idle_speaker and self._receipts:
            session.send_receipt(self._receipts[0])
        elif session.may_release:
            session.release()
        elif session.state is State.IDLESP:
            session.change_direction()

    def abandon(self) -> None:
        """The session is over: what came of a file stays for a restart."""
        arrival, self._arrival = self._arrival, None
        if arrival is None:
            return
        try:
            arrival.abandon()
        except OSError as error:
            complain(f"{arrival.identity}: {error.strerror}")
        else:
            tell(f"cut: {arrival.identity} after {arrival.size_bytes} octets, kept for a restart")

    def _ended_early(self, event: e.AbortIndication) -> None:
        if (
            event.reason == EndReason.TIME_OUT
            and self._arrival is None
            and self.session.parameters is not None
        ):
            tell("nothing more came in time")
        else:
            self.fault = self.fault or why_ended(event)

    def _offered(self, event: e.StartFileIndication) -> None:
        refused = self._unwanted(event)
        if refused is None and self._folder.has(event.identity):
            refused = (Refusal.DUPLICATE_FILE, "it is here")
        if refused is not None:
            tell(f"refused: {event.identity}: {refused[1]}")
            self.session.refuse_file(*refused)
            return
        try:
            self._arrival = self._folder.open(event)
        except OSError as error:
            complain(f"{event.identity}: {error.strerror}")
            self.session.refuse_file(Refusal.ACCESS_METHOD_FAILURE, "cannot be written", retry=True)
            return
        # The announced size may have been rounded down to whole blocks.
        self._room_bytes = event.size_bytes + BLOCK_BYTES
        self._excess = False
        if event.sfid.description:
            tell(f"described as {event.sfid.description!r}: {event.identity}")
        self.session.accept_file(self._arrival.restart, units_before=self._arrival.size_bytes)

    def _unwanted(self, event: e.StartFileIndication) -> tuple[Refusal, str] | None:
        sfid = event.sfid
        if sfid.size_blocks * BLOCK_BYTES > self._options.max_bytes:
            return Refusal.FILE_TOO_BIG, f"{sfid.size_blocks} KiB are too much"
        if sfid.security in {"01", "03"}:
            return Refusal.ENCRYPTED_NOT_ALLOWED, "encrypted files are not taken"
        if sfid.security == "02" or sfid.signed_receipt:
            return Refusal.SIGNED_NOT_ALLOWED, "signatures are neither taken nor given"
        if sfid.compressed or sfid.enveloped:
            return Refusal.COMPRESSION_NOT_ALLOWED, "enveloped files are not taken"
        return None

    def _came(self, event: e.DataIndication) -> None:
        arrival = self._arrival
        assert arrival is not None, "data come for a file that was accepted"
        records = arrival.record_count + len(event.record_ends)
        # Records without content take room too, in the list.
        if arrival.size_bytes + len(event.data) > self._room_bytes or records > self._options.max_bytes:
            self._excess = True
        if not self._excess:
            arrival.write(event.data, event.record_ends)

    def _closed(self, event: e.CloseFileIndication) -> None:
        arrival, self._arrival = self._arrival, None
        assert arrival is not None, "a file was accepted"
        fault = Refusal.INVALID_BYTE_COUNT if self._excess else event.fault
        if fault is not None:
            arrival.discard()
            tell(f"refused: {arrival.identity}: what came is not what was announced")
            self.session.refuse_end(fault)
            return
        try:
            path = arrival.keep()
        except OSError as error:
            complain(f"{arrival.identity}: {error.strerror}")
            self.session.refuse_end(Refusal.ACCESS_METHOD_FAILURE, "cannot be kept")
            return
        records = f" in {event.record_count} records" if event.record_count else ""
        tell(f"received: {path}, {event.unit_count} octets{records}")
        if self._options.receipts:
            self._receipts.append(arrival.identity)
        self.session.accept_end(want_turn=self._options.receipts)
