"""Customs' own register: what it took, what it released, and what that comes to.

It knows nothing of the gateway's law: it counts what it released and what the gateway answered. That is
what makes its totals worth comparing with the gateway's.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from gateway.customs.scenario import Mischief
from gateway.customs.tables import (
    customs_licence,
    customs_line,
    customs_release,
    customs_release_line,
)
from gateway.ledger.store import UnitOfWork
from licencexml.messages import AckStatus, ApplicationAck, Licence, SealedLicence, WriteOff
from licencexml.rejection import Reason, Rejection
from licencexml.values import LicenceKey

IDENTITY_CONFLICT = Reason(
    code="MESSAGE_CONFLICT",
    zh="海关此前收到过报文标识 {message_id}，且内容与本次不同。",
    en="Customs received MessageID {message_id} before, with other content.",
    article="configured",
    remedy="请使用新的报文标识发送。 / Send the message under a new MessageID.",
)
REFUSED_ON_PURPOSE = Reason(
    code="REFUSED_ON_PURPOSE",
    zh="模拟海关依照其配置不接收许可证 {licence}。",
    en="The simulated customs is configured not to take licence {licence}.",
    article="configured",
    remedy=(
        "请查看模拟海关配置中的 faults.refuse_every。"
        " / See faults.refuse_every in the configuration of the simulated customs."
    ),
)
LICENCE_KNOWN = Reason(
    code="CUSTOMS_HAS_LICENCE",
    zh="海关此前已收到许可证 {licence}（报文 {message_id}）。",
    en="Customs has licence {licence} already (message {message_id}).",
    article="configured",
    remedy="请通过换证更改许可证。 / Change the licence by replacement.",
)


def take(
    uow: UnitOfWork, sealed: SealedLicence, digest: bytes, xml: bytes
) -> tuple[AckStatus, tuple[Rejection, ...]]:
    """Take a sealed licence into the register: ACCEPTED, REPEATED, or REFUSED with the reason."""
    licence = sealed.issue.licence
    known = _known(uow.connection, licence.key)
    same_message = _by_message(uow.connection, sealed.header.message_id)
    if same_message is not None:
        if same_message == digest:
            return AckStatus.REPEATED, ()
        return AckStatus.REFUSED, (IDENTITY_CONFLICT.reject(message_id=sealed.header.message_id),)
    if known is not None:
        return AckStatus.REFUSED, (LICENCE_KNOWN.reject(licence=licence.key, message_id=known),)
    _insert(uow, sealed, licence, digest, xml)
    return AckStatus.ACCEPTED, ()


def _known(connection: Connection, key: LicenceKey) -> str | None:
    query = select(customs_licence.c.message_id).where(
        customs_licence.c.licence_type == key.type, customs_licence.c.licence_no == key.number
    )
    return connection.execute(query).scalar_one_or_none()


def _by_message(connection: Connection, message_id: str) -> bytes | None:
    query = select(customs_licence.c.digest).where(customs_licence.c.message_id == message_id)
    return connection.execute(query).scalar_one_or_none()


def _insert(uow: UnitOfWork, sealed: SealedLicence, licence: Licence, digest: bytes, xml: bytes) -> None:
    key = _key_columns(licence.key)
    uow.connection.execute(
        insert(customs_licence).values(
            **key,
            message_id=sealed.header.message_id,
            digest=digest,
            usage_mode=licence.usage_mode,
            received_at=uow.now,
            xml=xml,
        )
    )
    uow.connection.execute(
        insert(customs_line),
        [
            {
                **key,
                "line_number": line.line_number,
                "goods_code": line.goods_code,
                "unit": line.quantity.unit,
                "issued": line.quantity.amount,
            }
            for line in licence.lines
        ],
    )


def record_release(uow: UnitOfWork, write_off: WriteOff, mischief: Mischief) -> int:
    """A declaration was released, and the gateway is being told by `write_off`; returns its number."""
    release_id: int = uow.connection.execute(
        insert(customs_release)
        .values(
            message_id=write_off.header.message_id,
            **_key_columns(write_off.licence),
            entry_id=write_off.declaration.entry_id,
            mischief=mischief,
            sent_at=uow.now,
            answer=None,
            codes=[],
        )
        .returning(customs_release.c.id)
    ).scalar_one()
    uow.connection.execute(
        insert(customs_release_line),
        [
            {
                "release_id": release_id,
                "line_number": line.line_number,
                "sequence": line.sequence,
                "licence_line": line.licence_line_number or 0,
                "quantity": line.quantity.amount,
                "unit": line.quantity.unit,
            }
            for line in write_off.declaration.lines
        ],
    )
    return release_id


def record_answer(uow: UnitOfWork, ack: ApplicationAck) -> None:
    """The gateway's answer to a write-off; a repeat never undoes the first answer."""
    answered = customs_release.c.answer
    uow.connection.execute(
        update(customs_release)
        .where(customs_release.c.message_id == ack.answers.message_id, answered.is_(None))
        .values(answer=ack.status, codes=[rejection.code for rejection in ack.rejections])
    )


