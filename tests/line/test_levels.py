"""Partners of an older ODETTE-FTP: what passes at each level, and what is said of the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from twisted.logger import formatEvent, globalLogPublisher

from gateway.line.office import NotProcessed
from gateway.line.settings import PartnerSettings
from oftp2 import commands as c
from oftp2 import events as e
from oftp2.levels import LEVELS
from oftp2.negotiation import Capabilities, Credentials
from oftp2.session import Role, Session
from oftp2.subrecords import Encoder
from oftp2.tables import State
from tests.line.dummies import identity_of
from tests.line.test_clocked import GATEWAY, SETTINGS, Wire


@pytest.fixture
def said() -> Iterator[list[str]]:
    """What the log says, line by line."""
    lines: list[str] = []

    def keep(event: dict[str, Any]) -> None:
        lines.append(formatEvent(event))

    globalLogPublisher.addObserver(keep)
    yield lines
    globalLogPublisher.removeObserver(keep)


def wired(level: int, **partner: Any) -> Wire:
    """A partner that calls, and that speaks `level` and what is below."""
    wire = Wire(replace(SETTINGS, partners=(replace(GATEWAY, **partner),)))
    ours = Capabilities(
        Credentials("O0013GATEWAY", "GPW"), levels=tuple(one for one in LEVELS if one <= level)
    )
    wire.partner = Session(Role.INITIATOR, ours, Credentials("O0013CUSTOMS", "CPW"))
    wire.partner.connection_made()
    return wire


@pytest.mark.parametrize("level", LEVELS)
def test_a_file_and_its_receipt_pass_both_ways_at_each_level(level: int, said: list[str]) -> None:
    wire = wired(level).in_session()
    wire.office.answers_with_receipts = True
    wire.partner.start_file(c.SFID.of(identity_of(1), 5))
    wire.exchange()
    wire.partner.send_data(Encoder(iter([b"there"]), payload_bytes=99, compress=True).next_payload())
    wire.exchange()
    wire.partner.close_file(unit_count=5)
    (closed, receipt) = wire.exchange()
    assert closed == e.CloseFileConfirmation(speaker=False)
    assert isinstance(receipt, e.EndResponseIndication)
    assert receipt.identity.stands_for(identity_of(1))
    (came,) = wire.office.received.items()
    assert came[0].stands_for(identity_of(1))
    assert came[1] == b"there"
    wire.office.outbox.append((identity_of(2, "O0013CUSTOMS", "O0013GATEWAY"), b"and back"))
    wire.partner.ready()
    (offer,) = wire.exchange()
    assert wire.office.log[-1] == ("receipt sent", "FILE1")
    assert isinstance(offer, e.StartFileIndication)
    wire.partner.accept_file()
    (data, end) = wire.exchange()
    assert isinstance(data, e.DataIndication)
    assert data.data == b"and back"
    assert isinstance(end, e.CloseFileIndication)
    wire.partner.accept_end()
    assert wire.exchange() == [e.ChangeDirectionIndication()]
    assert wire.office.log[-1] == ("sent", "FILE2")
    assert any(f"stands at level {level}:" in line for line in said)


@pytest.mark.parametrize("level", [4, 2, 1])
def test_a_signed_receipt_goes_unsigned_where_the_level_has_no_signatures(
    level: int, said: list[str]
) -> None:
    """Its file came at level 5, over another session."""
    wire = wired(level).in_session()
    wire.office.receipts.append(identity_of(7))
    wire.office.signed = (b"hash", b"signature")
    wire.partner.change_direction()
    (receipt, *_) = [one for one in wire.exchange() if isinstance(one, e.EndResponseIndication)]
    assert (receipt.eerp.dataset_name, receipt.eerp.signature) == ("FILE7", b"")
    assert not [line for line in said if "cannot be told" in line]


def test_a_partner_that_is_too_old_is_not_let_in_and_operators_see_why() -> None:
    wire = wired(2, level_min=4)
    (abort, _) = wire.exchange()
    assert isinstance(abort, e.AbortIndication)
    assert (abort.reason, abort.distant) == (10, True)
    wire.lose()
    (status,) = wire.service.status()
    assert status.last_error == "a call was refused: 10 level 2 is not spoken here, 4 or 5 is needed"


def test_we_offer_no_level_above_what_the_partner_bears() -> None:
    partner = PartnerSettings("customs", "O0013CUSTOMS", "GPW", "CPW", level_min=2, level_max=4)
    assert partner.levels == (4, 2)
    assert GATEWAY.levels == LEVELS


def test_a_refusal_that_level_2_cannot_be_told_is_told_to_people_and_holds_nothing_up(
    said: list[str],
) -> None:
    wire = wired(2).in_session()
    wire.office.receipts = [identity_of(1), identity_of(2)]
    wire.office.not_processed[identity_of(1)] = NotProcessed(34, "unreadable")
    wire.partner.change_direction()
    (eerp,) = wire.exchange()
    assert isinstance(eerp, e.EndResponseIndication)
    assert eerp.identity.stands_for(identity_of(2))
    assert wire.office.log == [("receipt sent", "FILE1")]
    untold = "gateway cannot be told at level 2 that FILE1 is not processed (34, processing failed)"
    assert f"{untold}: there is no NERP at level 2. Tell its people" in said


def test_a_file_that_the_level_has_no_room_for_is_refused_before_it_is_offered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wire = wired(4).in_session()
    monkeypatch.setattr(c, "BLOCK_BYTES", 1)
    whole = b"x" * 10_000_000
    wire.office.outbox = [
        (identity_of(3, "O0013CUSTOMS", "O0013GATEWAY"), whole),
        (identity_of(4, "O0013CUSTOMS", "O0013GATEWAY"), b"small"),
    ]
    wire.partner.change_direction()
    (offer,) = wire.exchange()
    assert isinstance(offer, e.StartFileIndication)
    assert offer.identity.dataset_name == "FILE4"
    assert wire.office.log == [("refused", "FILE3", "SFNA", 6, False)]
    assert wire.partner.state is State.OPIP
    (status,) = wire.service.status()
    assert status.last_refusal is not None
    assert "it cannot be offered at level 4" in status.last_refusal
