"""Acts about the end of the day: what has expired, and what both sides say of the day."""

from __future__ import annotations

from datetime import date
from typing import Any

from gateway.clock import BUSINESS_ZONE, business_date
from gateway.demo.cast import file_name
from gateway.demo.play import Play, gatewayd
from gateway.demo.stage import wait_until
from licencexml.messages import LicenceRevocation, RevocationGround

ANSWER_SECONDS = 45.0
#: A day is closed soon after midnight; until that is surely past, two nights must go by.
_SURELY_CLOSED_MINUTES = 30


def the_night(play: Play) -> None:
    """Both clocks go on to the next day: the gateway closes the day before, and customs answers."""
    day = business_date(play.now())
    play.announce("The day ends: both daemons are started again with their clocks on the next day")
    local = play.now().astimezone(BUSINESS_ZONE)
    play.stage.let_pass(1 if local.hour * 60 + local.minute > _SURELY_CLOSED_MINUTES else 2)
    _expiry(play)
    _reconciliation(play, day)


def _expiry(play: Play) -> None:
    """What was not used in time is prompted for; the enterprise confirms, the issuer revokes."""
    key = play.cast.expiring
    name = file_name(key)
    prompt = play.stage.answer(f"{name}.expired.json")
    play.tell(prompt["rejections"])
    play.stage.answer(f"{name}.reconciled.json")
    expired = play.licence(key)
    operator = next(one.operator for one in play.cast.licences if one.key == key)
    play.act(
        "revoke",
        LicenceRevocation(
            play.header(),
            key,
            RevocationGround.EXPIRED_UNUSED,
            play.now(),
            "有效期内未使用",
            operator,
        ),
    )
    taken = play.stage.answer("revoke.customs-accepted.json")
    revoked = play.licence(key)
    play.claims.claim(
        "A licence not used in time expires at midnight in Shanghai; prompted and confirmed, it is revoked",
        expired["status"] == "EXPIRED" and revoked["status"] == "REVOKED",
        f"{key}: {expired['status']}, then {revoked['status']}; customs: {taken['outcome']}",
    )


def _reconciliation(play: Play, day: date) -> None:
    """Both sides' lists and figures of the day, compared item by item."""
    wait_until(lambda: _answered(play, day), ANSWER_SECONDS, f"customs did not answer the report of {day}")
    shown = play.stage.gateway.control.call("reconcile show", date=day.isoformat())
    totals: dict[str, Any] = shown["report"]["totals"]
    table = gatewayd("ctl", "reconcile", "show", day.isoformat(), "--instance", str(play.folder))
    play.console.print(table.stdout.rstrip(), highlight=False, soft_wrap=True, markup=False)
    play.claims.claim(
        "The day is reconciled: every message sent and every quantity, here and at customs",
        totals["compared"] > len(play.cast.licences) and totals["differences"] == 0,
        f"{totals['compared']} items compared, {totals['differences']} differences",
    )


def _answered(play: Play, day: date) -> bool:
    rows = play.stage.gateway.control.call("reconcile list")["rows"]
    return any(row["day"] == day.isoformat() and row["answered_at"] for row in rows)
