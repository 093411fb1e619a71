"""A user of a session who does all that may be done, whatever the partner does."""

from __future__ import annotations

from collections import deque

from oftp2 import commands as c
from oftp2 import events as e
from oftp2.errors import LocalProtocolError
from oftp2.identity import FileIdentity
from oftp2.levels import NEGATIVE_RESPONSE_LEVEL
from oftp2.negotiation import Capabilities, Credentials
from oftp2.session import Session
from oftp2.subrecords import Encoder
from oftp2.tables import State

OURS = FileIdentity("OURS", "20260301", "1015300001", "O0013ALICE", "O0013BOB")
THEIRS = FileIdentity("THEIRS", "20260301", "1015300002", "O0013BOB", "O0013ALICE")
CONTENT = bytes(range(256)) + bytes(300) + b"end"
ANSWER = b"r" * 20
OVER = frozenset({State.IDLE, State.WF_NDISC})


class Obliging:
    """Answers what comes, and when it has the turn sends one thing of each kind, then gives the turn away.

    Who refuses does so when a file is offered; who wants the turn as well, when it has come.
    """

    def __init__(
        self, session: Session, capabilities: Capabilities, *, refuses: bool, wants_turn: bool
    ) -> None:
        self.session = session
        self._capabilities = capabilities
        self._refuses = refuses
        self._wants_turn = wants_turn
        self._errands = deque(("receipt", "file", "refusal"))
        self._payloads: Encoder | None = None
        self.aborts = 0

    def take(self, events: list[e.Event]) -> None:
        """Deal with `events` in order, then go on with what there is to say."""
        for event in events:
            self.aborts += isinstance(event, e.AbortIndication)
            try:
                self._on(event)
            except LocalProtocolError:
                # A later event of the same batch has ended the session: nothing else may bring this about.
                if self.session.state not in OVER:
                    raise
        self._speak()

    def _on(self, event: e.Event) -> None:
        session = self.session
        match event:
            case e.ConnectIndication():
                session.accept(self._capabilities)
            case e.ChallengeWanted():
                session.challenge(ANSWER, b"envelope")
            case e.ChallengeIndication():
                session.respond(ANSWER)
            case e.StartFileIndication(sfid=sfid) if self._refuses and not self._wants_turn:
                session.refuse_file(99, sfid.description)
            case e.StartFileIndication(sfid=sfid):
                session.accept_file(sfid.restart // 2, units_before=sfid.restart // 2)
            case e.CloseFileIndication(fault=fault) if fault is not None or self._refuses:
                session.refuse_end(fault or 99, "no")
            case e.CloseFileIndication():
                session.accept_end(want_turn=self._wants_turn)
            case e.EndResponseIndication() | e.NegativeEndResponseIndication():
                session.ready()
            case e.StartFileConfirmation(restart=restart):
                agreed = session.parameters
                assert agreed is not None, "a file is sent in a session that stands"
                self._payloads = Encoder(
                    iter((CONTENT[restart * c.BLOCK_BYTES :],)),
                    payload_bytes=agreed.buffer_bytes - 1,
                    compress=agreed.compression,
                )
            case _:
                pass

    def _speak(self) -> None:
        session = self.session
        while session.can_send_data and self._payloads is not None:
            if self._payloads.exhausted:
                session.close_file(unit_count=len(CONTENT))
            else:
                session.send_data(self._payloads.next_payload())
                session.events()
        if session.is_idle_speaker and session.state is not State.WF_CD:
            if self._errands:
                self._run(self._errands.popleft())
            elif session.may_release:
                session.release()
            else:
                session.change_direction()

    def _run(self, errand: str) -> None:
        session = self.session
        match errand:
            case "receipt":
                session.send_receipt(THEIRS)
            case "refusal" if session.level < NEGATIVE_RESPONSE_LEVEL:
                self._speak()
            case "refusal":
                self.session.send_negative_receipt(c.NERP.of(THEIRS, "O0013ALICE", 34, "处理失败"))
            case _:
                agreed = self.session.parameters
                offers = 1 if agreed is not None and agreed.restart else 0
                self.session.start_file(c.SFID.of(OURS, len(CONTENT), restart=offers))


def capabilities(switches: int) -> Capabilities:
    """Who we are, with what the bits of `switches` turn on."""
    return Capabilities(
        Credentials("O0013ALICE", "ALICEPW"),
        buffer_bytes=300 if switches & 1 else 4096,
        credit=2 if switches & 2 else 64,
        compression=bool(switches & 4),
        restart=bool(switches & 8),
        authentication=bool(switches & 16),
    )
