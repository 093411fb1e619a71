"""Which partner a licence belongs to: several customs offices at the other end, each a partner of its own.

Configured: the texts know one customs (海关总署, 外经贸配管发〔2000〕539号 art. 2). Where its offices are
connected one by one, the place of clearance (报关口岸) of a licence says which of them has it. The longest
prefix of that customs code wins; the centre, which names none, has all others.

A licence is its office's from the moment of its seal, whatever the prefixes become after that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from gateway.config import PartnerConfig
from gateway.exchange.correspondence import Correspondent


def office_of(port: str, prefixes: Mapping[str, str], centre: str) -> str:
    """The office that has the customs code `port`: that of the longest of its `prefixes`, or the centre."""
    fitting = (prefix for prefix in prefixes if port.startswith(prefix))
    longest = max(fitting, key=len, default=None)
    return centre if longest is None else prefixes[longest]


@dataclass(frozen=True, slots=True)
class _Division:
    """Who there is, and who has what, at one moment."""

    correspondents: Mapping[str, Correspondent]
    prefixes: Mapping[str, str]
    centre: Correspondent

    @classmethod
    def of(cls, partners: Iterable[PartnerConfig]) -> Self:
        configured = tuple(partners)
        correspondents = {one.name: Correspondent(one.name, one.participant) for one in configured}
        (centre,) = (one.name for one in configured if not one.offices)
        prefixes = {prefix: one.name for one in configured for prefix in one.offices}
        return cls(correspondents, prefixes, correspondents[centre])


class Offices:
    """Everyone to whom we write: correspondents by name, whose prefixes are whose, and who has the rest.

    The division is changed as a whole, so that the ledger's threads see the one or the other.
    """

    def __init__(
        self, correspondents: Mapping[str, Correspondent], prefixes: Mapping[str, str], centre: Correspondent
    ) -> None:
        self._now = _Division(correspondents, prefixes, centre)

    @classmethod
    def of(cls, partners: Iterable[PartnerConfig]) -> Self:
        """As configured: one partner has no prefixes, and no prefix is named twice."""
        now = _Division.of(partners)
        return cls(now.correspondents, now.prefixes, now.centre)

    @classmethod
    def only(cls, partner: Correspondent) -> Self:
        """One customs, to which everything goes."""
        return cls({partner.name: partner}, {}, partner)

    def renew(self, partners: Iterable[PartnerConfig]) -> Callable[[], None] | None:
        """Go on with other partners; the result undoes it.

        None, and nothing changes, when the centre would be another.
        """
        before, after = self._now, _Division.of(partners)
        if after.centre != self.centre:
            return None
        self._now = after

        def undo() -> None:
            self._now = before

        return undo

    @property
    def correspondents(self) -> Mapping[str, Correspondent]:
        """Everyone by name."""
        return self._now.correspondents

    @property
    def centre(self) -> Correspondent:
        """Who has all that no prefix names."""
        return self._now.centre

    def __contains__(self, name: str) -> bool:
        return name in self._now.correspondents

    def with_whom(self, partner: str) -> str:
        """Words for a sentence: " with NAME", or nothing where there is only one."""
        return f" with {partner}" if len(self.correspondents) > 1 else ""

    def named(self, name: str | None) -> Correspondent:
        """The partner of this name; the centre has what belonged to one that is not configured any more."""
        now = self._now
        return now.centre if name is None else now.correspondents.get(name, now.centre)

    def for_port(self, port: str) -> Correspondent:
        """Who gets a licence for this place of clearance when it is sealed."""
        now = self._now
        return now.correspondents[office_of(port, now.prefixes, now.centre.name)]

    def of_licence(self, partner: str | None, port: str) -> Correspondent:
        """Whose a licence is: the one that it was sealed for, or else the one that it would be sealed for."""
        return self.for_port(port) if partner is None else self.named(partner)

    def of_participant(self, participant: str | None) -> Correspondent:
        """Who signs as `participant`; the centre for one who is not configured any more."""
        now = self._now
        found = (one for one in now.correspondents.values() if one.participant == participant)
        return next(found, now.centre)
