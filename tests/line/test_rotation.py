"""Certificates, anchors and passwords change while sessions stand: those go on, and new ones have the new."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.errors import ConfigurationFault
from gateway.line.service import LineService
from gateway.line.status import Direction
from tests.line.dummies import identity_of
from tests.line.papers import DAY, Issued, bundle, issue
from tests.line.world import World

BIG = 12 * 1024 * 1024


class RotationTests(World):
    """Each end has the other's own certificate in its `tls_anchor`."""

    async def start(self) -> None:
        self.old, self.customs_own = issue(self.folder, "gateway"), issue(self.folder, "customs")
        self.live = self.copy(self.old, "live")
        self.gateway_line = {"certificate": self.live.path, "key": self.live.key}  # type: ignore[misc]
        self.customs_line = {  # type: ignore[misc]
            "certificate": self.customs_own.path,
            "key": self.customs_own.key,
        }
        self.known = bundle(self.folder / "known.pem", self.old)
        self.customs_partner = {"tls_anchor": self.known}  # type: ignore[misc]
        self.gateway_partner = {"tls_anchor": self.customs_own.path}  # type: ignore[misc]
        await super().start()
        await self.until(lambda: self.calling().state == "in session")
        self.session = self.of_gateway()

    def copy(self, one: Issued, name: str) -> Issued:
        """The same under the name that the settings have: what an operator overwrites."""
        for path in (one.path, one.key):
            (self.folder / f"{name}{path.suffix}").write_bytes(path.read_bytes())
        return replace(one, path=self.folder / f"{name}.pem", key=self.folder / f"{name}.key")

    def of_gateway(self) -> Any:
        return self.gateway._lines["customs"].caller.conversation  # type: ignore[union-attr]

    def shown_to_customs(self) -> str:
        (status,) = (one for one in self.customs.status() if one.direction is Direction.ANSWERING)
        return str(status.tls)

    async def reload(self, end: LineService, **more: Any) -> list[str]:
        (partner,) = end._settings.partners
        return await end.renew(replace(end._settings, partners=(replace(partner, **more),)))

    async def again(self) -> None:
        """A new session, as after any cut."""
        before, self.session = self.session, None
        before.link.abort()
        await self.until(lambda: self.of_gateway() not in {None, before})
        await self.until(lambda: self.calling().state == "in session")
        self.session = self.of_gateway()

    async def test_a_certificate_changes_while_a_large_file_passes(self) -> None:
        await self.start()
        assert "; CN=gateway, until" in self.shown_to_customs()
        self.gateway_office.send(identity_of(1), bytes(BIG))
        await self.until(lambda: len(self.customs_office.held.get(identity_of(1), b"")) > 0)
        new = issue(self.folder, "gateway-2", ends=300 * DAY)
        bundle(self.known, self.old, new)
        told = await self.reload(self.customs)
        assert [line.split(", until")[0] for line in told] == [
            "partner gateway: tls_anchor: known now is CN=gateway-2"
        ]
        self.copy(new, "live")
        told = await self.reload(self.gateway)
        assert [line.split(", until")[0] for line in told] == [
            "line: the certificate is now that of CN=gateway-2"
        ]
        assert 0 < len(self.customs_office.held[identity_of(1)]) < BIG, "the file is still on its way"
        await self.until(lambda: "receipt received" in self.gateway_office.words())
        assert len(self.customs_office.received[identity_of(1)]) == BIG
        assert self.of_gateway() is self.session, "in the session that stood"
        assert "abandoned" not in self.customs_office.words()
        assert "; CN=gateway, until" in self.shown_to_customs()
        await self.again()
        assert "; CN=gateway-2, until" in self.shown_to_customs()
        assert self.shown_to_customs().startswith("TLSv1.3, TLS_")

    async def test_the_old_one_is_refused_once_it_is_taken_out(self) -> None:
        await self.start()
        new = issue(self.folder, "gateway-2")
        bundle(self.known, new)
        told = await self.reload(self.customs)
        assert "known no more is CN=gateway, until" in told[1]
        assert self.of_gateway() is self.session
        self.session.link.abort()
        await self.until(lambda: self.calling().state == "waiting to call again")
        # OpenSSL's client has finished its part before a server of TLS 1.3 looks at its certificate.
        await self.until(lambda: "says the partner" in self.calling().last_error)
        self.copy(new, "live")
        await self.reload(self.gateway)
        await self.until(lambda: self.calling().state == "in session")

    async def test_what_is_unfit_changes_nothing(self) -> None:
        await self.start()
        new = issue(self.folder, "gateway-2")
        self.live.path.write_bytes(new.pem())
        with pytest.raises(ConfigurationFault, match=r"live\.pem with .*live\.key: not usable for TLS"):
            await self.reload(self.gateway)
        assert self.of_gateway() is self.session
        await self.again()
        assert "; CN=gateway, until" in self.shown_to_customs(), "what was read before still holds"

    async def test_passwords_change_at_both_ends(self) -> None:
        await self.start()
        assert await self.reload(self.customs, password_theirs="NEWPW") == [
            "partner gateway: password_theirs"
        ]
        assert await self.reload(self.gateway, password_ours="NEWPW") == ["partner customs: password_ours"]
        assert self.of_gateway() is self.session
        await self.again()

    async def test_a_list_that_revokes_counts_from_the_next_session_on(self) -> None:
        await self.start()
        root = issue(self.folder, "root", authority=True)
        mine = root.issue("mine", names=("gateway.example",))
        self.copy(mine, "live")
        lists = root.crl("root")
        await self.reload(self.customs, tls_anchor=root.path, tls_crl=lists, tls_names=("gateway.example",))
        await self.reload(self.gateway)
        await self.again()
        root.crl("root", mine)
        (told,) = await self.reload(self.customs)
        assert told.startswith("partner gateway: tls_crl: other lists, good until")
        assert self.of_gateway() is self.session
        self.session.link.abort()
        await self.until(lambda: "revoked, says the partner" in self.calling().last_error)
