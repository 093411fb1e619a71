"""`gatewayd demo`: the whole way of a licence, between two real daemons, and all is left to look into."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from gateway.clock import system_clock
from gateway.config import GatewayConfig
from gateway.customs.scenario import Mischief
from gateway.data import data_dir
from gateway.demo.cast import GOOD_DECLARATIONS, THIRTEEN, Cast, choose, file_name
from gateway.demo.claims import Claims
from gateway.demo.picture import Picture, follow
from gateway.demo.samples import issue_message
from gateway.demo.stage import Stage, wait_until
from gateway.exchange.correspondence import new_message_id
from gateway.operations.instance import CUSTOMS_FILE, GATEWAY_FILE, create_instance
from gateway.operations.issuer import Issuer
from licencexml.messages import Licence
from licencexml.values import LicenceKey

#: Licences beside the shipped samples: enough that a kill finds the gateway in the middle of its work.
EXTRA_LICENCES = 340
SETTLE_SECONDS = 45.0
_SCENARIO_FILE = "scenario.toml"


def run_demo(folder: Path, *, console: Console | None = None) -> int:
    """Play the demo in `folder`, which is absent or empty; 0 if every claim held, else 1.

    Raises ConfigurationFault or EnvironmentFault where it cannot be played at all.
    """
    screen = console or Console()
    demo = _Demo(folder, screen)
    try:
        demo.play()
    finally:
        demo.stage.close()
    demo.after_the_end()
    demo.claims.show()
    demo.farewell()
    return 0 if demo.claims.all_held else 1


class _Demo:
    def __init__(self, folder: Path, console: Console) -> None:
        self.folder = folder
        self.console = console
        self.claims = Claims(console)
        _make_room(folder)
        at = system_clock()
        create_instance(folder, at=at)
        (folder / _MARKER).write_text("Made by `gatewayd demo`, which makes it anew each time.\n")
        self.cast: Cast = choose(data_dir("conf") / "samples", at, EXTRA_LICENCES)
        (folder / _SCENARIO_FILE).write_text(self.cast.scenario(), encoding="utf-8")
        _use_scenario(folder / CUSTOMS_FILE)
        self.config = GatewayConfig.load(folder / GATEWAY_FILE)
        self.issuer = Issuer.of_instance(folder)
        self.stage = Stage(folder)

    # ---- the acts ----

    def play(self) -> None:
        """Everything that needs the daemons."""
        self._act("Two daemons start: the gateway, and a simulated customs, with mutual TLS between them")
        self.stage.customs.start()
        self.stage.gateway.start()
        self._the_way_of_a_licence()
        self._thirteenth_declaration()
        self._what_customs_got_wrong()
        self._tampered_licence()
        self._genuine_or_not()
        self._same_file_again()
        self._equal_totals()

    def after_the_end(self) -> None:
        """What is looked at when both daemons have ended."""
        checked = _gatewayd("ledger", "check", "--json", "--instance", str(self.folder))
        self.claims.claim(
            "The ledger's entries, replayed, give the balances that it shows",
            checked.returncode == 0,
            " ".join((checked.stdout or checked.stderr).split()),
        )

    def farewell(self) -> None:
        """Where everything is, and what to try next."""
        key = self.cast.thirteenth
        sealed = self.folder / "spool" / "out" / f"{file_name(key)}.sealed.xml"
        lines = [
            "",
            f"The instance is in {self.folder}. Look into it:",
            f"  {self.folder}/spool/out/          the answers that the issuing system got",
            f"  {self.folder}/spool/held/         what was refused, with its reasons",
            f"  {self.folder}/log/gateway.jsonl   the log, one JSON object a line",
            "Try next:",
            f"  {_PROGRAM} verify {sealed} --instance {self.folder}",
            f"  {_PROGRAM} ledger check --instance {self.folder}",
            f"  {_PROGRAM} run --instance {self.folder}        and in other terminals:",
            f"  {_PROGRAM} customs --instance {self.folder}",
            f"  {_PROGRAM} ctl status --instance {self.folder}",
            f"  {_PROGRAM} ctl licence show {key} --instance {self.folder}",
        ]
        self.console.print("\n".join(lines), highlight=False, soft_wrap=True)

    def _the_way_of_a_licence(self) -> None:
        licences = self.cast.licences
        count = len(licences)
        self._act(f"{count} signed licences are dropped; in the middle the gateway is killed with SIGKILL")
        with Picture(self.console, self._totals()) as picture:
            for dropped, licence in enumerate(licences, 1):
                document = self._document(licence)
                self.stage.drop(file_name(licence.key), document)
                self._kept = licence, document
                if dropped % 20 == 0:
                    picture.show(self._counts(dropped))
                if dropped == count * 2 // 3:
                    self._kill_in_the_middle(picture, dropped)
            follow(picture, lambda: self._counts(count), self._all_settled)
        self._claim_nothing_lost(count)

    def _kill_in_the_middle(self, picture: Picture, dropped: int) -> None:
        """SIGKILL once the first answers of customs are there, and the rest is on its way."""
        seen = self._counts(dropped)
        while not seen["acknowledged"] > 0:
            time.sleep(0.02)
            seen = self._counts(dropped)
            picture.show(seen)
        self.stage.gateway.kill()
        picture.say(f"  SIGKILL: {dropped} dropped, {seen['acknowledged']} acknowledged; it is started again")
        self.stage.gateway.start()

    def _claim_nothing_lost(self, count: int) -> None:
        out = self.stage.spool / "out"
        accepted = len(list(out.glob("*.accepted.json")))
        acknowledged = len(list(out.glob("*.customs-accepted.json")))
        at_customs = self._customs()["licences"]
        left = sum(len(list((self.stage.spool / folder).iterdir())) for folder in ("in", "work"))
        self.claims.claim(
            "Killed in the middle, nothing is lost and nothing is doubled",
            accepted == acknowledged == at_customs == count and left == 0,
            f"{count} dropped, {accepted} accepted, {acknowledged} acknowledged by customs, "
            f"{at_customs} in customs' own register, {left} left over",
        )

    def _thirteenth_declaration(self) -> None:
        key = self.cast.thirteenth
        self._act(f"Customs releases {THIRTEEN} declarations against the multi-use licence {key}")
        shown = self._licence(key)
        uses = len(shown["declarations"])
        refused = [
            one for one in shown["discrepancies"] if "MULTI_USE_CAP_REACHED" in _codes(one["rejections"])
        ]
        for one in refused:
            self._tell(one["rejections"])
        articles = {rejection["article"] for one in refused for rejection in one["rejections"]}
        self.claims.claim(
            "Twelve declarations on a multi-use licence pass, the thirteenth is refused with its article",
            uses == THIRTEEN - 1 and len(refused) == 1,
            f"{uses} applied, {len(refused)} refused: {', '.join(sorted(articles))}",
        )

    def _what_customs_got_wrong(self) -> None:
        self._act("Customs also sends an excess, a wrong unit, a repeat, a conflict and a forged signature")
        expected = {
            Mischief.EXCESS: "QUANTITY_EXCEEDS_BALANCE",
            Mischief.WRONG_UNIT: "UNIT_MISMATCH",
            Mischief.CONFLICT: "WRITE_OFF_CONFLICT",
            Mischief.WRONG_SIGNATURE: "CONTENT_CHANGED",
        }
        seen: dict[Mischief, bool] = {}
        for mischief, key in self.cast.mischief.items():
            releases = self.stage.customs.control.call("licence show", licence=str(key))["releases"]
            answered = [one for one in releases if one["mischief"] == mischief]
            uses = len(self._licence(key)["declarations"])
            if mischief is Mischief.REPEAT:
                seen[mischief] = uses == len(releases) == GOOD_DECLARATIONS
            else:
                answers = [set(one["codes"]) for one in answered]
                seen[mischief] = uses == GOOD_DECLARATIONS and answers == [{expected[mischief]}]
            codes = sorted({code for one in answered for code in one["codes"]})
            self._say(f"{mischief} on {key}: {', '.join(codes) or 'counted once'}")
        self.claims.claim(
            "Excess, wrong unit, conflict and forgery are refused with their codes; a repeat counts once",
            all(seen.values()) and len(seen) == len(self.cast.mischief),
            ", ".join(
                f"{mischief} {'as expected' if held else 'OTHERWISE'}" for mischief, held in seen.items()
            ),
        )

    def _tampered_licence(self) -> None:
        self._act("A licence with one digit changed is dropped")
        licence = self.cast.licences[0]
        document = self._document(licence)
        code = licence.lines[0].goods_code.encode()
        forged = code[:-1] + (b"1" if code[-1:] == b"0" else b"0")
        self.stage.drop("tampered", document.replace(code, forged, 1))
        answer = self.stage.answer("tampered.rejected.json")
        self._tell(answer["rejections"])
        kept = (self.stage.spool / "held" / "tampered.xml").exists()
        self.claims.claim(
            "A tampered licence is refused with its reasons, and kept",
            "CONTENT_CHANGED" in _codes(answer["rejections"]) and kept,
            f"{', '.join(_codes(answer['rejections']))}; the file is in held/",
        )

    def _genuine_or_not(self) -> None:
        self._act("A sealed licence is verified; then a copy of it with one digit changed")
        sealed = self.stage.spool / "out" / f"{file_name(self.cast.thirteenth)}.sealed.xml"
        data = sealed.read_bytes()
        changed = self.folder / "changed.xml"
        number = self.cast.thirteenth.number.encode()
        changed.write_bytes(data.replace(number, number[:-1] + (b"1" if number[-1:] == b"0" else b"0"), 1))
        genuine, forged = (
            _gatewayd("verify", str(path), "--instance", str(self.folder)) for path in (sealed, changed)
        )
        self.console.print(genuine.stdout.rstrip(), highlight=False, soft_wrap=True, markup=False)
        self.console.print(forged.stdout.rstrip(), highlight=False, soft_wrap=True, markup=False)
        self.claims.claim(
            "`gatewayd verify` calls the sealed licence genuine, and the changed copy not",
            genuine.returncode == 0 and forged.returncode == 1,
            f"exit status {genuine.returncode} and {forged.returncode}",
        )

    def _same_file_again(self) -> None:
        self._act("A file is dropped once more, then its licence is issued again by another message")
        before = self._customs()["licences"]
        licence, document = self._kept
        self.stage.drop("once-more", document)
        again = self.stage.answer("once-more.accepted.json")
        self.stage.drop("issued-again", self._document(licence))
        refused = self.stage.answer("issued-again.rejected.json")
        self.claims.claim(
            "A repeated message changes nothing; a licence that exists is not issued twice",
            again["outcome"] == "REPEATED"
            and _codes(refused["rejections"]) == ["LICENCE_EXISTS"]
            and self._customs()["licences"] == before,
            f"{again['outcome']}; {', '.join(_codes(refused['rejections']))}; customs has {before} as before",
        )

    def _equal_totals(self) -> None:
        self._act("Both sides add up what was issued, written off and left")
        wait_until(self._nothing_waits, SETTLE_SECONDS, "the last answers did not reach customs")
        ours, theirs = (
            {(row["licence"], row["line"]): _figures(row) for row in actor.control.call("totals")["rows"]}
            for actor in (self.stage.gateway, self.stage.customs)
        )
        different = sum(ours.get(where) != theirs.get(where) for where in ours.keys() | theirs.keys())
        self.claims.claim(
            "The quantities of gateway and customs are equal, line by line",
            bool(ours) and different == 0,
            f"{len(ours)} lines of {len(self.cast.licences)} licences, {different} differences",
        )

    # ---- what is seen ----

    def _document(self, licence: Licence) -> bytes:
        """A signed document that issues `licence`, by a message of its own."""
        message = issue_message(
            licence,
            sender=self.issuer.participant,
            receiver=self.config.gateway.participant,
            message_id=new_message_id(),
            created=system_clock(),
        )
        return self.issuer.issue(message)

    def _counts(self, dropped: int) -> dict[str, int]:
        status = self.stage.status()
        if status is None:
            return dict.fromkeys(("accepted", "sealed", "sent", "acknowledged", "written off"), 0) | {
                "dropped": dropped
            }
        by_status: dict[str, int] = status["ledger"]["licences"]
        used = by_status.get("PART_USED", 0) + by_status.get("EXHAUSTED", 0)
        acknowledged = by_status.get("RECEIVED", 0) + used
        sent = acknowledged + by_status.get("SENT", 0)
        sealed = sent + by_status.get("SEALED", 0)
        return {
            "dropped": dropped,
            "accepted": sealed + by_status.get("ACCEPTED", 0),
            "sealed": sealed,
            "sent": sent,
            "acknowledged": acknowledged,
            "written off": used,
        }

    def _totals(self) -> dict[str, int]:
        count = len(self.cast.licences)
        return dict.fromkeys(("dropped", "accepted", "sealed", "sent", "acknowledged", "written off"), count)

    def _all_settled(self, counts: dict[str, int]) -> bool:
        return counts["written off"] == len(self.cast.licences) and self._nothing_waits()

    def _nothing_waits(self) -> bool:
        status = self.stage.status()
        if status is None:
            return False
        queues: dict[str, int] = status["queues"]
        waiting = queues.get("DUE", 0) + queues.get("ASSIGNED", 0) + status["ledger"]["feedback_waiting"]
        return waiting == 0 and self._customs().get("releases_waiting", 0) == 0

    def _customs(self) -> dict[str, int]:
        register: dict[str, int] = self.stage.customs.control.call("status")["register"]
        return register

    def _licence(self, key: LicenceKey) -> dict[str, Any]:
        return self.stage.gateway.control.call("licence show", licence=str(key))

    def _act(self, title: str) -> None:
        self.console.print(f"\n[bold]{title}[/]", highlight=False, soft_wrap=True)

    def _say(self, text: str) -> None:
        self.console.print(f"  {text}", highlight=False, markup=False, soft_wrap=True)

    def _tell(self, rejections: list[dict[str, Any]]) -> None:
        for one in rejections:
            self.console.print(
                f"  {one['code']} ({one['article']})\n    {one['zh']}\n    {one['en']}",
                highlight=False,
                markup=False,
                soft_wrap=True,
            )


_MARKER = ".demo"
#: How the program is called from where we stand, for the lines that say what to try next.
_PROGRAM = (
    "gatewayd" if shutil.which("gatewayd") else os.path.relpath(Path(sys.executable).with_name("gatewayd"))
)


def _make_room(folder: Path) -> None:
    """Remove what an earlier demo left in `folder`; anything else there is not touched."""
    if (folder / _MARKER).is_file():
        shutil.rmtree(folder)


def _use_scenario(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    shipped = '# scenario = "scenario.toml"'
    assert shipped in text, "the template shows where a scenario goes"
    path.write_text(text.replace(shipped, f'scenario = "{_SCENARIO_FILE}"', 1), encoding="utf-8")


def _gatewayd(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gatewayd", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _codes(rejections: list[dict[str, Any]]) -> list[str]:
    return [one["code"] for one in rejections]


def _figures(row: dict[str, Any]) -> tuple[str, ...]:
    return row["unit"], row["issued"], row["written_off"], row["balance"]
