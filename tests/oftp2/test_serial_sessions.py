"""Whole sessions over the modelled line: what is agreed, what arrives, and how fast."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from oftp2 import commands as c
from oftp2.buffers import EXCHANGE_BUFFER_MAX, Unwrapper, wrap
from oftp2.events import AbortIndication, ConnectIndication, Disconnect
from oftp2.formats import build
from oftp2.levels import LEVELS
from oftp2.negotiation import Capabilities, Credentials
from oftp2.reasons import EndReason
from oftp2.serial_link import BUFFER_BYTES_MAX, SerialLink
from oftp2.serial_outputs import LinkSettings, Write
from oftp2.session import Role, Session
from oftp2.special_logic import envelope
from tests.oftp2.line_model import Line, Noise
from tests.oftp2.users import ALICE, BOB, User, identity_of, run, session_pair

SAMPLES = Path(__file__).parents[2] / "conf" / "samples"


def serial(
    credentials: Credentials, buffer_bytes: int = BUFFER_BYTES_MAX, levels: tuple[int, ...] = LEVELS
) -> Capabilities:
    return Capabilities(credentials, buffer_bytes=buffer_bytes, credit=1, special_logic=True, levels=levels)


class SerialUser(User):
    """Answers with special logic."""

    def on(self, event: object) -> None:
        if isinstance(event, ConnectIndication):
            self.session.accept(serial(BOB))
        else:
            super().on(event)


def leave(user: User) -> None:
    """With nothing to send: no block stays without an answer."""
    if user.session.may_release:
        user.session.release()
    else:
        user.session.change_direction()


class Call:
    """Two engines and their users, each on its end of the line; the caller releases when all is sent."""

    def __init__(
        self,
        line: Line,
        files: list[bytes],
        buffer_bytes: int = BUFFER_BYTES_MAX,
        levels: tuple[int, ...] = LEVELS,
    ) -> None:
        self.line = line
        caller, answerer = session_pair(serial(ALICE, buffer_bytes, levels), serial(BOB))
        outbox = [(c.SFID.of(identity_of(n), len(data)), data) for n, data in enumerate(files)]
        self.alice, self.bob = User(caller, outbox=outbox), SerialUser(answerer)
        self.alice.after = self.bob.after = leave
        self._unwrappers = [Unwrapper(EXCHANGE_BUFFER_MAX), Unwrapper(EXCHANGE_BUFFER_MAX)]
        for number, user in enumerate((self.alice, self.bob)):
            line.ends[number].take = lambda buffer, user=user, number=number: self._take(user, number, buffer)

    def run(self) -> None:
        self.line.start()
        for number, user in ((1, self.bob), (0, self.alice)):
            user.session.connection_made()
            self._send(user.session, number)
        self.line.run()

    def _take(self, user: User, number: int, buffer: bytes) -> None:
        user.take(user.session.receive_data(wrap(buffer)))
        self._send(user.session, number)
        if any(isinstance(event, Disconnect) for event in user.seen):
            self.line.ends[number].link.close()

    def _send(self, session: Session, number: int) -> None:
        unwrapper = self._unwrappers[number]
        unwrapper.feed(session.data_to_send())
        while (buffer := unwrapper.next()) is not None:
            self.line.ends[number].link.send(buffer)
        self.line.act(self.line.ends[number])


def test_a_session_agrees_on_special_logic_and_ends_properly() -> None:
    call = Call(Line(LinkSettings(), Noise()), [b"A" * 5000, b"", b"B"])
    call.run()
    parameters = call.alice.session.parameters
    assert parameters is not None
    assert (parameters.special_logic, parameters.credit) == (True, 1)
    assert [bytes(data) for data in call.bob.store.values()] == [b"A" * 5000, b"", b"B"]
    assert all(end.down and end.down.is_clean for end in call.line.ends)


@pytest.mark.parametrize("level", LEVELS)
def test_so_it_does_at_each_level_also_on_a_noisy_line(level: int) -> None:
    noise = Noise(flip=3e-4, drop=3e-4, double=3e-4)
    call = Call(Line(LinkSettings(), noise, seed=level), [b"A" * 5000, b"", b"B"], levels=(level,))
    call.run()
    assert call.alice.session.level == call.bob.session.level == level
    assert [bytes(data) for data in call.bob.store.values()] == [b"A" * 5000, b"", b"B"]
    assert all(end.down and end.down.is_clean for end in call.line.ends)


def test_a_link_speaks_of_its_own_troubles_at_the_level_of_the_session() -> None:
    link = SerialLink(Role.RESPONDER)
    link.start()
    link.send(build(c.SSRM()))
    link.receive(build(replace(serial(ALICE).ssid(), level=2)))
    link.send(build(replace(serial(BOB).ssid(), level=2)))
    link.outputs()
    link.receive(envelope(5, b"R"))
    (said,) = [output.octets for output in link.outputs() if isinstance(output, Write)]
    assert said == envelope(0, b"F02\r")


def licences() -> bytes:
    """As much text as an interchange has, as it really looks: XML, Chinese, signatures."""
    text = b"".join(path.read_bytes() for path in sorted(SAMPLES.rglob("*.xml")))
    return (text * (1 + 200_000 // len(text)))[:200_000]


@pytest.mark.parametrize(
    ("noise", "at_least"),
    [(Noise(), 0.75), (Noise(flip=1e-5, drop=1e-5, double=1e-5), 0.70)],
    ids=["clean", "three octets in 100,000"],
)
def test_licences_get_most_of_the_line(noise: Noise, at_least: float) -> None:
    settings, content = LinkSettings(), licences()
    line = Line(settings, noise, seed=7)
    call = Call(line, [content])
    call.run()
    assert bytes(call.bob.store[identity_of(0)]) == content
    fraction = len(content) * 10 / settings.bits_per_second / line.now_seconds
    assert fraction > at_least, f"{fraction:.3f} of the line"


def test_without_special_logic_there_is_no_session_on_a_serial_line() -> None:
    caller, answerer = session_pair(Capabilities(ALICE, credit=1))
    alice, bob = User(caller), SerialUser(answerer)
    bob.session.connection_made()
    alice.session.connection_made()
    run(alice, bob)
    refusals = [event for event in alice.seen if isinstance(event, AbortIndication)]
    assert [refusal.reason for refusal in refusals] == [EndReason.INCOMPATIBLE]
    assert refusals[0].text == "a serial line needs special logic"


def test_an_answer_without_special_logic_ends_the_session() -> None:
    caller, answerer = session_pair(serial(ALICE))
    alice, bob = User(caller), User(answerer)
    bob.session.connection_made()
    alice.session.connection_made()
    run(alice, bob)
    assert alice.session.parameters is None
    assert any(isinstance(event, AbortIndication) for event in alice.seen)


def test_special_logic_has_credit_1_and_no_other() -> None:
    with pytest.raises(ValueError, match="special logic needs credit 1"):
        Capabilities(ALICE, special_logic=True)
