"""`ctl message evidence`: signed receipts as files, to be verified by whoever is shown them, without us."""

from __future__ import annotations

import ssl
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from gateway.cli.ctl_live import client_of, takes_daemon
from gateway.cli.render import show
from gateway.errors import EnvironmentFault

Row = Mapping[str, Any]


@click.command(name="evidence")
@click.argument("message_id")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    show_default="here",
    help="The folder for the files; made if it is not there.",
)
@takes_daemon
def message_evidence(
    config: Path | None, instance: Path | None, customs: bool, as_json: bool, **given: Any
) -> None:
    """Write what proves that a partner has the file in which MESSAGE_ID went, or has refused it.

    For each signed receipt (EERP, NERP): the receipt, its signer's certificate, and the file as it was
    transmitted, whose hash is the end of what was signed.
    """
    client = client_of(config, instance, customs=customs)
    answer = client.call("message evidence", message_id=given["message_id"])
    if as_json:
        show(answer, as_json=True)
        return
    out: Path = given["out"]
    try:
        out.mkdir(parents=True, exist_ok=True)
        shown = [_write(out, row, number) for number, row in enumerate(answer["rows"], start=1)]
    except OSError as error:
        raise EnvironmentFault(f"{error.filename}: {error.strerror}") from error
    verify = "openssl cms -verify -binary -inform DER -in RECEIPT -certfile SIGNER -noverify"
    show({"message_id": given["message_id"], "to verify": verify, "evidence": shown}, as_json=False)


def _write(out: Path, row: Row, number: int) -> Row:
    """The three files of a receipt, and what is to be known of them."""
    name = f"{row['dataset']}-{row['kind'].lower()}-{number}"
    receipt, signer = out / f"{name}.der", out / f"{name}-signer.pem"
    receipt.write_bytes(b64decode(row["signature"]))
    signer.write_text(ssl.DER_cert_to_PEM_cert(b64decode(row["certificate"])))
    content = out / f"{row['dataset']}.bin"
    content.write_bytes(b64decode(row["content"]))
    return {
        "at": row["at"],
        "receipt": receipt,
        "signer": signer,
        "file": content,
        "hash": f"{row['digest']} {row['hash']}",
        "fits": "yes" if row["fits"] else "NO: this is not the file that was sent",
        "services": row["services"],
    }
