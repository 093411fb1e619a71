"""The seeds of the corpus, of whole sessions of two users: what each heard, each command once; envelopes.

    python -m tests.fuzz.seeds

writes them anew below `tests/fuzz/corpus/`. What a fuzzer has found stays there as `found-*`.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from oftp2.buffers import EXCHANGE_BUFFER_MAX, Unwrapper
from oftp2.formats import parse
from oftp2.levels import LEVELS
from oftp2.negotiation import Capabilities
from oftp2.session import Role, Session
from oftp2.special_logic import NEGATIVE, envelope, shift_out
from tests.fuzz import envelopes
from tests.fuzz.obliging import Obliging, capabilities
from tests.fuzz.pieces import Piece, written

CORPUS = Path(__file__).parent / "corpus"
_RESPONDER = 128
#: Switches of `tests.fuzz.obliging.capabilities` and of the user, by what they show.
SESSIONS = {
    "plain": 8,
    "narrow": 1 | 2 | 8,
    "packed": 1 | 4 | 8,
    "authenticated": 4 | 8 | 16,
    "refusing": 8 | 32,
    "losing": 8 | 32 | 64,
    "turning": 4 | 8 | 64,
}


def seeds() -> dict[str, bytes]:
    """Every seed by its path below the corpus."""
    made: dict[str, bytes] = {"shifting/all": shift_out(bytes(range(256)))}
    buffers: dict[str, bytes] = {}
    for name, switches in SESSIONS.items():
        by_initiator, by_responder = _heard(capabilities(switches), switches)
        for buffer in by_initiator + by_responder:
            buffers.setdefault(type(parse(buffer)).__name__, buffer)
        made[f"session/{name}-initiator"] = _session(switches, by_initiator)
        made[f"session/{name}-responder"] = _session(switches | _RESPONDER, by_responder)
        made[f"stream/{name}"] = bytes((7,)) + b"".join(_wrapped(buffer) for buffer in by_responder)
        if name in {"plain", "refusing"}:
            made[f"link/{name}-initiator"] = _link(0, by_initiator, by_responder)
            made[f"link/{name}-responder"] = _link(_RESPONDER, by_responder, by_initiator)
    for level in LEVELS[1:]:
        older = replace(capabilities(8), levels=(level,))
        by_initiator, by_responder = _heard(older, 8 | 64)
        made[f"session/level-{level}-initiator"] = _session(8 | 64, by_initiator)
        made[f"session/level-{level}-responder"] = _session(8 | 64 | _RESPONDER, by_responder)
        sfid = next(buffer for buffer in by_responder if buffer[:1] == b"H")
        made[f"commands/SFID-level-{level}"] = sfid
    made |= {f"commands/{name}": buffer for name, buffer in buffers.items()}
    made |= {
        "subrecords/runs": bytes((40,)) + bytes(4).join((b"a" * 200, b"one", b"", b"b" * 63 + b"c")),
        "subrecords/payload": buffers["DATA"][1:],
        "link/garbled": _garbled(buffers),
    }
    for name, seed in envelopes.seeds().items():
        made |= {f"envelopes/{name}": seed, f"asn1/{name}": seed[1:]}
    made["asn1/in-pieces"] = bytes.fromhex("3080 2480 040161 2480 040162 0000 0000 a003 020101 0000")
    return made


def _heard(ours: Capabilities, switches: int) -> tuple[list[bytes], list[bytes]]:
    """The exchange buffers that an initiator and a responder got from each other."""
    users = [
        Obliging(Session(role, ours), ours, refuses=bool(switches & 32), wants_turn=bool(switches & 64))
        for role in (Role.RESPONDER, Role.INITIATOR)
    ]
    heard: tuple[list[bytes], list[bytes]] = ([], [])
    for user in users:
        user.session.connection_made()
    moves = True
    while moves:
        moves = False
        for speaker in (0, 1):
            octets = users[speaker].session.data_to_send()
            moves = moves or bool(octets)
            heard[speaker].extend(_unwrapped(octets))
            listener = users[1 - speaker]
            listener.take(listener.session.receive_data(octets))
    return heard


def _unwrapped(octets: bytes) -> list[bytes]:
    unwrapper, buffers = Unwrapper(EXCHANGE_BUFFER_MAX), []
    unwrapper.feed(octets)
    while (buffer := unwrapper.next()) is not None:
        buffers.append(buffer)
    return buffers


def _wrapped(buffer: bytes) -> bytes:
    return b"\x10" + (4 + len(buffer)).to_bytes(3, "big") + buffer


def _session(switches: int, buffers: list[bytes]) -> bytes:
    return bytes((switches,)) + written(Piece(index % 2, buffer) for index, buffer in enumerate(buffers))


def _link(switches: int, heard: list[bytes], said: list[bytes]) -> bytes:
    pieces = []
    for index, buffer in enumerate(heard):
        pieces.append(Piece(1, buffer) if buffer[:1] not in {b"I", b"X"} else Piece(0, buffer))
        if index < len(said):
            pieces.append(Piece(4, said[index]))
    return bytes((switches,)) + written(pieces)


def _garbled(buffers: dict[str, bytes]) -> bytes:
    """An initiator that is asked again, does not hear its answer, and is left in the end."""
    whole = envelope(0, buffers["SFID"])
    moves = (
        *(Piece(2, b""), Piece(0, buffers["SSRM"]), Piece(4, buffers["SSID"]), Piece(0, NEGATIVE)),
        *(Piece(0, buffers["SSID"]), Piece(0, whole[:40]), Piece(2, b""), Piece(0, whole)),
        *(Piece(0, whole), Piece(4, buffers["SFPA"]), Piece(2, b""), Piece(3, b""), Piece(2, b"")),
    )
    return bytes((0,)) + written(moves)


def main() -> int:
    """Write the seeds."""
    for old in CORPUS.glob("*/*"):
        if not old.name.startswith("found-"):
            old.unlink()
    for name, data in seeds().items():
        path = CORPUS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
