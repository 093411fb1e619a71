"""The circuit breaker of one partner: after so many rounds of calls in vain, only time leads to the next."""

from __future__ import annotations

from enum import StrEnum


class Circuit(StrEnum):
    """Closed is the usual; half open while one call tries whether it can be closed again."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half open"


class Breaker:
    """Counts failures in a row. `why` is the failure by which the circuit opened, and stays until it closes.

    That the reason stays makes it one alert, however often the next tries fail.
    """

    def __init__(self, failures_to_open: int) -> None:
        assert failures_to_open >= 1, "a circuit opens by a failure"
        self.failures_to_open = failures_to_open
        self.failures = 0
        self.circuit = Circuit.CLOSED
        self.why: str | None = None

    def trying(self) -> None:
        """The next call is made."""
        if self.circuit is Circuit.OPEN:
            self.circuit = Circuit.HALF_OPEN

    def failed(self, reason: str) -> bool:
        """It came to nothing; True when the circuit opens by it, and did not stand open before."""
        self.failures += 1
        if self.circuit is Circuit.HALF_OPEN:
            self.circuit = Circuit.OPEN
            return False
        if self.failures < self.failures_to_open or self.circuit is Circuit.OPEN:
            return False
        self.circuit, self.why = Circuit.OPEN, f"{self.failures} calls in a row failed: {reason}"
        return True

    def worked(self) -> bool:
        """A session stood and served; True when the circuit closes by it."""
        was_closed = self.circuit is Circuit.CLOSED
        self.failures, self.circuit, self.why = 0, Circuit.CLOSED, None
        return not was_closed
