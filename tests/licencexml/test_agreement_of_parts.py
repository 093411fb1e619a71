"""What the schema cannot say of replacements, revocations, reversals, replies and reconciliations."""

from __future__ import annotations

import dataclasses
from typing import cast

import pytest

from licencexml import messages as m
from licencexml import parsing, reading
from licencexml.rejection import Rejection
from licencexml.schema import Schemas
from licencexml.values import LicenceKey, LicenceType, Quantity
from tests.licencexml.examples import BALANCES, FIGURES, KEY, MESSAGES, REVOCATION, TRANSFERS, tree

REPLACEMENT = cast("m.LicenceReplacement", MESSAGES["replacement-import"])
REVERSAL = cast("m.WriteOffReversal", MESSAGES["reversal"])
REPLY = cast("m.LicenceQueryReply", MESSAGES["reply"])
REPORT = cast("m.Reconciliation", MESSAGES["reconciliation"])
OVER, LEFT = BALANCES
NOTHING = Quantity.of(0, "070")


def faults(message: m.Message, schemas: Schemas) -> list[Rejection]:
    """What is found in reading `message`, against which the schema has nothing to say."""
    root = tree(message)
    assert schemas.check(root) == ()
    try:
        assert reading.read_message(root) == message
    except parsing.Malformed as fault:
        assert all(one.where.line and one.zh and one.en and one.remedy for one in fault.rejections)
        return list(fault.rejections)
    return []


def places(message: m.Message, schemas: Schemas) -> list[tuple[str, str]]:
    return [(one.code, (one.where.xpath or "").rpartition("/")[2]) for one in faults(message, schemas)]


def test_a_licence_is_not_replaced_by_itself(schemas: Schemas) -> None:
    wrong = dataclasses.replace(REPLACEMENT, replaced=REPLACEMENT.licence.key)
    assert places(wrong, schemas) == [("REPLACES_ITSELF", "ReplacedLicence")]


def test_a_licence_is_replaced_by_one_of_its_own_type(schemas: Schemas) -> None:
    wrong = dataclasses.replace(REPLACEMENT, replaced=LicenceKey(LicenceType.EXPORT, "26-AA-000009"))
    assert places(wrong, schemas) == [("REPLACES_OTHER_TYPE", "ReplacedLicence")]


@pytest.mark.parametrize("mode", m.ReplacementMode)
@pytest.mark.parametrize("kind", m.ReplacementKind)
def test_each_kind_of_replacement_goes_with_each_mode(
    mode: m.ReplacementMode, kind: m.ReplacementKind, schemas: Schemas
) -> None:
    """The mode follows from the use of the licence replaced, whatever is asked (art. 17)."""
    assert faults(dataclasses.replace(REPLACEMENT, mode=mode, kind=kind), schemas) == []


@pytest.mark.parametrize("ground", m.RevocationGround)
def test_the_enterprise_confirms_what_is_its_to_confirm(ground: m.RevocationGround, schemas: Schemas) -> None:
    alone = dataclasses.replace(REVOCATION, ground=ground, confirmed_by=None)
    by_enterprise = ground in ("NOT_TO_BE_USED", "EXPIRED_UNUSED")
    expected = [("CONFIRMATION_MISSING", "LicenceRevocation")] if by_enterprise else []
    assert places(alone, schemas) == expected
    assert faults(dataclasses.replace(REVOCATION, ground=ground), schemas) == []


def test_a_line_is_withdrawn_once_in_a_reversal(schemas: Schemas) -> None:
    wrong = dataclasses.replace(REVERSAL, lines=(*REVERSAL.lines, REVERSAL.lines[0]))
    assert places(wrong, schemas) == [("LINE_NUMBER_REPEATED", "ReversedLine[3]")]


def _standing(*lines: m.GoodsLineBalance, declarations: tuple[str, ...] = ()) -> m.LicenceQueryReply:
    assert REPLY.standing is not None
    standing = dataclasses.replace(REPLY.standing, lines=lines, live_declarations=declarations)
    return dataclasses.replace(REPLY, standing=standing)


@pytest.mark.parametrize(
    "wrong",
    [
        dataclasses.replace(LEFT, balance=Quantity.of("9.99999", "070")),
        dataclasses.replace(LEFT, over_shipment=Quantity.of("0.00001", "070")),
        dataclasses.replace(OVER, over_shipment=None),
        dataclasses.replace(OVER, balance=Quantity.of("0.00001", "070")),
        dataclasses.replace(LEFT, written_off=NOTHING),
    ],
)
def test_the_figures_of_a_line_add_up_exactly(wrong: m.GoodsLineBalance, schemas: Schemas) -> None:
    assert places(_standing(wrong), schemas) == [("BALANCE_WRONG", "GoodsLineBalance")]


