"""How much of a serial line files get, as two engines and their links share it under a clock of their own."""

from __future__ import annotations

from dataclasses import dataclass

from oftp2 import commands as c
from oftp2.serial_link import BUFFER_BYTES_MAX
from oftp2.serial_outputs import LinkSettings
from tests.campaigns.speed_in_memory import licences
from tests.oftp2.line_model import Line, Noise
from tests.oftp2.test_serial_sessions import Call
from tests.oftp2.users import identity_of

FILES, FILE_BYTES = 10, 40_000
BITS_AN_OCTET = 10
CALLS_MAX = 50
#: What a caller waits before it calls again, at most: `backoff_min_seconds`.
PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Served:
    """What came of a run: the part of the line that files got, in how many sessions, and if all is right."""

    fraction: float
    sessions: int
    is_whole: bool


def serve(noise: Noise, seed: int, buffer_bytes: int = BUFFER_BYTES_MAX) -> Served:
    """Send `FILES` files, in as many sessions as it takes."""
    text = b"".join(licences(1 + FILES * FILE_BYTES // 3_000))
    contents = [text[n * FILE_BYTES : (n + 1) * FILE_BYTES] for n in range(FILES)]
    outbox = [(_offer(number), content) for number, content in enumerate(contents)]
    settings = LinkSettings()
    seconds, sessions, before = 0.0, 0, None
    while outbox and sessions < CALLS_MAX:
        call = Call(Line(settings, noise, seed=seed * CALLS_MAX + sessions), [], buffer_bytes)
        call.alice.outbox = outbox
        if before is not None:
            call.bob.store, call.bob.complete = before.bob.store, before.bob.complete
        call.run()
        seconds += call.line.now_seconds + (PAUSE_SECONDS if sessions else 0)
        sessions, before = sessions + 1, call
    assert before is not None, "there was a call"
    wanted = [identity_of(number) for number in range(FILES)]
    is_whole = before.bob.complete == wanted and [bytes(before.bob.store[one]) for one in wanted] == contents
    return Served(FILES * FILE_BYTES * BITS_AN_OCTET / settings.bits_per_second / seconds, sessions, is_whole)


def _offer(number: int) -> c.SFID:
    blocks = FILE_BYTES // c.BLOCK_BYTES
    return c.SFID.of(identity_of(number), FILE_BYTES, restart=blocks)
