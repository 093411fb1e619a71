"""A TLS connection between two ends in memory, so that what it costs one of them can be told apart."""

from __future__ import annotations

import ssl
from contextlib import suppress
from pathlib import Path
from typing import Self

_CHUNK = 65_536


class TlsPipe:
    """Our end and the other one, which trust each other: `NAME.pem` and `NAME.key` in `folder`."""

    def __init__(self, folder: Path, ours: str = "gateway", theirs: str = "customs") -> None:
        self._to_us, self._to_them = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._us = _end(folder, ours, theirs, server=False, incoming=self._to_us, outgoing=self._to_them)
        self._them = _end(folder, theirs, ours, server=True, incoming=self._to_them, outgoing=self._to_us)
        for end in (self._us, self._them) * 2:
            with suppress(ssl.SSLWantReadError):
                end.do_handshake()
        # The tickets that the other end gives after its handshake.
        with suppress(ssl.SSLWantReadError):
            self._us.read(1)

    @classmethod
    def of_instance(cls, folder: Path) -> Self:
        """With the certificates of the instance in `folder`."""
        return cls(folder / "tls")

    def send(self, data: bytes) -> None:
        """Our end's work with sending `data`; what comes of it is thrown away unread."""
        view = memoryview(data)
        for start in range(0, len(view), _CHUNK):
            self._us.write(view[start : start + _CHUNK])
        self._to_them.read()

    def sent_to_us(self, data: bytes) -> bytes:
        """The other end's work: the records that carry `data` to us."""
        view = memoryview(data)
        for start in range(0, len(view), _CHUNK):
            self._them.write(view[start : start + _CHUNK])
        return self._to_us.read()

    def receive(self, records: bytes) -> int:
        """Our end's work with `records`; how many bytes were in them."""
        self._to_us.write(records)
        received = 0
        with suppress(ssl.SSLWantReadError):
            while part := self._us.read(_CHUNK):
                received += len(part)
        return received


def _end(
    folder: Path, own: str, other: str, *, server: bool, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO
) -> ssl.SSLObject:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    context.load_cert_chain(folder / f"{own}.pem", folder / f"{own}.key")
    context.load_verify_locations(folder / f"{other}.pem")
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    return context.wrap_bio(incoming, outgoing, server_side=server)
