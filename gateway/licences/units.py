"""What a write-off is for its settlement: its lines as they count, and the amendments that hold of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from gateway.licences.facts import Fact
from gateway.licences.recognition import key_of
from licencexml.messages import (
    Declaration,
    DeclarationLine,
    WriteOff,
    WriteOffAmendment,
    WriteOffLineKey,
    WriteOffReversal,
)
from licencexml.rejection import Rejection
from licencexml.values import Quantity


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it counts: its declaration's attributes, and what is left of its quantity.

    `told_at` is when the message came that says so.
    """

    key: WriteOffLineKey
    declaration: Declaration
    line: DeclarationLine
    told_at: datetime

    @property
    def place(self) -> tuple[object, ...]:
        """Its place in customs' own order."""
        key = self.key
        return self.declaration.release_time, key.entry_id, key.line_number, key.sequence


@dataclass(frozen=True, slots=True)
class Unit:
    """One write-off with the lines that it owns, and their amendments, the lowest number first.

    `dropped` are amendments that were found not to hold, for the `reasons`; `refused`: it draws nothing, for
    those.
    """

    fact: Fact
    lines: tuple[Line, ...]
    amendments: tuple[Fact, ...] = ()
    dropped: tuple[Fact, ...] = ()
    reasons: tuple[Rejection, ...] = ()
    refused: bool = False

    @property
    def amended(self) -> tuple[Line, ...]:
        """Its lines as the amendments say."""
        if not self.amendments:
            return self.lines
        content = {amendment_of(fact).amends: fact for fact in self.amendments}
        return tuple(
            amended_by(line, content[line.key]) if line.key in content else line for line in self.lines
        )

    @property
    def place(self) -> tuple[object, ...]:
        """Its place among all, as amended."""
        return min(line.place for line in self.amended)

    def failing(self, rejections: tuple[Rejection, ...]) -> Unit:
        """What is tried next: without its latest amendment; if none is left, refused as amended in full."""
        reasons = self.reasons or rejections
        if self.amendments:
            *holding, latest = self.amendments
            return replace(self, amendments=tuple(holding), dropped=(latest, *self.dropped), reasons=reasons)
        return replace(self, amendments=self.dropped, dropped=(), reasons=reasons, refused=True)


def lines_of(write_off: WriteOff, told_at: datetime) -> Iterator[Line]:
    """The lines of a write-off, as it says them itself."""
    declaration = write_off.declaration
    for line in declaration.lines:
        yield Line(key_of(declaration, line), replace(declaration, lines=()), line, told_at)


def amended_by(line: Line, fact: Fact) -> Line:
    """The line as the amendment says; what the paper showed stays what it was."""
    amended = amendment_of(fact).declaration
    face = line.declaration.paper_face
    return Line(line.key, replace(amended, lines=(), paper_face=face), amended.lines[0], fact.received_at)


def left_of(line: Line, withdrawn: Decimal | None) -> Line | None:
    """The line less what is withdrawn of it; None if that is all."""
    if withdrawn is None:
        return line
    quantity = line.line.quantity
    if withdrawn >= quantity.amount:
        return None
    rest = Quantity(quantity.amount - withdrawn, quantity.unit)
    return replace(line, line=replace(line.line, quantity=rest))


def attributes(declaration: Declaration) -> tuple[object, ...]:
    """What lines have in common that are judged together."""
    unit = declaration.operating_unit
    return declaration.release_time, unit.code, declaration.port, declaration.country


def amendment_of(fact: Fact) -> WriteOffAmendment:
    """The amendment that a fact is."""
    assert isinstance(fact.message, WriteOffAmendment)
    return fact.message


def reversal_of(fact: Fact) -> WriteOffReversal:
    """The withdrawal that a fact is."""
    assert isinstance(fact.message, WriteOffReversal)
    return fact.message


def number_of(fact: Fact) -> tuple[object, ...]:
    """The order of amendments: by number; of one number, by precedence."""
    return (amendment_of(fact).amendment_number, *fact.precedence)
