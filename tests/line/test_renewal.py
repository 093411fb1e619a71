"""Settings of the line that change while it runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from twisted.internet import reactor

from gateway.config.endpoints import Endpoint, Transport
from gateway.config.hours import Weekly
from gateway.errors import ConfigurationFault
from gateway.line.file_rules import FileRules
from gateway.line.renewal import Renewal
from gateway.line.service import LineService
from gateway.line.settings import AuthenticationFiles, PartnerSettings
from gateway.line.status import Direction
from tests.line.dummies import DummyOffice, identity_of
from tests.line.test_clocked import GATEWAY, SETTINGS
from tests.line.world import World


def partner(name: str, **more: Any) -> PartnerSettings:
    return replace(GATEWAY, name=name, identification=f"O0013{name.upper()}", **more)


def test_what_changed_is_told_by_the_names_of_options_and_without_a_secret() -> None:
    old = replace(SETTINGS, partners=(partner("a"), partner("b"), partner("c")))
    new = replace(
        old,
        inactivity_seconds=7,
        partners=(
            partner("a", password_ours="NEW", tls_names=("new.example",)),
            partner("b", call_windows=(Weekly.parse("06:00-22:00"),)),
            partner("d"),
        ),
    )
    words = Renewal.between(old, new).words()
    assert words == [
        "line: inactivity_seconds",
        "partner d: added",
        "partner c: removed, its sessions ended",
        "partner a: password_ours, tls_names",
        "partner b: call_windows",
    ]
    assert Renewal.between(old, old).words() == []


def test_sessions_go_on_when_proofs_change_unless_others_are_asked_for() -> None:
    def concerned(before: dict[str, Any], after: dict[str, Any]) -> bool:
        old, new = (replace(SETTINGS, partners=(partner("a", **more),)) for more in (before, after))
        return Renewal.between(old, new).concerns_sessions("a")

    files = AuthenticationFiles(Path("k"), Path("c"), Path("p"))
    assert not concerned({"tls_anchor": Path("x")}, {"tls_anchor": Path("y")})
    assert not concerned({"authentication": files}, {"authentication": replace(files, key=Path("l"))})
    for asked in ({"tls_anchor": Path("x")}, {"authentication": files}):
        assert concerned({}, asked)
        assert concerned(asked, {})


class ReloadTests(World):
    """The gateway has two partners that it calls: customs, and customs' other office."""

    async def start(self) -> None:
        await super().start()
        self.other_office = DummyOffice()
        self.other = self.new_partner_line()
        self.services.insert(0, self.other)
        await self.other.start()
        port = self.other.addresses()[0].port
        (customs,) = self.gateway._settings.partners
        self.second = replace(customs, name="other", identification="O0013OTHER", call=(self.endpoint(port),))
        await self.renew(partners=(customs, self.second))
        await self.until(lambda: {"customs", "other"} == set(self.states("in session")))

    def new_partner_line(self) -> LineService:
        settings = replace(self.customs._settings, identification="O0013OTHER")
        return LineService(reactor, settings, self.other_office)

    async def renew(self, **more: Any) -> list[str]:
        return await self.gateway.renew(replace(self.gateway._settings, **more))

    def states(self, state: str) -> list[str]:
        calling = [one for one in self.gateway.status() if one.direction is Direction.CALLING]
        return [one.partner for one in calling if one.state == state]

    def session(self, name: str) -> Any:
        return self.gateway._lines[name].caller.conversation  # type: ignore[union-attr]

    async def test_a_partner_that_was_added_is_called_and_the_other_is_not_touched(self) -> None:
        await self.start()
        self.gateway_office.send(identity_of(1, destination="O0013OTHER"), b"x")
        await self.until(lambda: "sent" in self.gateway_office.words())

    async def test_only_sessions_that_a_change_concerns_begin_anew(self) -> None:
        await self.start()
        first, second = self.session("customs"), self.session("other")
        customs, other = self.gateway._settings.partners
        told = await self.renew(partners=(customs, replace(other, window=7)))
        assert told == ["partner other: window; its sessions were ended and begin anew"]
        await self.until(lambda: self.states("in session") == ["customs", "other"])
        assert self.session("customs") is first
        assert self.session("other") is not second
        assert self.session("other").session.parameters.credit == 7

    async def test_times_take_effect_without_a_new_session(self) -> None:
        await self.start()
        first, second = self.session("customs"), self.session("other")
        customs, other = self.gateway._settings.partners
        slow = replace(other, backoff_max_seconds=99, circuit_failures=1)
        assert await self.renew(partners=(customs, slow)) == [
            "partner other: backoff_max_seconds, circuit_failures"
        ]
        assert (self.session("customs"), self.session("other")) == (first, second)
        await self.other.stop()
        await self.until(lambda: self.gateway.status()[2].state.startswith("circuit open"))

    async def test_a_partner_that_was_removed_is_drained_and_may_not_come_back(self) -> None:
        await self.start()
        customs, _ = self.gateway._settings.partners
        assert await self.renew(partners=(customs,)) == ["partner other: removed, its sessions ended"]
        assert self.gateway.partners() == ("customs",)
        assert {one.partner for one in self.gateway.status()} == {"customs"}
        await self.until(lambda: not self.other._lines["gateway"].accepted)

    async def test_a_fault_changes_nothing(self) -> None:
        await self.start()
        sessions = self.session("customs"), self.session("other")
        before = self.gateway._settings
        customs, _ = before.partners
        taken = Endpoint(Transport.TLS, "127.0.0.1", self.customs.addresses()[0].port)
        for wrong in (
            {"partners": (replace(customs, tls_anchor=self.folder / "none.pem"),)},
            {"partners": (customs,), "listen": (*before.listen, self.endpoint(self.free_port()), taken)},
        ):
            with pytest.raises(ConfigurationFault):
                await self.renew(**wrong)
            assert self.gateway._settings is before
            assert len(self.gateway.addresses()) == 1
        assert (self.session("customs"), self.session("other")) == sessions

    async def test_where_we_listen_changes_and_sessions_stay(self) -> None:
        await self.start()
        session = self.session("customs")
        moved = self.endpoint(self.free_port())
        assert await self.renew(listen=(moved,)) == ["line: listen"]
        assert [one.port for one in self.gateway.addresses()] == [moved.port]
        assert self.session("customs") is session

    async def test_a_partner_that_an_operator_took_down_stays_down(self) -> None:
        await self.start()
        await self.gateway.down("other")
        customs, other = self.gateway._settings.partners
        await self.renew(partners=(customs, replace(other, files=FileRules(max_bytes=5))))
        assert self.states("down") == ["other"]
        self.gateway.up("other")
        await self.until(lambda: "other" in self.states("in session"))
