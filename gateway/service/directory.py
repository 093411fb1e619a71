"""The register of contacts, as configured: whom to call in a role, or that there is nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.config import ContactConfig
from gateway.licences.differences import ContactRole


class Directory:
    """Who is to be called, by role."""

    def __init__(self, contacts: Sequence[ContactConfig]) -> None:
        self._contacts = tuple(contacts)

    def renew(self, contacts: Sequence[ContactConfig]) -> None:
        """Go on with these."""
        self._contacts = tuple(contacts)

    def rows(self) -> list[dict[str, Any]]:
        """All contacts, in the order of the configuration."""
        return [
            {"role": one.role, "name": one.name, "phone": one.phone, "hours": one.hours}
            for one in self._contacts
        ]

    def of(self, role: str) -> list[str]:
        """Those of a role, each in a line."""
        return [f"{one.name}, {one.phone} ({one.hours})" for one in self._contacts if one.role == role]

    def told(self, role: ContactRole) -> str:
        """Whom to call, as the end of a sentence."""
        found = self.of(role)
        return f"call {role}: {'; '.join(found)}" if found else f"no contact is configured for {role}"

    def of_all(self) -> dict[str, list[str]]:
        """Those of every role; an empty list where nobody is configured."""
        return {role.value: self.of(role) for role in ContactRole}
