"""The acts of the demo, in their order: each shows something, and claims what was seen."""

from __future__ import annotations

import time
from typing import Any

from gateway.customs.scenario import Mischief
from gateway.demo.cast import GOOD_DECLARATIONS, THIRTEEN, file_name
from gateway.demo.changes import corrections, out_of_order, replacement
from gateway.demo.night import the_night
from gateway.demo.picture import Picture, follow
from gateway.demo.play import Play, gatewayd
from gateway.demo.stage import wait_until

SETTLE_SECONDS = 45.0


def the_way_of_a_licence(play: Play) -> None:
    """Everything is dropped; the gateway is killed in the middle; nothing is lost or doubled."""
    licences = play.cast.licences
    count = len(licences)
    play.announce(f"{count} signed licences are dropped; in the middle the gateway is killed with SIGKILL")
    with Picture(play.console, play.goal()) as picture:
        for dropped, licence in enumerate(licences, 1):
            play.hand_over(licence)
            if dropped % 20 == 0:
                picture.show(play.counts(dropped))
            if dropped == count * 2 // 3:
                _kill_in_the_middle(play, picture, dropped)
        follow(picture, lambda: play.counts(count), play.all_settled)
    _claim_nothing_lost(play, count)


def _kill_in_the_middle(play: Play, picture: Picture, dropped: int) -> None:
    """SIGKILL once the first answers of customs are there, and the rest is on its way."""
    seen = play.counts(dropped)
    while not seen["acknowledged"] > 0:
        time.sleep(0.02)
        seen = play.counts(dropped)
        picture.show(seen)
    play.stage.gateway.kill()
    picture.say(f"  SIGKILL: {dropped} dropped, {seen['acknowledged']} acknowledged; it is started again")
    play.stage.gateway.start()


def _claim_nothing_lost(play: Play, count: int) -> None:
    out = play.stage.spool / "out"
    accepted = len(list(out.glob("*.accepted.json")))
    acknowledged = len(list(out.glob("*.customs-accepted.json")))
    at_customs = play.customs_register()["licences"]
    left = sum(len(list((play.stage.spool / folder).iterdir())) for folder in ("in", "work"))
    play.claims.claim(
        "Killed in the middle, nothing is lost and nothing is doubled",
        accepted == acknowledged == at_customs == count and left == 0,
        f"{count} dropped, {accepted} accepted, {acknowledged} acknowledged by customs, "
        f"{at_customs} in customs' own register, {left} left over",
    )


def thirteenth_declaration(play: Play) -> None:
    """Customs uses a multi-use licence once more than the law allows."""
    key = play.cast.thirteenth
    play.announce(f"Customs releases {THIRTEEN} declarations against the multi-use licence {key}")
    shown = play.licence(key)
    uses = len(shown["declarations"])
    refused = [one for one in shown["discrepancies"] if "MULTI_USE_CAP_REACHED" in _codes(one["rejections"])]
    for one in refused:
        play.tell(one["rejections"])
    articles = {rejection["article"] for one in refused for rejection in one["rejections"]}
    play.claims.claim(
        "Twelve declarations on a multi-use licence pass, the thirteenth is refused with its article",
        uses == THIRTEEN - 1 and len(refused) == 1,
        f"{uses} applied, {len(refused)} refused: {', '.join(sorted(articles))}",
    )


def what_customs_got_wrong(play: Play) -> None:
    """Each kind of mischief is answered by its code."""
    play.announce("Customs also sends an excess, a wrong unit, a repeat, a conflict and a forged signature")
    expected = {
        Mischief.EXCESS: "QUANTITY_EXCEEDS_BALANCE",
        Mischief.WRONG_UNIT: "UNIT_MISMATCH",
        Mischief.CONFLICT: "WRITE_OFF_CONFLICT",
        Mischief.WRONG_SIGNATURE: "CONTENT_CHANGED",
    }
    seen: dict[Mischief, bool] = {}
    for mischief, key in play.cast.mischief.items():
        releases = play.stage.customs.control.call("licence show", licence=str(key))["releases"]
        answered = [one for one in releases if one["mischief"] == mischief]
        uses = len(play.licence(key)["declarations"])
        if mischief is Mischief.REPEAT:
            seen[mischief] = uses == len(releases) == GOOD_DECLARATIONS
        else:
            answers = [set(one["codes"]) for one in answered]
            seen[mischief] = uses == GOOD_DECLARATIONS and answers == [{expected[mischief]}]
        codes = sorted({code for one in answered for code in one["codes"]})
        play.say(f"{mischief} on {key}: {', '.join(codes) or 'counted once'}")
    play.claims.claim(
        "Excess, wrong unit, conflict and forgery are refused with their codes; a repeat counts once",
        all(seen.values()) and len(seen) == len(play.cast.mischief),
        ", ".join(f"{mischief} {'as expected' if held else 'OTHERWISE'}" for mischief, held in seen.items()),
    )


