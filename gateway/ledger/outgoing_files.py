"""How interchanges of ours travel that do not go as they are: what was done to each, and its bytes.

Encryption never gives the same bytes twice, and a file must be the same at each attempt and restart: so they
are kept from before the first offer until the partner has them. Exported by `gateway.ledger.post`.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select, update

from gateway.ledger.parcels import attribute_columns, attributes_of
from gateway.ledger.statements import insert_rows
from gateway.ledger.store import UnitOfWork
from gateway.ledger.tables import outgoing_file
from oftp2.attributes import FileAttributes

_FILES = outgoing_file.c

_BY_INTERCHANGE = select(outgoing_file).where(_FILES.interchange_id == bindparam("number"))
_FORGET = (
    update(outgoing_file)
    .where(_FILES.interchange_id == bindparam("number"), _FILES.content.is_not(None), ~_FILES.signed_receipt)
    .values(content=None)
)


@dataclass(frozen=True, slots=True)
class OutgoingForm:
    """`content` is None where the interchange goes as it is, and when the partner has it.

    `hash` is that of the bytes that are transmitted, by the cipher suite that `attributes` name (EERPHSH).
    """

    attributes: FileAttributes
    content: bytes | None
    hash: bytes | None


def form_of(connection: Connection, interchange_id: int) -> OutgoingForm | None:
    """How an interchange travels; None: it goes as it is, and nothing is asked for it."""
    row = connection.execute(_BY_INTERCHANGE, {"number": interchange_id}).mappings().one_or_none()
    return None if row is None else OutgoingForm(attributes_of(row), row["content"], row["hash"])


def keep_form(uow: UnitOfWork, interchange_id: int, form: OutgoingForm) -> OutgoingForm:
    """Keep how an interchange travels; what was kept before stands, and is the result."""
    known = form_of(uow.connection, interchange_id)
    if known is not None:
        return known
    row = attribute_columns(form.attributes) | {"content": form.content, "hash": form.hash}
    insert_rows(uow.connection, outgoing_file, [row | {"interchange_id": interchange_id}])
    return form


def forget_content(uow: UnitOfWork, interchange_id: int) -> None:
    """The bytes will not be sent again; what was done to them stays known.

    Where a signed receipt was asked for they are kept: its hash is of them, and would prove nothing without.
    """
    uow.connection.execute(_FORGET, {"number": interchange_id})
