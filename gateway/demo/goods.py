"""What goods on samples are: tariff code, name, customs unit, usual price."""

from __future__ import annotations

from dataclasses import dataclass

PIECE, VEHICLE, HEAD, BIRD, KILOGRAM, TONNE = "001", "003", "009", "008", "035", "070"
#: Units that are counted, not measured.
COUNTED = frozenset({PIECE, VEHICLE, HEAD, BIRD})


@dataclass(frozen=True, slots=True)
class Goods:
    """One tariff line: `price` and `quantity` are the usual range."""

    code: str
    name: str
    unit: str
    price: tuple[int, int]
    quantity: tuple[int, int]
    specifications: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """Goods that stand together on one licence. `slug` names it in file names, `trade` in company names."""

    slug: str
    trade: str
    goods: tuple[Goods, ...]
    countries: tuple[str, ...]
    multi_use: bool = True
    paper: bool = False
    status: str = "新"
