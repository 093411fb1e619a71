"""`verify` and `sign`: one document at a time."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gateway.cli.group import REFUSED, complain
from gateway.cli.place import configuration_path, gateway_config, takes_place
from gateway.cli.render import show
from gateway.clock import system_clock
from gateway.data import data_dir
from gateway.errors import EnvironmentFault
from gateway.exchange.correspondence import new_message_id
from gateway.operations.inspection import anchors_of
from gateway.operations.issuer import Issuer, NotToBeSigned
from gateway.trust.certificates import TrustStore
from gateway.trust.genuine import MAX_FILE_BYTES, judge
from licencexml.parsing import Malformed
from licencexml.schema import Schemas

_FILE = click.Path(path_type=Path, allow_dash=True)


@click.command()
@click.argument("file", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@takes_place
def verify(file: Path, as_json: bool, config: Path | None, instance: Path | None) -> None:
    """Is FILE genuine? Who signed it, what was signed, and if it is not genuine, why not.

    Exit status 0: genuine; 1: not genuine. "-" is standard input.
    """
    trust = TrustStore.load(anchors_of(gateway_config(config, instance)))
    verdict = judge(_contents(file), trust, Schemas.load(data_dir("xsd")), system_clock())
    told = verdict.to_dict()
    if not as_json:
        # Each reason is listed once, with the others: not again under its signature.
        told["signatures"] = [
            {name: value for name, value in report.items() if name != "rejections"}
            for report in told["signatures"]
        ]
        told = {"verdict": "genuine" if told.pop("genuine") else "not genuine"} | told
    show(told, as_json=as_json)
    if not verdict.genuine:
        raise SystemExit(REFUSED)


@click.command()
@click.argument("file", type=_FILE)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Where to; default standard output.")
@click.option("--fresh", is_flag=True, help="As a new message of now, with a MessageID of its own.")
@takes_place
def sign(file: Path, *, output: Path | None, fresh: bool, config: Path | None, instance: Path | None) -> None:
    """Sign FILE, an unsigned LicenceIssue, with the issuer's key of an instance."""
    issuer = Issuer.of_instance(configuration_path(config, instance).parent)
    try:
        signed = _signed(issuer, _contents(file), fresh=fresh)
    except NotToBeSigned as reason:
        complain(f"{file}: {reason}")
        raise SystemExit(REFUSED) from None
    except Malformed as malformed:
        show({"rejections": [one.to_dict() for one in malformed.rejections]}, as_json=False)
        raise SystemExit(REFUSED) from None
    if output is None:
        sys.stdout.buffer.write(signed)
    else:
        output.write_bytes(signed)


def _signed(issuer: Issuer, data: bytes, *, fresh: bool) -> bytes:
    if not fresh:
        return issuer.sign(data, max_bytes=MAX_FILE_BYTES)
    return issuer.issue_again(
        data, message_id=new_message_id(), created=system_clock(), max_bytes=MAX_FILE_BYTES
    )


def _contents(path: Path) -> bytes:
    """The file's bytes, or one more than is ever judged."""
    try:
        if str(path) == "-":
            return sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise EnvironmentFault(f"{path}: cannot be read: {error.strerror}") from error
