"""The demo's cast: which licences are dropped, and which of them customs treats in a special way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
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


#: What customs does wrong with a licence each, beside declaring once too often.
WRONGS = (
    Mischief.EXCESS,
    Mischief.WRONG_UNIT,
    Mischief.REPEAT,
    Mischief.CONFLICT,
    Mischief.WRONG_SIGNATURE,
)


@dataclass(frozen=True, slots=True)
class Cast:
    """The licences, and the parts that some of them play.

    Of the releases against `corrected` one is amended and one withdrawn; against `out_of_order` the earliest
    is told last, when all uses are taken; `replaced` is used in part, `expiring` not at all and valid until
    today only.
    """

    licences: tuple[Licence, ...]
    thirteenth: LicenceKey
    mischief: dict[Mischief, LicenceKey]
    corrected: LicenceKey
    out_of_order: LicenceKey
    replaced: Licence
    expiring: LicenceKey

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
            lines += _rule(key, f"declarations = {GOOD_DECLARATIONS}", f'mischief = ["{mischief}"]')
        lines += _rule(self.corrected, "declarations = 3", "amend = 1", "withdraw = 1")
        lines += _rule(
            self.out_of_order,
            f"declarations = {THIRTEEN - 1}",
            f'mischief = ["{Mischief.REVERSAL_FIRST}", "{Mischief.LATE_EARLIER}"]',
        )
        lines += _rule(self.replaced.key, "declarations = 2")
        lines += _rule(self.expiring, "declarations = 0")
        return "\n".join(lines) + "\n"


def choose(samples: Path, at: datetime, extra: int) -> Cast:
    """The shipped samples, dated so that they are valid at `at`, and `extra` generated ones."""
    today = business_date(at)
    licences = [redate(licence, today) for licence in _shipped(samples)]
    licences += generate(_GENERATED_SEED, extra, today=today)
    multi = [one.key for one in licences if one.usage_mode is UsageMode.MULTI]
    thirteenth = next(key for key in multi if key.type is not LicenceType.AUTOMATIC_IMPORT)
    others = iter([key for key in multi if key != thirteenth])
    mischief = {wrong: next(others) for wrong in WRONGS}
    corrected = next(others)
    of_twelve = [key for key in others if key.type is not LicenceType.AUTOMATIC_IMPORT]
    out_of_order, replaced, expiring = of_twelve[:3]
    licences = [replace(one, valid_to=today) if one.key == expiring else one for one in licences]
    return Cast(
        licences=tuple(licences),
        thirteenth=thirteenth,
        mischief=mischief,
        corrected=corrected,
        out_of_order=out_of_order,
        replaced=next(one for one in licences if one.key == replaced),
        expiring=expiring,
    )


def _rule(key: LicenceKey, *said: str) -> list[str]:
    return ["", "[[licence]]", f'licence = "{key}"', *said]


def _shipped(samples: Path) -> Iterator[Licence]:
    for path in sorted(samples.glob("*.xml")):
        root = parsing.parse(path.read_bytes(), max_bytes=_MAX_SAMPLE_BYTES)
        message = reading.read_message(root)
        assert isinstance(message, LicenceIssue), f"{path} is a sample"
        yield message.licence


def file_name(key: LicenceKey) -> str:
    """The name under which a licence is dropped."""
    return f"{key.type.lower().replace('_', '-')}-{key.number}"
