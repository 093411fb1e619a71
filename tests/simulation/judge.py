"""The judge: what must be true in the end, from what was dropped and what customs decided.

It knows nothing of the code that it judges. It reads both databases by plain SQL and the folders by their
names, and reckons balances anew, in whole numbers, from what customs told and was answered.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from sqlalchemy import create_engine

from gateway.ledger.check import differences
from tests.simulation.business import Drop, Fate
from tests.simulation.reading import ledger_of

_UNIT = 100_000
#: A repeat of what was refused is REPEATED too, with the reasons.
_AGREED = "answer IN ('ACCEPTED', 'REPEATED') AND codes = '[]'"
_WRONG = {"wrong-unit", "wrong-signature"}
_TAMPERED = "wrong-signature"
#: What tells how far a row has come, where it is not its status.
_COLUMNS = {"licence": "transmission", "act": "transmission", "customs_release": "answer"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong; nothing, if the seed is good."""

    faults: tuple[str, ...]


def is_settled(instance: Path) -> bool:
    """Whether nothing is on its way any more, on either side."""
    spool = instance / "spool"
    if _left(spool):
        return False
    with (
        closing(ledger_of(instance, "state")) as ours,
        closing(ledger_of(instance, "customs-state")) as theirs,
    ):
        for database in (ours, theirs):
            waiting = "SELECT count(*) FROM outbox WHERE status IN ('DUE', 'ASSIGNED')"
            files = "SELECT count(*) FROM inbound_file WHERE status IN ('STORED') OR receipt_status = 'DUE'"
            sent = "SELECT count(*) FROM interchange WHERE status IN ('READY', 'SENT')"
            if any(_one(database, query) for query in (waiting, files, sent)):
                return False
        unsealed = "SELECT count(*) FROM licence WHERE transmission NOT IN ('RECEIVED', 'CUSTOMS_REFUSED')"
        if _one(ours, "SELECT count(*) FROM feedback WHERE NOT written") or _one(ours, unsealed):
            return False
        # An act on a licence that customs refused waits with it.
        acts = (
            "SELECT count(*) FROM act JOIN licence USING (licence_type, licence_no)"
            " WHERE act.transmission NOT IN ('RECEIVED', 'CUSTOMS_REFUSED')"
            " AND licence.transmission <> 'CUSTOMS_REFUSED'"
        )
        if _one(ours, acts):
            return False
        return not _one(theirs, "SELECT count(*) FROM customs_release WHERE answer IS NULL")


def is_reported(instance: Path, day: date) -> bool:
    """Whether the gateway has closed `day`, and customs has answered what was reported about it."""
    with closing(ledger_of(instance, "state")) as ours:
        query = "SELECT count(*) FROM day_report WHERE day = ? AND answered_at IS NOT NULL"
        return bool(ours.execute(query, (day.isoformat(),)).fetchone()[0])


def days_that_differ(instance: Path) -> list[str]:
    """The days of which both sides have not the same, as far as the gateway knows."""
    with closing(ledger_of(instance, "state")) as ours:
        query = "SELECT DISTINCT day FROM day_difference WHERE status = 'OPEN' ORDER BY day"
        return [row[0] for row in ours.execute(query)]


def reports_without_answer(instance: Path) -> list[str]:
    """The days whose report customs has not answered."""
    with closing(ledger_of(instance, "state")) as ours:
        return [row[0] for row in ours.execute("SELECT day FROM day_report WHERE answered_at IS NULL")]


def held_rows(instance: Path) -> list[int]:
    """What operators hold back in the gateway's queue."""
    with closing(ledger_of(instance, "state")) as ours:
        return [row[0] for row in ours.execute("SELECT id FROM outbox WHERE status = 'HELD'")]


