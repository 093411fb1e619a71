"""What `send` sends: a file from the disk, as the options describe it."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from oftp2.attributes import STRUCTURED
from oftp2.commands import SFID
from oftp2.formats import build
from oftp2.identity import FileIdentity
from oftp2.records import cut_evenly, fault_of, read
from oftp2.tool.link import Usage
from oftp2.virtual_file import VirtualFile


@dataclass(frozen=True, slots=True)
class Source:
    """A virtual file, and its offer from the beginning."""

    sfid: SFID
    file: VirtualFile

    @property
    def size_in_words(self) -> str:
        """Octets, and records where there are some."""
        octets = f"{self.file.size_bytes} octets"
        return octets if self.file.lengths is None else f"{octets} in {self.file.record_count} records"


def read_source(options: argparse.Namespace) -> Source:
    """The file with its offer; Usage when either is no good."""
    path: Path = options.file
    try:
        content = path.read_bytes()
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError as error:
        raise Usage(f"{path}: {error.strerror}") from error
    lengths = _lengths(options, len(content))
    stamp = options.stamp or f"{changed:%Y%m%d%H%M%S}0000"
    try:
        identity = FileIdentity(
            options.dataset,
            stamp[:8],
            stamp[8:],
            options.originator or options.us,
            options.destination or options.partner,
        )
        sfid = replace(
            SFID.of(identity, len(content), user_data=options.user_data),
            format=options.format,
            record_bytes=options.record_length,
            description=options.description,
        )
        build(sfid)
    except ValueError as error:
        raise Usage(str(error)) from error
    return Source(sfid, VirtualFile(content, lengths))


def _lengths(options: argparse.Namespace, size_bytes: int) -> tuple[int, ...] | None:
    """The lengths of the records, None for a file without; Usage when they cannot be those of the file."""
    if options.format not in STRUCTURED:
        if options.record_length or options.records:
            raise Usage("--record-length and --records are for --format F and V")
        return None
    if options.record_length < 1:
        raise Usage(f"--format {options.format} needs --record-length")
    lengths = cut_evenly(size_bytes, options.record_length)
    if options.records is not None:
        try:
            lengths = read(options.records.read_bytes())
        except OSError as error:
            raise Usage(f"{options.records}: {error.strerror}") from error
        except ValueError as error:
            raise Usage(f"{options.records} is no list of lengths, one a line") from error
    fault = fault_of(lengths, size_bytes, options.format, options.record_length)
    if fault is not None:
        raise Usage(fault)
    return tuple(lengths)
