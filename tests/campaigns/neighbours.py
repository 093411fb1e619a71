"""What bad partners cost a good one: licences one after the other, alone and beside bad partners.

    make neighbours [LICENCES=30]

Both daemons are real processes, as are the bad partners, in a third: one wants its files and reads none, one
sends an octet at a time, one offers in four sessions what is refused, one sends files that are no
interchange, as fast as they are taken, one calls with a wrong password over and over, and a crowd calls and
says nothing. Told is the time from the drop of a licence until customs' acceptance is in `out/`.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from itertools import count
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from gateway.clock import business_date, system_clock
from gateway.config import GatewayConfig
from gateway.demo.samples import generate, issue_message
from gateway.demo.stage import Stage
from gateway.exchange.correspondence import new_message_id
from gateway.operations.instance import create_instance
from gateway.operations.issuer import Issuer
from oftp2 import commands as c
from oftp2 import events as e
from oftp2.identity import FileIdentity
from oftp2.negotiation import Credentials
from tests.line.bad_partners import Client, Floods, Trickles, never_reads

BAD = ("MUTE", "SLOW", "FLOOD", "JUNK", "STORM")
SILENT, STORMING = 64, 4
#: The median beside bad partners may be so much above that without; on two cores all of them share.
ALLOWED_SECONDS = 0.5
_PASSWORD = "BADPWD"
_US = "CN-GATEWAY"


def main() -> int:
    """Measure both; 0 if bad partners cost no more than is allowed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--licences", type=int, default=30)
    parser.add_argument("--bad-partners-at", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bad_partners_at:
        _be_bad(options.bad_partners_at)
        return 0
    folder = Path(tempfile.mkdtemp(prefix="neighbours-")) / "instance"
    try:
        return _measure(folder, options.licences)
    finally:
        shutil.rmtree(folder.parent)


def _measure(folder: Path, licences: int) -> int:
    create_instance(folder, at=system_clock())
    port = _add_bad_partners(folder)
    stage = Stage(folder)
    stage.customs.start()
    stage.gateway.start()
    messages = _messages(folder, 2 * licences + 2)
    console, table = Console(), Table("", "median", "longest", "files of the bad that came")
    medians = []
    try:
        _time_each(stage, messages[:2])
        for name, batch in (
            ("alone", messages[2 : licences + 2]),
            ("beside bad partners", messages[licences + 2 :]),
        ):
            bad = None
            if medians:
                command = [sys.executable, "-m", "tests.campaigns.neighbours", "--bad-partners-at", str(port)]
                bad = subprocess.Popen(command)
                time.sleep(5)
            took = _time_each(stage, batch)
            medians.append(median(took))
            came = sum(
                row["files_received"] for row in stage.status()["lines"] if row["partner"] != "customs"
            )  # type: ignore[index]
            table.add_row(name, f"{median(took) * 1e3:.0f} ms", f"{max(took) * 1e3:.0f} ms", f"{came:,}")
            if bad is not None:
                bad.kill()
                bad.wait()
        console.print(table)
        for row in stage.status()["lines"]:  # type: ignore[index]
            console.print(
                f"{row['partner']:8} {row['direction']:10} {row['state']:24} {row['last_error']}",
                soft_wrap=True,
            )
    finally:
        stage.close()
    return 0 if medians[1] - medians[0] <= ALLOWED_SECONDS else 1


def _messages(folder: Path, number: int) -> list[bytes]:
    issuer = Issuer.of_instance(folder)
    receiver = GatewayConfig.load(folder / "gateway.toml").gateway.participant
    return [
        issuer.issue(
            issue_message(
                licence,
                sender=issuer.participant,
                receiver=receiver,
                message_id=new_message_id(),
                created=system_clock(),
            )
        )
        for licence in generate(5, number, today=business_date(system_clock()), lines=1)
    ]


def _time_each(stage: Stage, messages: list[bytes]) -> list[float]:
    """Seconds from the drop of each until customs has accepted it, one after the other."""
    took = []
    for message in messages:
        name = f"n{time.monotonic_ns()}"
        answer = stage.spool / "out" / f"{name}.customs-accepted.json"
        began = time.monotonic()
        stage.drop(name, message)
        while not answer.exists():
            if time.monotonic() - began > 60:
                raise SystemExit(f"{name} is not accepted by customs after a minute")
            time.sleep(0.002)
        took.append(time.monotonic() - began)
    return took


def _add_bad_partners(folder: Path) -> int:
    """They call over TCP; nothing of theirs is settled, for nobody knows their signatures."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    secret = folder / "secrets" / "bad"
    secret.touch(mode=0o600)
    secret.write_text(_PASSWORD)
    path = folder / "gateway.toml"
    written = path.read_text(encoding="utf-8").replace('listen = ["', f'listen = ["tcp:127.0.0.1:{port}", "')
    for number, code in enumerate(BAD):
        written += (
            f'\n[[partner]]\nname = "{code.lower()}"\nparticipant = "{code}"\nidentification = "{code}"\n'
            f'offices = ["9{number}"]\npassword_ours_file = "secrets/bad"\n'
            'password_theirs_file = "secrets/bad"\n'
        )
    path.write_text(written, encoding="utf-8")
    return port


def _be_bad(port: int) -> None:
    """The process of the bad partners: it goes on until it is killed."""
    from twisted.internet import reactor  # noqa: PLC0415 - importing it installs it
    from twisted.internet.endpoints import TCP4ClientEndpoint  # noqa: PLC0415
    from twisted.internet.protocol import Factory, Protocol  # noqa: PLC0415

    numbers = count(1)

    def identity(code: str, destination: str = _US) -> FileIdentity:
        number = next(numbers)
        return FileIdentity(f"BAD{number}", "20261121", f"1200{number % 1_000_000:06d}", code, destination)

    def junk(client: Client, event: e.Event) -> None:
        match event:
            case e.ConnectConfirmation() | e.CloseFileConfirmation(speaker=True):
                client.session.start_file(c.SFID.of(identity("JUNK"), 63))
            case e.StartFileConfirmation():
                client.session.send_data(b"\xbf" + b"x" * 63)
                client.session.close_file(unit_count=63)
            case e.CloseFileConfirmation():
                # The answers to what was sent are not read either.
                client.transport.abortConnection()  # type: ignore[union-attr]

    def call(code: str, wanted: object, password: str = _PASSWORD) -> None:
        def make() -> Client:
            client = Client(Credentials(code, password), Credentials(_US, _PASSWORD), wanted)  # type: ignore[arg-type]
            client.gone.addCallback(lambda _: reactor.callLater(0, call, code, wanted, password))  # type: ignore[attr-defined]
            return client

        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", port)
        again = lambda _: reactor.callLater(0.1, call, code, wanted, password)  # type: ignore[attr-defined]  # noqa: E731
        endpoint.connect(Factory.forProtocol(make)).addErrback(again)  # type: ignore[arg-type]

    call("MUTE", never_reads)
    call("SLOW", Trickles(identity("SLOW"), reactor))
    for _ in range(4):
        call("FLOOD", Floods(identity("FLOOD", "NOBODY")))
    call("JUNK", junk)
    for _ in range(STORMING):
        call("STORM", lambda _client, _event: None, "WRONG")
    for _ in range(SILENT):
        TCP4ClientEndpoint(reactor, "127.0.0.1", port).connect(Factory.forProtocol(Protocol))
    reactor.run()  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main())
