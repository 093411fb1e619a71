"""Waiting for what ends by itself."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from gateway.line.conversation import Conversation


async def done(result: Any) -> None:
    """Wait for what may be a Deferred, or None."""
    if isinstance(result, Deferred):
        await result


async def when_finished(conversation: Conversation) -> None:
    """Wait for the end of `conversation` without taking anything from those who wait as well."""
    waiting: Deferred[None] = Deferred()
    conversation.finished.addCallback(lambda _: waiting.callback(None))
    await waiting