def test_a_line_that_nobody_used_and_one_used_up_add_up(schemas: Schemas) -> None:
    unused = dataclasses.replace(LEFT, written_off=NOTHING, balance=LEFT.issued)
    used_up = dataclasses.replace(OVER, written_off=OVER.issued, over_shipment=None)
    assert faults(_standing(used_up, unused), schemas) == []


def test_the_figures_of_a_line_have_one_unit(schemas: Schemas) -> None:
    wrong = dataclasses.replace(LEFT, written_off=Quantity.of("2.5", "035"))
    (fault,) = faults(_standing(wrong), schemas)
    assert fault.code == "UNITS_MIXED"
    assert "035, 070" in fault.en


def test_no_line_and_no_declaration_is_told_twice(schemas: Schemas) -> None:
    entry = "220120261000000001"
    assert places(_standing(LEFT, LEFT, declarations=(entry, entry, entry)), schemas) == [
        ("LINE_NUMBER_REPEATED", "GoodsLineBalance[2]"),
        ("ENTRY_REPEATED", "LiveDeclaration[1]"),
    ]


def test_a_known_licence_has_a_standing_and_an_unknown_one_has_none(schemas: Schemas) -> None:
    silent = dataclasses.replace(REPLY, standing=None)
    assert places(silent, schemas) == [("STANDING_MISSING", "LicenceQueryReply")]
    unknown = dataclasses.replace(REPLY, status=m.StandingStatus.UNKNOWN)
    assert places(unknown, schemas) == [("STANDING_OF_UNKNOWN", "LicenceQueryReply")]
    suspended = dataclasses.replace(unknown, standing=None)
    assert places(suspended, schemas) == [("STANDING_OF_UNKNOWN", "LicenceQueryReply")]
    assert faults(dataclasses.replace(suspended, suspended=False), schemas) == []


def test_the_counts_of_a_part_are_those_of_its_lists(schemas: Schemas) -> None:
    wrong = dataclasses.replace(REPORT, transfers=TRANSFERS[:1])
    assert places(wrong, schemas) == [("COUNT_WRONG", "PartTotals")]


def test_the_totals_of_the_day_are_those_of_its_only_part(schemas: Schemas) -> None:
    wrong = dataclasses.replace(REPORT, part_count=1)
    assert places(wrong, schemas) == [("COUNT_WRONG", "DayTotals")]
    assert faults(dataclasses.replace(wrong, day=wrong.part), schemas) == []


def test_a_part_has_its_place_among_the_parts(schemas: Schemas) -> None:
    wrong = dataclasses.replace(REPORT, part_number=3)
    assert places(wrong, schemas) == [("PART_NUMBER_WRONG", "Reconciliation")]


def test_nothing_is_reported_twice(schemas: Schemas) -> None:
    wrong = dataclasses.replace(REPORT, transfers=(TRANSFERS[0],) * 2, licences=(FIGURES[0], FIGURES[0]))
    assert places(wrong, schemas) == [
        ("ENTRY_REPEATED", "Transfer[1]"),
        ("ENTRY_REPEATED", "LicenceFigures[1]"),
    ]


def test_a_quiet_day_is_reported_too(schemas: Schemas) -> None:
    none = m.ReconciliationTotals(0, 0)
    quiet = dataclasses.replace(REPORT, part_count=1, day=none, part=none, transfers=(), licences=())
    assert faults(quiet, schemas) == []


def test_an_amendment_can_be_applied_as_a_write_off_can() -> None:
    amendment = cast("m.WriteOffAmendment", MESSAGES["amendment"])
    assert amendment.declaration == m.Declaration(
        "220120261000000001",
        amendment.content.operating_unit,
        "2201",
        "JPN",
        amendment.content.release_time,
        (m.DeclarationLine(1, 1, "1006302001", Quantity.of("0.5", "070"), 1),),
    )


def test_a_reversal_tells_the_keys_of_its_lines() -> None:
    assert REVERSAL.keys == tuple(m.WriteOffLineKey("220120261000000001", n, 1) for n in (1, 2))


def test_the_issue_in_a_sealed_licence_is_its_content() -> None:
    sealed = cast("m.SealedLicence", MESSAGES["sealed"])
    assert sealed.issue is sealed.content
    other = cast("m.SealedLicence", MESSAGES["sealed-revocation"])
    assert other.content == REVOCATION
    assert REVOCATION.licence == KEY
    with pytest.raises(AssertionError, match="not an issue"):
        _ = other.issue
