"""That no work was skipped to be fast: looked up after each measured run, in ledgers and documents."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from random import Random

from gateway.ledger.sqlite import writer_engine
from tests.bench.house import House

_FULL = 2  # https://www.sqlite.org/pragma.html#pragma_synchronous
#: Sealed licences that are verified by others' programs.
_SAMPLE = 10


class WorkWasSkipped(Exception):
    """Something is missing that the measured work must have left behind."""


def refused_as_they_must_be(house: House, broken: bytes, tampered: bytes) -> None:
    """A document that breaks the schema and one that was changed after it was signed are both refused."""
    reasons = [_codes(answer) for answer in house.refuse([broken, tampered])]
    _must(reasons == [["FIELD_MISSING"], ["CONTENT_CHANGED"]], f"refused for other reasons: {reasons}")


def all_was_done(house: House, *, whole: bool = True) -> None:
    """Each licence was accepted, sealed, sent, acknowledged and, if that was asked for, written off; once.

    Call it when nothing is on its way, and with the daemons up. With `whole` false more may lie in `in/` than
    was taken.
    """
    counts = _entries(house.folder / "state" / "ledger.sqlite3")
    accepted = counts.get("ISSUE_ACCEPTED", 0)
    _must(accepted == house.dropped or not whole, f"{accepted} of {house.dropped} accepted")
    for kind in ("SEALED", "SENT", "CUSTOMS_ACCEPTED"):
        found = counts.get(kind, 0)
        _must(found == accepted or not whole, f"{kind}: {found} of {accepted}")
    written_off = counts.get("WRITE_OFF_APPLIED", 0)
    expected = accepted * house.setting.declarations
    _must(written_off == expected or not whole, f"{written_off} of {expected} written off")
    if whole:
        _customs_has(house.folder / "customs-state" / "ledger.sqlite3", accepted)
        _must(counts.get("MESSAGE_REFUSED", 0) >= house.refused, "what was refused is not in the ledger")
    _ledger_is_sound(house.folder)
    _commits_are_synced(house.folder)
    if whole:
        _seals_hold(house.folder)


def _entries(path: Path) -> dict[str, int]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as ledger:
        query = "SELECT kind, count(*), count(DISTINCT licence_type || licence_no) FROM entry GROUP BY kind"
        return {kind: min(count, licences or count) for kind, count, licences in ledger.execute(query)}


def _customs_has(path: Path, count: int) -> None:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as ledger:
        [found] = ledger.execute("SELECT count(*) FROM customs_licence").fetchone()
    _must(found == count, f"{found} of {count} in customs' register")


def _ledger_is_sound(folder: Path) -> None:
    command = [sys.executable, "-m", "gatewayd", "ledger", "check", "--instance", str(folder)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    _must(found.returncode == 0, f"gatewayd ledger check: {found.stdout}{found.stderr}")


def _commits_are_synced(folder: Path) -> None:
    """As the gateway itself opens its ledger: every commit is synced (WAL, synchronous FULL)."""
    engine = writer_engine(folder / "made" / "probe.sqlite3")
    with engine.connect() as connection:
        synchronous = connection.exec_driver_sql("PRAGMA synchronous").scalar()
        journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
    engine.dispose()
    _must(synchronous == _FULL and journal == "wal", f"synchronous = {synchronous}, journal_mode = {journal}")


def _seals_hold(folder: Path) -> None:
    """Samples are genuine to `gatewayd verify` and, where it is installed, to xmlsec1."""
    kept = sorted((folder / "kept").glob("*.sealed.xml"))
    _must(bool(kept), "nothing was kept of what was sealed")
    sample = Random(len(kept)).sample(kept, min(_SAMPLE, len(kept)))
    command = [
        sys.executable,
        "-m",
        "gatewayd",
        "verify",
        "--json",
        "--instance",
        str(folder),
        *map(str, sample),
    ]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    _must(found.returncode == 0, f"gatewayd verify: {found.stdout}{found.stderr}")
    program = shutil.which("xmlsec1")
    for path in sample if program else ():
        for name, role in (("SealedLicence", "seal"), ("LicenceIssue", "issuer")):
            _xmlsec(str(program), path, name, folder / "trust" / role)


def _xmlsec(program: str, path: Path, name: str, anchors: Path) -> None:
    signature = f"//*[local-name()='{name}']/*[local-name()='Signature']"
    trusted = [part for anchor in sorted(anchors.glob("*.pem")) for part in ("--trusted-pem", str(anchor))]
    identified = [
        part
        for kind in ("SealedLicence", "LicenceIssue")
        for part in ("--id-attr:ID", f"urn:licence-exchange:1:{kind}")
    ]
    command = [program, "--verify", *identified, "--node-xpath", signature]
    command += ["--enabled-key-data", "x509", *trusted, str(path)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    _must(found.returncode == 0, f"xmlsec1 on {name} in {path.name}: {found.stderr}")


def _codes(answer: bytes) -> list[str]:
    content = json.loads(answer)
    reasons = content["rejections"] if isinstance(content, dict) else content
    return [reason["code"] for reason in reasons]


def _must(good: bool, what: str) -> None:
    if not good:
        raise WorkWasSkipped(what)
