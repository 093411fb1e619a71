"""What customs gets wrong in its reports on purpose, always of the same messages and licences."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from gateway.customs.counting import wrong
from licencexml.messages import LicenceFigures


def is_one_in(every: int, digest: bytes) -> bool:
    """Whether what has this digest is one in `every`; none is if that is nought."""
    return every > 0 and int.from_bytes(digest[:4], "big") % every == 0


@dataclass(frozen=True, slots=True)
class Misstatement:
    """Faults of reports: one sealed message in `lose_every` is not listed, the figures of one licence in
    `wrong_figures_every` are off by one smallest unit. 0 is off."""

    lose_every: int = 0
    wrong_figures_every: int = 0

    def loses(self, digest: bytes) -> bool:
        """Whether the sealed message with this digest is left out, as if it had never come."""
        return is_one_in(self.lose_every, digest)

    def figures(self, stated: LicenceFigures) -> LicenceFigures:
        """The figures that are told in the place of `stated`."""
        digest = hashlib.sha256(str(stated.licence).encode()).digest()
        return wrong(stated) if is_one_in(self.wrong_figures_every, digest) else stated
