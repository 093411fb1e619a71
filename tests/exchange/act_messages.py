"""Issuers' acts as documents, for worlds: lawful to start from, signed by the world's own issuer."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from memory import World

from gateway.operations.issuer import Issuer
from licencexml.messages import (
    Header,
    Licence,
    LicenceReplacement,
    LicenceRevocation,
    LicenceSuspension,
    ReplacementKind,
    ReplacementMode,
    RevocationGround,
    SuspensionAction,
    SuspensionGround,
)
from licencexml.values import LicenceKey, Money, Party, Quantity

RECEIVER = "CN-GATEWAY"


class Acts:
    """Drops acts into a world's spool, each under a MessageID of its own."""

    def __init__(self, world: World, issuer: Issuer) -> None:
        self._world = world
        self._issuer = issuer
        self._numbers = count(1)

    def suspend(
        self,
        name: str,
        key: LicenceKey,
        *,
        action: SuspensionAction = SuspensionAction.SUSPEND,
        ground: SuspensionGround = SuspensionGround.RELEASE_IN_FLIGHT,
        ahead: timedelta = timedelta(),
    ) -> None:
        effective = self._world.clock() + ahead
        self._drop(name, LicenceSuspension(self._header(), key, action, ground, effective))

    def resume(self, name: str, key: LicenceKey, **more: Any) -> None:
        self.suspend(name, key, action=SuspensionAction.RESUME, **more)

    def revoke(
        self,
        name: str,
        key: LicenceKey,
        by: Party | None,
        ground: RevocationGround = RevocationGround.NOT_TO_BE_USED,
    ) -> None:
        message = LicenceRevocation(self._header(), key, ground, self._world.clock(), "合同取消", by)
        self._drop(name, message)

    def replace(
        self,
        name: str,
        old: LicenceKey,
        new: Licence,
        *,
        mode: ReplacementMode = ReplacementMode.REVOKE,
        kind: ReplacementKind = ReplacementKind.CHANGE,
    ) -> None:
        self._drop(name, LicenceReplacement(self._header(), old, mode, kind, "变更", new))

    def _header(self) -> Header:
        number = next(self._numbers)
        return Header(f"ACT-{number}", self._issuer.participant, RECEIVER, self._world.clock())

    def _drop(self, name: str, message: LicenceSuspension | LicenceRevocation | LicenceReplacement) -> None:
        self._world.drop(name, self._issuer.issue(message))


def renumbered(licence: Licence, serial: int = 1, *, valid_to: date | None = None) -> Licence:
    """The same licence under another number."""
    key = LicenceKey(licence.key.type, f"{licence.key.number[:6]}{serial:06d}")
    return replace(licence, key=key, valid_to=valid_to or licence.valid_to)


def for_the_rest(licence: Licence, balances: dict[int, str]) -> Licence:
    """The licence for these balances of its lines; lines without any are left out."""
    lines = tuple(
        replace(
            line,
            quantity=Quantity.of(balances[line.line_number], line.quantity.unit),
            amount=Money.of(1, line.amount.currency),
            amount_usd=Money.of(1, "USD"),
        )
        for line in licence.lines
        if line.line_number in balances
    )
    return replace(licence, lines=lines)


def scenario(instance: Path, text: str) -> None:
    """Have the simulated customs play this."""
    (instance / "scenario.toml").write_text(text)
    path = instance / "customs.toml"
    path.write_text(path.read_text().replace('# scenario = "', 'scenario = "'))
