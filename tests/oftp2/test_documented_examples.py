"""What `docs/oftp2.md` shows works as it is shown, and draws the tables as they are."""

from __future__ import annotations

import asyncio
import re
import shlex
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any, ClassVar

import pytest
from twisted.internet import reactor
from twisted.internet.threads import deferToThread

from gateway.config.endpoints import Transport
from gateway.line.service import LineService
from gateway.line.settings import LineSettings, PartnerSettings
from oftp2.diagrams import TITLES, page
from oftp2.identity import FileIdentity
from oftp2.tables import TABLES, State
from oftp2.tool.main import main
from tests.line.dummies import DummyOffice
from tests.line.world import World

TEXT = (Path(__file__).parents[2] / "docs" / "oftp2.md").read_text("utf-8")
PYTHON = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
SHELL = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
CONTENT = bytes(range(256)) * 1500 + b"\0" * 9000
IDENTITY = FileIdentity("REPORT", "20260301", "1015300001", "O0013ALICE", "O0013BOB")


def example(word: str) -> dict[str, Any]:
    """What the example with `word` in it defines."""
    (source,) = [block for block in PYTHON if word in block]
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(source, "docs/oftp2.md", "exec"), names)
    return names


def test_examples_are_short() -> None:
    assert len(PYTHON) == 2
    assert all(len([line for line in block.splitlines() if line]) <= 30 for block in PYTHON)


def test_the_page_draws_the_tables_as_they_are() -> None:
    """If not: the end of docs/oftp2.md is what `python -m oftp2.diagrams` prints."""
    assert TEXT.endswith(page())


def test_each_diagram_has_each_state_of_its_table_and_no_other() -> None:
    for table, drawn in zip(TABLES, re.findall(r"^```mermaid\n(.*?)^```", page(), re.M | re.S), strict=True):
        arrows = re.findall(r"^    (\w+) --> (\w+): [^:;#]+$", drawn, re.MULTILINE)
        assert len(arrows) == len(drawn.splitlines()) - 2 - (State.OTHER in table.states)
        shown = {name for arrow in arrows for name in arrow}
        assert {"OTHER" if state is State.OTHER else state.value for state in table.states} <= shown
        assert shown <= {state.value for state in State} | {"OTHER"}
        assert table.section in TITLES


def test_the_two_examples_understand_each_other(tmp_path: Path) -> None:
    answer, send = example("asyncio")["answer"], example("socket")["send"]

    async def both() -> bool:
        server = await asyncio.start_server(partial(answer, folder=tmp_path), "127.0.0.1", 0)
        async with server:
            address = server.sockets[0].getsockname()
            return bool(await asyncio.to_thread(send, address, IDENTITY, CONTENT))

    assert asyncio.run(asyncio.wait_for(both(), 20))
    assert (tmp_path / "202603011015300001").read_bytes() == CONTENT


class AgainstTheLineTests(World):
    transport = Transport.TCP
    customs_line: ClassVar[dict[str, Any]] = {}

    async def line(self, ours: str, theirs: str, port: int | None = None) -> DummyOffice:
        """A line that is `ours` and whose partner is `theirs`, which it calls at `port`."""
        partner = PartnerSettings(
            "partner",
            f"O0013{theirs}",
            password_ours=f"{ours}PW",
            password_theirs=f"{theirs}PW",
            call=(self.endpoint(port),) if port else (),
            backoff_min_seconds=0.05,
            backoff_max_seconds=0.2,
        )
        settings = LineSettings(
            f"O0013{ours}", (partner,), listen=() if port else (self.endpoint(0),), closing_seconds=2
        )
        office = DummyOffice()
        self.service = LineService(reactor, settings, office)
        self.services.append(self.service)
        await self.service.start()
        return office

    async def test_the_sender_sends_to_a_line(self) -> None:
        office = await self.line("BOB", "ALICE")
        address = ("127.0.0.1", self.service.addresses()[0].port)
        assert await deferToThread(example("socket")["send"], address, IDENTITY, CONTENT)
        assert office.received == {IDENTITY: CONTENT}
        assert office.words()[:3] == ["offered", "received", "receipt sent"]
        # Refused as it is there, and the session ends in good order.
        assert not await deferToThread(example("socket")["send"], address, IDENTITY, CONTENT)
        assert office.words().count("received") == 1

    async def test_the_receiver_receives_from_a_line(self) -> None:
        answer = example("asyncio")["answer"]
        port = self.free_port()
        ready: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

        async def serve() -> None:
            over = asyncio.Event()
            async with await asyncio.start_server(partial(answer, folder=self.folder), "127.0.0.1", port):
                ready.append((asyncio.get_running_loop(), over))
                await asyncio.wait_for(over.wait(), 20)

        serving = deferToThread(lambda: asyncio.run(serve()))
        await self.until(lambda: bool(ready))
        office = await self.line("ALICE", "BOB", port)
        office.send(IDENTITY, CONTENT)
        await self.until(lambda: "receipt received" in office.words())
        assert office.words() == ["sent", "receipt received"]
        assert (self.folder / "202603011015300001").read_bytes() == CONTENT
        await self.service.stop()
        loop, over = ready[0]
        loop.call_soon_threadsafe(over.set)
        await serving

    async def test_the_commands_do_what_the_page_says(self) -> None:
        office = await self.line("BOB", "ALICE")
        (self.folder / "report.txt").write_bytes(CONTENT)
        monkeypatch = pytest.MonkeyPatch()
        self.addCleanup(monkeypatch.undo)
        monkeypatch.setenv("ALICE_PW", "ALICEPW")
        monkeypatch.chdir(self.folder)
        assert len(SHELL) == 3
        for line in SHELL:
            words = shlex.split(line.replace("HOST:PORT", f"127.0.0.1:{self.service.addresses()[0].port}"))
            assert words[:3] == ["python", "-m", "oftp2"]
            said = StringIO()
            with redirect_stdout(said), redirect_stderr(said):
                assert await deferToThread(main, words[3:]) == 0, said.getvalue()
        assert list(office.received.values()) == [CONTENT, CONTENT]
