"""A new instance: folders, keys, certificates, passwords and both configuration files, ready to run.

For trials and as a pattern: its certificates come from test authorities made on the spot.
"""

from __future__ import annotations

import secrets
import shutil
import socket
import string
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gateway.data import data_dir
from gateway.errors import ConfigurationFault, EnvironmentFault
from gateway.trust.authority import KeyKind, create_instance_trust, write_new
from gateway.trust.certificates import Role

#: Who signs with each role's key; the common name of a certificate is the `Sender` of its messages.
PARTICIPANTS = {
    Role.ISSUER: "ISSUER-SAMPLE",
    Role.SEAL: "CN-GATEWAY",
    Role.CUSTOMS: "CN-CUSTOMS",
    Role.GATEWAY: "CN-GATEWAY",
}
SPOOL_FOLDERS = ("in", "work", "out", "held", "corrupt")
ISSUER_KEY, ISSUER_CERTIFICATE = "keys/issuer.key", "keys/issuer.pem"
GATEWAY_FILE, CUSTOMS_FILE = "gateway.toml", "customs.toml"

#: The ports in the shipped templates; 6619 is the registered port of ODETTE-FTP over TLS.
GATEWAY_PORT, CUSTOMS_PORT = 6619, 6620
#: Below those that the system gives to outgoing calls, which would otherwise take one of ours now and then.
_PORTS = range(20_000, 30_000)
_PORT_TRIES = 100
_PASSWORD_CHARACTERS = string.ascii_uppercase + string.digits
_PASSWORD_LENGTH = 8


@dataclass(frozen=True, slots=True)
class Instance:
    """What was made, and where the two ends of the line listen."""

    folder: Path
    gateway_port: int
    customs_port: int
    key_kind: KeyKind


def create_instance(
    folder: Path,
    *,
    at: datetime,
    key_kind: KeyKind = KeyKind.P256,
    gateway_port: int | None = None,
    customs_port: int | None = None,
) -> Instance:
    """Make an instance in `folder`, which is absent or empty; all of it or nothing.

    Ports that are not given are drawn from the free ones. Raises ConfigurationFault if something is in the
    way, EnvironmentFault if it cannot be written.
    """
    _refuse_if_taken(folder)
    ports = _choose_ports(gateway_port, customs_port)
    making = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        making.mkdir(parents=True, mode=0o700)
        _lay_out(making, at, key_kind, ports)
        making.replace(folder)
    except OSError as error:
        raise EnvironmentFault(f"{folder}: cannot be made: {error.strerror}") from error
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return Instance(folder, *ports, key_kind)


def _refuse_if_taken(folder: Path) -> None:
    try:
        taken = folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir())))
    except OSError as error:
        raise EnvironmentFault(f"{folder}: cannot be read: {error.strerror}") from error
    if taken:
        raise ConfigurationFault(f"{folder}: expected an empty folder or none; nothing is ever overwritten")


def _lay_out(folder: Path, at: datetime, key_kind: KeyKind, ports: tuple[int, int]) -> None:
    create_instance_trust(folder, PARTICIPANTS, at=at, kind=key_kind)
    for private in ("authorities", "keys", "secrets", "state", "customs-state", "log"):
        (folder / private).mkdir(mode=0o700, exist_ok=True)
        (folder / private).chmod(0o700)
    for name in SPOOL_FOLDERS:
        (folder / "spool" / name).mkdir(parents=True)
    for end in ("gateway", "customs"):
        password = "".join(secrets.choice(_PASSWORD_CHARACTERS) for _ in range(_PASSWORD_LENGTH))
        write_new(folder / "secrets" / f"line-{end}", password.encode() + b"\n", 0o600)
    for name in (GATEWAY_FILE, CUSTOMS_FILE):
        write_new(folder / name, _configuration(name, ports).encode(), 0o644)


def _configuration(name: str, ports: tuple[int, int]) -> str:
    """The shipped template of this name, with the ports of this instance."""
    written = (data_dir("conf") / name).read_text(encoding="utf-8")
    for shipped, port in zip((GATEWAY_PORT, CUSTOMS_PORT), ports, strict=True):
        before = f'"tls:127.0.0.1:{shipped}"'
        assert before in written, f"{name} does not mention {before}"
        # In two steps, since the ports given may be the shipped ones the other way round.
        written = written.replace(before, f'"tls:127.0.0.1:<{port}>"')
    return written.replace(":<", ":").replace('>"', '"')


def _choose_ports(gateway: int | None, customs: int | None) -> tuple[int, int]:
    if gateway is not None and gateway == customs:
        raise ConfigurationFault(f"port {gateway}: expected two different ports")
    first = gateway if gateway is not None else _free_port(other_than=customs)
    second = customs if customs is not None else _free_port(other_than=first)
    return first, second


def _free_port(*, other_than: int | None) -> int:
    """A port that nobody listens on; drawn, so that instances made side by side get ports of their own."""
    for _ in range(_PORT_TRIES):
        port = secrets.choice(_PORTS)
        if port != other_than and _is_free(port):
            return port
    raise EnvironmentFault(f"no free port was found on 127.0.0.1 from {_PORTS.start} to {_PORTS.stop - 1}")


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
