"""Two engines back to back, and a user of each that sends files and keeps what comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from oftp2 import commands as c
from oftp2 import events as e
from oftp2.identity import FileIdentity
from oftp2.negotiation import Capabilities, Credentials
from oftp2.session import Role, Session
from oftp2.subrecords import Encoder

ALICE = Credentials("O0013ALICE", "ALICEPW")
BOB = Credentials("O0013BOB", "BOBPW")


def identity_of(
    number: int = 1, originator: str = "O0013ALICE", destination: str = "O0013BOB"
) -> FileIdentity:
    return FileIdentity(f"FILE{number}", "20260301", f"101530{number:04d}", originator, destination)


def session_pair(
    alice: Capabilities | None = None, bob: Capabilities | None = None
) -> tuple[Session, Session]:
    """An initiator and a responder, neither connected yet."""
    caller = Session(Role.INITIATOR, alice or Capabilities(ALICE), BOB)
    return caller, Session(Role.RESPONDER, bob or Capabilities(BOB))


@dataclass
class User:
    """A user monitor: sends what is in `outbox` as speaker, keeps in `store` what arrives, with restart."""

    session: Session
    outbox: list[tuple[c.SFID, bytes]] = field(default_factory=list)
    receipts: list[FileIdentity] = field(default_factory=list)
    store: dict[FileIdentity, bytearray] = field(default_factory=dict)
    complete: list[FileIdentity] = field(default_factory=list)
    delivered: list[FileIdentity] = field(default_factory=list)
    receipted: list[FileIdentity] = field(default_factory=list)
    seen: list[e.Event] = field(default_factory=list)
    want_turn: bool = False
    ours: Capabilities = field(default_factory=lambda: Capabilities(BOB))
    refuse: int | None = None
    after: Callable[[User], None] | None = None
    _encoder: Encoder | None = None
    _receiving: FileIdentity | None = None

    def take(self, events: list[e.Event]) -> None:
        for event in events:
            self.seen.append(event)
            self.on(event)
        self.pump()

    def on(self, event: e.Event) -> None:
        session = self.session
        match event:
            case e.ConnectIndication():
                session.accept(self.ours)
            case e.StartFileIndication(sfid=sfid, identity=identity):
                refusal = 13 if identity in self.complete else self.refuse
                if refusal is not None:
                    session.refuse_file(refusal)
                    return
                held = self.store.setdefault(identity, bytearray())
                restart = 0 if event.is_structured else min(sfid.restart, len(held) // 1024)
                del held[restart * 1024 :]
                self._receiving = identity
                session.accept_file(restart)
            case e.DataIndication(data=data):
                self.store[self._receiving] += data
            case e.CloseFileIndication():
                if event.fault:
                    session.refuse_end(event.fault)
                else:
                    self.complete.append(self._receiving)
                    self.receipts.append(self._receiving)
                    session.accept_end(want_turn=self.want_turn)
            case e.StartFileConfirmation(restart=restart):
                data = self.outbox[0][1][restart * 1024 :]
                parameters = session.parameters
                self._encoder = Encoder(
                    iter([data]), payload_bytes=parameters.buffer_bytes - 1, compress=parameters.compression
                )
            case e.StartFileRefusal(reason=13) | e.CloseFileConfirmation():
                self.delivered.append(self.outbox.pop(0)[0].identity())
            case e.EndResponseIndication(identity=identity):
                self.receipted.append(identity)
                session.ready()
            case e.NegativeEndResponseIndication():
                session.ready()
            case _:
                pass

    def pump(self) -> None:
        session = self.session
        while self._encoder and session.can_send_data:
            if self._encoder.exhausted:
                self._encoder = None
                session.close_file(unit_count=len(self.outbox[0][1]))
            else:
                session.send_data(self._encoder.next_payload())
                session.events()
        if session.is_idle_speaker:
            if self.receipts:
                session.send_receipt(self.receipts.pop(0))
            elif self.outbox:
                session.start_file(self.outbox[0][0])
            elif self.after is not None:
                self.after(self)


def connect(alice: User, bob: User) -> None:
    bob.session.connection_made()
    alice.session.connection_made()


def run(alice: User, bob: User, cut: Callable[[bytes], list[bytes]] = lambda octets: [octets]) -> None:
    """Carry octets both ways, in the pieces that `cut` makes, until both are quiet."""
    for _ in range(100_000):
        quiet = True
        for source, target in ((alice, bob), (bob, alice)):
            octets = source.session.data_to_send()
            if octets:
                quiet = False
                for piece in cut(octets):
                    target.take(target.session.receive_data(piece))
        if quiet:
            return
    raise AssertionError("the two never come to rest")