def judge(
    instance: Path, drops: Sequence[Drop], faults_seen: Sequence[str] = (), *, day_is_over: bool = False
) -> Verdict:
    """Everything that is not as it must be: after these drops, and these faults in the logs.

    If the day is over, and all days were reported once all was settled, both sides have the same of them.
    """
    faults = [f"a fault of the program: {fault}" for fault in faults_seen]
    if not is_settled(instance):
        faults.append(f"it does not settle: {what_waits(instance)}")
        return Verdict(tuple(faults))
    with (
        closing(ledger_of(instance, "state")) as ours,
        closing(ledger_of(instance, "customs-state")) as theirs,
    ):
        faults += _drops(instance, drops, ours)
        faults += _licences(drops, ours, theirs)
        faults += _answers(ours, theirs)
        faults += _balances(ours, theirs)
        faults += _files(instance, ours)
        if day_is_over:
            faults += _days(instance, ours)
    faults += _replay(instance)
    return Verdict(tuple(faults))


def _drops(instance: Path, drops: Sequence[Drop], ours: sqlite3.Connection) -> Iterator[str]:
    """Each file has one answer, and it is the right one; each message is taken once at most."""
    out = instance / "spool" / "out"
    for drop in drops:
        stem = drop.name.removesuffix(".urgent")
        found = [
            path for path in out.iterdir() if path.name.startswith((f"{stem}.accepted", f"{stem}.rejected"))
        ]
        if len(found) != 1:
            yield f"{drop.name} ({drop.fate.value}) has {len(found)} answers: {[one.name for one in found]}"
            continue
        accepted = ".accepted." in found[0].name
        if drop.fate is not Fate.EITHER and accepted is not (drop.fate is Fate.ACCEPTED):
            yield f"{drop.name} must be {drop.fate.value}: {found[0].name}: {_codes(found[0])}"
        if not accepted and not json.loads(found[0].read_bytes())["rejections"]:
            yield f"{drop.name} is refused without a reason"
    taken = Counter(
        row[0] for row in ours.execute("SELECT message_id FROM entry WHERE kind = 'ISSUE_ACCEPTED'")
    )
    yield from (
        f"{message_id} was accepted {times} times" for message_id, times in taken.items() if times > 1
    )
    yield from (
        f"{one} was accepted, and nobody dropped it"
        for one in taken
        if one not in {drop.message_id for drop in drops}
    )


def _codes(answer: Path) -> list[str]:
    return [one["code"] for one in json.loads(answer.read_bytes())["rejections"]]


def _licences(drops: Sequence[Drop], ours: sqlite3.Connection, theirs: sqlite3.Connection) -> Iterator[str]:
    """Each licence that was accepted is accepted once, sealed once, and is in customs' register once."""
    accepted = _keys(ours, "SELECT licence_type, licence_no FROM entry WHERE kind = 'ISSUE_ACCEPTED'")
    sealed = _keys(ours, "SELECT licence_type, licence_no FROM entry WHERE kind = 'SEALED'")
    known = _keys(theirs, "SELECT licence_type, licence_no FROM customs_licence")
    query = "SELECT licence_type, licence_no FROM licence WHERE transmission = 'CUSTOMS_REFUSED'"
    refused = _keys(ours, query)
    decided = "SELECT licence_type, licence_no FROM customs_received WHERE status = 'REFUSED'"
    theirs_refused = {key for key in _keys(theirs, decided) if key in accepted and key not in known}
    if refused.keys() != theirs_refused:
        yield f"refused by customs, here and there: {sorted(refused)} {sorted(theirs_refused)}"
    if accepted != sealed:
        yield f"accepted and sealed differ: {accepted - sealed} {sealed - accepted}"
    if accepted != known + refused:
        yield f"accepted and in customs' register differ: {accepted - known} {known - accepted}"
    yield from (f"{key} was accepted {times} times" for key, times in accepted.items() if times > 1)
    must = {str(drop.licence) for drop in drops if drop.fate is Fate.ACCEPTED}
    yield from (f"{key} was dropped in order, and is not there" for key in must if key not in accepted)
    called = _keys(ours, "SELECT licence_type, licence_no FROM phone_call")
    asked = [drop for drop in drops if drop.fate is Fate.ACCEPTED and drop.name.endswith(".urgent")]
    urgent = {str(drop.licence) for drop in asked}
    yield from (
        f"{key} is urgent, and nobody has to call" for key in urgent & accepted.keys() - called.keys()
    )
    issued = dict(ours.execute("SELECT licence_type || '/' || licence_no, issue_message_id FROM licence"))
    bytes_of = {(drop.message_id, str(drop.licence)): drop.data for drop in drops}
    for key, xml in theirs.execute("SELECT licence_type || '/' || licence_no, xml FROM customs_licence"):
        value = _between(bytes_of.get((issued.get(key, ""), key), b""), b"<SignatureValue>", b"<")
        if not value or value not in xml:
            yield f"what customs has of {key} is not what its issuer signed"


