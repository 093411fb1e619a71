"""Expiry at the end of the day: the licences expire, their issuers are prompted, customs is asked.

商办配函〔2015〕494号 art. 18: of an expired licence that was not used the system gives notice by itself; the
enterprise confirms, the issuer revokes. That customs has no use to report yet is asked at once. A licence of
which customs withdraws every use after that is unused as well, and nobody would know.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from types import MappingProxyType

from sqlalchemy import Connection

from gateway.exchange.answers import EXPIRED, answer
from gateway.exchange.correspondence import Secretary
from gateway.exchange.enquiry import ask_customs
from gateway.exchange.mail import Mail
from gateway.exchange.names import answer_name
from gateway.exchange.offices import Offices
from gateway.ledger import book, feedback
from gateway.ledger.projection import load_lives, load_states
from gateway.ledger.store import UnitOfWork
from gateway.licences.expire import prompt
from gateway.licences.life import Standing, Usage
from gateway.licences.state import LicenceState
from licencexml.rejection import Rejection
from licencexml.values import LicenceKey


def expiring(secretary: Secretary, offices: Offices) -> Callable[[UnitOfWork, date], int]:
    """`expire_licences` with mail of its own, by `secretary` to each licence's office."""

    def expire(uow: UnitOfWork, today: date) -> int:
        with Mail(uow, secretary, offices) as mail:
            return expire_licences(uow, today, mail)

    return expire


def expire_licences(uow: UnitOfWork, today: date, mail: Mail) -> int:
    """Have all licences expire that were valid until before `today` (Asia/Shanghai); how many did.

    `mail` is that of the same unit of work, to customs.
    """
    count = 0
    for expired in book.expire(uow, today):
        count += len(expired)
        _prompt(uow, expired)
        unused = [one for one in expired if one.life.usage is Usage.UNUSED]
        ask_customs(mail, [one.key for one in unused if one.life.is_at_customs])
        mail.hand_in()
    return count


def used_and_expired(connection: Connection, keys: Collection[LicenceKey]) -> set[LicenceKey]:
    """Those of these licences that are expired and were used."""
    lives = load_lives(connection, keys) if keys else {}
    return {
        key
        for key, life in lives.items()
        if life.standing is Standing.EXPIRED and life.usage is not Usage.UNUSED
    }


def unused_after_all(mail: Mail, causes: Mapping[LicenceKey, str]) -> None:
    """Prompt and ask, as at expiry, for those of these licences that nobody has used now.

    They were `used_and_expired`; `causes` names the message of customs by which all was withdrawn.
    """
    states = load_states(mail.uow.connection, causes) if causes else {}
    unused = [state for state in states.values() if state.life.usage is Usage.UNUSED]
    _prompt(mail.uow, unused, causes)
    ask_customs(mail, sorted(one.key for one in unused if one.life.is_at_customs))


def _prompt(
    uow: UnitOfWork, expired: Sequence[LicenceState], causes: Mapping[LicenceKey, str] = MappingProxyType({})
) -> None:
    """Write the prompts; each is written once for its cause, which is the issue if it is not given."""
    prompts = {state.key: told for state in expired if (told := prompt(state)) is not None}
    origins = book.origins(uow.connection, prompts)
    states = {state.key: state for state in expired}
    files = [_file(uow, origins[key], states[key], told, causes.get(key)) for key, told in prompts.items()]
    feedback.add_all(uow, files)


def _file(
    uow: UnitOfWork, origin: book.Origin, state: LicenceState, told: Rejection, cause: str | None
) -> feedback.NewFeedback:
    content = answer(
        "EXPIRED",
        at=uow.now,
        file=origin.source,
        message_id=origin.message_id,
        licence=state.key,
        valid_to=state.valid_to.isoformat(),
        prompt={"zh": told.zh, "en": told.en, "article": told.article, "remedy": told.remedy},
    )
    name = answer_name(origin.source, EXPIRED)
    return feedback.NewFeedback(origin.tree, cause or origin.message_id, name, content, origin.urgent)
