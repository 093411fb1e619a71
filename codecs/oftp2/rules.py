"""The predicates and actions that the state tables of RFC 5024 name by number, section by section.

Special logic is never in use on TCP, and files are neither signed nor sealed: what only they need is answered
here with a plain no, in its place.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Final, TypeVar

from oftp2.commands import AURP, DATA, EERP, EFID, EFNA, EFPA, NERP, SFID, SFNA, SFPA, SSID
from oftp2.entity import Counter, Entity
from oftp2.events import (
    CloseFileRefusal,
    EndResponseIndication,
    NegativeEndResponseIndication,
    StartFileConfirmation,
    StartFileIndication,
    StartFileRefusal,
)
from oftp2.negotiation import Disagreement, Mode, agreed_mode, negotiate
from oftp2.reasons import ESID_REASONS, explain
from oftp2.records import FIXED

Predicate = Callable[[Entity], bool]
Action = Callable[[Entity], None]
T = TypeVar("T")


def _input(entity: Entity, kind: type[T]) -> T:
    assert isinstance(entity.input, kind), f"{entity.input!r} is not a {kind.__name__}"
    return entity.input


def _never(_: Entity) -> bool:
    return False


def _always(_: Entity) -> bool:
    return True


def _negotiates(entity: Entity) -> bool:
    assert entity.peer is not None, "an SSID came before this"
    refusal = entity.expected.refusal_of(entity.peer) if entity.expected else None
    if refusal is not None:
        entity.disagreement = Disagreement(refusal, explain(ESID_REASONS, refusal).meaning)
        return False
    outcome = negotiate(entity.capabilities, entity.peer, caller=entity.caller)
    entity.disagreement = outcome if isinstance(outcome, Disagreement) else None
    return entity.disagreement is None


def _mode_is_incompatible(entity: Entity) -> bool:
    return agreed_mode(entity.capabilities.mode, Mode(_input(entity, SSID).mode)) is None


def _agrees_on_authentication(entity: Entity) -> bool:
    assert entity.peer is not None, "an SSID came before this"
    return entity.peer.authentication == entity.capabilities.authentication


def _authenticates(entity: Entity) -> bool:
    return entity.capabilities.authentication


def _is_answered(entity: Entity) -> bool:
    expected, entity.challenge = entity.challenge, None
    return expected is not None and hmac.compare_digest(_input(entity, AURP).response, expected)


def _caller_is_answered(entity: Entity) -> bool:
    return entity.caller and _is_answered(entity)


def _called_is_answered(entity: Entity) -> bool:
    return not entity.caller and _is_answered(entity)


def _may_not_start_file(entity: Entity) -> bool:
    restarts = _input(entity, SFID).restart > 0 and not entity.agreed.restart
    return restarts or entity.agreed.mode is Mode.RECEIVE


def _may_not_be_offered_file(entity: Entity) -> bool:
    restarts = _input(entity, SFID).restart > 0 and not entity.agreed.restart
    return restarts or entity.agreed.mode is Mode.SEND


def _restarts_beyond_offer(entity: Entity) -> bool:
    return isinstance(entity.input, SFPA) and entity.input.restart > entity.restart_position


def _is_positive(entity: Entity) -> bool:
    return isinstance(entity.input, SFPA | EFPA)


def _wants_turn(entity: Entity) -> bool:
    return isinstance(entity.input, EFPA) and entity.input.change_direction


PREDICATES: Final[dict[tuple[str, str], Predicate]] = {
    ("9.8", "P1"): _never,
    ("9.8", "P2"): _negotiates,
    ("9.8", "P3"): _never,
    ("9.8", "P4"): _mode_is_incompatible,
    ("9.8", "P5"): lambda entity: entity.caller,
    ("9.8", "P6"): _caller_is_answered,
    ("9.8", "P7"): _called_is_answered,
    ("9.8", "P8"): _agrees_on_authentication,
    ("9.8", "P9"): _authenticates,
    ("9.8", "P10"): _agrees_on_authentication,
    ("9.8", "P11"): _authenticates,
    ("9.10", "P1"): _may_not_start_file,
    ("9.10", "P2"): _restarts_beyond_offer,
    ("9.10", "P3"): lambda entity: entity.credit_speaker - 1 == 0,
    ("9.10", "P4"): _always,
    ("9.10", "P5"): _never,
    ("9.11", "P1"): _wants_turn,
    ("9.11", "P2"): _always,
    ("9.12", "P1"): _may_not_be_offered_file,
    ("9.12", "P2"): _is_positive,
    ("9.12", "P3"): _wants_turn,
    # The RFC compares with V.Restart, which is yes or no: the position that was offered is meant.
    ("9.12", "P4"): _restarts_beyond_offer,
    ("9.12", "P5"): _never,
    ("9.12", "P6"): lambda entity: entity.credit_listener - 1 < 0,
    ("9.12", "P7"): lambda entity: entity.credit_listener - 1 == 0,
    ("9.12", "P8"): _never,
}


def _nothing(_: Entity) -> None:
    return None


def _start_timer(entity: Entity) -> None:
    entity.timer.start()


def _stop_timer(entity: Entity) -> None:
    entity.timer.stop()


def _set_ssid(entity: Entity) -> None:
    entity.built = entity.capabilities.ssid()


def _take_parameters(entity: Entity) -> None:
    assert entity.peer is not None, "an SSID came before this"
    outcome = negotiate(entity.capabilities, entity.peer, caller=entity.caller)
    assert not isinstance(outcome, Disagreement), "the predicates let only an agreement through"
    entity.parameters = outcome
    if not entity.caller:
        entity.built = outcome.ssid(entity.capabilities)


def _build_input(kind: type[EERP | NERP | SFID | DATA | EFID]) -> Action:
    def build(entity: Entity) -> None:
        entity.built = _input(entity, kind)

    return build


def _build_sfid(entity: Entity) -> None:
    entity.built = sfid = _input(entity, SFID)
    entity.restart_position = sfid.restart


def _store(entity: Entity) -> None:
    assert isinstance(entity.input, SFID | EERP | NERP), "only requests are stored"
    entity.request = entity.input


def _build_stored(entity: Entity) -> None:
    entity.built, entity.request = entity.request, None
    if isinstance(entity.built, SFID):
        entity.restart_position = entity.built.restart


def _confirm_start(entity: Entity) -> None:
    entity.indication = StartFileConfirmation(_input(entity, SFPA).restart)


def _confirm_no_start(entity: Entity) -> None:
    answer = _input(entity, SFNA)
    entity.indication = StartFileRefusal(answer.reason, answer.retry, answer.text)


def _confirm_no_close(entity: Entity) -> None:
    answer = _input(entity, EFNA)
    entity.indication = CloseFileRefusal(answer.reason, answer.text)


def _fill_credit(entity: Entity) -> None:
    entity.credit_speaker = entity.agreed.credit


def _spend_credit(entity: Entity) -> None:
    entity.credit_speaker -= 1


def _drop_credit(entity: Entity) -> None:
    entity.credit_speaker = 0


def _indicate_start(entity: Entity) -> None:
    sfid = _input(entity, SFID)
    if sfid.fault() is None:
        entity.indication = StartFileIndication(sfid, sfid.identity())
    entity.restart_position = sfid.restart
    entity.counter = Counter(
        is_structured=sfid.attributes.is_structured,
        is_fixed=sfid.format == FIXED,
        record_bytes=sfid.record_bytes,
    )


def _indicate_receipt(entity: Entity) -> None:
    eerp = _input(entity, EERP)
    entity.indication = EndResponseIndication(eerp, eerp.identity())


def _indicate_negative(entity: Entity) -> None:
    nerp = _input(entity, NERP)
    entity.indication = NegativeEndResponseIndication(nerp, nerp.identity())


def _spend_listener_credit(entity: Entity) -> None:
    entity.credit_listener -= 1


def _fill_listener_credit(entity: Entity) -> None:
    entity.credit_listener = entity.agreed.credit


#: What is `_nothing` here is done elsewhere (9.8 actions 1 and 6, 9.11 actions 3 and 4) or belongs to special
#: logic and signatures.
ACTIONS: Final[dict[tuple[str, int], Action]] = {
    ("9.8", 1): _nothing,
    ("9.8", 2): _start_timer,
    ("9.8", 3): _set_ssid,
    ("9.8", 4): _stop_timer,
    ("9.8", 5): _take_parameters,
    ("9.8", 6): _nothing,
    ("9.9", 1): _stop_timer,
    ("9.9", 2): _start_timer,
    ("9.10", 1): _stop_timer,
    ("9.10", 2): _start_timer,
    ("9.10", 3): _build_input(EERP),
    ("9.10", 4): _store,
    ("9.10", 5): _build_sfid,
    ("9.10", 6): _store,
    ("9.10", 7): _confirm_start,
    ("9.10", 8): _confirm_no_start,
    ("9.10", 9): _build_stored,
    ("9.10", 10): _build_stored,
    ("9.10", 11): _build_input(DATA),
    ("9.10", 12): _fill_credit,
    ("9.10", 13): _spend_credit,
    ("9.10", 14): _nothing,
    ("9.10", 15): _build_input(NERP),
    ("9.10", 16): _store,
    ("9.10", 17): _build_stored,
    ("9.10", 18): _nothing,
    ("9.11", 1): _stop_timer,
    ("9.11", 2): _start_timer,
    ("9.11", 3): _nothing,
    ("9.11", 4): _nothing,
    ("9.11", 5): _build_input(EFID),
    ("9.11", 6): _confirm_no_close,
    ("9.11", 7): _drop_credit,
    ("9.11", 8): _nothing,
    ("9.12", 1): _stop_timer,
    ("9.12", 2): _start_timer,
    ("9.12", 3): _indicate_start,
    ("9.12", 4): _indicate_receipt,
    ("9.12", 5): _nothing,
    ("9.12", 6): _nothing,
    ("9.12", 7): _spend_listener_credit,
    ("9.12", 8): _fill_listener_credit,
    ("9.12", 10): _indicate_negative,
}
