"""What passed on the line is kept, bounded, without secrets, under the name of whom it is about."""

from __future__ import annotations

from dataclasses import replace

from twisted.internet.error import ConnectionLost, TCPTimedOutError
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from gateway.config.endpoints import Endpoint, Transport
from gateway.line.status import Direction
from gateway.line.trace_entry import Entry
from gateway.line.tracing import KEPT, Tracing
from oftp2 import commands as c
from oftp2.negotiation import Capabilities, Credentials
from oftp2.session import Role, Session
from oftp2.tables import State
from oftp2.trace import After, Way
from tests.line.dummies import identity_of
from tests.line.test_clocked import GATEWAY, SETTINGS, Wire

OPO = After(State.OPO, 7)


def tracing() -> tuple[Clock, Tracing]:
    clock = Clock()
    return clock, Tracing(clock, {"customs": "O0013CUSTOMS", "port": "O0013PORT"})


def texts(entries: list[Entry]) -> list[str]:
    return [f"{entry.way} {entry.text}" for entry in entries]


def test_a_session_leaves_its_commands_behind() -> None:
    wire = Wire().in_session()
    wire.partner.start_file(c.SFID.of(identity_of(1), 3))
    wire.exchange()
    wire.partner.send_data(b"\x03abc")
    wire.partner.close_file(unit_count=3)
    wire.exchange()
    wire.lose()
    kept = wire.service.tracing.last("gateway", 100)
    assert texts(kept) == [
        "- a call from 192.168.1.1:54321",
        "> SSRM",
        "< SSID LEV=5 CODE=O0013GATEWAY PSWD=*** SDEB=400 SR=B CMPR=Y REST=Y SPEC=N CRED=2 AUTH=N",
        "> SSID LEV=5 CODE=O0013CUSTOMS PSWD=*** SDEB=400 SR=B CMPR=Y REST=Y SPEC=N CRED=2 AUTH=N",
        (
            "< SFID DSN=FILE1 DATE=20260301 TIME=1015300001 DEST=O0013CUSTOMS ORIG=O0013GATEWAY"
            " FMT=U FSIZ=1 OSIZ=1"
        ),
        "> SFPA ACNT=0",
        "< DATA x1 4 octets",
        "< EFID RCNT=0 UCNT=3",
        "> EFPA CD=N",
        "- ended: connection lost: Connection to the other side was lost in a non-clean fashion.",
    ]
    assert {entry.whose.partner for entry in kept} == {"gateway"}
    told = kept[6].to_dict()
    assert (told["command"], told["fields"]) == ("DATA", {"buffers": 1, "octets": 4, "credits": 0})
    assert (told["session"], told["address"], told["state"], told["credit"]) == (
        1,
        "192.168.1.1:54321",
        "OPI",
        1,
    )
    assert "GPW" not in repr(kept) and "CPW" not in repr(kept)


def test_a_caller_whom_nobody_knows_is_kept_apart() -> None:
    wire = Wire()
    wire.partner = Session(Role.INITIATOR, Capabilities(Credentials("O0013NOBODY", "X")))
    wire.partner.connection_made()
    wire.exchange()
    wire.lose()
    assert wire.service.tracing.last("gateway", 100) == []
    entries = wire.service.tracing.last(None, 100)
    assert [entry.text.split()[0] for entry in entries] == ["a", "SSRM", "SSID", "ESID", "ended:"]
    assert entries[-1].text == "ended: 03 user code not known"


def test_a_wrong_password_is_kept_with_the_partner_that_was_named() -> None:
    wire = Wire()
    wire.partner = Session(Role.INITIATOR, Capabilities(Credentials("O0013GATEWAY", "WRONG")))
    wire.partner.connection_made()
    wire.exchange()
    wire.lose()
    entries = wire.service.tracing.last("gateway", 100)
    assert entries[-1].text == "ended: 04 invalid password"
    assert "WRONG" not in repr(entries)


def test_a_caller_who_says_nothing_is_kept_when_it_has_gone() -> None:
    wire = Wire()
    assert wire.service.tracing.last(None, 100) == []
    wire.lose()
    assert len(wire.service.tracing.last(None, 100)) == 3


def test_a_call_that_fails_is_in_the_trace() -> None:
    partner = replace(GATEWAY, call=(Endpoint(Transport.TCP, "127.0.0.1", 6620),))
    wire = Wire(replace(SETTINGS, partners=(partner,)))
    client = wire.reactor.tcpClients[0][2]
    client.clientConnectionFailed(None, Failure(TCPTimedOutError()))
    wire.reactor.advance(1)
    (entry, *_) = wire.service.tracing.last("gateway", 10)
    assert entry.text == "no connection to tcp:127.0.0.1:6620: TCP connection timed out."
    assert (entry.whose.number, entry.after) == (0, None)


