"""Blocking work outside the reactor's thread, as a parameter."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar

from twisted.internet.defer import Deferred, execute

P = ParamSpec("P")
T = TypeVar("T")


class InThread(Protocol):
    """Runs a function that blocks, and gives its result as a Deferred."""

    def __call__(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """`function(*args, **kwargs)`, elsewhere."""


def inline(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
    """Runs at once in the calling thread: for tests under a fake clock."""
    return execute(function, *args, **kwargs)
