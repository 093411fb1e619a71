"""Stored files are read, and their envelopes opened, before anybody looks into them; in a thread."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

from gateway.errors import ConfigurationFault
from gateway.exchange.file_services import AgreedServices
from gateway.exchange.record_list import kept_records
from gateway.ledger import post
from gateway.trust.cms import CmsFault, CmsReason
from oftp2.attributes import STRUCTURED, without_record_headers
from oftp2.records import FIXED, records_of

_LINE_FEED = b"\n"

#: What a file holds, or why that is not known: what is ours to put right, or the partner's fault.
Content: TypeAlias = bytes | OSError | ConfigurationFault | CmsFault


class Opener:
    """Reads what is stored. `max_bytes` bounds a file when it is open.

    `lined` are the partners whose records are lines: an end of line comes after each.
    """

    def __init__(
        self, services: AgreedServices, *, max_bytes: int, lined: frozenset[str] = frozenset()
    ) -> None:
        self._services = services
        self._max_bytes = max_bytes
        self._lined = lined

    @property
    def lined(self) -> frozenset[str]:
        """The partners whose records are lines."""
        return self._lined

    def renew(self, lined: frozenset[str]) -> None:
        """From now on these are the partners whose records are lines."""
        self._lined = lined

    def read_first(self, files: Iterable[post.InboundFile], most: int) -> list[Content]:
        """The content of one after the other, until `most` are open: no more of them is held at once."""
        contents: list[Content] = []
        opened = 0
        for file in files:
            if opened == most:
                break
            contents.append(self._read(file))
            opened += isinstance(contents[-1], bytes)
        return contents

    def _read(self, file: post.InboundFile) -> Content:
        told = file.attributes
        try:
            data = Path(file.path).read_bytes()
            if len(data) != file.size_bytes:
                # What was synced is not what is there: that is no fault of the partner's.
                return OSError(f"{len(data)} bytes are on the disk, {file.size_bytes} were received")
            end = _LINE_FEED if file.partner in self._lined else b""
            if not told.is_wrapped:
                return _lines(Path(file.path), data) if end and told.is_structured else data
            # Who signed must have had a valid certificate when the file came, however long it has lain here.
            content = self._services.of(file.partner).open(data, told, max_bytes=self._max_bytes, now=file.at)
            if end and told.format == FIXED:
                return self._evenly_lined(content, told.record_bytes or len(content) or 1)
            return without_record_headers(content, end) if told.format == "V" else content
        except (OSError, ConfigurationFault, CmsFault) as fault:
            return fault
        except ValueError as error:
            assert told.format in STRUCTURED, "only records have lengths"
            return CmsFault(CmsReason.PROCESSING, str(error))

    def _evenly_lined(self, content: bytes, record_bytes: int) -> bytes:
        count = -(-len(content) // record_bytes)
        if len(content) + count > self._max_bytes:
            raise CmsFault(CmsReason.PROCESSING, f"more than {self._max_bytes} bytes when records are lines")
        return _as_lines(content[at : at + record_bytes] for at in range(0, len(content), record_bytes))


def _lines(path: Path, data: bytes) -> bytes:
    """The records of the file at `path` as lines; OSError when its list is not whole."""
    lengths = kept_records(path)
    if sum(lengths) != len(data):
        raise OSError(f"the list of its records has {sum(lengths)} bytes, the file {len(data)}")
    return _as_lines(records_of(data, lengths))


def _as_lines(records: Iterable[bytes]) -> bytes:
    lines = bytearray()
    for record in records:
        # One by one: records may be short, and as many objects would take a multiple of the file.
        lines += record
        lines += _LINE_FEED
    return bytes(lines)
