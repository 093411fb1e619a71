"""What a day's comparison came to, as plain JSON values: what is kept, shown, and written to files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from gateway.clock import business_date
from gateway.ledger.columns import instant_text
from gateway.ledger.daily_sides import Issued
from gateway.licences.reconcile import Compared, Difference, Stated
from licencexml.standing import GoodsLineBalance, LicenceFigures, Transfer
from licencexml.values import Quantity

Row = dict[str, Any]

#: The class of an item that both sides state alike.
AGREES = "AGREES"
#: The class of an item whose figures are not of one time: customs told more after it had made its report.
MOVED_SINCE = "MOVED_SINCE"


@dataclass(frozen=True, slots=True)
class Times:
    """As of when our report was sent, customs answered it, and both were compared."""

    sent: datetime
    answered: datetime
    compared: datetime


def content(
    day: date,
    times: Times,
    items: Sequence[Compared],
    found: Sequence[Difference],
    issued: Sequence[Issued],
    *,
    partner: str,
) -> Row:
    """The whole comparison of a day with a partner."""
    return {
        "business_date": day.isoformat(),
        "partner": partner,
        "as_of": instant_text(times.sent),
        "customs_as_of": instant_text(times.answered),
        "compared_at": instant_text(times.compared),
        "totals": {
            "compared": len(items),
            "differences": len(found),
            "issued": len(issued),
            **Counter(_class_of(one) for one in items),
        },
        "differences": [difference_row(one) for one in found],
        "compared": [item_row(one) for one in items],
        "late": late_rows(day, issued),
    }


def item_row(item: Compared) -> Row:
    """One item, with what both sides say of it."""
    return {
        "subject": item.subject.value,
        "class": _class_of(item),
        "licence": str(item.licence),
        "message_id": item.message_id,
        "line": item.line_number,
        "ours": _stated(item.ours),
        "customs": _stated(item.theirs),
    }


def difference_row(difference: Difference) -> Row:
    """One difference, told in both languages, with what to do and whom to call."""
    told = difference.told
    return item_row(difference.item) | {
        "zh": told.zh,
        "en": told.en,
        "article": told.article,
        "remedy": told.remedy,
        "call": [role.value for role in difference.calls],
    }


def late_rows(day: date, issued: Iterable[Issued]) -> list[Row]:
    """What was issued on `day` and not sent on it, with the times (外经贸配管发〔2000〕539号 art. 4)."""
    return [
        {
            "licence": str(one.licence),
            "message_id": one.message_id,
            "kind": one.kind,
            "issued_at": instant_text(one.accepted_at),
            "sealed_at": _instant(one.sealed_at),
            "sent_at": _instant(one.sent_at),
        }
        for one in issued
        if one.sent_at is None or business_date(one.sent_at) != day
    ]


def _class_of(item: Compared) -> str:
    if item.difference is not None:
        return item.difference.value
    return MOVED_SINCE if item.has_moved else AGREES


def _stated(what: Stated) -> Row | None:
    match what:
        case None:
            return None
        case Transfer():
            return {"status": what.status.value, "kind": what.kind, "digest": what.digest.hex()}
        case LicenceFigures():
            return {"uses": what.uses, "lines": len(what.lines)}
        case GoodsLineBalance():
            return {
                "goods_code": what.goods_code,
                "unit": what.issued.unit,
                "issued": _amount(what.issued),
                "written_off": _amount(what.written_off),
                "balance": _amount(what.balance),
                "over_shipment": _amount(what.over_shipment),
            }
        case int():
            return {"uses": what}


def _amount(quantity: Quantity | None) -> str | None:
    return None if quantity is None else f"{quantity.amount:f}"


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else instant_text(instant)
