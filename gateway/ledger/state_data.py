"""A licence's first state as the plain JSON that an entry carries, and back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from gateway.ledger.columns import quantity_text
from gateway.licences.life import LicenceStatus
from gateway.licences.state import LicenceState, LineState
from licencexml.values import LicenceKey, Medium, Party, UsageMode


def state_data(state: LicenceState) -> dict[str, Any]:
    """`state` as plain JSON values; its key is the entry's own, its status that of every new licence."""
    return {
        "medium": state.medium.value,
        "usage_mode": state.usage_mode.value,
        "cap": state.cap,
        "valid_from": state.valid_from.isoformat(),
        "valid_to": state.valid_to.isoformat(),
        "operator": _party_data(state.operator),
        "counterpart": _party_data(state.counterpart),
        "clearance_port": state.clearance_port,
        "country": state.country,
        "lines": [
            {
                "line_number": line.line_number,
                "goods_code": line.goods_code,
                "unit": line.unit,
                "issued": quantity_text(line.issued),
            }
            for line in state.lines
        ],
    }


def state_from(key: LicenceKey, data: dict[str, Any]) -> LicenceState:
    """The inverse of `state_data`."""
    return LicenceState(
        key=key,
        status=LicenceStatus.ACCEPTED,
        medium=Medium(data["medium"]),
        usage_mode=UsageMode(data["usage_mode"]),
        cap=data["cap"],
        valid_from=date.fromisoformat(data["valid_from"]),
        valid_to=date.fromisoformat(data["valid_to"]),
        operator=Party(**data["operator"]),
        counterpart=Party(**data["counterpart"]),
        clearance_port=data["clearance_port"],
        country=data["country"],
        lines=tuple(
            LineState(
                line_number=line["line_number"],
                goods_code=line["goods_code"],
                unit=line["unit"],
                issued=Decimal(line["issued"]),
                balance=Decimal(line["issued"]),
            )
            for line in data["lines"]
        ),
    )


def _party_data(party: Party) -> dict[str, str]:
    return {"name": party.name, "code": party.code}
