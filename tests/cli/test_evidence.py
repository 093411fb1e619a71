"""`ctl message evidence`: files that anybody can verify."""

from __future__ import annotations

import ssl
from base64 import b64encode
from pathlib import Path
from typing import Any

from gateway.operations.commands import Commands
from tests.cli.conftest import Gatewayd

ROW = {
    "dataset": "LX0000000001",
    "kind": "EERP",
    "at": "2026-11-21T02:03:00.000000Z",
    "hash": "00ff",
    "digest": "SHA-256",
    "services": "signed receipt wanted, cipher suite 04",
    "fits": True,
    "signature": b64encode(b"CMS").decode(),
    "certificate": b64encode(b"DER").decode(),
    "content": b64encode(b"<Interchange/>").decode(),
}


def test_receipt_signer_and_file_are_written(
    daemon: Commands, gatewayd: Gatewayd, instance: Path, tmp_path: Path
) -> None:
    async def evidence(arguments: dict[str, Any]) -> dict[str, Any]:
        return {**arguments, "rows": [ROW, {**ROW, "kind": "NERP", "fits": False}]}

    daemon.add("message evidence", evidence)
    out = tmp_path / "proof"
    shown = gatewayd("ctl", "message", "evidence", "M-1", "--out", out, "--instance", instance)
    assert shown.exit_code == 0, shown.output
    assert sorted(path.name for path in out.iterdir()) == [
        "LX0000000001-eerp-1-signer.pem",
        "LX0000000001-eerp-1.der",
        "LX0000000001-nerp-2-signer.pem",
        "LX0000000001-nerp-2.der",
        "LX0000000001.bin",
    ]
    assert (out / "LX0000000001-eerp-1.der").read_bytes() == b"CMS"
    assert ssl.PEM_cert_to_DER_cert((out / "LX0000000001-eerp-1-signer.pem").read_text()) == b"DER"
    assert (out / "LX0000000001.bin").read_bytes() == b"<Interchange/>"
    assert "openssl cms -verify" in shown.stdout
    assert "NO: this is not the file that was sent" in shown.stdout
    (tmp_path / "taken").touch()
    refused = gatewayd(
        "ctl", "message", "evidence", "M-1", "--out", tmp_path / "taken/x", "--instance", instance
    )
    assert refused.exit_code == 2
    assert "Not a directory" in refused.output
