"""Keys for the services for files, of two ends that know each other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from gateway.trust.cms_file import FileKeys
from gateway.trust.cms_keys import OwnKey, Use, load_partner
from tests.trust.enciphering import authentication_paper

NOW = datetime(2026, 11, 21, tzinfo=UTC)
BEGIN, END = NOW - timedelta(days=1), NOW + timedelta(days=365)
USES = (Use.SIGNING, Use.ENCIPHERING)


@cache
def _kept() -> TemporaryDirectory[str]:
    made = TemporaryDirectory()
    for name in ("alice", "bob", "mallory"):
        authentication_paper(Path(made.name), name, BEGIN, END, signs=True)
    return made


def papers() -> Path:
    """A folder with key and certificate of alice, bob and mallory; made once, since RSA keys take time."""
    return Path(_kept().name)


@cache
def own(name: str) -> OwnKey:
    """The key of one of them."""
    return OwnKey.load(papers() / f"{name}.key", papers() / f"{name}.pem", *USES)


def keys(name: str, *others: str) -> FileKeys:
    """What one end needs, which knows the certificates of `others`."""
    known = [load_partner(papers() / f"{other}.pem", *USES)[0] for other in others]
    return FileKeys((own(name),), tuple(known))
