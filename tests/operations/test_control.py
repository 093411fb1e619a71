"""The control socket: owner only, one request a connection, clear answers to whatever comes."""

import json
import socket
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from gateway.errors import ConfigurationFault, EnvironmentFault
from gateway.operations.client import ControlClient, DaemonNotRunning
from gateway.operations.commands import MAX_REPLY_BYTES, MAX_REQUEST_BYTES, CommandRefused, Commands, Stream
from gateway.operations.control import (
    MAX_CONNECTIONS,
    MAX_STREAMS,
    REQUEST_TIMEOUT_SECONDS,
    STALLED_SECONDS,
    ControlProtocol,
    ControlServer,
    Desk,
)

pytestmark = pytest.mark.usefixtures("server")


async def _echo(arguments: dict[str, Any]) -> dict[str, Any]:
    return {"echo": arguments}


@pytest.fixture
def client(commands: Commands, socket_path: Path) -> ControlClient:
    commands.add("echo", _echo)
    return ControlClient(socket_path, timeout_seconds=10)


def _raw(path: Path, data: bytes) -> dict[str, Any]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(path))
        connection.sendall(data)
        with connection.makefile("rb") as reply:
            answer: dict[str, Any] = json.loads(reply.read())
            return answer


def test_a_command_is_answered(client: ControlClient) -> None:
    assert client.call("echo", licence="进口/26-AA-123456", count=3) == {
        "echo": {"licence": "进口/26-AA-123456", "count": 3}
    }


def test_only_the_owner_can_open_the_socket(socket_path: Path) -> None:
    mode = socket_path.stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600


def test_an_unknown_command_is_told_which_there_are(client: ControlClient) -> None:
    with pytest.raises(CommandRefused, match="expected one of: echo") as refused:
        client.call("ecco")
    assert refused.value.kind == "usage"


def test_a_refusal_reaches_the_client_with_its_kind(client: ControlClient, commands: Commands) -> None:
    async def refuse(_arguments: dict[str, Any]) -> dict[str, Any]:
        raise CommandRefused("not-found", "没有这份许可证")

    commands.add("licence show", refuse)
    with pytest.raises(CommandRefused, match="没有这份许可证") as refused:
        client.call("licence show")
    assert refused.value.kind == "not-found"


def test_a_fault_of_the_machine_is_told_and_a_bug_is_not(client: ControlClient, commands: Commands) -> None:
    async def full(_arguments: dict[str, Any]) -> dict[str, Any]:
        raise EnvironmentFault("the disk is full")

    async def gone(_arguments: dict[str, Any]) -> dict[str, Any]:
        raise FileNotFoundError(2, "No such file or directory", "spool/in")

    async def buggy(_arguments: dict[str, Any]) -> dict[str, Any]:
        raise ZeroDivisionError("the inside")

    commands.add("full", full)
    commands.add("gone", gone)
    commands.add("buggy", buggy)
    with pytest.raises(CommandRefused, match="the disk is full"):
        client.call("full")
    with pytest.raises(CommandRefused, match="No such file or directory: 'spool/in'"):
        client.call("gone")
    with pytest.raises(CommandRefused, match="the daemon's log says why") as refused:
        client.call("buggy")
    assert "inside" not in refused.value.message


@pytest.mark.parametrize(
    "data",
    [
        b"\n",
        b"garbage\n",
        b"[]\n",
        b'"echo"\n',
        b'{"arguments": {}}\n',
        b'{"command": "echo", "arguments": []}\n',
        b"\xff\xfe\x00\n",
        b"[" * 60_000 + b"\n",
    ],
)
def test_what_is_no_request_is_refused(data: bytes, socket_path: Path) -> None:
    assert _raw(socket_path, data)["error"]["kind"] == "usage"


@pytest.mark.parametrize("where", ["M-\udcff", ["\ud800"], {"\udfff": 1}])
def test_half_a_character_is_a_usage_error(where: object, client: ControlClient) -> None:
    """What a terminal hands over that is no UTF-8 reaches `ctl` as lone surrogates."""
    with pytest.raises(CommandRefused, match="whole characters") as refused:
        client.call("echo", message_id=where)
    assert refused.value.kind == "usage"
    assert client.call("echo", message_id="𠮷") == {"echo": {"message_id": "𠮷"}}


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200).filter(lambda data: b"\n" not in data))
def test_no_garbage_gets_anything_but_a_refusal(data: bytes, socket_path: Path) -> None:
    assert "error" in _raw(socket_path, data + b"\n")


