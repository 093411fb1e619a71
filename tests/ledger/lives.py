"""A licence's life for the ledger's tests: what happens to it, step by step, under a clock that moves."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from gateway.ledger import book, looking, looking_back
from gateway.ledger.looking import Answer
from gateway.licences.facts import Clearance
from licencexml.messages import (
    AmendedContent,
    DeclarationLine,
    Header,
    ReversedLine,
    WriteOff,
    WriteOffAmendment,
    WriteOffLineKey,
    WriteOffReversal,
)
from licencexml.values import LicenceKey, Quantity
from tests.ledger.makers import (
    FakeClock,
    act_received,
    answer_received,
    clearance_received,
    issue_received,
    sealed,
)
from tests.licences.makers import (
    GOODS_CODE,
    OPERATOR,
    POLICY,
    TONNE,
    drawn,
    entry_id,
    key,
    licence,
    write_off,
)

Run = Callable[..., Any]
HOUR = timedelta(hours=1)
#: Acts of issuers are taken at once, without customs' figures.
TRUSTING = replace(POLICY, replacement_needs_reconciliation=False)


def released(
    amount: str,
    at: datetime,
    *lines: DeclarationLine,
    declaration: int = 1,
    licence_key: LicenceKey | None = None,
) -> WriteOff:
    """A release at `at`, told at once."""
    message = write_off(
        *(lines or (drawn(amount),)),
        declaration=declaration,
        message_id=f"w-{declaration}",
        release_time=at,
    )
    return replace(message, header=_header(f"w-{declaration}", at))


def amended(
    amount: str, at: datetime, *, declaration: int = 1, number: int = 1, released_at: datetime
) -> WriteOffAmendment:
    content = AmendedContent(OPERATOR, "2200", "JPN", released_at, GOODS_CODE, Quantity.of(amount, TONNE))
    return WriteOffAmendment(
        _header(f"c-{declaration}-{number}", at),
        key(),
        WriteOffLineKey(entry_id(declaration), 1, 1),
        number,
        at,
        content,
        "更正",
    )


def withdrawn(amount: str, at: datetime, *, declaration: int = 1, number: int = 1) -> WriteOffReversal:
    lines = (ReversedLine(1, 1, Quantity.of(amount, TONNE)),)
    return WriteOffReversal(
        _header(f"b-{declaration}-{number}", at), key(), entry_id(declaration), number, at, lines, "退关"
    )


def _header(message_id: str, at: datetime) -> Header:
    return Header(message_id, "CN-CUSTOMS", "CN-GATEWAY", at)


class Life:
    """A licence of 100 tonnes, and what happens to it, an hour a step; every step is looked at."""

    def __init__(self, run: Run, look: Run, clock: FakeClock, which: LicenceKey | None = None) -> None:
        self.run, self.look, self.clock = run, look, clock
        self.key = which or key()
        self.seen: list[tuple[datetime, Answer]] = []

    def issue(self) -> None:
        number = self.key.number
        issue = issue_received(licence(self.key), f"i-{number}")
        self._step(lambda: self.run(book.accept_issues, [issue], POLICY))
        seal = sealed(self.key, f"z-{number}", f"i-{number}")
        self._step(lambda: self.run(book.record_seals, [seal]))
        answer = answer_received(f"z-{number}", f"a-{number}", licence=self.key)
        self._step(lambda: self.run(book.record_customs_answers, [answer]))

    def tell(self, *messages: Clearance) -> book.Cleared:
        received = [clearance_received(one) for one in messages]
        cleared: book.Cleared = self._step(lambda: self.run(book.record_clearances, received, TRUSTING))
        return cleared

    def act(self, one: Any) -> None:
        [outcome] = self._step(lambda: self.run(book.accept_acts, [act_received(one)], TRUSTING))
        assert not outcome.rejections

    def resolve(self, number: int) -> None:
        assert self._step(lambda: self.run(book.resolve, number, "operator", "settled with customs")) is None

    def shown(self) -> Answer:
        found: Answer = self.look(looking.show_licence, self.key)
        assert json.loads(json.dumps(found)) == found
        return found

    def known(self, as_of: datetime) -> Answer | None:
        """What was known at `as_of`."""
        found = self.look(looking_back.known_then, self.key, as_of)
        return None if found is None else looking.licence_shown(found)

    def true(self, as_of: datetime) -> Answer | None:
        """What was true at `as_of`."""
        found = self.look(looking_back.true_then, self.key, as_of, TRUSTING)
        return None if found is None else looking.licence_shown(found)

    def _step(self, happens: Callable[[], Any]) -> Any:
        result = happens()
        self.seen.append((self.clock(), self.shown()))
        self.clock.advance(hours=1)
        return result


def left(shown: Answer | None) -> str:
    """The balance of the one goods line."""
    assert shown is not None
    [line] = shown["lines"]
    return str(line["balance"])
