"""`act`: what an issuing system does about a licence that exists, to try the gateway with."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import click

from gateway.cli.group import REFUSED, Group, complain
from gateway.cli.place import configuration_path, takes_place
from gateway.clock import business_date, system_clock
from gateway.config import GatewayConfig
from gateway.demo.successor import successor
from gateway.exchange.correspondence import new_message_id
from gateway.operations.client import ControlClient
from gateway.operations.issuer import Issuer, hand_over
from licencexml import parsing, reading
from licencexml.messages import (
    Header,
    IssuerMessage,
    Licence,
    LicenceIssue,
    LicenceReplacement,
    LicenceRevocation,
    LicenceSuspension,
    ReplacementKind,
    ReplacementMode,
    RevocationGround,
    SuspensionAction,
    SuspensionGround,
)
from licencexml.values import LICENCE_NUMBER, LicenceKey, Party

Function = TypeVar("Function", bound=Callable[..., Any])

_MAX_BYTES = 64 * 1024 * 1024
_SERIAL = string.ascii_uppercase + string.digits


class _Key(click.ParamType[LicenceKey]):
    name = "licence"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> LicenceKey:
        try:
            return value if isinstance(value, LicenceKey) else LicenceKey.parse(value)
        except ValueError:
            self.fail(f"{value!r}: expected TYPE/NUMBER, such as EXPORT/26-AA-000001", param, ctx)


class _Desk:
    """The issuing system of an instance, and the gateway that it hands its messages over to."""

    def __init__(self, config: Path | None, instance: Path | None) -> None:
        path = configuration_path(config, instance)
        self._settings = GatewayConfig.load(path)
        self._issuer = Issuer.of_instance(path.parent)
        self._gateway = ControlClient(self._settings.operations.control_socket)

    def header(self) -> Header:
        """The header of a message made now."""
        receiver = self._settings.gateway.participant
        return Header(new_message_id(), self._issuer.participant, receiver, system_clock())

    def shown(self, key: LicenceKey) -> dict[str, Any]:
        """How the licence stands, as the running gateway says."""
        return self._gateway.call("licence show", licence=str(key))

    def licence(self, shown: dict[str, Any]) -> Licence:
        """The licence itself, from the message that issued it."""
        stored = self._gateway.call("message show", message_id=shown["issue_message_id"])["xml"]
        message = reading.read_message(parsing.parse(stored.encode(), max_bytes=_MAX_BYTES))
        assert isinstance(message, LicenceIssue | LicenceReplacement), "a licence is issued by a message"
        return message.licence

    def give(self, name: str, message: IssuerMessage, *, drop: bool, output: Path | None) -> None:
        """Sign the message, and hand it over or write it down."""
        if drop == (output is not None):
            raise click.UsageError("expected either --drop or --output FILE")
        document = self._issuer.issue(message)
        if output is None:
            click.echo(
                f"{message.header.message_id}  {hand_over(self._settings.spools[0].path, name, document)}"
            )
        else:
            output.write_bytes(document)
            click.echo(f"{message.header.message_id}  {output}")


def _takes_licence(function: Function) -> Function:
    """Give a command its licence, its instance, and where its document goes."""
    for option in (
        click.option("--drop", is_flag=True, help="Hand it over to the instance's spool."),
        click.option(
            "-o", "--output", type=click.Path(path_type=Path), help="Write it into this file instead."
        ),
        click.argument("licence", type=_Key()),
    ):
        function = option(function)
    return takes_place(function)


def _one_of(kind: type[Any], default: str) -> Callable[[Function], Function]:
    return click.option(
        "--ground", type=click.Choice([one.value for one in kind]), default=default, show_default=True
    )


act = Group("act", help="Suspend, resume, revoke or replace a licence, as its issuing system does.")


@act.command()
@_one_of(SuspensionGround, SuspensionGround.RELEASE_IN_FLIGHT)
@_takes_licence
def suspend(*, licence: LicenceKey, ground: str, **where: Any) -> None:
    """Stop the use of LICENCE on one ground (a loss is reported with LOSS_REPORT)."""
    _change_use(licence, SuspensionAction.SUSPEND, ground, **where)


@act.command()
@_one_of(SuspensionGround, SuspensionGround.RELEASE_IN_FLIGHT)
@_takes_licence
def resume(*, licence: LicenceKey, ground: str, **where: Any) -> None:
    """Let the use of LICENCE go on that was stopped on this ground."""
    _change_use(licence, SuspensionAction.RESUME, ground, **where)


def _change_use(
    key: LicenceKey,
    action: SuspensionAction,
    ground: str,
    *,
    config: Path | None,
    instance: Path | None,
    **where: Any,
) -> None:
    desk = _Desk(config, instance)
    header = desk.header()
    message = LicenceSuspension(header, key, action, SuspensionGround(ground), header.created)
    desk.give(_name(action.lower(), key), message, **where)


@act.command()
@_one_of(RevocationGround, RevocationGround.NOT_TO_BE_USED)
@_takes_licence
def revoke(
    *, licence: LicenceKey, ground: str, config: Path | None, instance: Path | None, **where: Any
) -> None:
    """Revoke LICENCE, which nobody has used; its operator confirms, where the ground needs that.

    Asks the running gateway for the licence.
    """
    desk = _Desk(config, instance)
    operator, why = desk.shown(licence)["operator"], RevocationGround(ground)
    by = Party(operator["name"], operator["code"]) if why.needs_enterprise else None
    header = desk.header()
    message = LicenceRevocation(header, licence, why, header.created, "试用", by)
    desk.give(_name("revoke", licence), message, **where)


@act.command()
@click.option(
    "--kind",
    type=click.Choice([one.value for one in ReplacementKind]),
    default=ReplacementKind.CHANGE.value,
    show_default=True,
)
@click.option("--number", help="The new licence's number; default one that is made up.")
@click.option("--valid-to", type=click.DateTime(["%Y-%m-%d"]), help="The new licence's last day.")
@_takes_licence
def replace(
    *,
    licence: LicenceKey,
    kind: str,
    number: str | None,
    valid_to: datetime | None,
    config: Path | None,
    instance: Path | None,
    **where: Any,
) -> None:
    """Replace LICENCE by one for all of it, or if it was used, for what is left of it.

    Asks the running gateway for the licence and its balances.
    """
    if number is not None and not LICENCE_NUMBER.fullmatch(number):
        raise click.UsageError(f"--number: expected a number such as 26-AA-000001, not {number!r}")
    desk = _Desk(config, instance)
    shown = desk.shown(licence)
    left = {line["line_number"]: Decimal(line["balance"]) for line in shown["lines"]}
    used = bool(shown["declarations"])
    try:
        new = successor(
            desk.licence(shown),
            number or _made_up(licence),
            business_date(system_clock()),
            valid_to=_day(valid_to),
            left=left,
        )
    except ValueError as reason:
        complain(f"{licence}: {reason}")
        raise SystemExit(REFUSED) from None
    mode = ReplacementMode.WRITE_OFF if used else ReplacementMode.REVOKE
    message = LicenceReplacement(desk.header(), licence, mode, ReplacementKind(kind), "试用", new)
    click.echo(f"{licence} -> {new.key} ({mode})")
    desk.give(_name("replace", licence), message, **where)


def _day(given: datetime | None) -> date | None:
    return None if given is None else given.date()


def _made_up(old: LicenceKey) -> str:
    return old.number[:6] + "".join(secrets.choice(_SERIAL) for _ in range(6))


def _name(what: str, key: LicenceKey) -> str:
    return f"{what}-{key.type.lower().replace('_', '-')}-{key.number}"
