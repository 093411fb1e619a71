"""What was agreed with a partner: who calls, when, what may pass; and who calls in vain over and over."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from twisted.internet.task import Clock

from gateway.clock import BUSINESS_ZONE
from gateway.config.endpoints import Endpoint, Transport
from gateway.config.hours import Once, Weekly
from gateway.line.file_rules import FileRules
from gateway.line.inflow import Inflow
from gateway.line.settings import Calls, LineSettings, PartnerSettings
from gateway.line.status import Direction
from oftp2 import commands as c
from oftp2 import events as e
from oftp2.negotiation import Mode
from oftp2.reasons import EndReason
from tests.line.dummies import identity_of
from tests.line.test_clocked import GATEWAY, SETTINGS, Wire


def agreed(now: datetime | None = None, line: dict[str, Any] | None = None, **partner: Any) -> Wire:
    settings = replace(SETTINGS, partners=(replace(GATEWAY, **partner),), **line or {})
    return Wire(settings, now)


def refusal(wire: Wire) -> tuple[int, str]:
    """The ESID by which a call is refused."""
    (abort,) = (event for event in wire.exchange() if isinstance(event, e.AbortIndication))
    assert abort.distant
    return abort.reason, abort.text


def at(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=BUSINESS_ZONE)


def state(wire: Wire, direction: Direction = Direction.ANSWERING) -> str:
    return next(one.state for one in wire.service.status() if one.direction is direction)


# Who


def test_a_partner_that_we_are_to_call_may_not_call_us() -> None:
    wire = agreed(calls=Calls.WE)
    assert refusal(wire) == (EndReason.INCOMPATIBLE, "calls are not taken here: it is we who call")
    assert wire.service.status() == [], "nobody waits for its calls"


def test_a_partner_that_is_to_call_us_is_not_called() -> None:
    address = Endpoint(Transport.TCP, "127.0.0.1", 3305)
    wire = agreed(calls=Calls.THEY, call=(address,))
    assert wire.reactor.tcpClients == []
    assert wire.in_session().partner.is_idle_speaker


# What may pass


@pytest.mark.parametrize(
    ("mode", "theirs"), [(Mode.RECEIVE, Mode.SEND), (Mode.SEND, Mode.RECEIVE), (Mode.BOTH, Mode.BOTH)]
)
def test_the_direction_of_a_session_is_negotiated_as_agreed(mode: Mode, theirs: Mode) -> None:
    wire = agreed(mode_when_they_call=mode).in_session()
    assert wire.partner.parameters is not None
    assert wire.partner.parameters.mode is theirs


def test_a_partner_that_wants_the_other_direction_is_refused() -> None:
    settings = replace(SETTINGS, partners=(replace(GATEWAY, mode_when_they_call=Mode.SEND),))
    wire = Wire(settings, mode=Mode.SEND)
    reason, _ = refusal(wire)
    assert reason == EndReason.INCOMPATIBLE


def test_in_a_session_of_theirs_we_send_nothing_when_that_is_agreed() -> None:
    wire = agreed(mode_when_they_call=Mode.RECEIVE).in_session()
    wire.office.outbox.append((identity_of(2, "O0013CUSTOMS", "O0013GATEWAY"), b"ours"))
    wire.partner.change_direction()
    events = wire.exchange()
    assert not any(isinstance(event, e.StartFileIndication) for event in events)


# When


OFFICE_HOURS = (Weekly.parse("mon-sat 06:00-22:00"),)


def test_outside_the_windows_a_caller_is_told_when_to_come() -> None:
    wire = agreed(at("2026-11-21 23:00"), call_windows=OFFICE_HOURS)
    reason, text = refusal(wire)
    assert reason == EndReason.NO_RESOURCES
    assert text == "closed until 2026-11-23 06:00: outside the call windows (Asia/Shanghai)"
    assert state(wire) == "closed until 2026-11-23 06:00: outside the call windows"


def test_a_window_opens_by_itself() -> None:
    wire = agreed(at("2026-11-21 05:59"), call_windows=OFFICE_HOURS)
    refusal(wire)
    wire.reactor.advance(61)
    assert state(wire) == "listening"
    wire.call()
    assert wire.in_session().partner.is_idle_speaker


MAINTENANCE = (Once(at("2026-11-21 12:10"), at("2026-11-21 13:00")),)


def test_sessions_are_drained_before_maintenance_and_none_is_taken() -> None:
    wire = agreed(at("2026-11-21 12:08"), {"maintenance": MAINTENANCE, "drain_seconds": 90}).in_session()
    wire.partner.start_file(c.SFID.of(identity_of(1), 3))
    wire.exchange()
    wire.reactor.advance(31)
    assert state(wire) == "in session", "a file is in hand"
    wire.partner.send_data(b"\x83abc")
    wire.partner.close_file(unit_count=3)
    events = wire.exchange()
    assert any(isinstance(event, e.CloseFileConfirmation) for event in events), "it is finished"
    assert any(isinstance(event, e.AbortIndication) and event.reason == 5 for event in events)
    wire.lose()
    assert state(wire) == "maintenance until 2026-11-21 13:00"
    wire.call()
    assert refusal(wire) == (EndReason.NO_RESOURCES, "maintenance until 2026-11-21 13:00 (Asia/Shanghai)")
    wire.reactor.advance(90)
    wire.reactor.advance(50 * 60)
    assert state(wire) == "listening"


def test_what_is_not_finished_when_maintenance_begins_is_cut_and_goes_on_later() -> None:
    wire = agreed(at("2026-11-21 12:09"), {"drain_seconds": 0}, maintenance=MAINTENANCE).in_session()
    wire.reactor.advance(30)
    wire.partner.start_file(c.SFID.of(identity_of(1), 3000))
    wire.exchange()
    wire.reactor.advance(29)
    assert wire.exchange() == []
    wire.reactor.advance(2)
    assert any(isinstance(event, e.AbortIndication) and event.reason == 5 for event in wire.exchange())


def test_an_operator_may_have_the_line_in_maintenance() -> None:
    wire = agreed(at("2026-11-21 12:30"), maintenance=MAINTENANCE)
    refusal(wire)
    wire.service.up("gateway")
    wire.call()
    wire.in_session()
    wire.reactor.advance(45 * 60)
    assert state(wire) == "in session"


def test_nobody_is_called_in_maintenance_and_after_it_at_once() -> None:
    address = Endpoint(Transport.TCP, "127.0.0.1", 3305)
    wire = agreed(at("2026-11-21 12:59"), maintenance=MAINTENANCE, call=(address,))
    assert state(wire, Direction.CALLING) == "maintenance until 2026-11-21 13:00"
    assert wire.reactor.tcpClients == []
    wire.reactor.advance(61)
    assert len(wire.reactor.tcpClients) == 1


def test_down_is_down_in_maintenance_and_after_it() -> None:
    wire = agreed(at("2026-11-21 12:30"), maintenance=MAINTENANCE)
    refusal(wire)
    wire.lose()
    coroutine = wire.service.down("gateway")
    with pytest.raises(StopIteration):
        coroutine.send(None)
    assert state(wire) == "down"
    wire.reactor.advance(60 * 60)
    assert state(wire) == "down"


# Files


@pytest.mark.parametrize(
    ("rules", "change", "reason"),
    [
        (FileRules(names=("LX*", "A?")), {}, 1),
        (FileRules(formats=frozenset("TV")), {}, 4),
        (FileRules(max_bytes=2048), {"size_blocks": 3}, 6),
        (FileRules(user_data=("R*",)), {"user_data": "X"}, 99),
    ],
)
def test_a_file_against_the_rules_is_refused_before_it_is_taken(
    rules: FileRules, change: dict[str, Any], reason: int
) -> None:
    wire = agreed(files=rules).in_session()
    wire.partner.start_file(replace(c.SFID.of(identity_of(1), 100), **change))
    (answer,) = wire.exchange()
    assert isinstance(answer, e.StartFileRefusal)
    assert (answer.reason, answer.retry) == (reason, False)
    (status,) = wire.service.status()
    assert status.last_refusal is not None
    assert f"SFNA {reason:02d}" in status.last_refusal
    assert wire.office.log == [], "the house is not asked"


def test_a_file_within_the_rules_is_taken() -> None:
    rules = FileRules(2048, ("FILE*",), ("R?",), frozenset("U"))
    wire = agreed(files=rules).in_session()
    wire.partner.start_file(c.SFID.of(identity_of(1), 2048, user_data="R1"))
    assert wire.exchange() == [e.StartFileConfirmation(0)]


def test_who_offers_over_and_over_what_is_refused_waits_for_the_answer() -> None:
    wire = agreed(files=FileRules(names=("LX*",))).in_session()
    answered = []
    for _ in range(20):
        wire.partner.start_file(c.SFID.of(identity_of(1), 100))
        answered.append(len(wire.exchange()))
        if not answered[-1]:
            wire.reactor.advance(2)
            assert len(wire.exchange()) == 1
    assert answered == [1] * 10 + [0] * 10
    wire.partner.start_file(replace(c.SFID.of(identity_of(1), 100), dataset_name="LX1"))
    assert wire.exchange() == [e.StartFileConfirmation(0)], "what is right is taken at once"


# Over and over


def storm(wire: Wire, calls: int) -> list[tuple[int, str]]:
    told = []
    for _ in range(calls):
        wire.call(password="WRONG")
        told += [
            (event.reason, event.text)
            for event in wire.exchange()
            if isinstance(event, e.AbortIndication) and event.distant
        ]
        wire.lose()
    return told


def test_who_calls_in_vain_over_and_over_waits_longer_and_longer() -> None:
    wire = agreed(failed_calls_per_minute=3)
    refusal_of_password = (EndReason.INVALID_PASSWORD, "invalid password")
    assert storm(wire, 3) == [refusal_of_password] * 3
    assert storm(wire, 1) == [], "the answer is held back"
    (status,) = wire.service.status()
    assert status.circuit == "calls from 192.168.1.1 fail over and over"
    wire.call()
    assert wire.exchange() == [], "of who has the right password too, by now"
    wire.reactor.advance(5)
    reason, text = refusal(wire)
    assert (reason, text) == (EndReason.NO_RESOURCES, "too many failed calls: again in 10 s")
    wire.lose()
    wire.reactor.advance(6)
    wire.call()
    wire.in_session()
    wire.partner.start_file(c.SFID.of(identity_of(1), 3))
    wire.exchange()
    wire.partner.send_data(b"\x83abc")
    wire.partner.close_file(unit_count=3)
    wire.exchange()
    wire.lose()
    (status,) = wire.service.status()
    assert status.circuit is None, "a session that served ends it"


def test_only_a_few_are_kept_waiting_and_none_when_the_line_is_to_stop() -> None:
    wire = agreed(failed_calls_per_minute=1, line={"max_unidentified": 100})
    assert len(storm(wire, 8)) == 8 - 4
    wire.reactor.advance(3)
    wire.call(password="WRONG")
    with pytest.raises(StopIteration):
        wire.service.down("gateway").send(None)
    assert wire.service._lines["gateway"]._held == set()


def test_another_partner_from_the_same_place_is_not_put_off() -> None:
    other = PartnerSettings("other", "O0013OTHER", password_ours="CPW", password_theirs="OPW")
    settings: LineSettings = replace(
        SETTINGS, partners=(replace(GATEWAY, failed_calls_per_minute=1), replace(other))
    )
    wire = Wire(settings)
    storm(wire, 5)
    assert wire.service._lines["other"].inflow.put_off_seconds("192.168.1.1") == 0
    assert wire.service._lines["gateway"].inflow.put_off_seconds("192.168.1.1") > 0
    assert wire.service._lines["gateway"].inflow.put_off_seconds("192.168.1.2") == 0


def test_pauses_double_up_to_their_limit_and_places_are_bounded() -> None:
    clock = Clock()
    inflow = Inflow(1, 60, clock)
    inflow.failed("a")
    for seconds in (10, 20, 40, 60, 60):
        assert inflow.failed("a") == seconds
        assert inflow.failed("a") == 0, "while it is put off nothing counts"
        clock.advance(seconds)
    for number in range(1000):
        inflow.failed(f"host {number}")
    assert len(inflow._places) == 64


def test_a_few_failures_a_minute_put_nobody_off() -> None:
    clock = Clock()
    inflow = Inflow(3, 60, clock)
    for _ in range(50):
        assert inflow.failed("a") == 0
        clock.advance(21)
