"""The tables of the daily duties: calls to be made, days closed, what was reported and what was answered."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from gateway.ledger.columns import Instant
from gateway.ledger.tables import metadata


def _partial(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


#: Telephone calls that someone has to make, and who made them (外经贸配管发〔2000〕539号 art. 4: 急证).
phone_call = Table(
    "phone_call",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("licence_type", String(32), nullable=False),
    Column("licence_no", String(32), nullable=False),
    Column("message_id", String(64), nullable=False),
    Column("role", String(32), nullable=False),
    Column("subject", String(32), nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("made_at", Instant),
    Column("made_by", Text),
    Column("note", Text),
    UniqueConstraint("message_id", "subject"),
    _partial("ix_phone_call_open", "id", where="made_at IS NULL"),
    sqlite_autoincrement=True,
)

#: Business days that are over, with what was done at their end.
business_day = Table(
    "business_day",
    metadata,
    Column("day", Date, primary_key=True),
    Column("closed_at", Instant, nullable=False),
    Column("expired", Integer, nullable=False),
)

#: One report about a day to a partner, in `part_count` messages; a day that is reported again has another.
day_report = Table(
    "day_report",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("day", Date, nullable=False),
    Column("partner", String(64), nullable=False),
    Column("as_of", Instant, nullable=False),
    Column("part_count", Integer, nullable=False),
    Column("transfers", Integer, nullable=False),
    Column("licences", Integer, nullable=False),
    Column("refusals", JSON),
    Column("answered_at", Instant),
    Column("answer_as_of", Instant),
    Column("differences", Integer),
    Column("written", Boolean, nullable=False),
    Column("content", LargeBinary),
    Index("ix_day_report_day", "day", "partner", "id"),
    _partial("ix_day_report_unanswered", "id", where="answered_at IS NULL"),
    sqlite_autoincrement=True,
)
Index(
    "ix_day_report_unwritten",
    day_report.c.id,
    sqlite_where=~day_report.c.written,
    postgresql_where=~day_report.c.written,
)

#: The messages of a report (OUT), and those of the answers to it (IN), by what a part is known by.
day_report_part = Table(
    "day_report_part",
    metadata,
    Column("report_id", Integer, ForeignKey("day_report.id"), primary_key=True),
    Column("direction", String(3), primary_key=True),
    Column("as_of", Instant, primary_key=True),
    Column("part_number", Integer, primary_key=True, autoincrement=False),
    Column("message_id", String(64), ForeignKey("message.message_id"), nullable=False, unique=True),
    sqlite_with_rowid=False,
)

#: What was found to differ about a day, until a later report of that day to that partner no longer finds it.
day_difference = Table(
    "day_difference",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("day", Date, nullable=False),
    Column("partner", String(64), nullable=False),
    Column("identity", Text, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("status", String(16), nullable=False),
    Column("report_id", Integer, ForeignKey("day_report.id"), nullable=False),
    Column("found_at", Instant, nullable=False),
    Column("settled_at", Instant),
    Column("told", JSON, nullable=False),
    UniqueConstraint("day", "partner", "identity", "kind"),
    _partial("ix_day_difference_open", "day", "partner", "id", where="status = 'OPEN'"),
    sqlite_autoincrement=True,
)
