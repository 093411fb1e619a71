"""What the acts of the demo share: the instance, its people, and the means to look and to tell."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from gateway.clock import system_clock
from gateway.config import GatewayConfig
from gateway.demo.cast import Cast, file_name
from gateway.demo.claims import Claims
from gateway.demo.picture import STEPS
from gateway.demo.samples import issue_message
from gateway.demo.stage import Stage
from gateway.exchange.correspondence import new_message_id
from gateway.operations.instance import GATEWAY_FILE
from gateway.operations.issuer import Issuer
from licencexml.messages import Header, IssuerMessage, Licence
from licencexml.values import LicenceKey

_COMMAND_SECONDS = 60
#: How many of the licences customs does not use.
UNUSED = 1


class Play:
    """One run of the demo, in the instance that stands in `folder`."""

    def __init__(self, folder: Path, console: Console, cast: Cast) -> None:
        self.folder = folder
        self.console = console
        self.cast = cast
        self.claims = Claims(console)
        self.stage = Stage(folder)
        self._receiver = GatewayConfig.load(folder / GATEWAY_FILE).gateway.participant
        self._issuer = Issuer.of_instance(folder)
        self._last: tuple[Licence, bytes] | None = None

    @property
    def last_handed_over(self) -> tuple[Licence, bytes]:
        """The licence that was handed over last, and its document."""
        assert self._last is not None, "something was handed over"
        return self._last

    def hand_over(self, licence: Licence) -> None:
        """Issue `licence` into the spool."""
        document = self.document(licence)
        self.stage.drop(file_name(licence.key), document)
        self._last = licence, document

    def document(self, licence: Licence) -> bytes:
        """A signed document that issues `licence`, by a message of its own."""
        message = issue_message(
            licence,
            sender=self._issuer.participant,
            receiver=self._receiver,
            message_id=new_message_id(),
            created=self.now(),
        )
        return self._issuer.issue(message)

    def header(self) -> Header:
        """The header of another message of the issuing system, made now."""
        return Header(new_message_id(), self._issuer.participant, self._receiver, self.now())

    def act(self, name: str, message: IssuerMessage) -> dict[str, Any]:
        """Hand over what the issuer does about a licence; returns the answer that accepts it."""
        self.stage.drop(name, self._issuer.issue(message))
        return self.stage.answer(f"{name}.accepted.json")

    def now(self) -> datetime:
        """The present instant by the daemons' clocks."""
        return system_clock() + timedelta(days=self.stage.days_ahead)

    def counts(self, dropped: int) -> dict[str, int]:
        """How many licences have reached each step; `dropped` is what we know ourselves."""
        status = self.stage.status()
        if status is None:
            return dict.fromkeys(STEPS, 0) | {"dropped": dropped}
        by_status: dict[str, int] = status["ledger"]["licences"]
        used = by_status.get("PART_USED", 0) + by_status.get("EXHAUSTED", 0)
        acknowledged = by_status.get("RECEIVED", 0) + used
        sent = acknowledged + by_status.get("SENT", 0)
        sealed = sent + by_status.get("SEALED", 0)
        return {
            "dropped": dropped,
            "accepted": sealed + by_status.get("ACCEPTED", 0),
            "sealed": sealed,
            "sent": sent,
            "acknowledged": acknowledged,
            "written off": used,
        }

    def goal(self) -> dict[str, int]:
        """Where the counts are to end."""
        count = len(self.cast.licences)
        return dict.fromkeys(STEPS, count) | {"written off": count - UNUSED}

    def all_settled(self, counts: dict[str, int]) -> bool:
        """Whether everything has come back, and nothing waits anywhere."""
        used = counts["written off"] == len(self.cast.licences) - UNUSED
        return used and counts["acknowledged"] == len(self.cast.licences) and self.nothing_waits()

    def nothing_waits(self) -> bool:
        """Whether both queues and the answers are empty."""
        status = self.stage.status()
        if status is None:
            return False
        queues: dict[str, int] = status["queues"]
        waiting = queues.get("DUE", 0) + queues.get("ASSIGNED", 0) + status["ledger"]["feedback_waiting"]
        return waiting == 0 and self.customs_register().get("releases_waiting", 0) == 0

    def customs_register(self) -> dict[str, int]:
        """What customs counts."""
        register: dict[str, int] = self.stage.customs.control.call("status")["register"]
        return register

    def licence(self, key: LicenceKey) -> dict[str, Any]:
        """The licence as the gateway's ledger has it."""
        return self.stage.gateway.control.call("licence show", licence=str(key))

    def announce(self, title: str) -> None:
        """The title of an act."""
        self.console.print(f"\n[bold]{title}[/]", highlight=False, soft_wrap=True)

    def say(self, text: str) -> None:
        """A line below it."""
        self.console.print(f"  {text}", highlight=False, markup=False, soft_wrap=True)

    def tell(self, rejections: list[dict[str, Any]]) -> None:
        """Rejections, in both languages."""
        for one in rejections:
            self.console.print(
                f"  {one['code']} ({one['article']})\n    {one['zh']}\n    {one['en']}",
                highlight=False,
                markup=False,
                soft_wrap=True,
            )


def gatewayd(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of our own commands as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "gatewayd", *arguments],
        capture_output=True,
        text=True,
        timeout=_COMMAND_SECONDS,
        check=False,
    )
