"""Waiting for what ends by itself."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall

from gateway.line.conversation import Conversation
from oftp2.reasons import EndReason

_LOOK_EVERY_SECONDS = 10.0


async def done(result: Any) -> None:
    """Wait for what may be a Deferred, or None."""
    if isinstance(result, Deferred):
        await result


async def when_finished(conversation: Conversation) -> None:
    """Wait for the end of `conversation` without taking anything from those who wait as well."""
    waiting: Deferred[None] = Deferred()
    conversation.finished.addCallback(lambda _: waiting.callback(None))
    await waiting


def end_when_idle(conversation: Conversation, clock: IReactorTime, text: str) -> None:
    """See that a session that is being drained ends, though its partner keeps it: never inside a file."""

    def look() -> None:
        if not conversation.has_file:
            conversation.end(EndReason.EMERGENCY_CLOSE, text)

    looking = LoopingCall(look)
    looking.clock = clock
    looking.start(_LOOK_EVERY_SECONDS, now=False)
    conversation.finished.addCallback(lambda _: looking.stop())
