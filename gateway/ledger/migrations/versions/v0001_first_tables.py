"""The first tables: messages, entries, the licence projection, and the post."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, their indexes, and the triggers that keep entries as they are."""
    _message()
    _entry()
    _licence()
    _licence_line()
    _act()
    _clearance()
    _declaration_use()
    _write_off_line()
    _discrepancy()
    _interchange()
    _outbox()
    _outgoing_file()
    _inbound_file()
    _end_response()
    _feedback()
    _run()
    if op.get_bind().dialect.name == "sqlite":
        _append_only()


def _partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    """An index of those rows only that wait for something."""
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _file_attributes() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("format", sa.String(1), nullable=False),
        sa.Column("record_bytes", sa.Integer(), nullable=False),
        sa.Column("original_size_blocks", sa.BigInteger()),
        sa.Column("encrypted", sa.Boolean(), nullable=False),
        sa.Column("signed", sa.Boolean(), nullable=False),
        sa.Column("cipher_suite", sa.Integer(), nullable=False),
        sa.Column("compressed", sa.Boolean(), nullable=False),
        sa.Column("enveloped", sa.Boolean(), nullable=False),
        sa.Column("signed_receipt", sa.Boolean(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
    )


def _message() -> None:
    op.create_table(
        "message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(64), nullable=False),
        sa.Column("direction", sa.String(3), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("sender", sa.String(64)),
        sa.Column("receiver", sa.String(64)),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("source", sa.Text()),
        sa.Column("received_at", sa.String(27), nullable=False),
        sa.Column("status", sa.String(16)),
        sa.Column("licence_type", sa.String(32)),
        sa.Column("licence_no", sa.String(32)),
        sa.Column("answer", sa.JSON()),
        sa.Column("xml", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_message"),
        sa.UniqueConstraint("message_id", name="uq_message_message_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_message_licence", "message", ["licence_type", "licence_no"])


def _entry() -> None:
    op.create_table(
        "entry",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("licence_type", sa.String(32)),
        sa.Column("licence_no", sa.String(32)),
        sa.Column("message_id", sa.String(64)),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_entry"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_entry_licence", "entry", ["licence_type", "licence_no", "seq"])
    op.create_index("ix_entry_message", "entry", ["message_id"])


def _licence() -> None:
    op.create_table(
        "licence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("licence_type", sa.String(32), nullable=False),
        sa.Column("licence_no", sa.String(32), nullable=False),
        sa.Column("status", sa.String(24), nullable=False),
        sa.Column("transmission", sa.String(24), nullable=False),
        sa.Column("usage", sa.String(24), nullable=False),
        sa.Column("standing", sa.String(24), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("medium", sa.String(16), nullable=False),
        sa.Column("usage_mode", sa.String(16), nullable=False),
        sa.Column("cap", sa.Integer(), nullable=False),
        sa.Column("licence_date", sa.Date(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("operator_code", sa.String(18), nullable=False),
        sa.Column("operator_name", sa.Text(), nullable=False),
        sa.Column("counterpart_code", sa.String(18), nullable=False),
        sa.Column("counterpart_name", sa.Text(), nullable=False),
        sa.Column("clearance_port", sa.String(4), nullable=False),
        sa.Column("country", sa.String(3), nullable=False),
        sa.Column("terms_of_trade", sa.Text(), nullable=False),
        sa.Column("permitted", sa.JSON(), nullable=False),
        sa.Column("suspensions", sa.JSON(), nullable=False),
        sa.Column("replaces", sa.String(64)),
        sa.Column("replaced_by", sa.String(64)),
        sa.Column("confirmed_at", sa.String(27)),
        sa.Column("issuer", sa.String(64), nullable=False),
        sa.Column("issue_message_id", sa.String(64), nullable=False),
        sa.Column("tree", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("accepted_at", sa.String(27), nullable=False),
        sa.Column("partner", sa.String(64)),
        sa.ForeignKeyConstraint(
            ["issue_message_id"], ["message.message_id"], name="fk_licence_issue_message_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_licence"),
        sa.UniqueConstraint("licence_type", "licence_no", name="uq_licence_licence_type_licence_no"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_licence_status", "licence", ["status", "priority", "id"])
    _partial_index("ix_licence_in_force", "licence", ["valid_to"], "standing = 'IN_FORCE'")
    _partial_index("ix_licence_unsealed", "licence", ["priority", "id"], "transmission = 'ACCEPTED'")


def _licence_line() -> None:
    op.create_table(
        "licence_line",
        sa.Column("licence_type", sa.String(32), nullable=False),
        sa.Column("licence_no", sa.String(32), nullable=False),
        sa.Column("line_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("goods_code", sa.String(10), nullable=False),
        sa.Column("unit", sa.String(3), nullable=False),
        sa.Column("issued", sa.String(26), nullable=False),
        sa.Column("balance", sa.String(26), nullable=False),
        sa.Column("tolerance_percent", sa.Integer(), nullable=False),
        sa.Column("unified_operation", sa.Boolean(), nullable=False),
        sa.Column("goods_name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["licence_type", "licence_no"],
            ["licence.licence_type", "licence.licence_no"],
            name="fk_licence_line_licence_type_licence_no",
        ),
        sa.PrimaryKeyConstraint("licence_type", "licence_no", "line_number", name="pk_licence_line"),
        sqlite_with_rowid=False,
    )


def _act() -> None:
    op.create_table(
        "act",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("licence_type", sa.String(32), nullable=False),
        sa.Column("licence_no", sa.String(32), nullable=False),
        sa.Column("transmission", sa.String(24), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.String(64), nullable=False),
        sa.Column("tree", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("accepted_at", sa.String(27), nullable=False),
        sa.Column("sealed_message_id", sa.String(64)),
        sa.ForeignKeyConstraint(["message_id"], ["message.message_id"], name="fk_act_message_id"),
        sa.ForeignKeyConstraint(
            ["licence_type", "licence_no"],
            ["licence.licence_type", "licence.licence_no"],
            name="fk_act_licence_type_licence_no",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_act"),
        sa.UniqueConstraint("message_id", name="uq_act_message_id"),
        sa.UniqueConstraint("sealed_message_id", name="uq_act_sealed_message_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_act_licence", "act", ["licence_type", "licence_no"])
    _partial_index("ix_act_unsealed", "act", ["priority", "id"], "transmission = 'ACCEPTED'")


def _clearance() -> None:
    op.create_table(
        "clearance",
        sa.Column("message_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("licence_type", sa.String(32), nullable=False),
        sa.Column("licence_no", sa.String(32), nullable=False),
        sa.Column("entry_id", sa.String(18), nullable=False),
        sa.Column("created", sa.String(27), nullable=False),
        sa.Column("received_at", sa.String(27), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("rejections", sa.JSON(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.message_id"], name="fk_clearance_message_id"),
        sa.PrimaryKeyConstraint("message_id", name="pk_clearance"),
    )
    op.create_index("ix_clearance_licence", "clearance", ["licence_type", "licence_no"])
    op.create_index("ix_clearance_entry_id", "clearance", ["entry_id"])
    _partial_index("ix_clearance_parked", "clearance", ["received_at"], "verdict = 'PARKED'")


def _declaration_use() -> None:
    op.create_table(
        "declaration_use",
        sa.Column("licence_type", sa.String(32), nullable=False),
        sa.Column("licence_no", sa.String(32), nullable=False),
        sa.Column("entry_id", sa.String(18), nullable=False),
        sa.ForeignKeyConstraint(
            ["licence_type", "licence_no"],
            ["licence.licence_type", "licence.licence_no"],
            name="fk_declaration_use_licence_type_licence_no",
        ),
        sa.PrimaryKeyConstraint("licence_type", "licence_no", "entry_id", name="pk_declaration_use"),
        sqlite_with_rowid=False,
    )


def _write_off_line() -> None:
    op.create_table(
        "write_off_line",
        sa.Column("licence_type", sa.String(32), nullable=False),
        sa.Column("licence_no", sa.String(32), nullable=False),
        sa.Column("entry_id", sa.String(18), nullable=False),
        sa.Column("line_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("goods_code", sa.String(10), nullable=False),
        sa.Column("quantity", sa.String(26), nullable=False),
        sa.Column("unit", sa.String(3), nullable=False),
        sa.Column("stated_line", sa.Integer()),
        sa.Column("licence_line", sa.Integer(), nullable=False),
        sa.Column("release_time", sa.String(27), nullable=False),
        sa.Column("operating_unit_code", sa.String(18), nullable=False),
        sa.Column("port", sa.String(4), nullable=False),
        sa.Column("country", sa.String(3), nullable=False),
        sa.Column("message_id", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["licence_type", "licence_no"],
            ["licence.licence_type", "licence.licence_no"],
            name="fk_write_off_line_licence_type_licence_no",
        ),
        sa.ForeignKeyConstraint(["message_id"], ["message.message_id"], name="fk_write_off_line_message_id"),
        sa.PrimaryKeyConstraint(
            "licence_type", "licence_no", "entry_id", "line_number", "sequence", name="pk_write_off_line"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_write_off_line_entry_id", "write_off_line", ["entry_id"])


def _discrepancy() -> None:
    op.create_table(
        "discrepancy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(64), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("licence_type", sa.String(32), nullable=False),
        sa.Column("licence_no", sa.String(32), nullable=False),
        sa.Column("entry_id", sa.String(18), nullable=False),
        sa.Column("rejections", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("ended_at", sa.String(27)),
        sa.Column("ended_by", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_discrepancy"),
        sa.UniqueConstraint("message_id", "digest", name="uq_discrepancy_message_id_digest"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_discrepancy_licence", "discrepancy", ["licence_type", "licence_no"])
    _partial_index("ix_discrepancy_open", "discrepancy", ["id"], "status = 'OPEN'")


def _interchange() -> None:
    op.create_table(
        "interchange",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("partner", sa.String(64), nullable=False),
        sa.Column("control_reference", sa.String(64), nullable=False),
        sa.Column("created", sa.String(27), nullable=False),
        sa.Column("member_count", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("dataset_name", sa.String(26), nullable=False),
        sa.Column("file_date", sa.String(8), nullable=False),
        sa.Column("file_time", sa.String(10), nullable=False),
        sa.Column("originator", sa.String(25), nullable=False),
        sa.Column("destination", sa.String(25), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.String(27)),
        sa.Column("last_reason", sa.Text()),
        sa.Column("read_at", sa.String(27)),
        sa.PrimaryKeyConstraint("id", name="pk_interchange"),
        sa.UniqueConstraint("control_reference", name="uq_interchange_control_reference"),
        sa.UniqueConstraint(
            "dataset_name",
            "file_date",
            "file_time",
            "originator",
            "destination",
            name="uq_interchange_file_identity",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_interchange_ready",
        "interchange",
        ["partner", "id"],
        sqlite_where=sa.text("status = 'READY'"),
        postgresql_where=sa.text("status = 'READY'"),
    )
    op.create_index(
        "ix_interchange_sent",
        "interchange",
        ["partner", "id"],
        sqlite_where=sa.text("status = 'SENT'"),
        postgresql_where=sa.text("status = 'SENT'"),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("partner", sa.String(64), nullable=False),
        sa.Column("message_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("interchange_id", sa.Integer()),
        sa.Column("created_at", sa.String(27), nullable=False),
        sa.Column("licence_type", sa.String(32)),
        sa.Column("licence_no", sa.String(32)),
        sa.ForeignKeyConstraint(["interchange_id"], ["interchange.id"], name="fk_outbox_interchange_id"),
        sa.ForeignKeyConstraint(["message_id"], ["message.message_id"], name="fk_outbox_message_id"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_outbox_assigned",
        "outbox",
        ["partner", "id"],
        sqlite_where=sa.text("status = 'ASSIGNED'"),
        postgresql_where=sa.text("status = 'ASSIGNED'"),
    )
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["partner", "priority", "id"],
        sqlite_where=sa.text("status = 'DUE'"),
        postgresql_where=sa.text("status = 'DUE'"),
    )
    op.create_index(
        "ix_outbox_held",
        "outbox",
        ["partner", "id"],
        sqlite_where=sa.text("status = 'HELD'"),
        postgresql_where=sa.text("status = 'HELD'"),
    )
    op.create_index("ix_outbox_interchange", "outbox", ["interchange_id", "priority", "id"])
    op.create_index("ix_outbox_message_id", "outbox", ["message_id"])


def _end_response() -> None:
    op.create_table(
        "end_response",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("interchange_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(4), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("reason", sa.Integer()),
        sa.Column("text", sa.Text()),
        sa.Column("creator", sa.String(25)),
        sa.Column("signer", sa.Text()),
        sa.Column("fault", sa.Text()),
        sa.Column("hash", sa.LargeBinary()),
        sa.Column("signature", sa.LargeBinary()),
        sa.Column("certificate", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name="pk_end_response"),
        sa.ForeignKeyConstraint(
            ["interchange_id"], ["interchange.id"], name="fk_end_response_interchange_id"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_end_response_interchange", "end_response", ["interchange_id"])


def _outgoing_file() -> None:
    op.create_table(
        "outgoing_file",
        sa.Column("interchange_id", sa.Integer(), autoincrement=False, nullable=False),
        *_file_attributes(),
        sa.Column("content", sa.LargeBinary()),
        sa.Column("hash", sa.LargeBinary()),
        sa.ForeignKeyConstraint(
            ["interchange_id"], ["interchange.id"], name="fk_outgoing_file_interchange_id"
        ),
        sa.PrimaryKeyConstraint("interchange_id", name="pk_outgoing_file"),
    )


def _inbound_file() -> None:
    op.create_table(
        "inbound_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("partner", sa.String(64), nullable=False),
        sa.Column("dataset_name", sa.String(26), nullable=False),
        sa.Column("file_date", sa.String(8), nullable=False),
        sa.Column("file_time", sa.String(10), nullable=False),
        sa.Column("originator", sa.String(25), nullable=False),
        sa.Column("destination", sa.String(25), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("position_bytes", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("receipt_status", sa.String(8), nullable=False),
        sa.Column("control_reference", sa.String(64)),
        sa.Column("refusal_reason", sa.Integer()),
        sa.Column("refusal_text", sa.Text()),
        sa.Column("hash", sa.LargeBinary()),
        sa.Column("at", sa.String(27), nullable=False),
        *_file_attributes(),
        sa.PrimaryKeyConstraint("id", name="pk_inbound_file"),
        sa.UniqueConstraint(
            "partner",
            "dataset_name",
            "file_date",
            "file_time",
            "originator",
            "destination",
            name="uq_inbound_file_identity",
        ),
        sqlite_autoincrement=True,
    )
    _partial_index("ix_inbound_file_corrupt", "inbound_file", ["id"], "status = 'CORRUPT'")
    op.create_index(
        "ix_inbound_file_receipt",
        "inbound_file",
        ["partner", "id"],
        sqlite_where=sa.text("receipt_status = 'DUE'"),
        postgresql_where=sa.text("receipt_status = 'DUE'"),
    )
    op.create_index(
        "ix_inbound_file_receiving",
        "inbound_file",
        ["partner", "id"],
        sqlite_where=sa.text("status = 'RECEIVING'"),
        postgresql_where=sa.text("status = 'RECEIVING'"),
    )
    op.create_index(
        "ix_inbound_file_stored",
        "inbound_file",
        ["partner", "id"],
        sqlite_where=sa.text("status = 'STORED'"),
        postgresql_where=sa.text("status = 'STORED'"),
    )


def _feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tree", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("written", sa.Boolean(), nullable=False),
        sa.Column("content", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
        sa.UniqueConstraint("tree", "origin", "name", name="uq_feedback_tree_origin_name"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_feedback_unwritten",
        "feedback",
        ["tree", "priority", "id"],
        sqlite_where=sa.text("written = 0"),
        postgresql_where=sa.text("NOT written"),
    )


def _run() -> None:
    op.create_table(
        "run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.String(27), nullable=False),
        sa.Column("alive_at", sa.String(27), nullable=False),
        sa.Column("recovered_at", sa.String(27)),
        sa.Column("ended_at", sa.String(27)),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
        sqlite_autoincrement=True,
    )


def _append_only() -> None:
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER entry_no_{change.lower()} BEFORE {change} ON entry "
            "BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END"
        )
