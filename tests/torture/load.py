"""The load: what issuing systems drop, and try again while the machine does not take it."""

from __future__ import annotations

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
                super()._write(self.waiting[0])
            except OSError:
                return
            self.waiting.pop(0)

    def _write(self, drop: Drop) -> None:
        self.waiting.append(drop)
        self.push()
