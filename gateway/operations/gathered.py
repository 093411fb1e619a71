"""Log records of one turn of the reactor, written together.

A batch of licences is told in hundreds of lines. Each by itself would be three calls to the kernel, and at
each of them the reactor's thread would give up the interpreter's lock and wait for it again. The price: a
process that is killed takes the lines of its last turn with it, as far as they were no warnings.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from gateway.operations.records import Record

#: What is of these levels is written at once, after all that came before it.
AT_ONCE = frozenset({"warn", "error", "critical"})
#: So many records are written at once too.
MANY = 512


class Gathered:
    """Hands records to `writers` in order: each at once, or a turn's together. Usable from any thread."""

    def __init__(self, writers: Sequence[Callable[..., None]]) -> None:
        self._writers = tuple(writers)
        # The collector may find something to tell of while a line is being written.
        self._lock = threading.RLock()
        self._waiting: list[Record] = []
        self._call_soon: Callable[[Callable[[], None]], object] | None = None

    def gather(self, call_soon: Callable[[Callable[[], None]], object]) -> None:
        """From now on records wait until `call_soon` (`reactor.callFromThread`) calls back."""
        self._call_soon = call_soon

    def pass_on(self) -> None:
        """From now on each record is written at once: nobody calls back any more."""
        with self._lock:
            self._call_soon = None
        self.flush()

    def write(self, record: Record) -> None:
        """Have `record` written."""
        with self._lock:
            call_soon = self._call_soon
            self._waiting.append(record)
            count = len(self._waiting)
        if call_soon is None or record["level"] in AT_ONCE or count >= MANY:
            self.flush()
        elif count == 1:
            call_soon(self.flush)

    def flush(self) -> None:
        """Write what waits; never raises, if the writers do not."""
        with self._lock:
            records, self._waiting = self._waiting, []
            if records:
                for write in self._writers:
                    write(*records)
