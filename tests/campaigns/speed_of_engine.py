"""What the engine costs a KiB of content: CPU of who sends and of who receives, over a socket.

Each end is a thread whose own CPU is counted. The floor is the same octets, sent and received without an
engine: what the sockets cost, and how fast this machine is just now.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from oftp2 import Capabilities, Credentials, Encoder, FileIdentity, Role, Session, commands, events
from tests.campaigns.speed_in_memory import licences

CONTENT_BYTES = 4 * 2**20
READ_BYTES = 65_536
REPEATS = 3
_IDENTITY = FileIdentity("SPEED", "20260301", "1015300001", "O0013ALICE", "O0013BOB")
_CODES = ("O0013ALICE", "O0013BOB")


@dataclass(frozen=True, slots=True)
class Cost:
    """Microseconds of CPU a KiB of content."""

    sending: float
    receiving: float


def contents() -> dict[str, bytes]:
    """What is sent, by name, each of `CONTENT_BYTES`."""
    return {
        "licences": b"".join(licences(CONTENT_BYTES // 5_000))[:CONTENT_BYTES],
        "random": Random(1).randbytes(CONTENT_BYTES),
    }


def engine(content: bytes, *, compress: bool, buffer_bytes: int = 32_768, credit: int = 64) -> Cost:
    """Of a session, from the confirmation of the file to its end; the least of a few runs."""
    capabilities = [
        Capabilities(Credentials(code), buffer_bytes=buffer_bytes, credit=credit) for code in _CODES
    ]
    costs = [_once(content, capabilities, compress=compress) for _ in range(REPEATS)]
    return Cost(min(cost.sending for cost in costs), min(cost.receiving for cost in costs))


def floor(content: bytes) -> Cost:
    """Of the octets alone."""

    def send(line: socket.socket) -> None:
        for at in range(0, len(content), 32_768):
            line.sendall(content[at : at + 32_768])
        line.shutdown(socket.SHUT_WR)

    def receive(line: socket.socket) -> None:
        while line.recv(READ_BYTES):
            pass

    costs = [_cost(content, send, receive) for _ in range(REPEATS)]
    return Cost(min(cost.sending for cost in costs), min(cost.receiving for cost in costs))


def _once(content: bytes, capabilities: list[Capabilities], *, compress: bool) -> Cost:
    sender, receiver = _opened(len(content), capabilities)
    agreed = sender.parameters
    assert agreed is not None, "the session stands"
    received = []

    def send(line: socket.socket) -> None:
        payloads = Encoder(iter((content,)), payload_bytes=agreed.buffer_bytes - 1, compress=compress)
        while not payloads.exhausted:
            while sender.can_send_data and not payloads.exhausted:
                sender.send_data(payloads.next_payload())
                sender.events()
                line.sendall(sender.data_to_send())
            if not sender.can_send_data:
                sender.receive_data(line.recv(READ_BYTES))
        line.shutdown(socket.SHUT_WR)

    def receive(line: socket.socket) -> None:
        while octets := line.recv(READ_BYTES):
            for event in receiver.receive_data(octets):
                if isinstance(event, events.DataIndication):
                    received.append(event.data)
            if answer := receiver.data_to_send():
                line.sendall(answer)

    cost = _cost(content, send, receive)
    assert b"".join(received) == content, "what came is what was sent"
    return cost


def _cost(
    content: bytes, send: Callable[[socket.socket], None], receive: Callable[[socket.socket], None]
) -> Cost:
    taken = {}

    def run(name: str, work: Callable[[socket.socket], None], line: socket.socket) -> None:
        began = time.thread_time()
        work(line)
        taken[name] = (time.thread_time() - began) * 1e6 / (len(content) / 1024)

    with socket.create_server(("127.0.0.1", 0)) as server:
        one = socket.create_connection(server.getsockname())
        other, _ = server.accept()
    with one, other:
        threads = [
            threading.Thread(target=run, args=("sending", send, one)),
            threading.Thread(target=run, args=("receiving", receive, other)),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return Cost(**taken)


def _opened(size_bytes: int, capabilities: list[Capabilities]) -> tuple[Session, Session]:
    """Two sessions with a file open between them."""
    sender, receiver = Session(Role.INITIATOR, capabilities[0]), Session(Role.RESPONDER, capabilities[1])
    sender.connection_made()
    receiver.connection_made()
    while not sender.can_send_data:
        for event in receiver.receive_data(sender.data_to_send()):
            if isinstance(event, events.ConnectIndication):
                receiver.accept(capabilities[1])
            elif isinstance(event, events.StartFileIndication):
                receiver.accept_file()
        for event in sender.receive_data(receiver.data_to_send()):
            if isinstance(event, events.ConnectConfirmation):
                sender.start_file(commands.SFID.of(_IDENTITY, size_bytes))
    return sender, receiver
