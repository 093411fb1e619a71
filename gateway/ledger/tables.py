"""The tables. `entry` is the truth; the licence tables are its projection; the rest is post in hand.

A licence is known everywhere by its natural key (type, number): rows can be read without a join, and bulk
inserts need no key looked up first. Blobs come last in their rows: reading the rest does not touch them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from gateway.ledger.columns import Instant, Quantity

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: What makes a virtual file one and the same (RFC 5024 section 5.3.3: SFID).
_FILE_IDENTITY = ("dataset_name", "file_date", "file_time", "originator", "destination")


def _file_attributes() -> tuple[Column[Any], ...]:
    """SFIDFMT to SFIDDESC (RFC 5024 section 5.3.3)."""
    return (
        Column("format", String(1), nullable=False),
        Column("record_bytes", Integer, nullable=False),
        Column("original_size_blocks", BigInteger),
        Column("encrypted", Boolean, nullable=False),
        Column("signed", Boolean, nullable=False),
        Column("cipher_suite", Integer, nullable=False),
        Column("compressed", Boolean, nullable=False),
        Column("enveloped", Boolean, nullable=False),
        Column("signed_receipt", Boolean, nullable=False),
        Column("description", Text, nullable=False),
    )


def _licence_reference() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["licence_type", "licence_no"], ["licence.licence_type", "licence.licence_no"]
    )


def _partial(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


#: Every message taken in or made, once, with the answer that it got.
message = Table(
    "message",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("message_id", String(64), nullable=False, unique=True),
    Column("direction", String(3), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("sender", String(64)),
    Column("receiver", String(64)),
    Column("digest", LargeBinary(32), nullable=False),
    Column("source", Text),
    Column("received_at", Instant, nullable=False),
    Column("status", String(16)),
    Column("licence_type", String(32)),
    Column("licence_no", String(32)),
    Column("answer", JSON),
    Column("xml", LargeBinary, nullable=False),
    Index("ix_message_licence", "licence_type", "licence_no"),
    sqlite_autoincrement=True,
)

#: What happened, in order, with all that the projection is made of; triggers forbid its change.
entry = Table(
    "entry",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("licence_type", String(32)),
    Column("licence_no", String(32)),
    Column("message_id", String(64)),
    Column("data", JSON, nullable=False),
    Index("ix_entry_licence", "licence_type", "licence_no", "seq"),
    Index("ix_entry_message", "message_id"),
    sqlite_autoincrement=True,
)

licence = Table(
    "licence",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("licence_type", String(32), nullable=False),
    Column("licence_no", String(32), nullable=False),
    Column("status", String(24), nullable=False),
    Column("transmission", String(24), nullable=False),
    Column("usage", String(24), nullable=False),
    Column("standing", String(24), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("medium", String(16), nullable=False),
    Column("usage_mode", String(16), nullable=False),
    Column("cap", Integer, nullable=False),
    Column("licence_date", Date, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date, nullable=False),
    Column("operator_code", String(18), nullable=False),
    Column("operator_name", Text, nullable=False),
    Column("counterpart_code", String(18), nullable=False),
    Column("counterpart_name", Text, nullable=False),
    Column("clearance_port", String(4), nullable=False),
    Column("country", String(3), nullable=False),
    Column("terms_of_trade", Text, nullable=False),
    Column("permitted", JSON, nullable=False),
    Column("suspensions", JSON, nullable=False),
    Column("replaces", String(64)),
    Column("replaced_by", String(64)),
    Column("confirmed_at", Instant),
    Column("issuer", String(64), nullable=False),
    Column("issue_message_id", String(64), ForeignKey("message.message_id"), nullable=False),
    Column("tree", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("accepted_at", Instant, nullable=False),
    Column("partner", String(64)),
    UniqueConstraint("licence_type", "licence_no"),
    Index("ix_licence_status", "status", "priority", "id"),
    _partial("ix_licence_in_force", "valid_to", where="standing = 'IN_FORCE'"),
    _partial("ix_licence_unsealed", "priority", "id", where="transmission = 'ACCEPTED'"),
    sqlite_autoincrement=True,
)

licence_line = Table(
    "licence_line",
    metadata,
    Column("licence_type", String(32), primary_key=True),
    Column("licence_no", String(32), primary_key=True),
    Column("line_number", Integer, primary_key=True, autoincrement=False),
    Column("goods_code", String(10), nullable=False),
    Column("unit", String(3), nullable=False),
    Column("issued", Quantity, nullable=False),
    Column("balance", Quantity, nullable=False),
    Column("tolerance_percent", Integer, nullable=False),
    Column("unified_operation", Boolean, nullable=False),
    Column("goods_name", Text, nullable=False),
    _licence_reference(),
    sqlite_with_rowid=False,
)

#: What an issuer decided about a licence that exists (suspension, revocation), on its way to customs. A
#: replacement is the issue of its new licence, and goes as that.
act = Table(
    "act",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("message_id", String(64), ForeignKey("message.message_id"), nullable=False, unique=True),
    Column("kind", String(32), nullable=False),
    Column("licence_type", String(32), nullable=False),
    Column("licence_no", String(32), nullable=False),
    Column("transmission", String(24), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("issuer", String(64), nullable=False),
    Column("tree", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("accepted_at", Instant, nullable=False),
    Column("sealed_message_id", String(64), unique=True),
    _licence_reference(),
    Index("ix_act_licence", "licence_type", "licence_no"),
    _partial("ix_act_unsealed", "priority", "id", where="transmission = 'ACCEPTED'"),
    sqlite_autoincrement=True,
)

#: What customs says of releases, message by message: the facts that a licence's position is settled from.
clearance = Table(
    "clearance",
    metadata,
    Column("message_id", String(64), ForeignKey("message.message_id"), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("licence_type", String(32), nullable=False),
    Column("licence_no", String(32), nullable=False),
    Column("entry_id", String(18), nullable=False),
    Column("created", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("rejections", JSON, nullable=False),
    Column("facts", JSON, nullable=False),
    Index("ix_clearance_licence", "licence_type", "licence_no"),
    Index("ix_clearance_entry_id", "entry_id"),
    _partial("ix_clearance_parked", "received_at", where="verdict = 'PARKED'"),
)

#: The declarations that count against a licence's cap.
declaration_use = Table(
    "declaration_use",
    metadata,
    Column("licence_type", String(32), primary_key=True),
    Column("licence_no", String(32), primary_key=True),
    Column("entry_id", String(18), primary_key=True),
    _licence_reference(),
    sqlite_with_rowid=False,
)

#: Applied declaration lines, by their business key, as they count now: as amended, less what was withdrawn.
write_off_line = Table(
    "write_off_line",
    metadata,
    Column("licence_type", String(32), primary_key=True),
    Column("licence_no", String(32), primary_key=True),
    Column("entry_id", String(18), primary_key=True),
    Column("line_number", Integer, primary_key=True, autoincrement=False),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("goods_code", String(10), nullable=False),
    Column("quantity", Quantity, nullable=False),
    Column("unit", String(3), nullable=False),
    Column("stated_line", Integer),
    Column("licence_line", Integer, nullable=False),
    Column("release_time", Instant, nullable=False),
    Column("operating_unit_code", String(18), nullable=False),
    Column("port", String(4), nullable=False),
    Column("country", String(3), nullable=False),
    Column("message_id", String(64), ForeignKey("message.message_id"), nullable=False),
    _licence_reference(),
    Index("ix_write_off_line_entry_id", "entry_id"),
    sqlite_with_rowid=False,
)

#: What customs said that does not fit. The goods are released: this is the operators' queue.
discrepancy = Table(
    "discrepancy",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("message_id", String(64), nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("licence_type", String(32), nullable=False),
    Column("licence_no", String(32), nullable=False),
    Column("entry_id", String(18), nullable=False),
    Column("rejections", JSON, nullable=False),
    Column("status", String(16), nullable=False),
    Column("at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", Text),
    Column("note", Text),
    UniqueConstraint("message_id", "digest"),
    Index("ix_discrepancy_licence", "licence_type", "licence_no"),
    _partial("ix_discrepancy_open", "id", where="status = 'OPEN'"),
    sqlite_autoincrement=True,
)

#: The `Created` of our last answer to each message that was answered, whether the register has it or not.
last_answer = Table(
    "last_answer",
    metadata,
    Column("message_id", String(64), primary_key=True),
    Column("created", Instant, nullable=False),
    sqlite_with_rowid=False,
)

interchange = Table(
    "interchange",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("partner", String(64), nullable=False),
    Column("control_reference", String(64), nullable=False, unique=True),
    Column("created", Instant, nullable=False),
    Column("member_count", Integer, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("dataset_name", String(26), nullable=False),
    Column("file_date", String(8), nullable=False),
    Column("file_time", String(10), nullable=False),
    Column("originator", String(25), nullable=False),
    Column("destination", String(25), nullable=False),
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("not_before", Instant),
    Column("last_reason", Text),
    Column("read_at", Instant),
    UniqueConstraint(*_FILE_IDENTITY, name="uq_interchange_file_identity"),
    _partial("ix_interchange_ready", "partner", "id", where="status = 'READY'"),
    _partial("ix_interchange_sent", "partner", "id", where="status = 'SENT'"),
    sqlite_autoincrement=True,
)

#: The partner's end-to-end responses to files of ours: what was signed is kept, as evidence.
end_response = Table(
    "end_response",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("interchange_id", Integer, ForeignKey("interchange.id"), nullable=False),
    Column("kind", String(4), nullable=False),
    Column("at", Instant, nullable=False),
    Column("reason", Integer),
    Column("text", Text),
    Column("creator", String(25)),
    Column("signer", Text),
    Column("fault", Text),
    Column("hash", LargeBinary),
    Column("signature", LargeBinary),
    Column("certificate", LargeBinary),
    Index("ix_end_response_interchange", "interchange_id"),
    sqlite_autoincrement=True,
)

#: One row a sending: a message sent again has a second row, so that what an interchange held stays known.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("partner", String(64), nullable=False),
    Column("message_id", String(64), ForeignKey("message.message_id"), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("interchange_id", Integer, ForeignKey("interchange.id")),
    Column("created_at", Instant, nullable=False),
    Column("licence_type", String(32)),
    Column("licence_no", String(32)),
    Column("not_before", Instant),
    Index("ix_outbox_message_id", "message_id"),
    Index("ix_outbox_interchange", "interchange_id", "priority", "id"),
    _partial("ix_outbox_due", "partner", "priority", "id", where="status = 'DUE'"),
    _partial("ix_outbox_held", "partner", "id", where="status = 'HELD'"),
    _partial("ix_outbox_assigned", "partner", "id", where="status = 'ASSIGNED'"),
    sqlite_autoincrement=True,
)

#: How interchanges travel that do not go as they are (RFC 5024 section 6).
outgoing_file = Table(
    "outgoing_file",
    metadata,
    Column("interchange_id", Integer, ForeignKey("interchange.id"), primary_key=True, autoincrement=False),
    *_file_attributes(),
    Column("content", LargeBinary),
    Column("hash", LargeBinary),
)

inbound_file = Table(
    "inbound_file",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("partner", String(64), nullable=False),
    Column("dataset_name", String(26), nullable=False),
    Column("file_date", String(8), nullable=False),
    Column("file_time", String(10), nullable=False),
    Column("originator", String(25), nullable=False),
    Column("destination", String(25), nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("path", Text, nullable=False),
    Column("position_bytes", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("receipt_status", String(8), nullable=False),
    Column("control_reference", String(64)),
    Column("refusal_reason", Integer),
    Column("refusal_text", Text),
    Column("hash", LargeBinary),
    Column("at", Instant, nullable=False),
    *_file_attributes(),
    UniqueConstraint("partner", *_FILE_IDENTITY, name="uq_inbound_file_identity"),
    _partial("ix_inbound_file_receiving", "partner", "id", where="status = 'RECEIVING'"),
    _partial("ix_inbound_file_stored", "partner", "id", where="status = 'STORED'"),
    _partial("ix_inbound_file_corrupt", "id", where="status = 'CORRUPT'"),
    _partial("ix_inbound_file_receipt", "partner", "id", where="receipt_status = 'DUE'"),
    sqlite_autoincrement=True,
)

#: Files for a spool's `out/`, in the transaction that they speak of; written to the disk after it.
feedback = Table(
    "feedback",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("tree", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("written", Boolean, nullable=False),
    Column("content", LargeBinary),
    UniqueConstraint("tree", "origin", "name"),
    sqlite_autoincrement=True,
)
Index(
    "ix_feedback_unwritten",
    feedback.c.tree,
    feedback.c.priority,
    feedback.c.id,
    sqlite_where=~feedback.c.written,
    postgresql_where=~feedback.c.written,
)

#: When a daemon ran, and whether it ended in order: what it left is told by the next start.
run = Table(
    "run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("started_at", Instant, nullable=False),
    Column("alive_at", Instant, nullable=False),
    Column("recovered_at", Instant),
    Column("ended_at", Instant),
    sqlite_autoincrement=True,
)
