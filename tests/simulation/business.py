"""Issuing systems: they drop licences and decide about them, in order or not, and never look back.

What was dropped is remembered with what the law of the messages makes of it; the judge asks for that.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from random import Random
from typing import Protocol

from gateway.clock import BUSINESS_ZONE
from gateway.demo.samples import generate, issue_message
from gateway.operations.issuer import Issuer
from licencexml.messages import Header, Licence, LicenceReplacement, LicenceRevocation, LicenceSuspension
from licencexml.values import LicenceKey
from tests.simulation import changes

RECEIVER = "CN-GATEWAY"
Act = LicenceSuspension | LicenceRevocation | LicenceReplacement


class Place(Protocol):
    """Where the issuing systems are: a simulated town, or a real machine."""

    @property
    def instance(self) -> Path:
        """The instance's folder."""

    def now(self) -> datetime:
        """What the clock on the wall shows."""

    def say(self, what: str) -> None:
        """Write down what happened."""


class Fate(Enum):
    """What must become of a drop, whatever else happens."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    EITHER = "either"
    """It depends on what came first, and on how the licence stands then."""


@dataclass(frozen=True, slots=True)
class Drop:
    """One file that was handed over."""

    name: str
    message_id: str
    licence: LicenceKey | None
    fate: Fate
    data: bytes


@dataclass
class Issuers:
    """The issuing systems."""

    place: Place
    chance: Random
    seed: int
    drops: list[Drop] = field(default_factory=list)
    issued: dict[LicenceKey, Licence] = field(default_factory=dict)
    _still: list[Licence] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._issuer = Issuer.of_instance(self.place.instance)
        today = self.place.now().astimezone(BUSINESS_ZONE).date()
        self._licences = generate(self.seed, 10_000, today=today, lines=None)
        self._in = self.place.instance / "spool" / "in"

    def drop_something(self) -> None:
        """One drop, most often a licence that is in order."""
        choices = (
            [self.licence] * 10
            + [self.urgent] * 2
            + [self.again, self.licence_again, self.conflict, self.tampered, self.torn]
            + [self.suspension]
            + [self.winding_up] * 3
        )
        self.chance.choice(choices)()

    def licence(self, *, urgent: bool = False) -> None:
        """A licence that nobody issued before."""
        licence = next(self._licences)
        if len(licence.lines) > _LINES_MAX:
            licence = replace(licence, lines=licence.lines[:_LINES_MAX])
        self.issued[licence.key] = licence
        message_id = f"issue-{len(self.drops):04d}"
        data = self._issue(licence, message_id, urgent=urgent)
        self._hand_over(Drop(self._name(urgent), message_id, licence.key, Fate.ACCEPTED, data))

    def urgent(self) -> None:
        """The same, urgent."""
        self.licence(urgent=True)

    def again(self) -> None:
        """The very file that was dropped before, under another name: the earlier answer again."""
        if self.drops:
            before = self.chance.choice(self.drops)
            self._hand_over(replace(before, name=self._name()))

    def licence_again(self) -> None:
        """A licence that is issued already, in another message: whichever is taken first holds."""
        first = self._an_issue()
        if first is not None and first.licence is not None:
            message_id = f"issue-{len(self.drops):04d}"
            data = self._issue(self.issued[first.licence], message_id)
            self._soften(first.licence)
            self._hand_over(Drop(self._name(), message_id, first.licence, Fate.EITHER, data))

    def conflict(self) -> None:
        """Another licence under a MessageID that was used: whichever is taken first holds."""
        first = self._an_issue()
        if first is not None:
            licence = next(self._licences)
            self.issued[licence.key] = licence
            data = self._issue(licence, first.message_id)
            self._soften(first.licence)
            self._hand_over(Drop(self._name(), first.message_id, licence.key, Fate.EITHER, data))

    def tampered(self) -> None:
        """A licence in which somebody changed a figure after it was signed."""
        licence = next(self._licences)
        message_id = f"forged-{len(self.drops):04d}"
        data = self._issue(licence, message_id)
        number = licence.key.number.encode()
        forged = number[:-1] + (b"1" if number[-1:] == b"0" else b"0")
        self._hand_over(Drop(self._name(), message_id, None, Fate.REFUSED, data.replace(number, forged, 1)))

    def torn(self) -> None:
        """A file that ends in the middle."""
        licence = next(self._licences)
        message_id = f"torn-{len(self.drops):04d}"
        data = self._issue(licence, message_id)
        end = self.chance.randrange(1, len(data) - 20)
        self._hand_over(Drop(self._name(), message_id, None, Fate.REFUSED, data[:end]))

    def suspension(self) -> None:
        """A licence is suspended, or goes on."""
        if self.issued:
            key = self.chance.choice(sorted(self.issued, key=str))
            self._act(changes.suspension(self.chance, self._header(), key))

    def winding_up(self) -> None:
        """A licence stands still; one that does is revoked or replaced. It may be too early for it."""
        if self._still and self.chance.random() < 0.7:
            licence = self._still.pop(self.chance.randrange(len(self._still)))
            self.chance.choice((self._revoke, self._replace))(licence)
        elif self.issued:
            key = self.chance.choice(sorted(self.issued, key=str))
            self._still.append(self.issued[key])
            self._act(changes.standstill(self._header(), key))

    def _revoke(self, licence: Licence) -> None:
        self._act(changes.revocation(self._header(), licence))

    def _replace(self, licence: Licence) -> None:
        left = changes.balances(self.place.instance, licence.key)
        if left:
            number = next(self._licences).key.number
            message = changes.replacement(self._header(), licence, number, left)
            if message is not None:
                self.issued[message.licence.key] = message.licence
                self._act(message, message.licence.key)

    def _act(self, message: Act, key: LicenceKey | None = None) -> None:
        """Whether it is accepted depends on how the licence stands by then."""
        message_id = message.header.message_id
        data = self._issuer.issue(message)
        self._hand_over(Drop(self._name(), message_id, key, Fate.EITHER, data))

    def _header(self) -> Header:
        now = self.place.now() - timedelta(seconds=1)
        return Header(f"act-{len(self.drops):04d}", self._issuer.participant, RECEIVER, now)

    def _an_issue(self) -> Drop | None:
        issues = [one for one in self.drops if one.licence in self.issued and one.message_id[:5] == "issue"]
        return self.chance.choice(issues) if issues else None

    def _soften(self, key: LicenceKey | None) -> None:
        """Two drops speak of one thing now: that one of them is accepted is certain, which one is not."""
        self.drops = [replace(one, fate=Fate.EITHER) if one.licence == key else one for one in self.drops]

    def _issue(self, licence: Licence, message_id: str, *, urgent: bool = False) -> bytes:
        message = issue_message(
            licence,
            sender=self._issuer.participant,
            receiver=RECEIVER,
            message_id=message_id,
            created=self.place.now() - timedelta(seconds=1),
            urgent=urgent,
        )
        return self._issuer.issue(message)

    def _name(self, urgent: bool = False) -> str:
        return f"drop-{len(self.drops):04d}{'.urgent' if urgent else ''}"

    def _hand_over(self, drop: Drop) -> None:
        self.drops.append(drop)
        self.place.say(f"dropped {drop.name}: {drop.message_id}")
        self._write(drop)

    def _write(self, drop: Drop) -> None:
        """Written whole under another name, then renamed; a moment ago, for it is not growing any more."""
        temporary = self._in / f"{drop.name}.tmp"
        temporary.write_bytes(drop.data)
        moment = self.place.now().timestamp() - self.chance.choice((0.0, 5.0))
        os.utime(temporary, (moment, moment))
        temporary.rename(self._in / f"{drop.name}.xml")


_LINES_MAX = 3
