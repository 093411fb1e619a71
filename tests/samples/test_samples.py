"""The generator keeps the law's shape, and what is shipped is what it generates."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from gateway.demo import sample_files
from gateway.demo.catalogue import CATALOGUE, family_of
from gateway.demo.goods import COUNTED
from gateway.demo.samples import generate, issue_message, redate, shipped
from gateway.licences.issue import decide_issue
from licencexml import parsing, reading, writing
from licencexml.messages import Licence
from licencexml.schema import Schemas
from licencexml.values import LicenceType, Medium, UsageMode
from tests.licences.makers import POLICY

HOME = Path(__file__).parents[2]
FOLDER = HOME / "conf" / "samples"
PLANNED = dict(sample_files.planned())
DAYS = [date(2026, 11, 21), date(2027, 1, 1), date(2026, 2, 1), date(2028, 2, 29), date(2026, 12, 31)]


@pytest.fixture(scope="module")
def schemas() -> Schemas:
    return Schemas.load(HOME / "xsd")


@pytest.mark.parametrize("name", PLANNED)
def test_a_shipped_sample_is_valid_and_equals_what_the_generator_gives(name: str, schemas: Schemas) -> None:
    data = (FOLDER / name).read_bytes()
    root = parsing.parse(data, max_bytes=2**20)
    assert schemas.check(root) == ()
    assert reading.read_message(root) == PLANNED[name]
    assert data == sample_files.document(PLANNED[name])


def test_the_folder_holds_the_samples_and_a_readme_that_names_each() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {*PLANNED, "README.md"}
    readme = (FOLDER / "README.md").read_text("utf-8")
    assert [name for name in PLANNED if name not in readme] == []


def test_the_shipped_samples_show_what_there_is() -> None:
    licences = [message.licence for message in PLANNED.values()]
    assert len(licences) >= 60
    assert sorted(licences, key=str) == sorted(shipped(FOLDER), key=str)
    for licence_type in LicenceType:
        of_type = [licence for licence in licences if licence.key.type is licence_type]
        assert len(of_type) >= 20
        assert {len(licence.lines) for licence in of_type} == set(range(1, 21))
        assert {licence.usage_mode for licence in of_type} == set(UsageMode)
    assert len({licence.key for licence in licences}) == len(licences)
    assert len({message.header.message_id for message in PLANNED.values()}) == len(licences)
    assert any(message.urgent for message in PLANNED.values())
    codes = [party.code for licence in licences for party in (licence.operator, licence.counterpart)]
    assert {len(code) for code in codes} == {13, 18}
    assert any(code[0] in "NY" for code in codes)
    assert {licence.medium for licence in licences} == set(Medium)


@pytest.mark.parametrize("today", DAYS)
def test_generated_licences_are_valid_on_the_day(today: date, schemas: Schemas) -> None:
    created = datetime(2026, 11, 21, tzinfo=UTC)
    for n, licence in enumerate(generate(7, 60, today=today)):
        _assert_lawful(licence, today)
        message = issue_message(
            licence, sender="I", receiver="G", message_id=f"M{n}", created=created, urgent=False
        )
        root = parsing.parse(writing.serialise(writing.write_message(message)), max_bytes=2**20)
        assert schemas.check(root) == ()
        assert reading.read_message(root) == message


def _assert_lawful(licence: Licence, today: date) -> None:
    assert decide_issue(licence, None, POLICY, today).rejections == ()
    assert licence.licence_date <= licence.valid_from <= today <= licence.valid_to
    assert licence.valid_to.year == licence.valid_from.year == today.year
    assert licence.key.number.startswith(f"{today:%y}-")
    for line in licence.lines:
        assert line.unit_price.amount * line.quantity.amount == line.amount.amount
        assert line.unit_price.amount > 0
        family = family_of(licence.key.type, line.goods_code)
        (goods,) = [one for one in family.goods if one.code == line.goods_code]
        assert line.quantity.unit == goods.unit
        assert goods.unit not in COUNTED or line.quantity.amount % 1 == 0
        assert licence.usage_mode is UsageMode.SINGLE or family.multi_use


@pytest.mark.parametrize("today", DAYS)
def test_a_redated_licence_is_as_if_issued_on_the_day(today: date) -> None:
    for licence in generate(3, 30, today=date(2026, 11, 21)):
        again = redate(licence, today)
        _assert_lawful(again, today)
        assert again.lines == licence.lines
        assert again.key.type == licence.key.type
        assert again.key.number[3:] == licence.key.number[3:]
        assert redate(again, today) == again


def test_the_same_seed_gives_the_same_licences_and_another_seed_others() -> None:
    today = date(2026, 11, 21)
    assert list(generate(1, 20, today=today)) == list(generate(1, 20, today=today))
    one = {licence.key for licence in generate(1, 2000, today=today, lines=1)}
    other = {licence.key for licence in generate(2, 2000, today=today, lines=1)}
    assert len(one) == len(other) == 2000
    assert not one & other


def test_types_and_lines_are_as_asked() -> None:
    made = list(generate(5, 9, today=date(2026, 11, 21), types=(LicenceType.EXPORT,), lines=20))
    assert {licence.key.type for licence in made} == {LicenceType.EXPORT}
    assert {len(licence.lines) for licence in made} == {20}


def test_some_quantities_use_all_five_places() -> None:
    amounts = [
        line.quantity.amount
        for licence in generate(1, 60, today=date(2026, 11, 21))
        for line in licence.lines
    ]
    assert any(amount.normalize().as_tuple().exponent == -5 for amount in amounts)


def test_every_family_has_a_slug_of_its_own_within_its_type() -> None:
    for families in CATALOGUE.values():
        assert len({family.slug for family in families}) == len(families)
        codes = [goods.code for family in families for goods in family.goods]
        assert len(set(codes)) == len(codes)


def test_unknown_goods_have_no_family() -> None:
    with pytest.raises(LookupError):
        family_of(LicenceType.IMPORT, "0000000000")
