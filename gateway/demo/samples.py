"""Licences from a seed: as many as wanted, valid in law on a given day, the same for the same arguments."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from random import Random

from gateway.demo.catalogue import CATALOGUE
from gateway.demo.enterprises import PLACES, Place, authority, enterprise
from gateway.demo.goods import COUNTED, Family, Goods
from gateway.licences.validity import months_after
from licencexml import parsing, reading
from licencexml.messages import GoodsLine, Header, Licence, LicenceIssue
from licencexml.values import LicenceKey, LicenceType, Medium, Money, Quantity, UsageMode

MAX_LINES = 20
_LINE_COUNTS = (1, 1, 1, 2, 2, 3, 3, 4, 5, 6, 8, 10, 12, 15, 20)
_BASE_36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#: Invented rates: US dollars for one unit of currency.
_DOLLARS = {"USD": Decimal(1), "EUR": Decimal("1.08"), "CNY": Decimal("0.14")}
_MAX_AGE_DAYS = 40
_MAX_SAMPLE_BYTES = 2**20
_VALIDITY_MONTHS = 6


def generate(
    seed: int,
    count: int,
    *,
    today: date,
    types: Sequence[LicenceType] = tuple(LicenceType),
    lines: int | None = None,
) -> Iterator[Licence]:
    """`count` licences, types and goods in turn, each with `lines` goods lines (1 to 20; None: as it comes).

    All were issued in the year of `today`, at most 40 days before it, and are valid on it. Numbers do not
    repeat within a seed, and hardly ever between seeds.
    """
    assert lines is None or 1 <= lines <= MAX_LINES, "a licence has 1 to 20 lines"
    for index in range(count):
        # Not a secret: the point is that the same seed gives the same licences.
        random = Random(f"{seed}/{index}")  # noqa: S311
        licence_type = types[index % len(types)]
        families = CATALOGUE[licence_type]
        family = families[(seed + index // len(types)) % len(families)]
        serial = _serial(seed, index)
        yield _licence(random, licence_type, family, serial=serial, today=today, lines=lines)


def redate(licence: Licence, today: date) -> Licence:
    """The same licence as if it had been issued on `today`: dates and the year in its number."""
    number = f"{today:%y}{licence.key.number[2:]}"
    return dataclasses.replace(
        licence,
        key=LicenceKey(licence.key.type, number),
        licence_date=today,
        valid_from=today,
        valid_to=_valid_to(licence.key.type, today),
    )


def shipped(folder: Path) -> Iterator[Licence]:
    """The licences in the sample documents of `folder` (conf/samples), by name.

    Raises OSError, or Malformed if somebody spoiled one.
    """
    for path in sorted(folder.glob("*.xml")):
        message = reading.read_message(parsing.parse(path.read_bytes(), max_bytes=_MAX_SAMPLE_BYTES))
        assert isinstance(message, LicenceIssue), f"{path.name} is a LicenceIssue"
        yield message.licence


def issue_message(
    licence: Licence, *, sender: str, receiver: str, message_id: str, created: datetime, urgent: bool = False
) -> LicenceIssue:
    """The unsigned message that hands `licence` over; `created` is aware."""
    return LicenceIssue(Header(message_id, sender, receiver, created), licence, urgent)


def _licence(
    random: Random,
    licence_type: LicenceType,
    family: Family,
    *,
    serial: str,
    today: date,
    lines: int | None,
) -> Licence:
    place = random.choice(PLACES)
    issued = max(today - timedelta(days=random.randint(0, _MAX_AGE_DAYS)), today.replace(month=1, day=1))
    operator = enterprise(random, place, family.trade)
    same = licence_type is LicenceType.EXPORT or random.random() < 0.5  # noqa: PLR2004 - an even chance
    country = random.choice(family.countries)
    medium = Medium.PAPER if family.paper else Medium.ELECTRONIC
    multi = family.multi_use and random.random() < 0.6  # noqa: PLR2004 - rather more than half
    currency = random.choice(("USD", "USD", "USD", "EUR", "CNY"))
    status = family.status if licence_type is LicenceType.AUTOMATIC_IMPORT else None
    common = Licence(
        key=LicenceKey(licence_type, f"{issued:%y}-{place.issuer}-{serial}"),
        medium=medium,
        usage_mode=UsageMode.MULTI if multi else UsageMode.SINGLE,
        operator=operator,
        counterpart=operator if same else enterprise(random, random.choice(PLACES), family.trade),
        valid_from=issued,
        valid_to=_valid_to(licence_type, issued),
        licence_date=issued,
        issuing_authority=authority(place),
        terms_of_trade=random.choice(("一般贸易", "一般贸易", "一般贸易", "进料加工", "边境小额贸易")),
        clearance_port=place.port,
        country=country,
        lines=_lines(random, family, currency, status, lines or random.choice(_LINE_COUNTS)),
        remarks="非一批一证" if multi else None,
        form_number=f"{random.randrange(10**7):07d}" if medium is Medium.PAPER else None,
    )
    return _with_own_fields(random, common, family, country, place)


def _with_own_fields(random: Random, licence: Licence, family: Family, country: str, place: Place) -> Licence:
    """The fields that only export licences, or only import licences have."""
    if licence.key.type is LicenceType.EXPORT:
        return dataclasses.replace(
            licence,
            contract_number=f"YL{licence.valid_from:%y%m}-{place.port}-{random.randrange(1000):03d}",
            terms_of_payment=random.choice(("信用证", "电汇", "付款交单")),
            mode_of_transport=random.choice(("江海运输", "江海运输", "铁路运输", "公路运输")),
        )
    return dataclasses.replace(
        licence,
        terms_of_foreign_exchange=random.choice(("银行购汇", "现汇", "外资")),
        country_of_origin=country if random.randrange(4) else random.choice(family.countries),
        use=random.choice(("内销", "自用", "加工返销")),
    )


def _lines(
    random: Random, family: Family, currency: str, status: str | None, count: int
) -> tuple[GoodsLine, ...]:
    return tuple(
        _line(random, family.goods[n % len(family.goods)], currency, status, number=n + 1)
        for n in range(count)
    )


def _line(random: Random, goods: Goods, currency: str, status: str | None, number: int) -> GoodsLine:
    quantity, price = _quantity_and_price(random, goods, currency)
    amount = quantity * price
    dollars = (amount * _DOLLARS[currency]).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    specifications = (random.choice(goods.specifications), f"批次{number:02d}")
    return GoodsLine(
        line_number=number,
        goods_code=goods.code,
        goods_name=goods.name,
        quantity=Quantity.of(quantity, goods.unit),
        unit_price=Money.of(price, currency),
        amount=Money.of(amount, currency),
        amount_usd=Money.of(dollars, "USD"),
        specification=specifications if random.random() < 0.8 else (),  # noqa: PLR2004 - most have one
        goods_status=status,
    )


def _quantity_and_price(random: Random, goods: Goods, currency: str) -> tuple[Decimal, Decimal]:
    """Their product is exact in 4 places: counted things are whole; fine weights go with round prices."""
    local = [Decimal(bound) / _DOLLARS[currency] for bound in goods.price]
    price = Decimal(random.randint(int(local[0] * 100), int(local[1] * 100))).scaleb(-2)
    if goods.unit in COUNTED:
        return Decimal(random.randint(*goods.quantity)), price
    if random.randrange(6) == 0:
        fine = random.randint(goods.quantity[0] * 10**5, goods.quantity[1] * 10**5)
        return Decimal(fine).scaleb(-5), max(price.quantize(Decimal("1E1")), Decimal(10)).quantize(Decimal(1))
    weight = random.randint(goods.quantity[0] * 100, goods.quantity[1] * 100)
    return Decimal(weight).scaleb(-2), price


def _valid_to(licence_type: LicenceType, issued: date) -> date:
    """Import: the calendar year; export and automatic import: six months within it (2008年第11号 art. 13)."""
    end_of_year = issued.replace(month=12, day=31)
    if licence_type is LicenceType.IMPORT:
        return end_of_year
    return min(end_of_year, months_after(issued, _VALIDITY_MONTHS))


def _serial(seed: int, index: int) -> str:
    """Six characters of base 36, counted from a place that the seed chooses."""
    start = Random(seed).randrange(36**6)  # noqa: S311 - not a secret, as above
    number, digits = (start + index) % 36**6, ""
    for _ in range(6):
        number, digit = divmod(number, 36)
        digits = _BASE_36[digit] + digits
    return digits
