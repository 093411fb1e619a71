"""What the post handles, as values: interchanges of ours, and virtual files of the partner's."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Table, bindparam

from gateway.ledger.kinds import InboundStatus, InterchangeStatus, ReceiptStatus
from oftp2.attributes import FileAttributes
from oftp2.identity import NO_COUNTER, FileIdentity

#: The columns that say which virtual file it is (RFC 5024 section 5.3.3).
_IDENTITY = ("dataset_name", "file_date", "file_time", "originator", "destination")
_ATTRIBUTES = tuple(field.name for field in fields(FileAttributes))


@dataclass(frozen=True, slots=True)
class Interchange:
    """An interchange of ours. `size_bytes` counts its members, without the frame round them.

    `created` is the instant for its frame; with its members it fixes the file's bytes. `not_before` is the
    earliest instant of the next attempt, None for at once. `read_at` is when the partner said that it could
    be read (TechnicalAck).
    """

    id: int
    partner: str
    control_reference: str
    created: datetime
    member_count: int
    size_bytes: int
    identity: FileIdentity
    status: InterchangeStatus
    attempts: int
    not_before: datetime | None
    last_reason: str | None
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class InboundFile:
    """A virtual file of the partner's. `position_bytes` of it are durable at `path`.

    `refusal_text` is why it was not worked off. With a `refusal_reason` (NERPREAS, RFC 5024 section 5.3.14)
    the response that we owe, or gave, is a NERP. `hash` is there if that is to be signed: of the file as it
    was transmitted, by the suite that was told.
    """

    id: int
    partner: str
    identity: FileIdentity
    size_bytes: int
    path: str
    position_bytes: int
    status: InboundStatus
    receipt_status: ReceiptStatus
    control_reference: str | None
    refusal_reason: int | None
    refusal_text: str | None
    hash: bytes | None
    at: datetime
    attributes: FileAttributes

    @property
    def is_refused(self) -> bool:
        """Whether our response is a NERP."""
        return self.refusal_reason is not None


def identity_columns(identity: FileIdentity) -> dict[str, str]:
    """The columns of `interchange` and `inbound_file` that hold a file's identity."""
    values = (
        identity.dataset_name,
        identity.date,
        identity.time,
        identity.originator,
        identity.destination,
    )
    return dict(zip(_IDENTITY, values, strict=True))


def attribute_columns(attributes: FileAttributes) -> dict[str, Any]:
    """The columns of `inbound_file` and `outgoing_file` that hold what SFID told of a file."""
    # PostgreSQL takes no NUL in a text.
    return asdict(attributes) | {"description": attributes.description.replace("\0", "")}


def attributes_of(row: RowMapping) -> FileAttributes:
    """What SFID told, from such columns."""
    return FileAttributes(**_same(row, *_ATTRIBUTES))


def has_identity(table: Table) -> list[ColumnElement[bool]]:
    """The conditions that a row of `table` is about the file whose `identity_columns` are given."""
    return [table.c[name] == bindparam(name) for name in _IDENTITY]


def stands_for(table: Table) -> list[ColumnElement[bool]]:
    """The conditions that the `second_columns` given stand for the file of a row of `table`."""
    return [
        table.c.file_time.between(bindparam("earliest"), bindparam("latest")),
        *(table.c[name] == bindparam(name) for name in _IDENTITY if name != "file_time"),
    ]


def second_columns(identity: FileIdentity) -> dict[str, str]:
    """An identity that has no counter: the columns, and between what times the file's is."""
    second = identity.time[: -len(NO_COUNTER)]
    return identity_columns(identity) | {"earliest": f"{second}0000", "latest": f"{second}9999"}


def _identity(row: RowMapping) -> FileIdentity:
    return FileIdentity(
        dataset_name=row["dataset_name"],
        date=row["file_date"],
        time=row["file_time"],
        originator=row["originator"],
        destination=row["destination"],
    )


def interchange_of(row: RowMapping) -> Interchange:
    """A row of `interchange` as a value."""
    return Interchange(
        **_same(row, "id", "partner", "control_reference", "created", "member_count", "size_bytes"),
        identity=_identity(row),
        status=InterchangeStatus(row["status"]),
        **_same(row, "attempts", "not_before", "last_reason", "read_at"),
    )


def inbound_file_of(row: RowMapping) -> InboundFile:
    """A row of `inbound_file` as a value."""
    return InboundFile(
        **_same(row, "id", "partner", "size_bytes", "path", "position_bytes", "control_reference"),
        **_same(row, "refusal_reason", "refusal_text", "hash", "at"),
        identity=_identity(row),
        status=InboundStatus(row["status"]),
        receipt_status=ReceiptStatus(row["receipt_status"]),
        attributes=attributes_of(row),
    )


def _same(row: RowMapping, *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}
