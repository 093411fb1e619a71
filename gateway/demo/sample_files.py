"""The samples that are shipped in conf/samples: which they are, and their files' content.

`samples.shipped` reads them back.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

from lxml import etree

from gateway.demo.catalogue import family_of
from gateway.demo.samples import MAX_LINES, generate, issue_message
from licencexml import writing
from licencexml.messages import Licence, LicenceIssue
from licencexml.values import LicenceType

#: The day on which the shipped samples were issued and are valid.
TODAY = date(2026, 11, 21)
SEED = 494
PER_TYPE = 22
SENDER = "ISSUER-SAMPLE"
RECEIVER = "CN-GATEWAY"
_CREATED = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
_PREFIX = {
    LicenceType.IMPORT: "import",
    LicenceType.EXPORT: "export",
    LicenceType.AUTOMATIC_IMPORT: "automatic",
}


def planned() -> Iterator[tuple[str, LicenceIssue]]:
    """Every shipped sample: its file's name and its message. Every number of lines from 1 to 20 occurs."""
    for offset, licence_type in enumerate(LicenceType):
        for n in range(PER_TYPE):
            seed = SEED + offset * PER_TYPE + n
            (licence,) = generate(seed, 1, today=TODAY, types=(licence_type,), lines=n % MAX_LINES + 1)
            name = _name(licence, n + 1)
            yield (
                name,
                issue_message(
                    licence,
                    sender=SENDER,
                    receiver=RECEIVER,
                    message_id=f"SAMPLE-{name.removesuffix('.xml')}",
                    created=_CREATED,
                    urgent=n % 10 == 0,
                ),
            )


def document(message: LicenceIssue) -> bytes:
    """A readable file: XML declaration, indented. Signing such a file keeps its white space."""
    element = writing.write_message(message)
    etree.indent(element)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + writing.serialise(element) + b"\n"


def _name(licence: Licence, n: int) -> str:
    family = family_of(licence.key.type, licence.lines[0].goods_code)
    return f"{_PREFIX[licence.key.type]}-{family.slug}-{licence.usage_mode.lower()}-{n:02d}.xml"
