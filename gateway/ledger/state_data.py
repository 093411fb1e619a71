"""A licence's first state as the plain JSON that an entry carries, and back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from gateway.ledger.columns import instant_text, quantity_text
from gateway.licences.state import LicenceState, LineState, Suspension
from licencexml.messages import SuspensionGround
from licencexml.values import (
    LicenceKey,
    Medium,
    Party,
    PermittedEnterprise,
    PermittedGround,
    UsageMode,
)


def state_data(state: LicenceState) -> dict[str, Any]:
    """`state` as plain JSON values; its key is the entry's own, its status that of every new licence."""
    return {
        "medium": state.medium.value,
        "usage_mode": state.usage_mode.value,
        "cap": state.cap,
        "licence_date": state.licence_date.isoformat(),
        "valid_from": state.valid_from.isoformat(),
        "valid_to": state.valid_to.isoformat(),
        "operator": _party_data(state.operator),
        "counterpart": _party_data(state.counterpart),
        "clearance_port": state.clearance_port,
        "country": state.country,
        "terms_of_trade": state.terms_of_trade,
        "replaces": None if state.replaces is None else str(state.replaces),
        "permitted": permitted_data(state.permitted),
        "lines": [
            {
                "line_number": line.line_number,
                "goods_code": line.goods_code,
                "goods_name": line.goods_name,
                "unit": line.unit,
                "issued": quantity_text(line.issued),
                "tolerance_percent": line.tolerance_percent,
                "unified_operation": line.unified_operation,
            }
            for line in state.lines
        ],
    }


def state_from(key: LicenceKey, data: dict[str, Any]) -> LicenceState:
    """The inverse of `state_data`."""
    return LicenceState(
        key=key,
        medium=Medium(data["medium"]),
        usage_mode=UsageMode(data["usage_mode"]),
        cap=data["cap"],
        licence_date=date.fromisoformat(data["licence_date"]),
        valid_from=date.fromisoformat(data["valid_from"]),
        valid_to=date.fromisoformat(data["valid_to"]),
        operator=Party(**data["operator"]),
        counterpart=Party(**data["counterpart"]),
        clearance_port=data["clearance_port"],
        country=data["country"],
        terms_of_trade=data["terms_of_trade"],
        replaces=None if data["replaces"] is None else LicenceKey.parse(data["replaces"]),
        permitted=permitted_from(data["permitted"]),
        lines=tuple(
            LineState(
                line_number=line["line_number"],
                goods_code=line["goods_code"],
                unit=line["unit"],
                issued=Decimal(line["issued"]),
                balance=Decimal(line["issued"]),
                tolerance_percent=line["tolerance_percent"],
                unified_operation=line["unified_operation"],
                goods_name=line["goods_name"],
            )
            for line in data["lines"]
        ),
    )


def permitted_data(permitted: Iterable[PermittedEnterprise]) -> list[dict[str, Any]]:
    """The enterprises that an export licence names, as plain JSON values."""
    return [{"party": _party_data(one.party), "ground": one.ground.value} for one in permitted]


def permitted_from(data: Iterable[dict[str, Any]]) -> tuple[PermittedEnterprise, ...]:
    """The inverse of `permitted_data`."""
    return tuple(PermittedEnterprise(Party(**one["party"]), PermittedGround(one["ground"])) for one in data)


def suspension_data(suspensions: Iterable[Suspension]) -> list[dict[str, Any]]:
    """Suspensions as plain JSON values."""
    return [
        {
            "ground": one.ground.value,
            "since": instant_text(one.since),
            "until": None if one.until is None else instant_text(one.until),
        }
        for one in suspensions
    ]


def suspensions_from(data: Iterable[dict[str, Any]]) -> tuple[Suspension, ...]:
    """The inverse of `suspension_data`."""
    return tuple(
        Suspension(
            SuspensionGround(one["ground"]),
            datetime.fromisoformat(one["since"]),
            None if one["until"] is None else datetime.fromisoformat(one["until"]),
        )
        for one in data
    )


def _party_data(party: Party) -> dict[str, str]:
    return {"name": party.name, "code": party.code}
