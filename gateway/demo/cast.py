"""The demo's cast: which licences are dropped, and which of them customs treats in a special way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gateway.clock import business_date
from gateway.customs.scenario import Mischief
from gateway.demo.samples import generate, redate
from licencexml import parsing, reading
from licencexml.messages import Licence, LicenceIssue
from licencexml.values import LicenceKey, LicenceType, UsageMode

_GENERATED_SEED = 4242
_MAX_SAMPLE_BYTES = 1024 * 1024
#: One declaration more than a multi-use licence allows (外经贸配管发〔2000〕539号 art. 8(5)).
THIRTEEN = 13
#: How many declarations in order precede what goes wrong.
GOOD_DECLARATIONS = 2


@dataclass(frozen=True, slots=True)
class Cast:
    """The licences, and the parts that some of them play."""

    licences: tuple[Licence, ...]
    thirteenth: LicenceKey
    mischief: dict[Mischief, LicenceKey]

    def scenario(self) -> str:
        """The scenario for customs, as TOML."""
        lines = [
            "# What the simulated customs does in this demo. See docs/operations.md.",
            "[single]",
            "declarations = 1",
            'share = "1"',
            "[multi]",
            "declarations = 3",
            'share = "0.6"',
            "",
            "# One declaration more than the law allows.",
            "[[licence]]",
            f'licence = "{self.thirteenth}"',
            f"declarations = {THIRTEEN}",
            'share = "0.65"',
        ]
        for mischief, key in self.mischief.items():
            lines += [
                "",
                "[[licence]]",
                f'licence = "{key}"',
                "declarations = 2",
                f'mischief = ["{mischief}"]',
            ]
        return "\n".join(lines) + "\n"


def choose(samples: Path, at: datetime, extra: int) -> Cast:
    """The shipped samples, dated so that they are valid at `at`, and `extra` generated ones."""
    today = business_date(at)
    licences = [redate(licence, today) for licence in _shipped(samples)]
    licences += generate(_GENERATED_SEED, extra, today=today)
    multi = [one.key for one in licences if one.usage_mode is UsageMode.MULTI]
    thirteenth = next(key for key in multi if key.type is not LicenceType.AUTOMATIC_IMPORT)
    others = [key for key in multi if key != thirteenth]
    kinds = [one for one in Mischief if one is not Mischief.NONE]
    return Cast(tuple(licences), thirteenth, dict(zip(kinds, others, strict=False)))


def _shipped(samples: Path) -> Iterator[Licence]:
    for path in sorted(samples.glob("*.xml")):
        root = parsing.parse(path.read_bytes(), max_bytes=_MAX_SAMPLE_BYTES)
        message = reading.read_message(root)
        assert isinstance(message, LicenceIssue), f"{path} is a sample"
        yield message.licence


def file_name(key: LicenceKey) -> str:
    """The name under which a licence is dropped."""
    return f"{key.type.lower().replace('_', '-')}-{key.number}"
