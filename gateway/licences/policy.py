"""What the law leaves to announcements, as configured."""

from __future__ import annotations

from dataclasses import dataclass

from licencexml.messages import Licence
from licencexml.values import LicenceType, UsageMode

SINGLE_USE_CAP = 1


@dataclass(frozen=True, slots=True)
class Policy:
    """How often a multi-use licence (非一批一证) may be used: by how many declarations.

    `cap_multi`: 外经贸配管发〔2000〕539号 art. 8(5). `cap_automatic`: for automatic import licences.
    """

    cap_multi: int = 12
    cap_automatic: int = 6

    def cap(self, licence: Licence) -> int:
        """How many declarations may use this licence."""
        if licence.usage_mode is UsageMode.SINGLE:
            return SINGLE_USE_CAP
        return self.cap_automatic if licence.key.type is LicenceType.AUTOMATIC_IMPORT else self.cap_multi
