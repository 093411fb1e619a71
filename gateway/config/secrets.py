"""Secrets live in files that only their owner can read, never in the configuration, a log or a repr."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from pydantic import SecretStr

from gateway.errors import ConfigurationFault

#: SSIDPSWD: RFC 5024 sections 5.2 and 5.3.2.
_PASSWORD = re.compile(r"[A-Z0-9/.&()-]{1,8}")
_MAX_FILE_BYTES = 64


def read_password(path: Path) -> SecretStr:
    """The line password in `path`: its first and only line, 1 to 8 characters of the line's alphabet.

    ConfigurationFault if the file is missing, unreadable, open to others, or holds something else; the fault
    never shows what the file holds.
    """
    try:
        open_to_others = path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
        with path.open("rb") as file:
            held = file.read(_MAX_FILE_BYTES)
    except OSError as error:
        raise ConfigurationFault(f"{path}: password file cannot be read: {error.strerror}") from None
    if open_to_others:
        raise ConfigurationFault(f"{path}: expected a password file that only its owner can read (chmod 600)")
    password = held.decode("ascii", "replace").removesuffix("\n").removesuffix("\r")
    if not _PASSWORD.fullmatch(password):
        raise ConfigurationFault(f"{path}: expected a password of 1 to 8 of A-Z, 0-9 and / - . & ( )")
    return SecretStr(password)