def test_a_request_that_does_not_end_is_refused(socket_path: Path) -> None:
    assert "at most" in _raw(socket_path, b"x" * (MAX_REQUEST_BYTES + 2))["error"]["message"]


def test_an_answer_beyond_the_bound_is_refused_instead_of_sent(
    client: ControlClient, commands: Commands
) -> None:
    async def huge(_arguments: dict[str, Any]) -> dict[str, Any]:
        return {"rows": "x" * MAX_REPLY_BYTES}

    commands.add("huge", huge)
    with pytest.raises(CommandRefused, match="ask for less"):
        client.call("huge")


def test_a_stream_sends_until_it_ends(client: ControlClient, commands: Commands) -> None:
    async def count(arguments: dict[str, Any], stream: Stream) -> None:
        for number in range(arguments["to"]):
            stream.send({"number": number})

    commands.add_stream("count", count)
    assert [item["number"] for item in client.stream("count", to=5)] == [0, 1, 2, 3, 4]


def test_a_stream_is_told_when_the_client_leaves(client: ControlClient, commands: Commands) -> None:
    left = threading.Event()

    async def follow(_arguments: dict[str, Any], stream: Stream) -> None:
        stream.send({"first": True})
        await stream.when_closed()
        left.set()

    commands.add_stream("follow", follow)
    items = client.stream("follow")
    assert next(items) == {"first": True}
    items.close()  # type: ignore[attr-defined]  # a generator, which is how a client leaves
    assert left.wait(10)


def test_without_a_daemon_the_client_says_so(tmp_path: Path) -> None:
    with pytest.raises(DaemonNotRunning, match="no gatewayd is running here"):
        ControlClient(tmp_path / "none").call("status")


def test_a_daemon_that_does_not_answer_is_not_waited_for_for_ever(
    commands: Commands, socket_path: Path
) -> None:
    async def never(_arguments: dict[str, Any]) -> dict[str, Any]:
        await Deferred()
        return {}

    commands.add("never", never)
    with pytest.raises(EnvironmentFault, match=r"did not answer within 0\.2 seconds"):
        ControlClient(socket_path, timeout_seconds=0.2).call("never")


def test_a_second_daemon_is_refused(running: Any, socket_path: Path) -> None:
    second = ControlServer(unix=running.reactor, clock=running.reactor, path=socket_path, commands=Commands())
    with pytest.raises(ConfigurationFault, match="another gatewayd is running"):
        running.do(second.start)


def test_the_socket_of_a_killed_daemon_is_replaced(running: Any, tmp_path: Path) -> None:
    path = tmp_path / "left"
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(path))
    server = ControlServer(unix=running.reactor, clock=running.reactor, path=path, commands=Commands())
    running.do(server.start)
    with pytest.raises(CommandRefused):
        ControlClient(path).call("anything")
    running.do(server.stop)
    assert not path.exists()


