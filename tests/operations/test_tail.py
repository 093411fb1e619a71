"""`tail`: the last records, those that come, and only those asked for."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from gateway.operations.commands import CommandRefused
from gateway.operations.tail import MAX_RECORDS, Tail


class Listener:
    """A stream that keeps what it is sent."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self.closed: Deferred[None] = Deferred()

    def send(self, item: dict[str, Any]) -> None:
        self.items.append(item)

    def send_all(self, items: Iterable[dict[str, Any]]) -> None:
        self.items += items

    def when_closed(self) -> Deferred[None]:
        return self.closed

    @property
    def events(self) -> list[str]:
        return [item["event"] for item in self.items]


def _record(event: str, level: str = "info", **fields: str) -> dict[str, Any]:
    return {"event": event, "level": level} | fields


def _asked(tail: Tail, arguments: dict[str, Any], listener: Listener) -> None:
    """Run the command to its end; a command that does not follow never waits."""
    with pytest.raises(StopIteration):
        tail.command(arguments, listener).send(None)


def test_the_last_records_are_sent_in_order() -> None:
    tail, listener = Tail(), Listener()
    for number in range(MAX_RECORDS + 5):
        tail.write(_record(str(number)))
    _asked(tail, {"count": 3}, listener)
    assert listener.events == [str(MAX_RECORDS + number) for number in (2, 3, 4)]


def test_only_those_asked_for() -> None:
    tail, listener = Tail(), Listener()
    tail.write(_record("a", "warn", licence="IMPORT/26-AA-000001"))
    tail.write(_record("b", "info", licence="IMPORT/26-AA-000001"))
    tail.write(_record("c", "error", licence="EXPORT/26-BB-000002"))
    _asked(tail, {"level": "warn", "match": "26-AA"}, listener)
    assert listener.events == ["a"]


@pytest.mark.parametrize("arguments", [{"count": -1}, {"count": "x"}, {"count": True}, {"level": "loud"}])
def test_arguments_that_make_no_sense_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(CommandRefused):
        Tail().command(arguments, Listener()).send(None)


def test_followers_get_what_comes_until_they_leave() -> None:
    waiting: list[Callable[[], None]] = []
    tail, listener = Tail(call_in_reactor=waiting.append), Listener()
    tail.write(_record("before"))
    done = Deferred.fromCoroutine(tail.command({"follow": True}, listener))
    tail.write(_record("during"))
    assert listener.events == ["before"]
    for call in waiting:
        call()
    assert listener.events == ["before", "during"]
    listener.closed.callback(None)
    assert done.called
    waiting.clear()
    tail.write(_record("after"))
    assert not waiting
    assert listener.events == ["before", "during"]
