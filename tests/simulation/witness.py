"""The witness: whatever leaves a process speaks of what is committed (no answer before its commit).

It stands between each process and the world, and sees the octets that the process gives to the network and
the names that it gives to files. For each that is an answer it looks at once into that process's database,
from outside, for what the answer speaks of. It reads the line by itself (RFC 5024 sections 5.3 and 8.2), with
nothing of the code that it watches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from tests.simulation.reading import ledger_of

_HEADER_BYTES = 4
#: Offsets and widths of what names a virtual file: dataset name, date, time (5.3.3, 5.3.12, 5.3.13).
_SFID = _EERP = ((1, 26), (30, 8), (38, 10))
_NERP = ((1, 26), (33, 8), (41, 10))
#: What stands before the messages of an interchange.
_FRAME_FIELDS = 5
_STATE = {"gateway": "state", "customs": "customs-state"}
_DER_SEQUENCE = b"\x30"

Identity = tuple[str, ...]
Fault = Callable[[str], None]


@dataclass
class Reader:
    """What one end of a connection has written so far: its commands, and the file that it offered last."""

    offered: Identity | None = None
    responded: Identity | None = None
    _rest: bytes = b""

    def commands(self, data: bytes) -> Iterator[bytes]:
        """The exchange buffers that are whole now."""
        self._rest += data
        while len(self._rest) >= _HEADER_BYTES:
            size = int.from_bytes(self._rest[1:_HEADER_BYTES], "big")
            if len(self._rest) < size:
                return
            command, self._rest = self._rest[_HEADER_BYTES:size], self._rest[size:]
            yield command


@dataclass
class Witness:
    """Sees what the processes of one town write; `fault` is told what must not be.

    `is_certain` tells whether what a file of a process holds would survive a power failure.
    """

    instance: Path
    fault: Fault
    is_certain: Callable[[str, Path], bool]
    _taken: set[tuple[str, Identity]] = field(default_factory=set)
    looked: int = 0

    # The line

    def wrote(self, house: str, ours: Reader, theirs: Reader, data: bytes) -> None:
        """`house` gives `data` to a connection on which `theirs` is what its partner wrote."""
        for command in ours.commands(data):
            match command[:1]:
                case b"H":
                    ours.offered = _named(command, _SFID)
                case b"2" if theirs.offered is not None:
                    self._goes_on(house, theirs.offered)
                case b"4" if theirs.offered is not None:
                    self._takes(house, theirs.offered)
                case b"E":
                    ours.responded = _named(command, _EERP)
                    self._responds(house, ours.responded)
                case b"N":
                    ours.responded = _named(command, _NERP)
                case b"P" if theirs.responded is not None:
                    self._has_response(house, theirs.responded)

    def _goes_on(self, house: str, file: Identity) -> None:
        """SFPA: never for a file that was taken over once, by the word of an EFPA."""
        if (house, file) in self._taken:
            self.fault(f"{house} takes {file} again, which it has taken over")

    def _takes(self, house: str, file: Identity) -> None:
        """EFPA: the file is whole and on the disk, and known as such."""
        self._taken.add((house, file))
        rows = self._ask(house, "SELECT status, path FROM inbound_file WHERE", file)
        if [status for status, _ in rows if status != "RECEIVING"] == []:
            self.fault(f"{house} confirms {file} before the commit: {rows}")
        for status, path in rows:
            if status == "STORED" and not _is_whole(Path(path)):
                self.fault(f"{house} confirms {file}, which is not whole")
            if status == "STORED" and not self.is_certain(house, Path(path)):
                self.fault(f"{house} confirms {file}, which is not synced")

    def _responds(self, house: str, file: Identity) -> None:
        """EERP: the file is known, and the response is due."""
        query = "SELECT status, receipt_status FROM inbound_file WHERE"
        rows = self._ask(house, query, file)
        if not any(status != "RECEIVING" and receipt != "NONE" for status, receipt in rows):
            self.fault(f"{house} sends an EERP for {file} before the commit: {rows}")

    def _has_response(self, house: str, file: Identity) -> None:
        """RTR: the response is recorded. What is not known here needs no record."""
        rows = self._ask(house, "SELECT status FROM interchange WHERE", file)
        if rows and not any(status in ("DELIVERED", "REFUSED") for (status,) in rows):
            self.fault(f"{house} takes the response to {file} before the commit: {rows}")

    def _ask(self, house: str, query: str, file: Identity) -> list[tuple[str, ...]]:
        self.looked += 1
        with closing(ledger_of(self.instance, _STATE[house])) as database:
            named = f"{query} dataset_name = ? AND file_date = ? AND file_time = ?"
            return list(database.execute(named, file))

    # The spool

    def named(self, house: str, path: Path) -> None:
        """`house` gives a file its name: in `out/` it is an answer, and what it answers is committed."""
        if house != "gateway" or path.parent.name != "out" or path.suffix == ".tmp":
            return
        plain = path.name.partition("~")[0].removesuffix(path.suffix)
        if not self._count("SELECT count(*) FROM feedback WHERE name LIKE ?", f"{plain}%"):
            self.fault(f"{path.name} is in out/ before the commit")

    def removed(self, house: str, path: Path) -> None:
        """`house` lets go of a file: of one in `work/` there is an answer."""
        if house != "gateway" or path.parent.name != "work":
            return
        stem = path.name.removesuffix(".xml").removesuffix(".urgent")
        if not self._count("SELECT count(*) FROM feedback WHERE name LIKE ?", f"{stem}.%"):
            self.fault(f"{path.name} leaves work/ before the commit")

    def _count(self, query: str, value: str) -> int:
        self.looked += 1
        with closing(ledger_of(self.instance, _STATE["gateway"])) as database:
            return int(database.execute(query, (value,)).fetchone()[0])


def _named(command: bytes, fields: tuple[tuple[int, int], ...]) -> Identity:
    return tuple(command[start : start + width].decode("ascii").strip() for start, width in fields)


def _is_whole(path: Path) -> bool:
    """Whether an interchange reads to its end, and has as many members as it says; a CMS is not opened."""
    try:
        if path.read_bytes()[:1] == _DER_SEQUENCE:
            return True
        root = etree.parse(str(path)).getroot()
        return len(root) - _FRAME_FIELDS == int(root.findtext("{*}MessageCount") or -1)
    except (OSError, etree.XMLSyntaxError, ValueError):
        return False
