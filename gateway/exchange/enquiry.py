"""How does a licence stand with you? What is asked and answered between the gateway and customs.

The gateway asks when customs has taken a suspension, when an unused licence has expired, and when operators
want to know. The reply is held against the ledger; that both sides say the same is told to the issuer, who
may then have the licence replaced or revoked (商办配函〔2015〕494号 art. 17, 18).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from gateway.exchange.answers import NOT_RECONCILED, RECONCILED, answer
from gateway.exchange.examination import Examined
from gateway.exchange.mail import Mail
from gateway.exchange.names import answer_name
from gateway.exchange.notices import Notice
from gateway.ledger import book, feedback, whereabouts
from gateway.ledger.kinds import OutcomeStatus
from gateway.ledger.projection import load_states
from gateway.ledger.store import UnitOfWork
from gateway.licences.figures import reply_to, standing_of
from gateway.licences.state import LicenceState
from licencexml.messages import (
    AckStatus,
    AckSubject,
    LicenceQuery,
    LicenceQueryReply,
    kind_of,
)
from licencexml.values import LicenceKey

_QUERY = LicenceQuery.__name__


def ask_customs(mail: Mail, keys: Iterable[LicenceKey], not_before: datetime | None = None) -> list[str]:
    """Ask customs how these licences stand, each at its own office; returns the MessageIDs of the queries.

    They go not before then.
    """
    wanted = list(keys)
    places = whereabouts.places(mail.uow.connection, wanted)
    asked = []
    for key in wanted:
        secretary = mail.to(mail.offices.of_licence(places[key].partner, places[key].port))
        query = LicenceQuery(secretary.header(mail.uow.now), key)
        mail.send(query.header.message_id, _QUERY, secretary.sign(query), key, not_before, by=secretary)
        asked.append(query.header.message_id)
    return asked


def take_replies(mail: Mail, received: Sequence[Examined], reference: str) -> list[Notice]:
    """Hold customs' replies against the ledger; tell the issuers, or ask again where it was too early."""
    replies = [
        book.ReplyReceived(one.message, one.digest, one.xml, reference)
        for one in received
        if isinstance(one.message, LicenceQueryReply)
    ]
    found = book.record_replies(mail.uow, replies)
    compared = [
        (one.reply, confirmation, confirmation.state)
        for one, confirmation in zip(replies, found, strict=True)
        if confirmation.state is not None and not confirmation.early
    ]
    origins = book.origins(mail.uow.connection, [state.key for _, _, state in compared])
    feedback.add_all(
        mail.uow,
        [
            _told(mail.uow, origins[state.key], reply, confirmation, state)
            for reply, confirmation, state in compared
        ],
    )
    for one, confirmation in zip(replies, found, strict=True):
        if confirmation.ask_again_at is not None:
            ask_customs(mail, [one.reply.licence], confirmation.ask_again_at)
        if confirmation.outcome.rejections:
            subject = AckSubject(confirmation.outcome.message_id, kind_of(one.reply))
            rejections = confirmation.outcome.rejections
            mail.acknowledge(subject, AckStatus.REFUSED, one.reply.licence, rejections)
    return [_notice(one.reply, confirmation) for one, confirmation in zip(replies, found, strict=True)]


def answer_queries(mail: Mail, received: Sequence[Examined], reference: str) -> list[Notice]:
    """Answer what customs asks, as the ledger stands now; a query that comes again is answered anew."""
    queries = [
        book.QueryReceived(one.message, one.digest, one.xml, reference)
        for one in received
        if isinstance(one.message, LicenceQuery)
    ]
    if not queries:
        return []
    outcomes = book.record_queries(mail.uow, queries)
    states = load_states(mail.uow.connection, [one.query.licence for one in queries])
    notices = []
    for one, outcome in zip(queries, outcomes, strict=True):
        key, message_id = one.query.licence, outcome.message_id
        if outcome.rejections:
            subject = AckSubject(message_id, _QUERY)
            mail.acknowledge(subject, AckStatus.REFUSED, key, outcome.rejections)
            word = "REFUSED"
        else:
            header = mail.secretary.header(mail.uow.now, message_id)
            reply = reply_to(one.query, states.get(key), header, mail.uow.now)
            mail.send(header.message_id, kind_of(reply), mail.secretary.sign(reply), key)
            word = reply.status.value
        notices.append(
            Notice.of(
                "customs asks about {licence}: {outcome}",
                refused=bool(outcome.rejections),
                licence=str(key),
                message_id=message_id,
                outcome=word,
            )
        )
    return notices


def _told(
    uow: UnitOfWork,
    origin: book.Origin,
    reply: LicenceQueryReply,
    confirmation: book.Confirmation,
    state: LicenceState,
) -> feedback.NewFeedback:
    equal = not confirmation.differences
    content = answer(
        "RECONCILED" if equal else "NOT_RECONCILED",
        at=uow.now,
        file=origin.source,
        message_id=reply.header.message_id,
        licence=state.key,
        rejections=confirmation.differences,
        as_of=reply.as_of.isoformat(),
        suspended=reply.suspended,
        **_figures(state),
    )
    name = answer_name(origin.source, RECONCILED if equal else NOT_RECONCILED)
    return feedback.NewFeedback(origin.tree, reply.header.message_id, name, content, origin.urgent)


def _figures(state: LicenceState) -> dict[str, object]:
    """Our own figures, which a replacement is made from."""
    standing = standing_of(state)
    return {
        "status": state.status.value,
        "uses": standing.uses,
        "lines": [
            {
                "line": line.line_number,
                "goods_code": line.goods_code,
                "unit": line.issued.unit,
                "issued": f"{line.issued.amount:f}",
                "written_off": f"{line.written_off.amount:f}",
                "balance": f"{line.balance.amount:f}",
            }
            for line in standing.lines
        ],
    }


def figures_alert(licence: LicenceKey) -> str:
    """The name of the alert that customs' figures of a licence are not ours."""
    return f"figures of {licence}"


def _notice(reply: LicenceQueryReply, confirmation: book.Confirmation) -> Notice:
    outcome = confirmation.outcome
    rejections = outcome.rejections or confirmation.differences
    codes = ", ".join(one.code for one in rejections)
    if outcome.rejections:
        word = "REFUSED"
    elif outcome.status is OutcomeStatus.REPEATED:
        word = "REPEATED"
    elif confirmation.early:
        word = "EARLY"
    else:
        word = "DIFFERENT" if codes else "EQUAL"
    trouble = {"EQUAL": None, "DIFFERENT": f"customs' figures are not ours: {codes}"}
    return Notice.of(
        "customs' figures of {licence}: {outcome} {codes}",
        refused=word in {"REFUSED", "DIFFERENT"},
        alert=(figures_alert(reply.licence), trouble[word]) if word in trouble else None,
        licence=str(reply.licence),
        message_id=reply.header.message_id,
        outcome=word,
        codes=codes,
    )
