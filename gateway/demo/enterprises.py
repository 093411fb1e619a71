"""Invented enterprises and authorities. The names say that they are samples (样例); no real one is meant."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from licencexml.party_code import uscc_check_character
from licencexml.values import Party

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_FANCY = ("北辰", "海晏", "云帆", "远汐", "嘉禾", "澄江", "启明", "瑞谷", "南浦", "长汀", "望舒", "扶摇")
#: Registered as a company, a foundation, a cooperative: letters in the first two places exist.
_REGISTERS = ("91", "91", "91", "91", "91", "92", "93", "N2", "Y1")


@dataclass(frozen=True, slots=True)
class Place:
    """A city: its region code (GB/T 2260), its customs district, and its invented issuing office's code."""

    city: str
    region: str
    port: str
    issuer: str


PLACES = (
    Place("北京", "110105", "0100", "AA"),
    Place("天津", "120116", "0200", "AB"),
    Place("上海", "310115", "2200", "AC"),
    Place("宁波", "330206", "3100", "AD"),
    Place("厦门", "350206", "3700", "AE"),
    Place("青岛", "370211", "4200", "AF"),
    Place("广州", "440112", "5100", "AG"),
    Place("深圳", "440304", "5300", "AH"),
)


def enterprise(random: Random, place: Place, trade: str) -> Party:
    """A company of `place` with a right social credit code; one in eight has a 13-digit code."""
    name = f"{place.city}{random.choice(_FANCY)}样例{trade}有限公司"
    organisation = _organisation_code(random)
    if random.randrange(8) == 0:
        return Party(name, place.region[:4] + organisation)
    body = random.choice(_REGISTERS) + place.region + organisation
    return Party(name, body + uscc_check_character(body))


def authority(place: Place) -> str:
    """The name of the issuing office there."""
    return f"{place.city}许可证签发样例机构"


def _organisation_code(random: Random) -> str:
    """Nine characters with the check of GB 11714. They begin with YY, which keeps clear of real ones."""
    body = "YY" + "".join(random.choice("0123456789") for _ in range(6))
    total = sum(
        int(character, 36) * weight for character, weight in zip(body, _ORGANISATION_WEIGHTS, strict=True)
    )
    return body + "0123456789X0"[(11 - total % 11) % 11 if total % 11 else 11]
