"""The load: what issuing systems drop, and try again while the machine does not take it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from tests.simulation.business import Drop, Issuers


@dataclass
class PatientIssuers(Issuers):
    """Issuing systems that keep a file until it is handed over: the disk may be full, the folder gone."""

    waiting: list[Drop] = field(default_factory=list)

    def push(self) -> None:
        """Hand over what waits, oldest first, as far as the machine takes it."""
        while self.waiting:
            try:
                self._place_one(self.waiting[0])
            except OSError:
                return
            self.waiting.pop(0)

    def _hand_over(self, drop: Drop) -> None:
        self.drops.append(drop)
        self.place.say(f"dropped {drop.name}: {drop.message_id}")
        self.waiting.append(drop)
        self.push()

    def _place_one(self, drop: Drop) -> None:
        temporary = self._in / f"{drop.name}.tmp"
        temporary.write_bytes(drop.data)
        moment = self.place.now().timestamp() - self.chance.choice((0.0, 5.0))
        os.utime(temporary, (moment, moment))
        temporary.rename(self._in / f"{drop.name}.xml")
