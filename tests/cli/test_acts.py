"""`act`: an issuer's acts on a licence, made, signed and handed over from the command line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.clock import business_date, system_clock
from gateway.demo.samples import generate, issue_message
from gateway.demo.successor import successor
from gateway.operations.commands import Commands
from gateway.operations.issuer import Issuer
from licencexml import parsing, reading, writing
from licencexml.messages import (
    Header,
    IssuerMessage,
    Licence,
    LicenceReplacement,
    LicenceRevocation,
    LicenceSuspension,
    ReplacementMode,
    SuspensionAction,
    SuspensionGround,
)
from licencexml.values import Medium
from tests.cli.conftest import Gatewayd

(LICENCE,) = generate(3, 1, today=business_date(system_clock()), lines=2)


@pytest.fixture
def gateway(daemon: Commands, instance: Path) -> Callable[[dict[int, str], list[str]], None]:
    """Have the daemon show the licence with these balances and uses."""
    issuer = Issuer.of_instance(instance)
    document = issuer.issue(
        issue_message(
            LICENCE,
            sender=issuer.participant,
            receiver="CN-GATEWAY",
            message_id="M-1",
            created=system_clock(),
        )
    )

    def answering(answer: dict[str, Any]) -> Callable[[dict[str, Any]], Any]:
        async def handler(arguments: dict[str, Any]) -> dict[str, Any]:
            del arguments
            return answer

        return handler

    def show(balances: dict[int, str], declarations: list[str]) -> None:
        lines = [{"line_number": number, "balance": balance} for number, balance in balances.items()]
        operator = {"name": LICENCE.operator.name, "code": LICENCE.operator.code}
        shown = {
            "lines": lines,
            "declarations": declarations,
            "operator": operator,
            "issue_message_id": "M-1",
        }
        daemon.add("licence show", answering(shown))
        daemon.add("message show", answering({"xml": document.decode()}))

    return show


def written(path: Path) -> IssuerMessage:
    message = reading.read_message(parsing.parse(path.read_bytes(), max_bytes=2**20))
    assert isinstance(message, IssuerMessage)
    return message


def test_a_suspension_is_signed_and_handed_over(gatewayd: Gatewayd, instance: Path) -> None:
    made = gatewayd(
        "act", "suspend", LICENCE.key, "--ground", "LOSS_REPORT", "--drop", "--instance", instance
    )
    assert made.exit_code == 0, made.output
    path = Path(made.stdout.split(maxsplit=1)[1].strip())
    message = written(path)
    assert isinstance(message, LicenceSuspension)
    assert (message.action, message.ground) == (SuspensionAction.SUSPEND, SuspensionGround.LOSS_REPORT)
    assert gatewayd("verify", path, "--instance", instance).exit_code == 0


def test_a_resumption_is_written_where_it_is_wanted(
    gatewayd: Gatewayd, instance: Path, tmp_path: Path
) -> None:
    made = gatewayd("act", "resume", LICENCE.key, "-o", tmp_path / "go.xml", "--instance", instance)
    assert made.exit_code == 0, made.output
    message = written(tmp_path / "go.xml")
    assert isinstance(message, LicenceSuspension)
    assert message.action is SuspensionAction.RESUME


def test_a_revocation_is_confirmed_by_the_operator(
    gatewayd: Gatewayd, instance: Path, tmp_path: Path, gateway: Callable[..., None]
) -> None:
    gateway({1: "1", 2: "1"}, [])
    path = tmp_path / "end.xml"
    made = gatewayd("act", "revoke", LICENCE.key, "-o", path, "--instance", instance)
    assert made.exit_code == 0, made.output
    message = written(path)
    assert isinstance(message, LicenceRevocation)
    assert message.confirmed_by == LICENCE.operator
    gatewayd("act", "revoke", LICENCE.key, "--ground", "MISPRINTED", "-o", path, "--instance", instance)
    misprinted = written(path)
    assert isinstance(misprinted, LicenceRevocation)
    assert misprinted.confirmed_by is None


def test_a_replacement_is_for_what_is_left(
    gatewayd: Gatewayd, instance: Path, tmp_path: Path, gateway: Callable[..., None]
) -> None:
    gateway({1: "0.50000", 2: "0.00000"}, ["220020260000000001"])
    arguments = ("--number", "26-AA-000077", "-o", tmp_path / "new.xml", "--instance", instance)
    made = gatewayd("act", "replace", LICENCE.key, *arguments)
    assert made.exit_code == 0, made.output
    message = written(tmp_path / "new.xml")
    assert isinstance(message, LicenceReplacement)
    assert message.mode is ReplacementMode.WRITE_OFF
    assert message.licence.key.number == "26-AA-000077"
    assert [line.quantity.amount for line in message.licence.lines] == [Decimal("0.50000")]


def test_of_a_licence_that_is_used_up_nothing_is_replaced(
    gatewayd: Gatewayd, instance: Path, tmp_path: Path, gateway: Callable[..., None]
) -> None:
    gateway({1: "0.00000", 2: "-0.50000"}, ["220020260000000001"])
    made = gatewayd("act", "replace", LICENCE.key, "-o", tmp_path / "new.xml", "--instance", instance)
    assert made.exit_code == 1
    assert "nothing is left" in made.stderr


@pytest.mark.parametrize(
    "arguments",
    [("suspend", "26-AA-000001", "--drop"), ("suspend", "EXPORT/26-AA-000001"), ("replace", "x", "--drop")],
)
def test_senseless_arguments_are_a_usage_error(
    gatewayd: Gatewayd, instance: Path, arguments: tuple[str, ...]
) -> None:
    assert gatewayd("act", *arguments, "--instance", instance).exit_code == 2


def test_a_successor_is_the_same_licence_for_the_rest() -> None:
    today = date(2026, 12, 1)
    old: Licence = LICENCE
    left = {line.line_number: line.quantity.amount for line in old.lines}
    new = successor(old, "26-AA-000077", today, left=left)
    assert new.lines == old.lines
    assert (new.licence_date, new.valid_to, new.medium) == (today, old.valid_to, Medium(old.medium))
    with pytest.raises(ValueError, match="nothing is left"):
        successor(old, "26-AA-000077", today, left=dict.fromkeys(left, Decimal(0)))


def test_an_act_that_somebody_wrote_is_signed_too(gatewayd: Gatewayd, instance: Path, tmp_path: Path) -> None:
    written_by_hand = tmp_path / "act.xml"
    issuer = Issuer.of_instance(instance)
    message = LicenceSuspension(
        Header("S-1", issuer.participant, "CN-GATEWAY", system_clock()),
        LICENCE.key,
        SuspensionAction.SUSPEND,
        SuspensionGround.LOSS_REPORT,
        system_clock(),
    )
    written_by_hand.write_bytes(writing.serialise(writing.write_message(message)))
    made = gatewayd("sign", "--fresh", written_by_hand, "-o", tmp_path / "out.xml", "--instance", instance)
    assert made.exit_code == 0, made.output
    assert gatewayd("verify", tmp_path / "out.xml", "--instance", instance).exit_code == 0
    assert written(tmp_path / "out.xml").header.message_id != "S-1"
