"""What follows from customs' answers to licences and to issuers' acts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.exchange.enquiry import ask_customs
from gateway.exchange.mail import Mail
from gateway.exchange.notices import Notice
from gateway.ledger import book
from gateway.ledger.projection import load_states
from licencexml.messages import AckStatus, ApplicationAck, LicenceReplacement, LicenceSuspension
from licencexml.values import LicenceKey

_REPLACEMENT, _SUSPENSION = LicenceReplacement.__name__, LicenceSuspension.__name__


def follow_up(mail: Mail, acks: Sequence[ApplicationAck]) -> list[Notice]:
    """Ask and tell what follows from answers that were recorded just now, each about a licence.

    Once customs has taken a suspension the licence's figures stand still, and are asked for. An act that it
    refuses is an alert: what was decided about the licence holds here, and not there.
    """
    if not acks:
        return []
    acts = book.sealed_acts(mail.uow.connection, [ack.answers.message_id for ack in acks])
    replaced = book.replaced(mail.uow.connection, [ack.licence for ack in acks if ack.licence is not None])
    taken = {
        act.licence
        for ack in acks
        if (act := acts.get(ack.answers.message_id)) is not None
        and act.kind == _SUSPENSION
        and ack.status is not AckStatus.REFUSED
    }
    states = load_states(mail.uow.connection, taken)
    ask_customs(mail, sorted(key for key in taken if key in states and states[key].is_suspended))
    return [_notice(ack, acts.get(ack.answers.message_id), replaced) for ack in acks]


def act_alert(act: book.SealedAct) -> str:
    """The name of the alert that customs refuses an act."""
    return f"{act.kind} {act.message_id} of {act.licence}"


def replacement_alert(old: LicenceKey | None, new: LicenceKey) -> str:
    """The name of the alert that customs refuses the replacement of `old` by `new`."""
    return f"{_REPLACEMENT} of {old} by {new}"


def _notice(
    ack: ApplicationAck, act: book.SealedAct | None, replaced: Mapping[LicenceKey, LicenceKey]
) -> Notice:
    refused = ack.status is AckStatus.REFUSED
    codes = ", ".join(rejection.code for rejection in ack.rejections)
    subject = None
    if act is not None:
        subject = act_alert(act)
    elif ack.licence is not None and ack.licence in replaced:
        subject = replacement_alert(replaced[ack.licence], ack.licence)
    trouble = f"customs refuses it: {codes}" if refused else None
    return Notice.of(
        "customs answered {kind} for {licence}: {outcome} {codes}",
        refused=refused,
        alert=None if subject is None else (subject, trouble),
        kind="the licence" if act is None else act.kind,
        licence=str(ack.licence),
        message_id=ack.answers.message_id,
        outcome=str(ack.status),
        codes=codes,
    )
