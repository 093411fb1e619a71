"""The licences as they stand: read and written by the batch, in the transaction of their entries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Table,
    Update,
    and_,
    bindparam,
    exists,
    false,
    or_,
    select,
    update,
)

from gateway.ledger.journal import licence_columns
from gateway.ledger.state_data import permitted_from, suspensions_from
from gateway.ledger.statements import is_about, key_named, rows_about, update_about
from gateway.ledger.store import UnitOfWork
from gateway.ledger.tables import declaration_use, licence, licence_line, write_off_line
from gateway.licences.life import Life, Standing, Transmission, Usage
from gateway.licences.state import LicenceState, LineState
from licencexml.values import LicenceKey, LicenceType, Medium, Party, UsageMode

_LIFE = ("status", "transmission", "usage", "standing")


def _is_row(table: Table) -> ColumnElement[bool]:
    return and_(
        table.c.licence_type == bindparam("which_licence_type"),
        table.c.licence_no == bindparam("which_licence_no"),
    )


def _saving(*names: str) -> Update:
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    return update(licence).where(is_about(licence)).values(values)


_LICENCES = select(licence).where(is_about(licence))
_LIVES = select(
    licence.c.licence_type,
    licence.c.licence_no,
    licence.c.transmission,
    licence.c.usage,
    licence.c.standing,
).where(is_about(licence))
_LINES = select(licence_line).where(is_about(licence_line)).order_by(licence_line.c.line_number)
_STANDS = exists().where(
    write_off_line.c.licence_type == declaration_use.c.licence_type,
    write_off_line.c.licence_no == declaration_use.c.licence_no,
    write_off_line.c.entry_id == declaration_use.c.entry_id,
)
_DECLARATIONS = select(declaration_use, _STANDS.label("stands")).where(is_about(declaration_use))
_SAVE_LIVES = _saving(*_LIFE)
_SAVE_LIVES_AND_PARTNERS = _saving(*_LIFE, "partner")
_SAVE_BALANCES = (
    update(licence_line)
    .where(_is_row(licence_line), licence_line.c.line_number == bindparam("which_line"))
    .values(balance=bindparam("new_balance"))
)


def about(table: Table, keys: Iterable[LicenceKey]) -> ColumnElement[bool]:
    """The condition that a row of `table` is about one of these licences: for statements of the moment.

    Type by type, because SQLite searches no index for a list of pairs.
    """
    numbers: defaultdict[LicenceType, list[str]] = defaultdict(list)
    for key in sorted(set(keys)):
        numbers[key.type].append(key.number)
    return or_(
        false(),
        *[
            (table.c.licence_type == licence_type.value) & table.c.licence_no.in_(of_type)
            for licence_type, of_type in numbers.items()
        ],
    )


def key_of(row: Row[*tuple[Any, ...]]) -> LicenceKey:
    """The licence that a row is about."""
    return key_named(row.licence_type, row.licence_no)


def load_states(connection: Connection, keys: Iterable[LicenceKey]) -> dict[LicenceKey, LicenceState]:
    """The licences of `keys` that there are, in three statements a type (one if none is)."""
    rows = list(rows_about(connection, _LICENCES, keys))
    if not rows:
        return {}
    found = [key_of(row) for row in rows]
    lines = _lines(connection, found)
    declarations = _declarations(connection, found)
    return {
        key: _state(key, row, lines[key], declarations[key]) for key, row in zip(found, rows, strict=True)
    }


def load_lives(connection: Connection, keys: Iterable[LicenceKey]) -> dict[LicenceKey, Life]:
    """Where those of `keys` that there are stand in their lives."""
    return {key_of(row): _life(row) for row in rows_about(connection, _LIVES, keys)}


def life_columns(life: Life) -> dict[str, Any]:
    """What the row of `licence` says of its life."""
    return dict(zip(_LIFE, (life.status, life.transmission, life.usage, life.standing), strict=True))


def save_lives(
    uow: UnitOfWork, lives: Mapping[LicenceKey, Life], partners: Mapping[LicenceKey, str] | None = None
) -> None:
    """Write where these licences stand in their lives: a statement for all that stand the same.

    With `partners` those that they were sealed for are written too, one for each of `lives`: theirs they are
    from now on.
    """
    same: defaultdict[tuple[Life, str | None], list[LicenceKey]] = defaultdict(list)
    for key, life in lives.items():
        same[life, None if partners is None else partners[key]].append(key)
    for (life, partner), keys in same.items():
        columns = life_columns(life) | ({} if partners is None else {"partner": partner})
        values = {f"new_{name}": value for name, value in columns.items()}
        change = _SAVE_LIVES if partners is None else _SAVE_LIVES_AND_PARTNERS
        update_about(uow.connection, change, keys, **values)


def save_balances(
    uow: UnitOfWork, before: Mapping[LicenceKey, LicenceState], after: Mapping[LicenceKey, LicenceState]
) -> None:
    """Write the balances that differ between `before` and `after`, in one statement."""
    rows = [
        _row_key(key) | {"which_line": new.line_number, "new_balance": new.balance}
        for key, state in after.items()
        for old, new in zip(before[key].lines, state.lines, strict=True)
        if old.balance != new.balance
    ]
    if rows:
        uow.connection.execute(_SAVE_BALANCES, rows)


def _row_key(key: LicenceKey) -> dict[str, Any]:
    return {f"which_{name}": value for name, value in licence_columns(key).items()}


def _lines(connection: Connection, keys: Sequence[LicenceKey]) -> defaultdict[LicenceKey, list[LineState]]:
    lines: defaultdict[LicenceKey, list[LineState]] = defaultdict(list)
    for row in rows_about(connection, _LINES, keys):
        lines[key_of(row)].append(
            LineState(
                row.line_number,
                row.goods_code,
                row.unit,
                row.issued,
                row.balance,
                row.tolerance_percent,
                row.unified_operation,
                row.goods_name,
            )
        )
    return lines


def _declarations(
    connection: Connection, keys: Sequence[LicenceKey]
) -> defaultdict[LicenceKey, dict[str, bool]]:
    """The declarations that count against each licence, and whether anything of each stands."""
    uses: defaultdict[LicenceKey, dict[str, bool]] = defaultdict(dict)
    for row in rows_about(connection, _DECLARATIONS, keys):
        uses[key_of(row)][row.entry_id] = bool(row.stands)
    return uses


def _state(
    key: LicenceKey, row: Row[Any], lines: Iterable[LineState], declarations: Mapping[str, bool]
) -> LicenceState:
    return LicenceState(
        key=key,
        life=_life(row),
        medium=Medium(row.medium),
        usage_mode=UsageMode(row.usage_mode),
        cap=row.cap,
        licence_date=row.licence_date,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        operator=Party(row.operator_name, row.operator_code),
        counterpart=Party(row.counterpart_name, row.counterpart_code),
        clearance_port=row.clearance_port,
        country=row.country,
        terms_of_trade=row.terms_of_trade,
        lines=tuple(lines),
        permitted=permitted_from(row.permitted),
        declarations=frozenset(declarations),
        withdrawn=frozenset(entry_id for entry_id, stands in declarations.items() if not stands),
        suspensions=suspensions_from(row.suspensions),
        replaces=None if row.replaces is None else LicenceKey.parse(row.replaces),
        replaced_by=None if row.replaced_by is None else LicenceKey.parse(row.replaced_by),
        confirmed_at=row.confirmed_at,
    )


def _life(row: Row[*tuple[Any, ...]]) -> Life:
    return Life(Transmission(row.transmission), Usage(row.usage), Standing(row.standing))