def totals(connection: Connection, key: LicenceKey | None = None) -> list[dict[str, Any]]:
    """Per goods line: what was issued, what was released and agreed by the gateway, and the rest."""
    lines = select(customs_line).order_by(
        customs_line.c.licence_type, customs_line.c.licence_no, customs_line.c.line_number
    )
    released: dict[tuple[str, str, int], Decimal] = {}
    rows = (
        select(
            customs_release.c.licence_type,
            customs_release.c.licence_no,
            customs_release_line.c.licence_line,
            customs_release_line.c.quantity,
        )
        .join_from(customs_release_line, customs_release)
        .where(customs_release.c.answer == AckStatus.ACCEPTED)
    )
    if key is not None:
        lines = lines.where(customs_line.c.licence_type == key.type, customs_line.c.licence_no == key.number)
        rows = rows.where(
            customs_release.c.licence_type == key.type, customs_release.c.licence_no == key.number
        )
    for licence_type, licence_no, line, quantity in connection.execute(rows):
        where = (licence_type, licence_no, line)
        released[where] = released.get(where, Decimal(0)) + quantity
    return [_total(row, released) for row in connection.execute(lines).mappings()]


def _total(row: Any, released: dict[tuple[str, str, int], Decimal]) -> dict[str, Any]:
    written_off = released.get((row["licence_type"], row["licence_no"], row["line_number"]), Decimal(0))
    return {
        "licence": f"{row['licence_type']}/{row['licence_no']}",
        "line": row["line_number"],
        "unit": row["unit"],
        "issued": f"{row['issued']:f}",
        "written_off": f"{written_off.quantize(Decimal('0.00001')):f}",
        "balance": f"{row['issued'] - written_off:f}",
    }


def releases(connection: Connection, key: LicenceKey) -> list[dict[str, Any]]:
    """The declarations released against one licence, with the gateway's answers."""
    query = (
        select(customs_release)
        .where(customs_release.c.licence_type == key.type, customs_release.c.licence_no == key.number)
        .order_by(customs_release.c.id)
    )
    return [
        {
            "entry_id": row["entry_id"],
            "message_id": row["message_id"],
            "mischief": row["mischief"],
            "answer": row["answer"] or "WAITING",
            "codes": row["codes"],
        }
        for row in connection.execute(query).mappings()
    ]


def counts(connection: Connection) -> dict[str, int]:
    """How many licences were taken, and how many releases wait for or have which answer."""
    taken = connection.execute(select(func.count()).select_from(customs_licence)).scalar_one()
    query = select(customs_release.c.answer, func.count()).group_by(customs_release.c.answer)
    answers = {(answer or "WAITING").lower(): count for answer, count in connection.execute(query)}
    return {"licences": taken, **{f"releases_{answer}": count for answer, count in sorted(answers.items())}}


def _key_columns(key: LicenceKey) -> dict[str, str]:
    return {"licence_type": str(key.type), "licence_no": key.number}
