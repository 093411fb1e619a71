"""Why a licence stands as it does: its account gathered from the tables and entries, and explained."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Row

from gateway.ledger.discrepancies import against
from gateway.ledger.dossier import Dossier, dossier_now
from gateway.ledger.kinds import DiscrepancyStatus, EntryKind
from gateway.ledger.looking_back import entries_of
from gateway.ledger.rebuilt import Record
from gateway.ledger.unsettled import unsettled
from gateway.licences.account import Account, Milestone, OnTheWay, Told, Trouble, VerdictChange
from gateway.licences.explaining import explain
from gateway.licences.life import LicenceEvent, Transmission
from gateway.licences.policy import Policy
from gateway.licences.settlement import Verdict
from gateway.licences.steps import Step
from licencexml.messages import RevocationGround, WriteOffLineKey
from licencexml.rejection import Rejection
from licencexml.values import LicenceKey

Answer = dict[str, Any]

_EVENTS: Mapping[EntryKind, LicenceEvent] = MappingProxyType(
    {
        EntryKind.SEALED: LicenceEvent.SEAL,
        EntryKind.SENT: LicenceEvent.SEND,
        EntryKind.CUSTOMS_ACCEPTED: LicenceEvent.CUSTOMS_ACCEPT,
        EntryKind.CUSTOMS_REFUSED: LicenceEvent.CUSTOMS_REFUSE,
        EntryKind.EXPIRED: LicenceEvent.EXPIRE,
        EntryKind.REPLACED: LicenceEvent.REPLACE,
        EntryKind.REVOKED: LicenceEvent.REVOKE,
    }
)


def explain_licence(connection: Connection, key: LicenceKey, policy: Policy, now: datetime) -> Answer | None:
    """How the licence stands at `now` and why, in numbered steps; None if there is none."""
    dossier = dossier_now(connection, key)
    if dossier is None:
        return None
    account = account_of(dossier, entries_of(connection, key), policy, now)
    steps = explain(replace(account, unsettled=unsettled(connection, [key])[key]))
    return {
        "licence": str(key),
        "status": dossier.state.status.value,
        "partner": dossier.provenance["partner"],
        "steps": [_step(number, step) for number, step in enumerate(steps, start=1)],
    }


def account_of(dossier: Dossier, rows: Sequence[Row[Any]], policy: Policy, now: datetime) -> Account:
    """All that is known of the licence: `rows` are its entries."""
    changes = _changes(rows)
    digests = {row.message_id: row.data["digest"] for row in rows if "position" in row.data}
    troubles = {(one["message_id"], one["digest"].hex()): _trouble(one) for one in dossier.discrepancies}
    told = tuple(
        Told(
            fact=fact,
            verdict=Verdict(row["verdict"]),
            rejections=_rejections(against(row["verdict"], row["rejections"])),
            changes=tuple(changes[fact.message_id]),
            trouble=troubles.pop((fact.message_id, digests[fact.message_id]), None),
        )
        for fact, row in zip(dossier.facts, dossier.clearances, strict=True)
    )
    return Account(
        state=dossier.state,
        issuer=dossier.provenance["issuer"],
        issue_message_id=dossier.provenance["issue_message_id"],
        accepted_at=dossier.provenance["accepted_at"],
        policy=policy,
        now=now,
        milestones=tuple(_milestones(rows)),
        told=told,
        uses=dossier.uses,
        drawn_on={_key(line): line["licence_line"] for line in dossier.lines},
        troubles=tuple(troubles.values()),
        acts=tuple(
            OnTheWay(one["message_id"], one["kind"], Transmission(one["transmission"]))
            for one in dossier.acts
        ),
    )


def _milestones(rows: Iterable[Row[Any]]) -> Iterator[Milestone]:
    for row in rows:
        event = _EVENTS.get(EntryKind(row.kind))
        if event is not None:
            ground = row.data["ground"] if event is LicenceEvent.REVOKE else None
            yield Milestone(
                event,
                row.at,
                row.message_id,
                _rejections(row.data.get("rejections", [])),
                None if ground is None else RevocationGround(ground),
                row.data["partner"] if event is LicenceEvent.SEAL else None,
            )


def _changes(rows: Iterable[Row[Any]]) -> defaultdict[str, list[VerdictChange]]:
    """How the verdict about each message changed, in order."""
    verdicts: dict[str, Verdict] = {}
    found: defaultdict[str, list[VerdictChange]] = defaultdict(list)
    for row in rows:
        if "position" not in row.data:
            continue
        now = Verdict(row.data["position"]["verdict"])
        before = verdicts.get(row.message_id, now)
        if now is not before:
            found[row.message_id].append(VerdictChange(row.at, before, now, row.data["cause"]))
        verdicts[row.message_id] = now
    return found


def _trouble(row: Record) -> Trouble:
    resolved = row["status"] == DiscrepancyStatus.RESOLVED
    return Trouble(
        number=row["id"],
        kind=row["kind"],
        message_id=row["message_id"],
        is_open=row["status"] == DiscrepancyStatus.OPEN,
        rejections=_rejections(row["rejections"]),
        by=row["ended_by"] if resolved else None,
        note=row["note"] if resolved else None,
    )


def _rejections(data: Iterable[Answer]) -> tuple[Rejection, ...]:
    return tuple(Rejection.from_dict(one) for one in data)


def _key(line: Record) -> WriteOffLineKey:
    return WriteOffLineKey(line["entry_id"], line["line_number"], line["sequence"])


def _step(number: int, step: Step) -> Answer:
    return {
        "no": number,
        "about": step.about.value,
        "zh": step.said.zh,
        "en": step.said.en,
        "article": step.article,
        "message_id": step.message_id,
        "remedies": list(step.remedies),
    }
