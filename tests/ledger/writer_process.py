"""A process that writes to a ledger on its own threads and says what it was told is committed.

Run as `python writer_process.py PATH`, with the source roots on PYTHONPATH; it goes on until it is killed.
"""

from __future__ import annotations

import itertools
import sys
from dataclasses import replace
from pathlib import Path

from twisted.internet.selectreactor import SelectReactor

from gateway.clock import business_date, system_clock
from gateway.ledger import book
from gateway.ledger.runners import ThreadRunners
from gateway.ledger.store import Ledger
from licencexml.values import LicenceKey
from tests.ledger.makers import issue_received, sealed
from tests.licences.makers import POLICY, licence

IN_HAND = 8


def main(path: Path) -> None:
    reactor = SelectReactor()
    ledger = Ledger.open(path, clock=system_clock, runners=ThreadRunners(reactor))
    numbers = itertools.count(_first_free(path))
    today = business_date(system_clock())

    def write(number: int) -> None:
        key = LicenceKey.parse(f"EXPORT/26-AA-{number:06d}")
        valid_today = replace(licence(key, valid_from=today, valid_to=today), licence_date=today)
        done = ledger.submit(
            lambda uow: (
                book.accept_issues(uow, [issue_received(valid_today, f"i-{number}")], POLICY),
                book.record_seals(uow, [sealed(key, f"s-{number}", f"i-{number}")]),
            )
        )
        done.addCallback(lambda _: tell(number))

    def tell(number: int) -> None:
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        write(next(numbers))

    for _ in range(IN_HAND):
        write(next(numbers))
    reactor.run(installSignalHandlers=False)


def _first_free(path: Path) -> int:
    return int(path.with_suffix(".next").read_text())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
