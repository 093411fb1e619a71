"""A real reactor of the test's own, in a thread, so that blocking clients can be tried against it."""

import threading
from collections.abc import Callable, Coroutine
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.epollreactor import EPollReactor


class RunningReactor:
    """A reactor in a thread; `do` runs a function or coroutine function there and waits for its result."""

    def __init__(self) -> None:
        self.reactor = EPollReactor()
        self._thread = threading.Thread(
            target=self.reactor.run, kwargs={"installSignalHandlers": False}, daemon=True
        )
        self._thread.start()

    def do(self, function: Callable[[], Any]) -> Any:
        done = threading.Event()
        results: list[Any] = []

        def settle(result: Any) -> None:
            results.append(result)
            done.set()

        def call() -> None:
            try:
                result = function()
            except Exception as error:  # handed to the thread that asked
                settle(error)
                return
            if isinstance(result, Coroutine):
                Deferred.fromCoroutine(result).addBoth(settle)
            else:
                settle(result)

        self.reactor.callFromThread(call)
        assert done.wait(10), "the reactor did not do it"
        if isinstance(results[0], Exception):
            raise results[0]
        return results[0]

    def stop(self) -> None:
        if not self._thread.is_alive():
            return
        self.reactor.callFromThread(self.reactor.stop)
        self._thread.join(10)
        assert not self._thread.is_alive()
