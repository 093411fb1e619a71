"""Expiry at the end of the day: the licences expire, their issuers are prompted, customs is asked.

商办配函〔2015〕494号 art. 18: of an expired licence that was not used the system gives notice by itself; the
enterprise confirms, the issuer revokes. That customs has no use to report yet is asked at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from gateway.exchange.answers import EXPIRED, answer
from gateway.exchange.correspondence import Secretary
from gateway.exchange.enquiry import ask_customs
from gateway.exchange.mail import Mail
from gateway.exchange.names import answer_name
from gateway.ledger import book, feedback
from gateway.ledger.store import UnitOfWork
from gateway.licences.expire import prompt
from gateway.licences.life import Usage
from gateway.licences.state import LicenceState
from licencexml.rejection import Rejection


def expiring(secretary: Secretary) -> Callable[[UnitOfWork, date], int]:
    """`expire_licences` with mail of its own, from `secretary` to customs."""

    def expire(uow: UnitOfWork, today: date) -> int:
        with Mail(uow, secretary) as mail:
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


def _prompt(uow: UnitOfWork, expired: Sequence[LicenceState]) -> None:
    prompts = {state.key: told for state in expired if (told := prompt(state)) is not None}
    origins = book.origins(uow.connection, prompts)
    states = {state.key: state for state in expired}
    files = [_file(uow, origins[key], states[key], told) for key, told in prompts.items()]
    feedback.add_all(uow, files)


def _file(uow: UnitOfWork, origin: book.Origin, state: LicenceState, told: Rejection) -> feedback.NewFeedback:
    content = answer(
        "EXPIRED",
        at=uow.now,
        file=origin.source,
        message_id=origin.message_id,
        licence=state.key,
        valid_to=state.valid_to.isoformat(),
        prompt={"zh": told.zh, "en": told.en, "article": told.article, "remedy": told.remedy},
    )
    return feedback.NewFeedback(origin.tree, origin.message_id, answer_name(origin.source, EXPIRED), content)
