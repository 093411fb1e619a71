"""What the gateway sends under seal is taken, or refused in customs' own words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from gateway.customs.tables import customs_licence, customs_received
from licencexml import messages as m
from licencexml.values import LicenceKey, Party, UsageMode
from tests.customs.conftest import MakeCounter
from tests.customs.counter import NOON, Counter, acks, licence, of_kind

ACCEPTED, REPEATED, REFUSED = m.AckStatus.ACCEPTED, m.AckStatus.REPEATED, m.AckStatus.REFUSED
OLD, NEW = licence(1), licence(2)


def replacement(
    at: Counter, mode: m.ReplacementMode = m.ReplacementMode.REVOKE, new: m.Licence = NEW
) -> m.LicenceReplacement:
    kind = m.ReplacementKind.CHANGE
    return m.LicenceReplacement(at.from_issuer(), OLD.key, mode, kind, "更改", new)


def revocation(at: Counter, key: LicenceKey = OLD.key) -> m.LicenceRevocation:
    ground, enterprise = m.RevocationGround.NOT_TO_BE_USED, Party("样例公司", "91110000600037341L")
    return m.LicenceRevocation(at.from_issuer(), key, ground, at.now, "合同取消", enterprise)


def suspension(
    at: Counter,
    action: m.SuspensionAction = m.SuspensionAction.SUSPEND,
    ground: m.SuspensionGround = m.SuspensionGround.RELEASE_IN_FLIGHT,
    **later: float,
) -> m.LicenceSuspension:
    effective = at.now + timedelta(**later)
    return m.LicenceSuspension(at.from_issuer(), OLD.key, action, ground, effective)


def every_act(at: Counter) -> list[m.IssuerMessage]:
    return [replacement(at), revocation(at), suspension(at)]


def test_each_act_is_acknowledged_as_the_sealed_message_that_it_came_in(counter: Counter) -> None:
    counter.issue(OLD)
    acts: list[m.IssuerMessage] = [suspension(counter), replacement(counter)]
    for number, act in enumerate(acts):
        (ack,) = of_kind(m.ApplicationAck, counter.receive(counter.sealed(act, f"S-{number}")))
        assert ack.answers == m.AckSubject(f"S-{number}", "SealedLicence")
        assert ack.header.in_reply_to == f"S-{number}"
        assert (ack.status, ack.rejections) == (ACCEPTED, ())
        assert ack.licence == (NEW.key if isinstance(act, m.LicenceReplacement) else OLD.key)


def test_a_replacement_brings_the_new_licence_and_ends_the_old(counter: Counter) -> None:
    counter.issue(OLD)
    counter.receive(counter.sealed(replacement(counter), "S-REP"))
    old, new = counter.show(OLD.key), counter.show(NEW.key)
    assert (old["status"], old["replaced_by"], old["ended_by"]) == ("replaced", str(NEW.key), "S-REP")
    assert new["status"] == "taken"
    assert counter.totals(NEW.key)


def test_a_revocation_ends_a_licence(counter: Counter) -> None:
    counter.issue(OLD)
    assert acks(counter.receive(counter.sealed(revocation(counter), "S-REV"))) == [(ACCEPTED, [])]
    shown = counter.show(OLD.key)
    assert (shown["status"], shown["replaced_by"], shown["ended_by"]) == ("revoked", None, "S-REV")


def test_of_a_licence_that_customs_lacks_nothing_is_taken(counter: Counter) -> None:
    used = replacement(counter, m.ReplacementMode.WRITE_OFF)
    for act in (used, revocation(counter), suspension(counter)):
        assert acks(counter.receive(counter.sealed(act))) == [(REFUSED, ["CUSTOMS_LACKS_LICENCE"])]
    assert counter.ask(NEW.key).status is m.StandingStatus.UNKNOWN


def test_a_licence_may_take_the_place_of_an_unused_one_that_customs_never_took(counter: Counter) -> None:
    assert acks(counter.receive(counter.sealed(replacement(counter)))) == [(ACCEPTED, [])]
    assert counter.show(NEW.key)["status"] == "taken"
    counter.issue(OLD)
    assert counter.show(OLD.key)["status"] == "replaced"


@pytest.mark.parametrize("end", [replacement, revocation])
def test_a_licence_that_has_ended_is_changed_no_more(counter: Counter, end: Any) -> None:
    counter.issue(OLD)
    counter.receive(counter.sealed(end(counter)))
    ended = counter.show(OLD.key)
    for act in (replacement(counter, new=licence(3)), revocation(counter), suspension(counter)):
        assert acks(counter.receive(counter.sealed(act))) == [(REFUSED, ["CUSTOMS_LICENCE_ENDED"])]
    assert counter.show(OLD.key) == ended


def test_a_replacement_needs_a_new_licence(counter: Counter) -> None:
    counter.issue(OLD)
    counter.issue(NEW)
    assert acks(counter.receive(counter.sealed(replacement(counter)))) == [(REFUSED, ["CUSTOMS_HAS_LICENCE"])]
    assert counter.show(OLD.key)["status"] == "taken"


def test_what_was_used_is_neither_revoked_nor_replaced_by_revocation(make_counter: MakeCounter) -> None:
    counter = make_counter(multi={"declarations": 1})
    (write_off,) = of_kind(m.WriteOff, counter.issue(OLD))
    refused = [(REFUSED, ["CUSTOMS_LICENCE_USED"])]
    for _ in ("not answered yet", "answered"):
        assert acks(counter.receive(counter.sealed(revocation(counter)))) == refused
        assert acks(counter.receive(counter.sealed(replacement(counter)))) == refused
        counter.answer(write_off)
    written_off = replacement(counter, m.ReplacementMode.WRITE_OFF)
    assert acks(counter.receive(counter.sealed(written_off))) == [(ACCEPTED, [])]


def test_what_was_withdrawn_in_full_is_unused(make_counter: MakeCounter) -> None:
    counter = make_counter(multi={"declarations": 1, "withdraw": 1})
    counter.issue(OLD)
    assert acks(counter.receive(counter.sealed(revocation(counter)))) == [(ACCEPTED, [])]


def test_a_release_that_the_gateway_refused_is_no_use(make_counter: MakeCounter) -> None:
    counter = make_counter(multi={"declarations": 1})
    (write_off,) = of_kind(m.WriteOff, counter.issue(OLD))
    counter.answer(write_off, REFUSED, "SOME_CODE")
    assert acks(counter.receive(counter.sealed(revocation(counter)))) == [(ACCEPTED, [])]


def test_each_ground_is_suspended_and_resumed_by_itself(counter: Counter) -> None:
    suspend, resume = m.SuspensionAction.SUSPEND, m.SuspensionAction.RESUME
    flight, loss = m.SuspensionGround.RELEASE_IN_FLIGHT, m.SuspensionGround.LOSS_REPORT
    counter.issue(OLD)
    seen = []
    for action, ground in ((suspend, flight), (suspend, loss), (resume, flight), (resume, loss)):
        counter.receive(counter.sealed(suspension(counter, action, ground)))
        seen.append(counter.show(OLD.key)["suspended"])
        assert counter.ask(OLD.key).suspended == bool(seen[-1])
        counter.later(minutes=1)
    assert seen == [[flight], [loss, flight], [loss], []]


def test_a_suspension_holds_from_its_effective_time(counter: Counter) -> None:
    counter.issue(OLD)
    counter.receive(counter.sealed(suspension(counter, hours=2)))
    assert counter.show(OLD.key)["status"] == "taken"
    counter.later(hours=1)
    counter.receive(counter.sealed(suspension(counter, m.SuspensionAction.RESUME, hours=2)))
    counter.later(hours=1)
    assert counter.show(OLD.key)["status"] == "suspended"
    counter.later(hours=1)
    assert counter.show(OLD.key)["status"] == "taken"


def test_a_repeat_changes_nothing_and_other_content_is_refused(counter: Counter) -> None:
    counter.issue(OLD, "S-OLD")
    acts: list[m.LicenceSuspension | m.LicenceReplacement] = [suspension(counter), replacement(counter)]
    for number, act in enumerate(acts):
        first = counter.sealed(act, f"S-{number}")
        assert acks(counter.receive(first)) == [(ACCEPTED, [])]
        shown = counter.show(OLD.key)
        assert acks(counter.receive(first)) == [(REPEATED, [])]
        other = counter.sealed(replace(act, reason="别的"), f"S-{number}")
        assert acks(counter.receive(other)) == [(REFUSED, ["MESSAGE_CONFLICT"])]
        assert counter.show(OLD.key) == shown
    assert acks(counter.receive(counter.sealed(revocation(counter), "S-OLD"))) == [
        (REFUSED, ["MESSAGE_CONFLICT"])
    ]


def test_a_refused_message_may_come_again(counter: Counter) -> None:
    act = counter.sealed(suspension(counter), "S-SUS")
    assert acks(counter.receive(act)) == [(REFUSED, ["CUSTOMS_LACKS_LICENCE"])]
    counter.issue(OLD)
    assert acks(counter.receive(act)) == [(ACCEPTED, [])]
    assert acks(counter.receive(act)) == [(REPEATED, [])]


def test_what_is_refused_on_purpose_is_refused_whatever_its_kind(make_counter: MakeCounter) -> None:
    counter = make_counter(refuse_every=1)
    for act in (m.LicenceIssue(counter.from_issuer(), OLD), *every_act(counter)):
        assert acks(counter.receive(counter.sealed(act))) == [(REFUSED, ["REFUSED_ON_PURPOSE"])]


def test_goods_are_released_against_the_licence_that_a_replacement_brings(make_counter: MakeCounter) -> None:
    counter = make_counter(multi={"declarations": 2})
    single = replace(OLD, usage_mode=UsageMode.SINGLE)
    counter.issue(single)
    told = counter.receive(counter.sealed(replacement(counter)))
    assert [one.licence for one in of_kind(m.WriteOff, told)] == [NEW.key, NEW.key]


def test_nothing_is_released_against_a_licence_that_is_suspended_or_has_ended(
    make_counter: MakeCounter,
) -> None:
    counter = make_counter(multi={"declarations": 1, "withdraw": 1})
    counter.issue(OLD)
    counter.receive(counter.sealed(suspension(counter)))
    assert counter.release(OLD) == []
    counter.later(minutes=1)
    counter.receive(counter.sealed(suspension(counter, m.SuspensionAction.RESUME)))
    assert [m.kind_of(one) for one in counter.release(OLD)] == ["WriteOff", "WriteOffReversal"]
    counter.receive(counter.sealed(revocation(counter)))
    assert counter.release(OLD) == []


def test_an_issuer_without_a_signature_of_its_own_is_refused(counter: Counter) -> None:
    document = counter.sealed(suspension(counter)).replace(b"RELEASE_IN_FLIGHT", b"ANNOTATION_UNCLEAR")
    ((status, codes),) = acks(counter.receive(document))
    assert status is REFUSED
    assert "CONTENT_CHANGED" in codes


def test_a_register_of_an_earlier_day_is_brought_up_to_date(counter: Counter) -> None:
    counter.issue(OLD, "S-OLD")
    counter.write(lambda uow: uow.connection.execute(delete(customs_received)))
    counter.upgrade()
    counter.upgrade()
    (row,) = counter.look(lambda connection: connection.execute(select(customs_received)).all())
    (taken,) = counter.look(lambda connection: connection.execute(select(customs_licence)).all())
    assert (row.message_id, row.kind, row.status) == ("S-OLD", "LicenceIssue", "ACCEPTED")
    assert (row.digest, row.received_at) == (taken.digest, NOON)