def _between(data: bytes, start: bytes, end: bytes) -> bytes:
    _, found, rest = data.partition(start)
    return rest.partition(end)[0] if found else b""


def _answers(ours: sqlite3.Connection, theirs: sqlite3.Connection) -> Iterator[str]:
    """What customs told has the answer that customs has of it, and one that its mischief allows."""
    verdicts = dict(ours.execute("SELECT message_id, verdict FROM clearance"))
    refused = {row[0] for row in ours.execute("SELECT message_id FROM entry WHERE kind = 'MESSAGE_REFUSED'")}
    for table in ("customs_release", "customs_correction"):
        for message_id, answer, mischief, agreed in theirs.execute(
            f"SELECT message_id, answer, mischief, {_AGREED} FROM {table}"
        ):
            verdict = verdicts.get(message_id)
            if mischief == _TAMPERED:
                if agreed or message_id not in refused:
                    yield f"{message_id} was forged and is {answer}"
            elif verdict is None:
                yield f"{message_id} ({mischief}) is {answer} at customs, and not known here"
            elif answer == verdict == "REPEATED":
                continue  # The first of them is judged.
            elif bool(agreed) is not (verdict in ("APPLIED", "PARKED")):
                yield f"{message_id} ({mischief}) is {answer} at customs and {verdict} here"
            elif mischief in _WRONG and agreed:
                yield f"{message_id} is {mischief} and was agreed"


def _balances(ours: sqlite3.Connection, theirs: sqlite3.Connection) -> Iterator[str]:
    """What was issued, less what customs told and was agreed, is what is left; and the cap holds."""
    told: defaultdict[tuple[str, str, int], int] = defaultdict(int)
    lines: dict[tuple[str, str, str, int, int], tuple[int, int]] = {}
    query = (
        "SELECT r.licence_type, r.licence_no, r.entry_id, l.line_number, l.sequence, l.licence_line,"
        " l.quantity"
        " FROM customs_release r JOIN customs_release_line l ON l.release_id = r.id"
        f" WHERE {_AGREED} ORDER BY r.id"
    )
    for kind, number, entry, line, sequence, of_licence, quantity in theirs.execute(query):
        lines.setdefault((kind, number, entry, line, sequence), (of_licence, _whole(quantity)))
    corrections = (
        "SELECT c.kind, c.licence_type, c.licence_no, c.entry_id, l.line_number, l.sequence, l.licence_line,"
        " l.quantity FROM customs_correction c JOIN customs_correction_line l ON l.correction_id = c.id"
        f" WHERE {_AGREED} ORDER BY c.kind, c.number"
    )
    for what, kind, number, entry, line, sequence, of_licence, quantity in theirs.execute(corrections):
        key = (kind, number, entry, line, sequence)
        if key in lines:
            before = lines[key]
            amended = what == "WriteOffAmendment"
            after = _whole(quantity) if amended else before[1] - _whole(quantity)
            lines[key] = (of_licence or before[0], after)
    for (kind, number, *_), (of_licence, quantity) in lines.items():
        told[kind, number, of_licence] += quantity
    rows = list(
        ours.execute("SELECT licence_type, licence_no, line_number, issued, balance FROM licence_line")
    )
    for kind, number, line, issued, balance in rows:
        used = _whole(issued) - _whole(balance)
        if used != told.pop((kind, number, line), 0):
            yield f"{kind}/{number} line {line}: {used / _UNIT} written off, customs was agreed another sum"
        if used < 0 or used > _whole(issued) * 105 // 100:
            yield f"{kind}/{number} line {line}: {used / _UNIT} written off of {issued}"
    yield from (
        f"customs was agreed {sum_} of {key}, of which nothing is here" for key, sum_ in told.items() if sum_
    )
    caps = (
        "SELECT u.licence_type, u.licence_no, count(*), l.cap FROM declaration_use u"
        " JOIN licence l USING (licence_type, licence_no) GROUP BY 1, 2 HAVING count(*) > l.cap"
    )
    yield from (
        f"{row[0]}/{row[1]}: {row[2]} declarations, {row[3]} at most"
        for row in ours.execute(caps)
        if row[2] > row[3]
    )


