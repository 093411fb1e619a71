"""What a session has in hand is known by its commands, for those who wait for its end."""

from __future__ import annotations

import pytest

from gateway.line.doing import doing
from gateway.line.status import Direction
from gateway.line.tracing import Tracing
from oftp2 import commands as c
from oftp2.tables import State
from oftp2.trace import After, Passed, Way
from tests.line.dummies import identity_of
from tests.line.test_clocked import Wire

SFID = c.SFID.of(identity_of(1), 10_000)
EERP = c.EERP.of(identity_of(1))
OPO = After(State.OPO, 1)


@pytest.mark.parametrize(
    ("passed", "told"),
    [
        ([], ""),
        ([(Way.SENT, SFID)], "sending FILE1, 0 of 10 KiB"),
        ([(Way.RECEIVED, SFID), (Way.SENT, c.SFPA(4))], "receiving FILE1, 4 of 10 KiB"),
        (
            [
                (Way.SENT, SFID),
                (Way.RECEIVED, c.SFPA(0)),
                (Way.SENT, c.DATA(b"x" * 2048)),
                (Way.RECEIVED, c.CDT()),
            ],
            "sending FILE1, 2 of 10 KiB",
        ),
        ([(Way.SENT, SFID), (Way.RECEIVED, c.SFNA(6, retry=False))], ""),
        ([(Way.SENT, SFID), (Way.SENT, c.EFID(0, 1)), (Way.RECEIVED, c.EFPA(change_direction=False))], ""),
        ([(Way.RECEIVED, EERP)], "receiving the receipt for FILE1"),
        ([(Way.SENT, EERP), (Way.RECEIVED, c.RTR())], ""),
        ([(Way.SENT, SFID), (Way.SENT, c.ESID(5))], "sending FILE1, 0 of 10 KiB"),
    ],
)
def test_in_words(passed: list[tuple[Way, Passed]], told: str) -> None:
    wire = Wire()
    trace = wire.service.tracing.session(Direction.CALLING, "gateway")
    for way, command in passed:
        trace.hear(way, command, OPO)
    (standing,) = wire.service.tracing.standing("gateway")
    assert standing.in_hand == told


def test_a_session_that_stands_is_told_of_until_it_is_gone() -> None:
    wire = Wire().in_session()
    wire.reactor.advance(5)
    wire.partner.start_file(SFID)
    wire.exchange()
    (standing,) = wire.service.tracing.standing("gateway")
    told = standing.to_dict()
    assert told == {
        "session": 1,
        "direction": "answering",
        "address": "192.168.1.1:54321",
        "since": "1970-01-01T00:00:00+00:00",
        "last": "1970-01-01T00:00:05+00:00",
        "state": "OPI",
        "doing": "receives",
        "in_hand": "receiving FILE1, 0 of 10 KiB",
    }
    wire.lose()
    assert wire.service.tracing.standing("gateway") == []


def test_a_session_that_is_lost_says_what_it_had_in_hand() -> None:
    wire = Wire().in_session()
    wire.partner.start_file(SFID)
    wire.exchange()
    wire.lose()
    (status,) = wire.service.status()
    assert status.last_error.endswith(", while receiving FILE1, 0 of 10 KiB")


def test_each_state_has_words() -> None:
    assert [state for state in State if doing(state) == str(state)] == [State.UE, State.OTHER]
    assert doing(None) == "waits for the first word"


def test_what_is_told_of_links_adds_up() -> None:
    wire = Wire()
    tracing: Tracing = wire.service.tracing
    assert tracing.link_counters("gateway", Direction.CALLING) is None
