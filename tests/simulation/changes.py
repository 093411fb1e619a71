"""What issuers do with a licence that is out: they suspend it, and then revoke or replace it (撤销, 换证)."""

from __future__ import annotations

from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from random import Random

from gateway.clock import BUSINESS_ZONE
from gateway.demo.successor import successor
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
from licencexml.values import LicenceKey
from tests.simulation.reading import ledger_of

_REASON = "试用"


def suspension(chance: Random, header: Header, licence: LicenceKey) -> LicenceSuspension:
    """The licence is suspended, or goes on."""
    action = chance.choice((SuspensionAction.SUSPEND, SuspensionAction.RESUME))
    return LicenceSuspension(header, licence, action, SuspensionGround.LOSS_REPORT, header.created, "遗失")


def standstill(header: Header, licence: LicenceKey) -> LicenceSuspension:
    """The licence stands still, for what is to come."""
    ground = SuspensionGround.RELEASE_IN_FLIGHT
    return LicenceSuspension(header, licence, SuspensionAction.SUSPEND, ground, header.created)


def revocation(header: Header, licence: Licence) -> LicenceRevocation:
    """It is revoked, as its enterprise asks."""
    ground = RevocationGround.NOT_TO_BE_USED
    return LicenceRevocation(header, licence.key, ground, header.created, _REASON, licence.operator)


def replacement(
    header: Header, licence: Licence, number: str, left: dict[int, Decimal]
) -> LicenceReplacement | None:
    """It is replaced by one for what is left of it; None if nothing is."""
    used = any(left[line.line_number] != line.quantity.amount for line in licence.lines)
    try:
        new = successor(licence, number, _day(header.created), left=left)
    except ValueError:
        return None
    mode = ReplacementMode.WRITE_OFF if used else ReplacementMode.REVOKE
    return LicenceReplacement(header, licence.key, mode, ReplacementKind.CHANGE, _REASON, new)


def balances(instance: Path, licence: LicenceKey) -> dict[int, Decimal]:
    """What is left of each goods line, as the gateway tells it who asks; nothing, if it does not know it."""
    query = "SELECT line_number, balance FROM licence_line WHERE licence_type = ? AND licence_no = ?"
    with closing(ledger_of(instance, "state")) as database:
        rows = database.execute(query, (str(licence.type), licence.number))
        return {line: Decimal(str(balance)) for line, balance in rows}


def _day(moment: datetime) -> date:
    return moment.astimezone(BUSINESS_ZONE).date()
