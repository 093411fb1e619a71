"""Who a session is with, and where what passes in it is told."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.line.journal import Journal
from gateway.line.office import PostOffice
from gateway.line.status import Traffic


@dataclass(frozen=True, slots=True)
class Party:
    """The partner of an identified session, by its configured name."""

    name: str
    office: PostOffice
    traffic: Traffic
    journal: Journal
