"""Alerts: what is wrong at this moment, by name, until it is right again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from twisted.logger import Logger

from gateway.clock import BUSINESS_ZONE, Clock

_log = Logger(namespace="gateway.alerts")


class Alerts:
    """The troubles of now. Each is logged once when it begins and once when it ends."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._troubles: dict[str, tuple[datetime, str]] = {}

    def __call__(self, name: str, trouble: str | None) -> None:
        """`name` has trouble, or none any more."""
        if trouble is None:
            if self._troubles.pop(name, None) is not None:
                _log.info("{name} is in order again", name=name)
            return
        since, before = self._troubles.get(name, (self._clock(), None))
        if trouble != before:
            _log.critical("ALERT {name}: {trouble}", name=name, trouble=trouble)
        self._troubles[name] = (since, trouble)

    def rows(self) -> list[dict[str, Any]]:
        """The troubles of now, oldest first."""
        return [
            {
                "name": name,
                "trouble": trouble,
                "since": since.astimezone(BUSINESS_ZONE).isoformat("T", "seconds"),
            }
            for name, (since, trouble) in sorted(self._troubles.items(), key=lambda item: item[1])
        ]
