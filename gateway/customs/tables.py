"""What customs keeps: what it received, how licences stand, what it released, and what was answered.

`metadata.create_all` makes those that are missing, so what a register of an earlier day lacks is a new table,
never a new column of an old one. They stand beside those of the post (outbox, interchanges, received files),
which customs shares with the gateway; the gateway's licence tables stay empty at customs.
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

#: Every sealed message that was received in order, and what customs decided: the list for the day's report.
customs_received = Table(
    "customs_received",
    metadata,
    Column("message_id", String(64), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("licence_type", String(32), nullable=False),
    Column("licence_no", String(32), nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("status", String(16), nullable=False),
    Column("received_at", Instant, nullable=False),
    Index("ix_customs_received_received_at", "received_at"),
)

#: A licence that was replaced or revoked; `replaced_by` is the other licence's number, of the same type.
customs_ending = Table(
    "customs_ending",
    metadata,
    Column("licence_type", String(32), primary_key=True),
    Column("licence_no", String(32), primary_key=True),
    Column("ending", String(16), nullable=False),
    Column("replaced_by", String(32)),
    Column("message_id", String(64), nullable=False),
    Column("ended_at", Instant, nullable=False),
)

#: Each suspension and resumption that was taken; what stands follows from all of them.
customs_suspension = Table(
    "customs_suspension",
    metadata,
    Column("message_id", String(64), primary_key=True),
    Column("licence_type", String(32), nullable=False),
    Column("licence_no", String(32), nullable=False),
    Column("ground", String(32), nullable=False),
    Column("action", String(16), nullable=False),
    Column("effective_time", Instant, nullable=False),
    Column("created", Instant, nullable=False),
    Index("ix_customs_suspension_licence", "licence_type", "licence_no"),
)

#: An amendment or a withdrawal as it was told to the gateway, and the gateway's answer.
customs_correction = Table(
    "customs_correction",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("message_id", String(64), nullable=False, unique=True),
    Column("kind", String(32), nullable=False),
    Column("licence_type", String(32), nullable=False),
    Column("licence_no", String(32), nullable=False),
    Column("entry_id", String(18), nullable=False),
    Column("number", Integer, nullable=False),
    Column("mischief", String(24), nullable=False),
    Column("sent_at", Instant, nullable=False),
    Column("answer", String(16)),
    Column("codes", JSON, nullable=False),
    Index("ix_customs_correction_licence", "licence_type", "licence_no"),
)

#: The lines of a correction: what an amended line is now (`licence_line`, `quantity`), or what is withdrawn.
customs_correction_line = Table(
    "customs_correction_line",
    metadata,
    Column("correction_id", Integer, primary_key=True),
    Column("line_number", Integer, primary_key=True, autoincrement=False),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("licence_line", Integer),
    Column("quantity", Quantity, nullable=False),
    Column("unit", String(3), nullable=False),
    ForeignKeyConstraint(["correction_id"], ["customs_correction.id"]),
)

#: Every answer of the gateway to a release or a correction: the history of its verdicts.
customs_answer = Table(
    "customs_answer",
    metadata,
    Column("ack_message_id", String(64), primary_key=True),
    Column("message_id", String(64), nullable=False, index=True),
    Column("status", String(16), nullable=False),
    Column("codes", JSON, nullable=False),
    Column("created", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
)

#: A query of the gateway, and the message that answered it.
customs_query = Table(
    "customs_query",
    metadata,
    Column("message_id", String(64), primary_key=True),
    Column("digest", LargeBinary(32), nullable=False),
    Column("reply_message_id", String(64), nullable=False),
    Column("received_at", Instant, nullable=False),
)

#: A part of a day's report by the gateway; its bytes are kept until the report is answered.
customs_report_part = Table(
    "customs_report_part",
    metadata,
    Column("message_id", String(64), primary_key=True),
    Column("digest", LargeBinary(32), nullable=False),
    Column("sender", String(64), nullable=False),
    Column("business_date", String(10), nullable=False),
    Column("as_of", Instant, nullable=False),
    Column("part_number", Integer, nullable=False),
    Column("xml", LargeBinary, nullable=False),
    Column("received_at", Instant, nullable=False),
    Index("ix_customs_report_part_report", "sender", "business_date", "as_of"),
)

#: The messages with which customs answered a day's report, by the report's first part.
customs_report_answer = Table(
    "customs_report_answer",
    metadata,
    Column("first_message_id", String(64), primary_key=True),
    Column("message_ids", JSON, nullable=False),
    Column("answered_at", Instant, nullable=False),
)
