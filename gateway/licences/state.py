"""A licence as the law sees it: what was issued, what is left, who has used it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Self

from gateway.licences.life import NEW, LicenceEvent, LicenceStatus, Life
from gateway.licences.policy import Policy
from gateway.licences.tolerance import never_below
from licencexml.messages import GoodsLine, Licence, SuspensionGround
from licencexml.values import LicenceKey, Medium, Party, PermittedEnterprise, UsageMode


@dataclass(frozen=True, slots=True)
class LineState:
    """A goods line: `issued` and `balance` are in `unit`, with 5 places; balance <= issued.

    Of bulk goods the last lot may take `tolerance_percent` more than was left: the balance is below nought
    then, and the line is closed. `unified_operation`: goods of 外经贸配管发〔2000〕539号 art. 8(2).
    Both are what held on the licence date.
    """

    line_number: int
    goods_code: str
    unit: str
    issued: Decimal
    balance: Decimal
    tolerance_percent: int = 0
    unified_operation: bool = False
    goods_name: str = ""

    def __post_init__(self) -> None:
        assert self.balance <= self.issued, f"balance {self.balance} of {self.issued}"
        assert never_below(self.issued, self.balance, self.tolerance_percent), f"balance {self.balance}"

    @classmethod
    def of(cls, licence: Licence, line: GoodsLine, policy: Policy) -> Self:
        """The state in which a goods line of `licence` begins."""
        which = (licence.key.type, line.goods_code, licence.licence_date)
        return cls(
            line_number=line.line_number,
            goods_code=line.goods_code,
            unit=line.quantity.unit,
            issued=line.quantity.amount,
            balance=line.quantity.amount,
            tolerance_percent=policy.tolerance_percent(*which),
            unified_operation=policy.under_unified_operation(*which),
            goods_name=line.goods_name,
        )

    @property
    def is_closed(self) -> bool:
        """Whether nothing is left."""
        return self.balance <= 0


@dataclass(frozen=True, slots=True)
class Draw:
    """`amount` taken from the goods line `line_number`, in that line's unit."""

    line_number: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Suspension:
    """Use is stopped on one ground from `since` (included) to `until` (excluded; None: further notice)."""

    ground: SuspensionGround
    since: datetime
    until: datetime | None = None

    def covers(self, instant: datetime) -> bool:
        """Whether use was stopped at `instant`."""
        return self.since <= instant and (self.until is None or instant < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceState:
    """The state of one licence.

    `declarations` are the entry ids of the declarations that use it and count against `cap`; of those that
    are `withdrawn` nothing stands any more, and they count all the same. `lines` are in the order of their
    numbers; `suspensions` in the order of their beginnings. `replaced_by` and `replaces` name the other
    licence of a replacement (换证). `confirmed_at` is the latest instant as of which customs' figures were
    equal to ours.
    """

    key: LicenceKey
    life: Life = NEW
    medium: Medium
    usage_mode: UsageMode
    cap: int
    licence_date: date
    valid_from: date
    valid_to: date
    operator: Party
    counterpart: Party
    clearance_port: str
    country: str
    terms_of_trade: str
    lines: tuple[LineState, ...]
    permitted: tuple[PermittedEnterprise, ...] = ()
    declarations: frozenset[str] = frozenset()
    withdrawn: frozenset[str] = frozenset()
    suspensions: tuple[Suspension, ...] = ()
    replaces: LicenceKey | None = None
    replaced_by: LicenceKey | None = None
    confirmed_at: datetime | None = None

    @property
    def status(self) -> LicenceStatus:
        """The one word for where it is in its life."""
        return self.life.status

    @property
    def live_declarations(self) -> frozenset[str]:
        """The declarations of which anything stands: those that both sides know, whatever counts."""
        return self.declarations - self.withdrawn

    @property
    def is_suspended(self) -> bool:
        """Whether its use is stopped until further notice, on any ground."""
        return any(suspension.until is None for suspension in self.suspensions)

    def is_suspended_at(self, instant: datetime) -> bool:
        """Whether its use was stopped at `instant` (aware), on any ground."""
        return any(suspension.covers(instant) for suspension in self.suspensions)

    @classmethod
    def issued(cls, licence: Licence, policy: Policy) -> Self:
        """The state in which a licence begins."""
        lines = sorted(licence.lines, key=lambda line: line.line_number)
        return cls(
            key=licence.key,
            medium=licence.medium,
            usage_mode=licence.usage_mode,
            cap=policy.cap(licence),
            licence_date=licence.licence_date,
            valid_from=licence.valid_from,
            valid_to=licence.valid_to,
            operator=licence.operator,
            counterpart=licence.counterpart,
            clearance_port=licence.clearance_port,
            country=licence.country,
            terms_of_trade=licence.terms_of_trade,
            lines=tuple(LineState.of(licence, line, policy) for line in lines),
            permitted=licence.permitted,
        )

    def after(self, event: LicenceEvent) -> Self:
        """The licence after `event`."""
        return replace(self, life=self.life.after(event))

    def used(self, entry_id: str, draws: Iterable[Draw]) -> Self:
        """The licence after the declaration `entry_id` has drawn on it. What is drawn must be there."""
        return self.drawn_on(entry_id, draws).with_usage()

    def drawn_on(self, entry_id: str, draws: Iterable[Draw]) -> Self:
        """`used`, but for what its life says of its use."""
        drawn: dict[int, Decimal] = {}
        for draw in draws:
            drawn[draw.line_number] = drawn.get(draw.line_number, Decimal(0)) + draw.amount
        assert drawn.keys() <= {line.line_number for line in self.lines}, "a draw names a line of the licence"
        lines = tuple(
            replace(line, balance=line.balance - drawn[line.line_number])
            if line.line_number in drawn
            else line
            for line in self.lines
        )
        declarations, withdrawn = self.declarations | {entry_id}, self.withdrawn - {entry_id}
        return replace(self, lines=lines, declarations=declarations, withdrawn=withdrawn)

    def counting(self, entry_id: str) -> Self:
        """The licence with the declaration `entry_id` counted; nothing of a new one stands."""
        if entry_id in self.declarations:
            return self
        return replace(
            self, declarations=self.declarations | {entry_id}, withdrawn=self.withdrawn | {entry_id}
        )

    def unused(self) -> Self:
        """The licence as it would stand if no declaration had used it."""
        lines = tuple(replace(line, balance=line.issued) for line in self.lines)
        return replace(self, lines=lines, declarations=frozenset(), withdrawn=frozenset())

    def with_usage(self) -> Self:
        """The licence with its life saying how much of it is used."""
        if all(line.is_closed for line in self.lines):
            return self.after(LicenceEvent.USE_ALL)
        touched = self.declarations or any(line.balance != line.issued for line in self.lines)
        return self.after(LicenceEvent.USE_PART if touched else LicenceEvent.USE_NONE)
