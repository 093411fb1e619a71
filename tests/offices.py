"""Further customs offices for an instance: each a partner of the gateway, with papers of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway.operations.instance import CUSTOMS_FILE, GATEWAY_FILE
from gateway.trust.authority import Authority, Credential, write_new


def add_office(instance: Path, name: str, *offices: str, at: datetime, port: int | None = None) -> str:
    """Have an office `name` for these prefixes: a [[partner]], and NAME.toml for a simulated customs.

    It listens at `port`, the second customs' by default. Returns who signs there.
    """
    participant = f"CN-{name.upper()}"
    _certificates(instance, name, participant, at)
    for end, password in (("gateway", f"G{name[:7].upper()}"), (name, f"T{name[:7].upper()}")):
        write_new(instance / "secrets" / f"line-{name}-{end}", password.encode(), 0o600)
    ours, theirs = instance / GATEWAY_FILE, instance / CUSTOMS_FILE
    own = theirs.read_text().replace("CN-CUSTOMS", participant).replace("customs-state", f"{name}-state")
    own = own.replace("keys/customs", f"keys/{name}").replace("tls/customs", f"tls/{name}")
    own = own.replace("secrets/line-customs", f"secrets/line-{name}-{name}")
    own = own.replace("secrets/line-gateway", f"secrets/line-{name}-gateway")
    own = own.replace("log/customs", f"log/{name}")
    if port is not None:
        own = _listening_at(own, port)
    (instance / f"{name}.toml").write_text(own)
    call = f'call = ["tls:127.0.0.1:{port}"]' if port is not None else ""
    ours.write_text(ours.read_text() + _partner(name, participant, offices, call))
    return participant


def _partner(name: str, participant: str, offices: Sequence[str], call: str) -> str:
    return f"""
[[partner]]
name = "{name}"
participant = "{participant}"
identification = "{participant}"
offices = {list(offices)}
{call}
password_ours_file = "secrets/line-{name}-gateway"
password_theirs_file = "secrets/line-{name}-{name}"
tls_anchor = "tls/{name}.pem"
"""


def _certificates(instance: Path, name: str, participant: str, at: datetime) -> None:
    signing = _authority(instance, "customs", "trust/customs").issue_signing(participant, at=at)
    signing.save(instance / f"keys/{name}.key", instance / f"keys/{name}.pem")
    tls = _authority(instance, "tls", "tls").issue_tls(f"licence-{name}", at=at)
    tls.save(instance / f"tls/{name}.key", instance / f"tls/{name}.pem")


def _authority(instance: Path, name: str, folder: str) -> Authority:
    key = load_pem_private_key((instance / f"authorities/{name}.key").read_bytes(), None)
    certificate = x509.load_pem_x509_certificate((instance / folder / "ca.pem").read_bytes())
    return Authority(Credential(key, certificate))  # type: ignore[arg-type]  # one of those it makes


def _listening_at(own: str, port: int) -> str:
    lines = own.splitlines(keepends=True)
    listen = f'listen = ["tls:127.0.0.1:{port}"]\n'
    return "".join(listen if line.startswith("listen =") else line for line in lines)