def test_what_is_no_socket_is_left_alone(running: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("precious")
    server = ControlServer(
        unix=running.reactor, clock=running.reactor, path=tmp_path / "file", commands=Commands()
    )
    with pytest.raises(ConfigurationFault, match="something else is there"):
        running.do(server.start)
    assert (tmp_path / "file").read_text() == "precious"


def _connected(commands: Commands) -> tuple[ControlProtocol, StringTransport, Clock]:
    clock, transport = Clock(), StringTransport()
    protocol = ControlProtocol(Desk(commands, clock))
    protocol.makeConnection(transport)
    return protocol, transport, clock


def _said(transport: StringTransport) -> list[dict[str, Any]]:
    return [json.loads(line) for line in transport.value().splitlines()]


def test_a_client_that_asks_nothing_is_hung_up_on() -> None:
    _, transport, clock = _connected(Commands())
    clock.advance(REQUEST_TIMEOUT_SECONDS)
    assert "no request within" in _said(transport)[0]["error"]["message"]
    assert transport.disconnecting


def test_a_client_that_reads_too_slowly_misses_items_and_is_told_how_many() -> None:
    streams: list[Stream] = []

    async def follow(_arguments: dict[str, Any], stream: Stream) -> None:
        streams.append(stream)
        await stream.when_closed()

    commands = Commands()
    commands.add_stream("follow", follow)
    protocol, transport, _ = _connected(commands)
    protocol.dataReceived(b'{"command": "follow"}\n')
    streams[0].send({"n": 1})
    protocol.pauseProducing()
    for number in (2, 3, 4):
        streams[0].send({"n": number})
    protocol.resumeProducing()
    streams[0].send({"n": 5})
    assert _said(transport) == [{"item": {"n": 1}}, {"dropped": 3}, {"item": {"n": 5}}]


async def _follow(_arguments: dict[str, Any], stream: Stream) -> None:
    await stream.when_closed()


def _desk() -> tuple[Desk, Clock]:
    clock, commands = Clock(), Commands()
    commands.add_stream("follow", _follow)
    commands.add("echo", _echo)
    return Desk(commands, clock), clock


def _client(desk: Desk, request: bytes = b"") -> tuple[ControlProtocol, StringTransport]:
    protocol, transport = ControlProtocol(desk), StringTransport()
    protocol.makeConnection(transport)
    if request:
        protocol.dataReceived(request)
    return protocol, transport


def test_followers_leave_room_for_commands() -> None:
    desk, _ = _desk()
    followers = [_client(desk, b'{"command": "follow"}\n')[1] for _ in range(MAX_STREAMS + 1)]
    assert all(transport.value() == b"" for transport in followers[:-1])
    assert "follow already" in _said(followers[-1])[0]["error"]["message"]
    assert _said(_client(desk, b'{"command": "echo"}\n')[1]) == [{"result": {"echo": {}}}]


def test_whoever_has_asked_nothing_makes_room() -> None:
    desk, _ = _desk()
    silent = [_client(desk)[1] for _ in range(MAX_CONNECTIONS)]
    assert _said(_client(desk, b'{"command": "echo"}\n')[1]) == [{"result": {"echo": {}}}]
    assert [transport.disconnecting for transport in silent] == [True] + [False] * (MAX_CONNECTIONS - 1)


def test_a_client_that_does_not_read_is_hung_up_on() -> None:
    desk, clock = _desk()
    for reads in (True, False):
        protocol, transport = _client(desk, b'{"command": "follow"}\n')
        protocol.pauseProducing()
        clock.advance(STALLED_SECONDS - 1)
        if reads:
            protocol.resumeProducing()
        clock.advance(1)
        assert transport.disconnecting is not reads
        protocol.connectionLost()
    assert clock.getDelayedCalls() == []


def test_an_answer_that_nobody_reads_is_given_up() -> None:
    desk, clock = _desk()
    protocol, _ = _client(desk, b'{"command": "echo"}\n')
    assert len(clock.getDelayedCalls()) == 1
    clock.advance(STALLED_SECONDS)
    protocol.connectionLost()
    assert clock.getDelayedCalls() == []
    assert desk.clients == {}


def test_what_is_kept_is_sent_whole_and_what_comes_is_dropped_for_a_slow_reader() -> None:
    protocol, transport = _client(_desk()[0], b'{"command": "follow"}\n')
    protocol.pauseProducing()
    protocol.send_all({"n": number} for number in range(3))
    protocol.send({"n": 3})
    assert [one["item"]["n"] for one in _said(transport)] == [0, 1, 2]


def test_three_dozen_readers_that_never_read_do_not_lock_anybody_out(
    client: ControlClient, commands: Commands, socket_path: Path
) -> None:
    commands.add_stream("follow", _follow)
    held = []
    for _ in range(36):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(socket_path))
        connection.sendall(b'{"command": "follow"}\n')
        held.append(connection)
    try:
        assert client.call("echo") == {"echo": {}}
    finally:
        for connection in held:
            connection.close()


def test_clients_beyond_the_bound_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.operations.control.MAX_CONNECTIONS", 1)
    desk, _ = _desk()
    first = _client(desk, b'{"command": "follow"}\n')[1]
    second = _client(desk)[1]
    assert first.value() == b""
    assert "too many" in _said(second)[0]["error"]["message"]
    assert second.disconnecting


def test_a_command_cannot_be_registered_twice() -> None:
    commands = Commands()
    commands.add("status", _echo)
    with pytest.raises(AssertionError, match="registered twice"):
        commands.add("status", _echo)
