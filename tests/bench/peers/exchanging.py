"""What both peers' scripts share: documents and keys in, processor time of each exchange out (JSON).

The scripts run in an environment of their own, without the gateway: PYTHON SCRIPT FOLDER COUNT.
In FOLDER are `documents/*.xml` and, as PEM, `ours.key`, `ours.pem`, `theirs.key`, `theirs.pem`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

#: Exchanges that are not counted: imports on first use, caches.
_TO_WARM_UP = 20


def run(package: str, prepare: Callable[[Path], Callable[[bytes], None]]) -> None:
    """Exchange COUNT documents; prints the package's version and microseconds of processor an exchange."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("count", type=int)
    options = parser.parse_args()
    documents = [path.read_bytes() for path in sorted((options.folder / "documents").glob("*.xml"))]
    exchange = prepare(options.folder)
    for number in range(_TO_WARM_UP):
        exchange(documents[number % len(documents)])
    began = time.process_time()
    for number in range(options.count):
        exchange(documents[number % len(documents)])
    seconds = time.process_time() - began
    found = {
        "package": package,
        "version": version(package),
        "microseconds": seconds / options.count * 1e6,
    }
    sys.stdout.write(json.dumps(found))
