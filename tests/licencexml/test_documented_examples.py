"""The examples in docs/messages.md are messages, and each new kind has one."""

from __future__ import annotations

import re
from pathlib import Path

from licencexml import parsing, reading
from licencexml.messages import kind_of
from licencexml.schema import Schemas

PAGE = Path(__file__).parents[2] / "docs" / "messages.md"
EXAMPLES = re.findall("```xml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


def test_each_example_is_a_message(schemas: Schemas) -> None:
    kinds = []
    for example in EXAMPLES:
        root = parsing.parse(example.encode(), max_bytes=2**20)
        assert schemas.check(root) == ()
        kinds.append(kind_of(reading.read_message(root)))
    assert kinds == [
        "LicenceReplacement",
        "LicenceRevocation",
        "LicenceSuspension",
        "WriteOff",
        "WriteOffAmendment",
        "WriteOffReversal",
        "LicenceQuery",
        "LicenceQueryReply",
        "Reconciliation",
    ]