def _days(instance: Path, ours: sqlite3.Connection) -> Iterator[str]:
    """Both sides have the same of each day."""
    rows = ours.execute("SELECT day, identity, kind, told FROM day_difference WHERE status = 'OPEN'")
    yield from (f"of {day} {kind} differs: {identity} {told}" for day, identity, kind, told in rows)
    yield from (f"the report of {day} has no answer" for day in reports_without_answer(instance))


def _files(instance: Path, ours: sqlite3.Connection) -> Iterator[str]:
    """Each file is somewhere, whole, and as the ledger has it."""
    spool = instance / "spool"
    for (name,) in ours.execute("SELECT name FROM feedback"):
        if not _is_whole(spool / "out" / name):
            yield f"the answer {name} is not in out/, or not whole"
    left = _left(spool)
    if left:
        yield f"left in in/ and work/: {left}"
    torn = [path.name for path in (spool / "out").iterdir() if path.name.endswith(".tmp")]
    if torn:
        yield f"half-written in out/: {torn}"


def _left(spool: Path) -> list[str]:
    """What lies in `in/` and `work/`; what an issuing system was writing when the disk failed is its own."""
    names = [path.name for part in ("in", "work") for path in (spool / part).iterdir()]
    return [name for name in names if not name.endswith(".tmp")]


def _is_whole(path: Path) -> bool:
    """Whether the file is there, and reads to its end as what it is."""
    if not path.is_file():
        return False
    data = path.read_bytes()
    if path.suffix == ".xml":
        return data.rstrip().endswith(b"</SealedLicence>")
    try:
        return isinstance(json.loads(data), dict)
    except ValueError:
        return False


def _replay(instance: Path) -> Iterator[str]:
    engine = create_engine(f"sqlite:///{instance / 'state' / 'ledger.sqlite3'}")
    try:
        with engine.connect() as connection:
            yield from (f"replay: {one}" for one in differences(connection))
    finally:
        engine.dispose()


def what_waits(instance: Path) -> str:
    """What is on its way, for whoever looks for the reason."""
    found: list[str] = []
    for folder, tables in (
        ("state", ("outbox", "interchange", "inbound_file", "licence", "act")),
        ("customs-state", ("outbox", "interchange", "inbound_file", "customs_release")),
    ):
        with closing(ledger_of(instance, folder)) as database:
            for table in tables:
                column = _COLUMNS.get(table, "status")
                rows = dict(database.execute(f"SELECT {column}, count(*) FROM {table} GROUP BY 1"))
                found.append(f"{folder} {table} {rows}")
    spool = instance / "spool"
    found.append(f"in/ {len(list((spool / 'in').iterdir()))} work/ {len(list((spool / 'work').iterdir()))}")
    return "; ".join(found)


def _keys(database: sqlite3.Connection, query: str) -> Counter[str]:
    return Counter(f"{kind}/{number}" for kind, number in database.execute(query))


def _whole(quantity: object) -> int:
    return int(Decimal(str(quantity)) * _UNIT)


def _one(database: sqlite3.Connection, query: str) -> int:
    return int(database.execute(query).fetchone()[0])
