"""What some messages come to, in every order in which they can come."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from itertools import permutations

from gateway.licences.facts import Clearance, Fact
from gateway.licences.settlement import Finding, Settlement, settle
from gateway.licences.state import LicenceState
from licencexml.messages import WriteOff
from tests.licences.clearances import MINUTE
from tests.licences.makers import (
    POLICY,
    RELEASED,
    drawn,
    fact,
    state,
    write_off,
)


class Told:
    """What came of some messages, the same in all orders: balances, uses, verdicts, reasons."""

    def __init__(self, before: LicenceState, messages: Sequence[Clearance], policy: object = POLICY) -> None:
        facts = [one if isinstance(one, Fact) else fact(one) for one in messages]
        found = [settle(before, order, policy) for order in permutations(facts)]
        assert all(one == found[0] for one in found)
        self.settlement: Settlement = found[0]
        assert self.settlement.state is not None
        self.state: LicenceState = self.settlement.state

    @property
    def left(self) -> list[str]:
        return [f"{line.balance.normalize():f}" for line in self.state.lines]

    @property
    def uses(self) -> list[int]:
        return sorted(int(one[-8:]) for one in self.state.declarations)

    def __getitem__(self, message_id: str) -> Finding:
        return self.settlement.findings[message_id]

    def codes(self, message_id: str) -> list[str]:
        return [one.code for one in self[message_id].rejections]

    def verdicts(self, *message_ids: str) -> list[str]:
        return [self[one].verdict.value for one in message_ids]


def told(*messages: Clearance, of: LicenceState | None = None, policy: object = POLICY) -> Told:
    return Told(of or state(), messages, policy)


def released(
    amount: str = "10", declaration: int = 1, *, minutes: int = 0, country: str = "JPN", message_id: str = ""
) -> WriteOff:
    """One line released, so many minutes after the first release."""
    made = write_off(
        drawn(amount),
        declaration=declaration,
        message_id=message_id or f"w-{declaration}",
        release_time=RELEASED + minutes * MINUTE,
    )
    return dataclasses.replace(made, declaration=dataclasses.replace(made.declaration, country=country))
