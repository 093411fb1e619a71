"""A worker process begins its work soon, and costs little memory: it loads nothing that it has no use for."""

from __future__ import annotations

import subprocess
import sys


def test_a_worker_loads_neither_database_nor_configuration_nor_explanations() -> None:
    script = (
        "import gateway.exchange.bench, gateway.customs.bench, gateway.exchange.workers, sys;"
        "print(sorted({'sqlalchemy', 'pydantic', 'gateway.ledger', 'xmlschema'} & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert (run.stdout, run.stderr) == ("[]\n", "")
