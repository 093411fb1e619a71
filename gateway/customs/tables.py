"""What customs keeps: the licences it took, and the releases it made against them.

These tables stand beside those of the post (outbox, interchanges, received files), which customs shares
with the gateway; the gateway's licence tables stay empty at customs.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

from gateway.ledger.columns import Instant, Quantity

metadata = MetaData()

customs_licence = Table(
    "customs_licence",
    metadata,
    Column("licence_type", String(32), primary_key=True),
    Column("licence_no", String(32), primary_key=True),
    Column("message_id", String(64), nullable=False, unique=True),
    Column("digest", LargeBinary(32), nullable=False),
    Column("usage_mode", String(8), nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("xml", LargeBinary, nullable=False),
)

customs_line = Table(
    "customs_line",
    metadata,
    Column("licence_type", String(32), primary_key=True),
    Column("licence_no", String(32), primary_key=True),
    Column("line_number", Integer, primary_key=True, autoincrement=False),
    Column("goods_code", String(10), nullable=False),
    Column("unit", String(3), nullable=False),
    Column("issued", Quantity, nullable=False),
    ForeignKeyConstraint(
        ["licence_type", "licence_no"], ["customs_licence.licence_type", "customs_licence.licence_no"]
    ),
)

#: One released declaration as it was told to the gateway, and the gateway's answer.
customs_release = Table(
    "customs_release",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("message_id", String(64), nullable=False, unique=True),
    Column("licence_type", String(32), nullable=False),
    Column("licence_no", String(32), nullable=False),
    Column("entry_id", String(18), nullable=False),
    Column("mischief", String(24), nullable=False),
    Column("sent_at", Instant, nullable=False),
    Column("answer", String(16)),
    Column("codes", JSON, nullable=False),
    Index("ix_customs_release_licence", "licence_type", "licence_no"),
)

#: What was released of each goods line.
customs_release_line = Table(
    "customs_release_line",
    metadata,
    Column("release_id", Integer, primary_key=True),
    Column("line_number", Integer, primary_key=True, autoincrement=False),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("licence_line", Integer, nullable=False),
    Column("quantity", Quantity, nullable=False),
    Column("unit", String(3), nullable=False),
    UniqueConstraint("release_id", "line_number", "sequence"),
    ForeignKeyConstraint(["release_id"], ["customs_release.id"]),
)
