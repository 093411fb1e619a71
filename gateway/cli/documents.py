"""`verify` and `sign`: one document at a time."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

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
@click.argument("files", metavar="FILE...", type=_FILE, nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Write JSON, an object a file.")
@takes_place
def verify(files: tuple[Path, ...], *, as_json: bool, config: Path | None, instance: Path | None) -> None:
    """Is FILE genuine? Who signed it, what was signed, and if it is not genuine, why not.

    Exit status 0: all are genuine; 1: one is not. "-" is standard input.
    """
    trust = TrustStore.load(anchors_of(gateway_config(config, instance)))
    schemas = Schemas.load(data_dir("xsd"))
    all_genuine = True
    for number, file in enumerate(files):
        if number and not as_json:
            click.echo()
        verdict = judge(_contents(file), trust, schemas, system_clock())
        all_genuine &= verdict.genuine
        told = verdict.to_dict()
        show({"file": str(file)} | (told if as_json else _for_people(told)), as_json=as_json)
    if not all_genuine:
        raise SystemExit(REFUSED)


def _for_people(told: dict[str, Any]) -> dict[str, Any]:
    """The verdict in a word, and each reason once: with the others, not again under its signature."""
    signatures = [
        {name: value for name, value in report.items() if name != "rejections"}
        for report in told["signatures"]
    ]
    word = "genuine" if told["genuine"] else "not genuine"
    rest = {name: value for name, value in told.items() if name != "genuine"}
    return {"verdict": word} | rest | {"signatures": signatures}


@click.command()
@click.argument("file", type=_FILE)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Where to; default standard output.")
@click.option("--fresh", is_flag=True, help="As a new message of now, with a MessageID of its own.")
@takes_place
def sign(file: Path, *, output: Path | None, fresh: bool, config: Path | None, instance: Path | None) -> None:
    """Sign FILE, an unsigned message of an issuing system, with the issuer's key of an instance."""
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
