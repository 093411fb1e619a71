"""What lies in folders before a measurement begins: a backlog in `in/`, documents and keys for peers."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from gateway.trust.authority import KeyKind
from tests.bench.house import Setting, create
from tests.bench.papers import Papers

#: Peers take these over and over.
_DOCUMENTS = 64
#: A file system has a bound on the links to one file.
_LINKS = 10_000


#: How the names of real licences begin; those of links come after them.
_REAL, _LINK = "a", "b"


def has_real(incoming: Path) -> bool:
    """Whether any of the real ones of `fill` still wait."""
    return any(name.startswith(_REAL) for name in os.listdir(incoming))


def fill(incoming: Path, real: list[bytes], waiting: int) -> None:
    """All names are real files; those beyond what is measured are links to one, and come after the others."""
    for number, document in enumerate(real):
        (incoming / f"{_REAL}{number:07}.xml").write_bytes(document)
    last = incoming / f"{_REAL}{len(real) - 1:07}.xml"
    for number in range(len(real), waiting):
        if number % _LINKS == 0:
            last = incoming / f"{_LINK}{number:07}.xml"
            last.write_bytes(real[-1])
        else:
            (incoming / f"{_LINK}{number:07}.xml").hardlink_to(last)


def for_peers(folder: Path) -> None:
    """What a peer's script needs (see `peers/exchanging`): documents, and RSA keys of both ends."""
    instance = folder / "instance"
    create(instance, Setting(KeyKind.RSA2048))
    (folder / "documents").mkdir()
    for number, document in enumerate(Papers(instance, 1).licences(_DOCUMENTS)):
        (folder / "documents" / f"{number:03}.xml").write_bytes(document)
    for own, name in (("seal", "ours"), ("customs", "theirs")):
        for ending in ("key", "pem"):
            shutil.copy(instance / "keys" / f"{own}.{ending}", folder / f"{name}.{ending}")