def test_buffers_that_follow_each_other_are_one_entry_for_a_second() -> None:
    clock, traces = tracing()
    trace = traces.session(Direction.CALLING, "customs")
    for number in range(5):
        trace.hear(Way.SENT, c.DATA(b"x" * 100), After(State.OPO, 7 - number))
        trace.hear(Way.RECEIVED, c.CDT(), OPO)
        clock.advance(0.25)
    trace.hear(Way.SENT, c.EFID(0, 500), After(State.CLOP, None))
    assert texts(traces.last("customs", 10)) == [
        "> DATA x4 400 octets, CDT x4",
        "> DATA x1 100 octets, CDT x1",
        "> EFID RCNT=0 UCNT=500",
    ]
    assert traces.last("customs", 10)[0].at_seconds == 0.75


def test_credit_that_nobody_waited_for_is_an_entry_of_its_own() -> None:
    _, traces = tracing()
    trace = traces.session(Direction.CALLING, "customs")
    trace.hear(Way.RECEIVED, c.CDT(), OPO)
    assert texts(traces.last("customs", 10)) == ["< CDT"]


def test_what_is_said_over_and_over_is_one_entry() -> None:
    _, traces = tracing()
    trace = traces.session(Direction.CALLING, "customs")
    for _ in range(3):
        trace.say("NAK received")
    assert texts(traces.last("customs", 10)) == ["- NAK received (x3)"]


def test_a_night_of_calls_in_vain_is_one_entry_and_tells_since_when() -> None:
    clock, traces = tracing()
    seen: list[str] = []
    traces.follow("customs", lambda entry: seen.append(entry.text))()
    for _ in range(1000):
        traces.say("customs", Direction.CALLING, "no connection")
        clock.advance(60)
    (entry,) = traces.last("customs", 10)
    assert entry.text == "no connection (x1000)"
    assert entry.to_dict()["since"] == "1970-01-01T00:00:00.000+00:00"
    assert entry.to_dict()["at"] == "1970-01-01T16:39:00.000+00:00"


def test_a_session_that_goes_as_the_one_before_is_one_more_of_those() -> None:
    clock, traces = tracing()

    def session(port: int, *reasons: int) -> None:
        trace = traces.session(Direction.ANSWERING, "customs")
        trace.say(f"a call from 10.0.0.1:{port}")
        for reason in reasons:
            trace.hear(Way.SENT, c.ESID(reason), OPO)
        trace.over("ended: refused")
        clock.advance(60)

    traces.session(Direction.CALLING, "customs").over("what was before")
    for number in range(1000):
        session(number, 4)
    assert texts(traces.last("customs", 10)) == [
        "- what was before",
        "- a call from 10.0.0.1:0",
        "> ESID REAS=04 (invalid password)",
        "- ended: refused (x1000)",
    ]
    session(1000, 8)
    session(1001, 8)
    session(1002, 4)
    assert [entry.times for entry in traces.last("customs", 10)] == [1, 1, 1, 1000, 1, 1, 2, 1, 1, 1]


def test_long_sessions_are_never_taken_for_the_same() -> None:
    _, traces = tracing()
    for _ in range(2):
        trace = traces.session(Direction.CALLING, "customs")
        for number in range(20):
            trace.hear(Way.SENT, c.SFPA(number), OPO)
        trace.over("ended")
    assert len(traces.last("customs", 100)) == 42


def test_only_so_much_is_kept_of_each() -> None:
    _, traces = tracing()
    busy, quiet = traces.session(Direction.CALLING, "customs"), traces.session(Direction.CALLING, "port")
    quiet.say("here")
    for number in range(2 * KEPT):
        busy.hear(Way.SENT, c.SFPA(number), OPO)
    assert len(traces.last("customs", 10 * KEPT)) == KEPT
    assert texts(traces.last("customs", 1)) == [f"> SFPA ACNT={2 * KEPT - 1}"]
    assert texts(traces.last("port", 10)) == ["- here"]
    assert len(traces.last(None, 10 * KEPT)) == KEPT + 1


def test_followers_see_what_comes_until_they_leave() -> None:
    clock, traces = tracing()
    seen: list[str] = []
    everything: list[str] = []
    leave = traces.follow("customs", lambda entry: seen.append(entry.text))
    leave_all = traces.follow(None, lambda entry: everything.append(entry.text))
    trace = traces.session(Direction.CALLING, "customs")
    traces.session(Direction.CALLING, "port").say("no")
    trace.hear(Way.SENT, c.CD(), OPO)
    trace.hear(Way.SENT, c.DATA(b"xy"), OPO)
    assert seen == ["CD"]
    clock.advance(1)
    assert seen == ["CD", "DATA x1 2 octets"], "data that stopped in the middle are told, too"
    leave()
    trace.say("more")
    assert seen == ["CD", "DATA x1 2 octets"]
    assert everything == ["no", "CD", "DATA x1 2 octets", "more"]
    leave_all()
    assert clock.getDelayedCalls() == []


def test_losing_a_connection_with_words() -> None:
    wire = Wire().in_session()
    wire.line.connectionLost(Failure(ConnectionLost("cable")))
    assert "cable" in wire.service.tracing.last("gateway", 1)[0].text
