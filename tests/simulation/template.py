"""One instance for all seeds: its keys and certificates are the same in every run, so that a seed replays."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache, partial
from itertools import count
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gateway.ledger import sqlite, store
from gateway.ledger.migrations import upgrade
from gateway.operations.instance import create_instance
from gateway.trust import signing
from licencexml.schema import Schemas
from tests.trust.enciphering import authentication_paper

#: When the instance was made; what is simulated happens in the months after.
MADE = datetime(2026, 1, 5, tzinfo=UTC)
GATEWAY_PORT, CUSTOMS_PORT = 21_001, 21_002
_CURVE = ec.SECP256R1()
_ONLY_FOR_TLS = re.compile(r'^(tls_anchor|certificate|key) = "tls/.*$', re.MULTILINE)


@contextmanager
def repeatable_cryptography() -> Iterator[None]:
    """Keys, serial numbers and signatures without chance: nothing that is made here is of use elsewhere."""
    keys, serials = count(1), count(1)
    sign = x509.CertificateBuilder.sign

    def sign_repeatably(self: Any, key: Any, algorithm: Any, *more: Any, **options: Any) -> Any:
        return sign(self, key, algorithm, *more, **{**options, "ecdsa_deterministic": True})

    with (
        mock.patch.object(
            ec, "generate_private_key", lambda _curve: ec.derive_private_key(next(keys), _CURVE)
        ),
        mock.patch.object(x509, "random_serial_number", lambda: 2**100 + next(serials)),
        mock.patch.object(x509.CertificateBuilder, "sign", sign_repeatably),
        mock.patch.object(signing, "_ECDSA", ec.ECDSA(hashes.SHA256(), deterministic_signing=True)),
    ):
        yield


@cache
def template() -> Path:
    """The instance, made once a process, within `repeatable_cryptography`; the network has no TLS."""
    folder = Path(tempfile.mkdtemp(prefix="simulation-")) / "instance"
    with mock.patch("secrets.choice", lambda letters: letters[0]):
        create_instance(folder, at=MADE, gateway_port=GATEWAY_PORT, customs_port=CUSTOMS_PORT)
    for name in ("gateway.toml", "customs.toml"):
        path = folder / name
        written = _ONLY_FOR_TLS.sub("", path.read_text(encoding="utf-8")).replace('"tls:', '"tcp:')
        path.write_text(written, encoding="utf-8")
    migrated(folder)
    return folder


@cache
def papers() -> Path:
    """A key and a certificate for files of each end, `NAME.key` and `NAME.pem`, made once a process."""
    folder = Path(tempfile.mkdtemp(prefix="papers-"))
    for number, name in enumerate(("gateway", "customs"), start=1):
        with (
            mock.patch.object(rsa, "generate_private_key", partial(_rsa_key, Random(f"key of {name}"))),
            mock.patch.object(x509, "random_serial_number", partial(int, number)),
        ):
            authentication_paper(folder, name, MADE, MADE + timedelta(days=700), signs=True)
    return folder


def _rsa_key(chance: Random, public_exponent: int, key_size: int) -> rsa.RSAPrivateKey:
    """The same key each time: what is compressed with its certificate has the same length then."""
    p, q = (_prime(chance, key_size // 2, public_exponent) for _ in range(2))
    d = rsa.rsa_recover_private_exponent(public_exponent, p, q)
    parts = (rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q))
    public = rsa.RSAPublicNumbers(public_exponent, p * q)
    return rsa.RSAPrivateNumbers(p, q, d, *parts, public).private_key()


def _prime(chance: Random, bits: int, exponent: int) -> int:
    """A number of so many bits that is prime as far as Fermat's test tells, fit for `exponent`."""
    while True:
        found = chance.getrandbits(bits) | 3 << (bits - 2) | 1
        if (found - 1) % exponent and all(pow(base, found - 1, found) == 1 for base in (2, 3, 5, 7)):
            return found


def migrated(folder: Path) -> None:
    """Have both ledgers of the instance made, once for all seeds."""
    for state in ("state", "customs-state"):
        engine = sqlite.writer_engine(folder / state / store.LEDGER_FILE)
        upgrade(engine)
        engine.dispose()


@contextmanager
def made_once() -> Iterator[None]:
    """What is the same in every life of a process is made once: schemas, migrations, compiled statements."""
    engine = sqlite._engine
    statements: dict[Any, Any] = {}

    def sharing(*arguments: Any, **options: Any) -> Any:
        return engine(*arguments, **options).execution_options(compiled_cache=statements)

    with (
        mock.patch.object(Schemas, "load", _schemas),
        mock.patch("gateway.ledger.store.upgrade", lambda _engine: None),
        mock.patch.object(sqlite, "_engine", sharing),
    ):
        yield


_schemas = lru_cache(Schemas.load)