def tampered_licence(play: Play) -> None:
    """A licence that was changed after signing is refused and kept."""
    play.announce("A licence with one digit changed is dropped")
    licence = play.cast.licences[0]
    document = play.document(licence)
    code = licence.lines[0].goods_code.encode()
    forged = code[:-1] + (b"1" if code[-1:] == b"0" else b"0")
    play.stage.drop("tampered", document.replace(code, forged, 1))
    answer = play.stage.answer("tampered.rejected.json")
    play.tell(answer["rejections"])
    kept = (play.stage.spool / "held" / "tampered.xml").exists()
    play.claims.claim(
        "A tampered licence is refused with its reasons, and kept",
        "CONTENT_CHANGED" in _codes(answer["rejections"]) and kept,
        f"{', '.join(_codes(answer['rejections']))}; the file is in held/",
    )


def genuine_or_not(play: Play) -> None:
    """Anyone with a copy asks whether it is genuine."""
    play.announce("A sealed licence is verified; then a copy of it with one digit changed")
    sealed = play.stage.spool / "out" / f"{file_name(play.cast.thirteenth)}.sealed.xml"
    data = sealed.read_bytes()
    changed = play.folder / "changed.xml"
    number = play.cast.thirteenth.number.encode()
    changed.write_bytes(data.replace(number, number[:-1] + (b"1" if number[-1:] == b"0" else b"0"), 1))
    genuine, forged = (
        gatewayd("verify", str(path), "--instance", str(play.folder)) for path in (sealed, changed)
    )
    play.console.print(genuine.stdout.rstrip(), highlight=False, soft_wrap=True, markup=False)
    play.console.print(forged.stdout.rstrip(), highlight=False, soft_wrap=True, markup=False)
    play.claims.claim(
        "`gatewayd verify` calls the sealed licence genuine, and the changed copy not",
        genuine.returncode == 0 and forged.returncode == 1,
        f"exit status {genuine.returncode} and {forged.returncode}",
    )


def same_file_again(play: Play) -> None:
    """A repeat changes nothing, and a licence is not issued twice."""
    play.announce("A file is dropped once more, then its licence is issued again by another message")
    before = play.customs_register()["licences"]
    licence, document = play.last_handed_over
    play.stage.drop("once-more", document)
    again = play.stage.answer("once-more.accepted.json")
    play.stage.drop("issued-again", play.document(licence))
    refused = play.stage.answer("issued-again.rejected.json")
    play.claims.claim(
        "A repeated message changes nothing; a licence that exists is not issued twice",
        again["outcome"] == "REPEATED"
        and _codes(refused["rejections"]) == ["LICENCE_EXISTS"]
        and play.customs_register()["licences"] == before,
        f"{again['outcome']}; {', '.join(_codes(refused['rejections']))}; customs has {before} as before",
    )


def equal_totals(play: Play) -> None:
    """Both sides add up, and come to the same."""
    play.announce("Both sides add up what was issued, written off and left")
    wait_until(play.nothing_waits, SETTLE_SECONDS, "the last answers did not reach customs")
    ours, theirs = (
        {(row["licence"], row["line"]): _figures(row) for row in actor.control.call("totals")["rows"]}
        for actor in (play.stage.gateway, play.stage.customs)
    )
    different = sum(ours.get(where) != theirs.get(where) for where in ours.keys() | theirs.keys())
    play.claims.claim(
        "The quantities of gateway and customs are equal, line by line",
        bool(ours) and different == 0,
        f"{len(ours)} lines of {len(play.cast.licences)} licences, {different} differences",
    )


def _codes(rejections: list[dict[str, Any]]) -> list[str]:
    return [one["code"] for one in rejections]


def _figures(row: dict[str, Any]) -> tuple[str, ...]:
    return row["unit"], row["issued"], row["written_off"], row["balance"]


#: Those that need the daemons, in order.
ACTS = (
    the_way_of_a_licence,
    thirteenth_declaration,
    what_customs_got_wrong,
    tampered_licence,
    genuine_or_not,
    same_file_again,
    corrections,
    out_of_order,
    replacement,
    equal_totals,
    the_night,
)
