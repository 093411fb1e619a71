"""Acts about what changes afterwards: releases corrected and told out of order, a licence replaced."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from gateway.demo.cast import THIRTEEN, file_name
from gateway.demo.play import Play
from gateway.demo.stage import wait_until
from licencexml.messages import (
    GoodsLine,
    Licence,
    LicenceReplacement,
    LicenceSuspension,
    ReplacementKind,
    ReplacementMode,
    SuspensionAction,
    SuspensionGround,
)
from licencexml.values import LicenceKey, Quantity

SETTLE_SECONDS = 45.0
#: Three declarations, of which one is withdrawn.
LEFT_OF_THREE = 2


def corrections(play: Play) -> None:
    """One release is amended (更改), another withdrawn (退关): the licence gets back what it gave."""
    key = play.cast.corrected
    play.announce(f"Customs amends one of three releases against {key}, and withdraws another")
    wait_until(play.nothing_waits, SETTLE_SECONDS, "the corrections did not come through")
    shown, counted_by_customs = play.licence(key), _balances_at_customs(play, key)
    ours = {line["line_number"]: line["balance"] for line in shown["lines"]}
    for number, balance in ours.items():
        play.say(f"line {number}: {balance} left here, {counted_by_customs.get(number)} at customs")
    open_ones = [one for one in shown["discrepancies"] if one["status"] == "OPEN"]
    play.claims.claim(
        "What is amended counts as amended, what is withdrawn not at all, and the use is given back",
        len(shown["declarations"]) == LEFT_OF_THREE and ours == counted_by_customs and not open_ones,
        f"{len(shown['declarations'])} of 3 declarations count; both sides have the same balances",
    )


def out_of_order(play: Play) -> None:
    """A withdrawal comes before its release; the earliest release comes last, when all uses are taken."""
    key = play.cast.out_of_order
    play.announce(f"Against {key} customs tells a withdrawal before its release, and the first release last")
    shown = play.licence(key)
    displaced = [one for one in shown["discrepancies"] if one["status"] == "OPEN"]
    for one in displaced:
        play.tell(one["rejections"])
    releases = play.stage.customs.control.call("licence show", licence=str(key))["releases"]
    refused = {one["entry_id"] for one in releases if "MULTI_USE_CAP_REACHED" in one["codes"]}
    known = refused == {one["entry_id"] for one in displaced} and len(refused) == 1
    play.claims.claim(
        "Customs' own order counts: the late earlier release takes its place, and customs is told what"
        " no longer fits",
        len(shown["declarations"]) == THIRTEEN - 1 and known,
        f"{len(shown['declarations'])} declarations count; told to customs afterwards: {', '.join(refused)}",
    )


def replacement(play: Play) -> None:
    """A licence that is used in part: suspended, reconciled, then replaced; the rest moves (核销换证)."""
    old = play.cast.replaced
    play.announce(f"{old.key} is used in part; it is suspended, reconciled with customs, and replaced")
    stop = LicenceSuspension(
        play.header(),
        old.key,
        SuspensionAction.SUSPEND,
        SuspensionGround.RELEASE_IN_FLIGHT,
        play.now(),
    )
    play.act("suspend", stop)
    agreed = play.stage.answer(f"{file_name(old.key)}.reconciled.json")
    play.say(f"suspended; customs' figures are equal to ours: {agreed['outcome']}")
    new = _with_the_rest(old, play.licence(old.key)["lines"])
    accepted = play.act(
        "replace",
        LicenceReplacement(
            play.header(), old.key, ReplacementMode.WRITE_OFF, ReplacementKind.CHANGE, "更改合同号", new
        ),
    )
    taken = play.stage.answer("replace.customs-accepted.json")
    wait_until(play.nothing_waits, SETTLE_SECONDS, "the releases against the new licence did not come")
    before, after = play.licence(old.key), play.licence(new.key)
    history = play.stage.gateway.control.call("licence history", licence=str(old.key))["rows"]
    [successor] = [row["data"]["replaced_by"] for row in history if row["kind"] == "REPLACED"]
    play.say(f"{old.key}: {before['status']}, replaced by {successor}")
    play.say(f"{new.key}: {after['status']}, {', '.join(line['issued'] for line in after['lines'])} issued")
    play.claims.claim(
        "A licence used in part is replaced when both sides agree on its use; the rest moves to the new one",
        before["status"] == "REPLACED"
        and successor == str(new.key)
        and taken["outcome"] == "CUSTOMS_ACCEPTED"
        and [line["issued"] for line in after["lines"]] == [line["balance"] for line in before["lines"]],
        f"{accepted['outcome']} here, {taken['outcome']} there",
    )


def _with_the_rest(old: Licence, lines: list[dict[str, Any]]) -> Licence:
    """The new licence: what is left of each line, under a number of its own."""
    left = {line["line_number"]: Decimal(line["balance"]) for line in lines}
    goods = tuple(_rest(line, left[line.line_number]) for line in old.lines)
    return replace(old, key=LicenceKey(old.key.type, f"{old.key.number[:6]}NEW001"), lines=goods)


def _rest(line: GoodsLine, amount: Decimal) -> GoodsLine:
    """The line with `amount` in place of its quantity; its value shrinks with it."""
    share = amount / line.quantity.amount
    return replace(
        line,
        quantity=Quantity.of(amount, line.quantity.unit),
        amount=replace(line.amount, amount=(line.amount.amount * share).quantize(line.amount.amount)),
        amount_usd=replace(
            line.amount_usd, amount=(line.amount_usd.amount * share).quantize(line.amount_usd.amount)
        ),
    )


def _balances_at_customs(play: Play, key: LicenceKey) -> dict[int, str]:
    lines = play.stage.customs.control.call("licence show", licence=str(key))["lines"]
    return {line["line"]: line["balance"] for line in lines}
