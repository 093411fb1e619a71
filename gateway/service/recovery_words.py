"""What a start says of the run before it: found, redone, waits. Sentences for people, counts for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gateway.clock import local_words
from gateway.ledger.left_over import HalfReceived, LeftOver
from gateway.ledger.runs import PastRun

#: So many half-received files are named in a sentence.
_NAMED = 5
Fields = dict[str, int | str | bool]


@dataclass(frozen=True, slots=True)
class Left:
    """What was left, at a moment: files in `work/` of all spool trees, and what the ledger has."""

    work: int
    ledger: LeftOver

    @property
    def is_nothing(self) -> bool:
        """Whether nothing waits for us, nor for the partners to go on."""
        one = self.ledger
        return not (
            self.work
            or one.half_received
            or one.to_settle
            or one.to_seal
            or one.interchanges
            or one.receipts_due
            or one.answers
        )

    def fields(self) -> Fields:
        """The counts by name."""
        one = self.ledger
        return {
            "files_in_work": self.work,
            "half_received": one.half_received,
            "to_settle": one.to_settle,
            "to_seal": one.to_seal,
            "due": one.due,
            "under_way": one.under_way,
            "files_under_way": len(one.interchanges),
            "without_receipt": one.without_receipt,
            "held": one.held,
            "receipts_owed": one.receipts_due,
            "answers_not_written": one.answers,
        }


@dataclass(frozen=True, slots=True)
class Redone:
    """What was done of it: between what was found and what of that is left now.

    `gone_on` has by name the half-received files that came on, and where; `refused` counts what the partner
    did not take when it was sent again. `put_away` and `cleared` are files that were over or half-written.
    """

    found: Left
    left: Left
    refused: int = 0
    gone_on: Mapping[str, int] = field(default_factory=dict)
    put_away: int = 0
    cleared: int = 0

    def fields(self) -> Fields:
        """The counts by name."""
        was, now = self.found.ledger, self.left.ledger
        return {
            "examined_again": self.found.work - self.left.work,
            "settled": was.to_settle - now.to_settle,
            "sealed": was.to_seal - now.to_seal,
            "sent_again": len(was.interchanges) - len(now.interchanges) - self.refused,
            "refused": self.refused,
            "gone_on": ", ".join(f"{name} at {position}" for name, position in self.gone_on.items()),
            "receipts_sent": was.receipts_due - now.receipts_due,
            "answers_written": was.answers - now.answers,
            "put_away": self.put_away,
            "cleared_away": self.cleared,
        }


def run_words(past: PastRun | None) -> str:
    """How the run before this one ended."""
    if past is None:
        return "this is the first run"
    if past.ended_at is None:
        return f"the last run did not end in order, and was last known alive at {local_words(past.alive_at)}"
    if not past.has_recovered:
        return (
            f"the last run was stopped at {local_words(past.ended_at)}, before it had recovered from a crash"
        )
    return f"the last run ended in order at {local_words(past.ended_at)}"


def found_words(left: Left) -> str:
    """What was found."""
    one = left.ledger
    return _listed(
        _some(left.work, "file in work/", "files in work/"),
        _half_received(one),
        _some(one.to_settle, "received file not settled", "received files not settled"),
        _some(one.to_seal, "accepted message not sealed", "accepted messages not sealed"),
        _some(one.due, "message due", "messages due"),
        _under_way(one),
        _some(one.without_receipt, "message sent without a receipt", "messages sent without a receipt"),
        _some(one.held, "message held", "messages held"),
        _some(one.receipts_due, "receipt owed", "receipts owed"),
        _some(one.answers, "answer not written", "answers not written"),
    )


def redone_words(done: Redone) -> str:
    """What was done of it."""
    count = {name: value for name, value in done.fields().items() if isinstance(value, int)}
    gone_on = [f"{name} gone on with at byte {position}" for name, position in done.gone_on.items()]
    return _listed(
        _some(count["examined_again"], "file in work/ examined again", "files in work/ examined again"),
        _some(count["settled"], "received file settled", "received files settled"),
        _some(count["sealed"], "accepted message sealed", "accepted messages sealed"),
        _some(count["sent_again"], "file sent again", "files sent again"),
        _some(done.refused, "file sent again and refused", "files sent again and refused"),
        *gone_on,
        _some(count["receipts_sent"], "receipt sent", "receipts sent"),
        _some(count["answers_written"], "answer written", "answers written"),
        _some(done.put_away, "settled file put away", "settled files put away"),
        _some(done.cleared, "half-written file cleared away", "half-written files cleared away"),
    )


def waits_words(left: Left) -> str:
    """What waits, and for what."""
    one = left.ledger
    line = _parts(
        _some(one.due, "message due", "messages due"),
        _under_way(one),
        _some(one.receipts_due, "receipt owed", "receipts owed"),
    )
    house = _parts(
        _some(left.work, "file in work/", "files in work/"),
        _some(one.to_settle, "received file", "received files"),
        _some(one.to_seal, "message to be sealed", "messages to be sealed"),
        _some(one.answers, "answer to be written", "answers to be written"),
    )
    return _listed(
        _for(_some(one.without_receipt, "message", "messages"), "for the partner's receipt"),
        _for(_some(one.held, "message", "messages"), "held for an operator (ctl queue list --status held)"),
        _for(", ".join(line), "for the line (ctl line status)"),
        _for(_half_received(one), "for the partner to send the rest"),
        _for(", ".join(house), "to be worked off (if it stays so: ctl status)"),
        separator="; ",
    )


def _for(what: str, whom: str) -> str:
    return f"{what} {whom}" if what else ""


def _under_way(one: LeftOver) -> str:
    files = _some(len(one.interchanges), "file", "files")
    return _for(_some(one.under_way, "message", "messages"), f"under way in {files}")


def _half_received(one: LeftOver) -> str:
    what = _some(one.half_received, "half-received file", "half-received files")
    if not what:
        return ""
    named = [_file(file) for file in one.first_half_received[:_NAMED]]
    more = one.half_received - len(named)
    return f"{what} ({', '.join([*named, *([f'{more} more'] if more else [])])})"


def _file(file: HalfReceived) -> str:
    return f"{file.dataset_name} of {file.partner}: {file.position_bytes} of {file.size_bytes} bytes"


def _some(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}" if number else ""


def _parts(*parts: str) -> list[str]:
    return [part for part in parts if part]


def _listed(*parts: str, separator: str = ", ") -> str:
    found: Iterable[str] = _parts(*parts)
    return separator.join(found) or "nothing"
