"""Hypothesis strategies: any message that the schema permits."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

from hypothesis import strategies as st

from licencexml import messages as m
from licencexml.party_code import uscc_check_character
from licencexml.rejection import Rejection, Where
from licencexml.values import (
    LicenceKey,
    LicenceType,
    Medium,
    Money,
    Party,
    PermittedEnterprise,
    PermittedGround,
    Quantity,
    UsageMode,
)

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_XML_CHARACTERS = st.characters(
    codec="utf-8", exclude_categories=("Cc", "Cs", "Cn"), exclude_characters="\ufffe\uffff"
)


def tokens(longest: int) -> st.SearchStrategy[str]:
    """Text without leading, trailing or double spaces, as the schema's tokens are."""
    return (
        st.text(_XML_CHARACTERS, min_size=1, max_size=longest)
        .map(lambda text: " ".join(text.split(" ")).strip(" "))
        .filter(lambda text: bool(text) and "  " not in text)
    )


kept = st.text(_XML_CHARACTERS | st.sampled_from("\n\r\t"), min_size=1, max_size=60)
identifiers = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._\-]{0,63}", fullmatch=True)
participants = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._\-]{0,34}", fullmatch=True)
instants = st.datetimes(
    datetime.fromisoformat("2000-01-02"),
    datetime.fromisoformat("2099-12-30"),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=8))]),
)
dates = st.dates(date(2000, 1, 1), date(2099, 12, 31))
countries = st.from_regex("[A-Z]{3}", fullmatch=True)
ports = st.from_regex("[0-9]{4}", fullmatch=True)
ordinals = st.integers(1, 9999)
_new_codes = st.builds(
    "{}{}{}".format,
    st.text(_ALPHABET, min_size=2, max_size=2),
    st.text("0123456789", min_size=6, max_size=6),
    st.text(_ALPHABET, min_size=9, max_size=9),
).map(lambda body: body + uscc_check_character(body))
_old_codes = st.from_regex("[0-9]{4}[0-9A-Z]{8}[0-9X]", fullmatch=True)
parties = st.builds(Party, tokens(100), _new_codes | _old_codes)
permitted = st.lists(st.builds(PermittedEnterprise, parties, st.sampled_from(PermittedGround)), max_size=3)
units = st.sampled_from(["001", "035", "070"])
quantities = st.builds(
    Quantity.of, st.decimals(Decimal("0.00001"), Decimal("99999999999999.99999"), places=5), units
)
keys = st.builds(
    LicenceKey,
    st.sampled_from(LicenceType),
    st.from_regex("[0-9]{2}-[0-9A-Z]{2}-[0-9A-Z]{6}", fullmatch=True),
)
headers = st.builds(m.Header, identifiers, participants, participants, instants, st.none() | identifiers)
answer_headers = st.builds(m.Header, identifiers, participants, participants, instants, identifiers)


@st.composite
def goods_lines(draw: st.DrawFn, number: int, currency: str, status: bool) -> m.GoodsLine:
    money = st.decimals(0, Decimal("9999999999999.9999"), places=4).map(lambda a: Money.of(a, currency))
    return m.GoodsLine(
        line_number=number,
        goods_code=draw(st.from_regex("[0-9]{10}", fullmatch=True)),
        goods_name=draw(tokens(255)),
        quantity=Quantity.of(
            draw(st.decimals(Decimal("0.00001"), Decimal("999999999999.99999"), places=5)), draw(units)
        ),
        unit_price=draw(money),
        amount=draw(money),
        amount_usd=Money(draw(money).amount, "USD"),
        specification=tuple(draw(st.lists(tokens(255), max_size=4))),
        goods_status=draw(tokens(64)) if status else None,
    )


@st.composite
def licences(draw: st.DrawFn) -> m.Licence:
    key = draw(keys)
    export = key.type is LicenceType.EXPORT
    currency = draw(st.from_regex("[A-Z]{3}", fullmatch=True))
    numbers = draw(st.lists(ordinals, min_size=1, max_size=4, unique=True))
    medium = draw(st.sampled_from(Medium))
    form_numbers = st.from_regex("[0-9]{7}", fullmatch=True)
    short = tokens(64)
    automatic = key.type is LicenceType.AUTOMATIC_IMPORT
    return m.Licence(
        key=key,
        medium=medium,
        usage_mode=draw(st.sampled_from(UsageMode)),
        operator=draw(parties),
        counterpart=draw(parties),
        valid_from=draw(dates),
        valid_to=draw(dates),
        licence_date=draw(dates),
        issuing_authority=draw(tokens(100)),
        terms_of_trade=draw(short),
        clearance_port=draw(ports),
        country=draw(countries),
        lines=tuple(draw(goods_lines(number, currency, automatic)) for number in numbers),
        terms_of_foreign_exchange=None if export else draw(short),
        contract_number=draw(
            st.from_regex(r"[!-~]([ -~]{0,15}[!-~])?", fullmatch=True).filter(lambda text: "  " not in text)
        )
        if export
        else None,
        country_of_origin=None if export else draw(countries),
        terms_of_payment=draw(short) if export else None,
        use=None if export else draw(short),
        mode_of_transport=draw(short) if export else None,
        permitted=tuple(draw(permitted)) if export else (),
        remarks=draw(st.none() | kept),
        form_number=draw(form_numbers if medium is Medium.PAPER else st.none() | form_numbers),
    )


goods_codes = st.from_regex("[0-9]{10}", fullmatch=True)
paper_faces = st.builds(
    m.PaperFace,
    operator=parties,
    lines=st.lists(st.builds(m.PaperLine, goods_codes, tokens(255), quantities), min_size=1, max_size=3).map(
        tuple
    ),
    country=countries,
    terms_of_trade=tokens(64),
    valid_to=dates,
    clearance_port=ports,
    valid_from=st.none() | dates,
)


@st.composite
def declarations(draw: st.DrawFn) -> m.Declaration:
    numbers = draw(st.lists(st.tuples(ordinals, ordinals), min_size=1, max_size=4, unique=True))
    lines = tuple(
        m.DeclarationLine(
            number,
            sequence,
            draw(goods_codes),
            draw(quantities),
            draw(st.none() | ordinals),
        )
        for number, sequence in numbers
    )
    entry_id = draw(st.from_regex("[0-9A-Z]{18}", fullmatch=True))
    return m.Declaration(
        entry_id,
        draw(parties),
        draw(ports),
        draw(countries),
        draw(instants),
        lines,
        draw(st.none() | paper_faces),
    )


rejections = st.builds(
    Rejection,
    st.from_regex("[A-Z][A-Z0-9_]{0,63}", fullmatch=True),
    st.builds(Where, st.none() | st.integers(1, 2**31), st.none() | kept),
    kept,
    kept,
    kept,
    kept,
)
issues = st.builds(m.LicenceIssue, headers, licences(), st.booleans())
write_offs = st.builds(m.WriteOff, headers, keys, declarations())
technical_acks = st.builds(
    m.TechnicalAck,
    answer_headers,
    identifiers,
    st.sampled_from(m.TechnicalStatus),
    st.integers(0, 999_999),
    st.lists(rejections, max_size=3).map(tuple),
)
application_acks = st.builds(
    m.ApplicationAck,
    answer_headers,
    st.builds(m.AckSubject, identifiers, st.sampled_from(["WriteOff", "LicenceIssue"])),
    st.sampled_from(m.AckStatus),
    st.none() | keys,
    st.lists(rejections, max_size=3).map(tuple),
)
