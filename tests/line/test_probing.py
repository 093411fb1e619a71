"""`line test` over real sockets: what is found step by step, what fails and why, and nothing is disturbed."""

from __future__ import annotations

from typing import Any

from twisted.internet import reactor
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.protocol import Factory, Protocol

from gateway.config.endpoints import Endpoint, Transport
from gateway.line import probe
from gateway.line.probe import Step
from gateway.line.probing import Trial
from oftp2 import events as e
from oftp2.negotiation import Capabilities, Credentials
from oftp2.session import Role, Session
from tests.line.dummies import identity_of, make_paper
from tests.line.world import World


class Probing(World):
    """The gateway tries customs."""

    async def probe(self, **given: Any) -> Trial:
        self.told: list[Step] = []
        address = given.get("address") or self.gateway.prober.addresses("customs")[0]
        trial = await self.gateway.prober.probe("customs", address, self.told.append)
        assert tuple(self.told) == trial.steps
        return trial

    def stages(self, trial: Trial) -> list[str]:
        return [("" if step.ok else "! ") + step.stage for step in trial.steps]

    def failure(self, trial: Trial) -> Step:
        (failed,) = (step for step in trial.steps if not step.ok)
        assert not trial.is_well
        return failed


class OverTls(Probing):
    async def test_all_is_told_and_nothing_is_disturbed(self) -> None:
        await self.start()
        await self.until(lambda: self.calling().state == "in session")
        self.customs_office.outbox.append((identity_of(1, "O0013CUSTOMS", "O0013GATEWAY"), b"licence"))
        trial = await self.probe()
        assert trial.is_well
        assert self.stages(trial) == [
            *("connection", "TLS", "certificate", "greeting", "identity", "session", "round trip", "end")
        ]
        certificate = next(step.found for step in trial.steps if step.stage == "certificate")
        assert certificate.startswith("CN=customs, valid until ")
        assert certificate.endswith("issued under CN=authority of tls_anchor")
        assert dict(trial.findings)["buffer"] == "32768 octets, 32768 offered"
        assert trial.partner is not None
        assert (trial.partner["SSIDCODE"], trial.partner["SSIDPSWD"]) == ("O0013CUSTOMS", "***")
        assert "CPW" not in repr(trial)
        assert self.calling().state == "in session"
        assert self.gateway_office.received == {}, "the partner was not asked to hand over anything"

    async def test_a_line_that_is_down_can_be_tried(self) -> None:
        await self.start()
        await self.gateway.down("customs")
        assert (await self.probe()).is_well

    async def test_a_wrong_password_is_told_with_what_to_do(self) -> None:
        self.customs_partner = {"password_theirs": "OTHER"}
        await self.start()
        failed = self.failure(await self.probe())
        assert (failed.stage, failed.found) == (
            "identity",
            "the partner ended the session: ESID 04 invalid password",
        )
        assert "password_ours_file" in failed.todo

    async def test_their_wrong_password_is_told(self) -> None:
        self.gateway_partner = {"password_theirs": "OTHER"}
        await self.start()
        failed = self.failure(await self.probe())
        assert failed.found == "we ended the session: ESID 04 invalid password"

    async def test_somebody_else_who_answers_is_told(self) -> None:
        self.gateway_partner = {"identification": "O0013OTHER"}
        await self.start()
        failed = self.failure(await self.probe())
        assert (failed.stage, failed.found) == ("identity", "O0013CUSTOMS answers, not O0013OTHER")
        assert "somebody else" in failed.todo

    async def test_a_stranger_is_told_by_its_certificate(self) -> None:
        _, stranger = make_paper(self.folder, "stranger")
        self.customs_paper, _ = make_paper(self.folder, "impostor", stranger)
        await self.start()
        failed = self.failure(await self.probe())
        assert failed.stage == "TLS"
        assert "the certificate of CN=impostor is refused" in failed.found
        assert "tls_anchor" in failed.todo

    async def test_our_certificate_that_is_not_taken_is_told(self) -> None:
        _, stranger = make_paper(self.folder, "stranger")
        self.gateway_paper, _ = make_paper(self.folder, "impostor", stranger)
        await self.start()
        failed = self.failure(await self.probe())
        assert failed.stage == "TLS"
        assert failed.found.endswith("says the partner")
        assert "does not take our certificate" in failed.todo

    async def test_a_port_that_is_closed_is_told(self) -> None:
        await self.start()
        failed = self.failure(await self.probe(address=self.endpoint(self.free_port())))
        assert failed.stage == "connection"
        assert "refused" in failed.found
        assert "nobody listens there" in failed.todo

    async def test_a_name_that_nobody_knows_is_told(self) -> None:
        await self.start()
        failed = self.failure(await self.probe(address=Endpoint(Transport.TLS, "nowhere.invalid", 1)))
        assert failed.stage == "name"
        assert "no address is known for nowhere.invalid" in failed.found


class OverTcp(Probing):
    transport = Transport.TCP
    gateway_partner = {"tls_anchor": None}  # noqa: RUF012 - as World has it
    customs_partner = {"tls_anchor": None}  # noqa: RUF012

    async def test_without_tls_there_is_none_to_tell_of(self) -> None:
        await self.start()
        trial = await self.probe()
        assert trial.is_well
        assert "TLS" not in self.stages(trial)

    async def test_a_partner_that_is_full_says_so(self) -> None:
        self.customs_partner = {**self.customs_partner, "max_sessions": 1}
        await self.start()
        await self.until(lambda: self.calling().state == "in session")
        failed = self.failure(await self.probe())
        assert "ESID 08" in failed.found
        assert self.calling().state == "in session"

    async def test_somebody_who_says_nothing_is_waited_for_and_no_longer(self) -> None:
        self.patch(probe, "STEP_SECONDS", 0.2)
        await self.start()
        silent = await self._listen(Protocol)
        failed = self.failure(await self.probe(address=silent))
        assert (failed.stage, failed.found) == ("greeting", "no answer within 0.2 s")

    async def test_somebody_who_speaks_otherwise_is_told(self) -> None:
        class Ssh(Protocol):
            def connectionMade(self) -> None:
                self.transport.write(b"SSH-2.0-OpenSSH_9.2\r\n")

        await self.start()
        failed = self.failure(await self.probe(address=await self._listen(Ssh)))
        assert failed.stage == "greeting"
        assert "ESID 01" in failed.found

    async def test_a_receipt_that_comes_all_the_same_is_taken_in(self) -> None:
        class Partner(Protocol):
            def connectionMade(self) -> None:
                self.session = Session(Role.RESPONDER, Capabilities(Credentials("O0013CUSTOMS", "CPW")))
                self.session.connection_made()
                self.say()

            def dataReceived(self, data: bytes) -> None:
                for event in self.session.receive_data(data):
                    match event:
                        case e.ConnectIndication():
                            ours = Capabilities(Credentials("O0013CUSTOMS", "CPW"))
                            self.session.accept(ours)
                        case e.ChangeDirectionIndication():
                            self.session.send_receipt(identity_of(1))
                        case e.ReadyConfirmation():
                            self.session.change_direction()
                    self.say()

            def say(self) -> None:
                assert self.transport is not None
                self.transport.write(self.session.data_to_send())

        await self.start()
        trial = await self.probe(address=await self._listen(Partner))
        assert trial.is_well, trial
        assert ("receipt received", "FILE1") in self.gateway_office.log
        assert self.stages(trial)[-1] == "end"

    async def _listen(self, kind: type[Protocol]) -> Endpoint:
        port = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(Factory.forProtocol(kind))
        self.addCleanup(port.stopListening)
        return self.endpoint(port.getHost().port)
