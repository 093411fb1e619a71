"""What can still be done with a licence, and by whom; what it rests on are the rules' own articles."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.clock import business_date
from gateway.licences.account import Account
from gateway.licences.acts import QUIET, Ending, is_past, revoked_already
from gateway.licences.expire import EXPIRED_UNUSED_PROMPT
from gateway.licences.life import Standing, Transmission, Usage
from gateway.licences.replace import (
    is_used,
    nothing_left_to_move,
    replacement_after_expiry,
    revoke_of_used,
    write_off_of_unused,
)
from gateway.licences.revoke import revocation_of_used
from gateway.licences.sentences import (
    ACT_ON_THE_WAY,
    AFTER_REFUSAL,
    BY,
    FIRST,
    GO_ON_WITH,
    LATE_WRITE_OFFS,
    MAY_DECLARE,
    MAY_DECLARE_FROM,
    MAY_END_UNUSED,
    MAY_END_USED,
    NO_MORE_DECLARATIONS,
    NOTHING_LEFT,
    ONLY_SUSPENDED,
    SEND_WHAT_IS_WAITED_FOR,
    SETTLE_DISCREPANCIES,
    TOLERANCE,
    WAITS_FOR_CUSTOMS,
    WHO_BUREAU,
    WHO_CUSTOMS,
    WHO_ENTERPRISE,
    WHO_GATEWAY,
    WHO_ISSUER,
    WILL_BE_SENT,
    Said,
    word,
)
from gateway.licences.settlement import Verdict
from gateway.licences.steps import About, Step
from gateway.licences.use import (
    automatic_use_cap_reached,
    licence_suspended,
    multi_use_cap_reached,
    outside_validity,
    single_use_spent,
)
from licencexml.rejection import Reason
from licencexml.values import LicenceType, UsageMode


def next_steps(account: Account) -> Iterator[Step]:
    """Each thing that is to be done or can be done, and who does it."""
    state = account.state
    match state.life.standing:
        case Standing.REPLACED:
            yield _by(WHO_ENTERPRISE, GO_ON_WITH.say(successor=state.replaced_by))
        case Standing.REVOKED:
            yield _by(WHO_ENTERPRISE, Said.of_remedy(revoked_already.reason.remedy))
        case _ if is_past(state, account.now):
            yield from _after_expiry(account)
        case _:
            yield from _transmission(account)
            yield from _use(account)
            yield from _ending(account)
    yield from _on_the_way(account)
    yield from _open(account)


def cap_reason(account: Account) -> Reason:
    """The rule that limits how many declarations use this licence."""
    state = account.state
    if state.usage_mode is UsageMode.SINGLE:
        return single_use_spent.reason
    if state.key.type is LicenceType.AUTOMATIC_IMPORT:
        return automatic_use_cap_reached.reason
    return multi_use_cap_reached.reason


def _after_expiry(account: Account) -> Iterator[Step]:
    state = account.state
    if state.life.usage is Usage.UNUSED:
        reason = EXPIRED_UNUSED_PROMPT
        yield _by(WHO_ISSUER, Said.of_remedy(reason.remedy), reason.article)
    else:
        reason = replacement_after_expiry.reason
        yield _by(WHO_ENTERPRISE, Said.of_remedy(reason.remedy), reason.article)
    yield _by(WHO_CUSTOMS, LATE_WRITE_OFFS.say(), outside_validity.reason.article)


def _transmission(account: Account) -> Iterator[Step]:
    transmission = account.state.life.transmission
    match transmission:
        case Transmission.ACCEPTED | Transmission.SEALED:
            yield _by(WHO_GATEWAY, WILL_BE_SENT.say(transmission=word(transmission)))
        case Transmission.SENT:
            yield _by(WHO_CUSTOMS, WAITS_FOR_CUSTOMS.say())
        case Transmission.CUSTOMS_REFUSED:
            yield _by(WHO_BUREAU, AFTER_REFUSAL.say())


def _use(account: Account) -> Iterator[Step]:
    state = account.state
    times = state.cap - len(state.declarations)
    if not state.life.is_at_customs:
        return
    if state.is_suspended_at(account.now):
        yield _by(WHO_CUSTOMS, ONLY_SUSPENDED.say(), licence_suspended.reason.article)
    elif state.life.usage is Usage.EXHAUSTED:
        yield _by(WHO_ENTERPRISE, NOTHING_LEFT.say())
    elif times <= 0:
        article = cap_reason(account).article
        yield _by(WHO_ENTERPRISE, NO_MORE_DECLARATIONS.say(article=article), article)
    else:
        begun = business_date(account.now) >= state.valid_from
        said = (MAY_DECLARE if begun else MAY_DECLARE_FROM).say(
            valid_from=state.valid_from, valid_to=state.valid_to, port=state.clearance_port, times=times
        )
        for line in state.lines:
            if line.tolerance_percent and not line.is_closed:
                said += TOLERANCE.say(line=line.line_number, percent=line.tolerance_percent)
        yield _by(WHO_ENTERPRISE, said, outside_validity.reason.article)


def _ending(account: Account) -> Iterator[Step]:
    """How its issuer may end it, and what must come before that."""
    state = account.state
    if state.life.usage is Usage.EXHAUSTED:
        reason = nothing_left_to_move.reason
        yield _by(WHO_ENTERPRISE, Said.of_remedy(reason.remedy), reason.article)
        return
    if is_used(state):
        said = MAY_END_USED.say(replace=write_off_of_unused.reason.article)
        article = revoke_of_used.reason.article
    else:
        article = revocation_of_used.reason.article
        said = MAY_END_UNUSED.say(revoke=article, replace=revoke_of_used.reason.article)
    for rejection in QUIET.judge(Ending(state, account.policy, account.now, account.unsettled)):
        said += FIRST.say(what=Said.of_remedy(rejection.remedy))
    yield _by(WHO_ISSUER, said, article)


def _on_the_way(account: Account) -> Iterator[Step]:
    for act in account.acts:
        if act.transmission is not Transmission.RECEIVED:
            said = ACT_ON_THE_WAY.say(
                message=act.message_id, kind=act.kind, transmission=word(act.transmission)
            )
            who = WHO_CUSTOMS if act.transmission is Transmission.SENT else WHO_GATEWAY
            if act.transmission is Transmission.CUSTOMS_REFUSED:
                who = WHO_BUREAU
            yield _by(who, said)


def _open(account: Account) -> Iterator[Step]:
    troubles = [*account.troubles, *(told.trouble for told in account.told if told.trouble is not None)]
    count = sum(trouble.is_open for trouble in troubles)
    if count:
        yield _by(WHO_BUREAU, SETTLE_DISCREPANCIES.say(count=count, licence=account.state.key))
    waiting = sum(told.verdict is Verdict.PARKED for told in account.told)
    if waiting:
        yield _by(WHO_CUSTOMS, SEND_WHAT_IS_WAITED_FOR.say(count=waiting))


def _by(who: Said, said: Said, article: str | None = None) -> Step:
    return Step(About.NEXT, BY.say(who=who) + said, article)
