"""The daily duties: calls to be made, days closed, reports and their answers, differences."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and their indexes."""
    _phone_call()
    _business_day()
    _day_report()
    _day_report_part()
    _day_difference()


def _phone_call() -> None:
    op.create_table(
        "phone_call",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("licence_type", sa.String(32), nullable=False),
        sa.Column("licence_no", sa.String(32), nullable=False),
        sa.Column("message_id", sa.String(64), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(32), nullable=False),
        sa.Column("due_at", sa.String(27), nullable=False),
        sa.Column("made_at", sa.String(27)),
        sa.Column("made_by", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_phone_call"),
        sa.UniqueConstraint("message_id", "subject", name="uq_phone_call_message_id_subject"),
        sqlite_autoincrement=True,
    )
    _partial("ix_phone_call_open", "phone_call", ["id"], "made_at IS NULL")


def _business_day() -> None:
    op.create_table(
        "business_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("closed_at", sa.String(27), nullable=False),
        sa.Column("expired", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_business_day"),
    )


def _day_report() -> None:
    op.create_table(
        "day_report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("partner", sa.String(64), nullable=False),
        sa.Column("as_of", sa.String(27), nullable=False),
        sa.Column("part_count", sa.Integer(), nullable=False),
        sa.Column("transfers", sa.Integer(), nullable=False),
        sa.Column("licences", sa.Integer(), nullable=False),
        sa.Column("refusals", sa.JSON()),
        sa.Column("answered_at", sa.String(27)),
        sa.Column("answer_as_of", sa.String(27)),
        sa.Column("differences", sa.Integer()),
        sa.Column("written", sa.Boolean(), nullable=False),
        sa.Column("content", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name="pk_day_report"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_day_report_day", "day_report", ["day", "partner", "id"])
    _partial("ix_day_report_unanswered", "day_report", ["id"], "answered_at IS NULL")
    op.create_index(
        "ix_day_report_unwritten",
        "day_report",
        ["id"],
        sqlite_where=sa.text("written = 0"),
        postgresql_where=sa.text("NOT written"),
    )


def _day_report_part() -> None:
    op.create_table(
        "day_report_part",
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("direction", sa.String(3), nullable=False),
        sa.Column("as_of", sa.String(27), nullable=False),
        sa.Column("part_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("message_id", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["day_report.id"], name="fk_day_report_part_report_id"),
        sa.ForeignKeyConstraint(["message_id"], ["message.message_id"], name="fk_day_report_part_message_id"),
        sa.PrimaryKeyConstraint("report_id", "direction", "as_of", "part_number", name="pk_day_report_part"),
        sa.UniqueConstraint("message_id", name="uq_day_report_part_message_id"),
        sqlite_with_rowid=False,
    )


def _day_difference() -> None:
    op.create_table(
        "day_difference",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("partner", sa.String(64), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("found_at", sa.String(27), nullable=False),
        sa.Column("settled_at", sa.String(27)),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["day_report.id"], name="fk_day_difference_report_id"),
        sa.PrimaryKeyConstraint("id", name="pk_day_difference"),
        sa.UniqueConstraint(
            "day", "partner", "identity", "kind", name="uq_day_difference_day_partner_identity_kind"
        ),
        sqlite_autoincrement=True,
    )
    _partial("ix_day_difference_open", "day_difference", ["day", "partner", "id"], "status = 'OPEN'")


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
