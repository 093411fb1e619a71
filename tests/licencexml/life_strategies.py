"""Hypothesis strategies for what follows an issue and a write-off, and for any message of all."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

from licencexml import messages as m
from licencexml.values import LicenceKey, Quantity
from tests.licencexml.strategies import (
    answer_headers,
    application_acks,
    countries,
    dates,
    goods_codes,
    headers,
    identifiers,
    instants,
    issues,
    kept,
    keys,
    licences,
    ordinals,
    parties,
    ports,
    quantities,
    technical_acks,
    units,
    write_offs,
)


@st.composite
def replacements(draw: st.DrawFn) -> m.LicenceReplacement:
    licence = draw(licences())
    others = keys.filter(lambda key: key.number != licence.key.number)
    return m.LicenceReplacement(
        draw(headers),
        LicenceKey(licence.key.type, draw(others).number),
        draw(st.sampled_from(m.ReplacementMode)),
        draw(st.sampled_from(m.ReplacementKind)),
        draw(kept),
        licence,
        draw(st.booleans()),
    )


revocations = st.builds(
    m.LicenceRevocation,
    headers,
    keys,
    st.sampled_from(m.RevocationGround),
    instants,
    kept,
    st.none() | parties,
).filter(lambda message: message.confirmed_by is not None or not message.ground.needs_enterprise)
suspensions = st.builds(
    m.LicenceSuspension,
    headers,
    keys,
    st.sampled_from(m.SuspensionAction),
    st.sampled_from(m.SuspensionGround),
    instants,
    st.none() | kept,
)
sealed = st.builds(m.SealedLicence, headers, issues | replacements() | revocations | suspensions).filter(
    lambda message: message.header.message_id != message.content.header.message_id
)
entry_ids = st.from_regex("[0-9A-Z]{18}", fullmatch=True)
amendments = st.builds(
    m.WriteOffAmendment,
    headers,
    keys,
    st.builds(m.WriteOffLineKey, entry_ids, ordinals, ordinals),
    ordinals,
    instants,
    st.builds(
        m.AmendedContent,
        parties,
        ports,
        countries,
        instants,
        goods_codes,
        quantities,
        st.none() | ordinals,
    ),
    kept,
)
reversals = st.builds(
    m.WriteOffReversal,
    headers,
    keys,
    entry_ids,
    ordinals,
    instants,
    st.lists(
        st.builds(m.ReversedLine, ordinals, ordinals, quantities),
        min_size=1,
        max_size=4,
        unique_by=lambda line: (line.line_number, line.sequence),
    ).map(tuple),
    kept,
)
queries = st.builds(m.LicenceQuery, headers, keys)


@st.composite
def balances(draw: st.DrawFn) -> m.GoodsLineBalance:
    some = st.decimals(Decimal("0.00001"), Decimal("9999999999.99999"), places=5)
    unit, issued = draw(units), draw(some)
    written_off = draw(st.just(Decimal(0)) | st.just(issued) | some)
    beyond = written_off - issued
    return m.GoodsLineBalance(
        draw(ordinals),
        draw(goods_codes),
        Quantity.of(issued, unit),
        Quantity.of(written_off, unit),
        Quantity.of(max(-beyond, Decimal(0)), unit),
        Quantity.of(beyond, unit) if beyond > 0 else None,
    )


balance_lines = st.lists(balances(), min_size=1, max_size=3, unique_by=lambda line: line.line_number).map(
    tuple
)
counts = st.integers(0, 999_999)
standings = st.builds(
    m.LicenceStanding,
    dates,
    dates,
    counts,
    ordinals,
    balance_lines,
    st.lists(entry_ids, max_size=3, unique=True).map(tuple),
)
_known = st.sampled_from([status for status in m.StandingStatus if status is not m.StandingStatus.UNKNOWN])
replies = st.builds(m.LicenceQueryReply, answer_headers, keys, instants, _known, st.booleans(), standings) | (
    st.builds(m.LicenceQueryReply, answer_headers, keys, instants, st.just(m.StandingStatus.UNKNOWN))
)


@st.composite
def reconciliations(draw: st.DrawFn) -> m.Reconciliation:
    transfer = st.builds(
        m.Transfer,
        identifiers,
        st.sampled_from(["LicenceIssue", "LicenceReplacement"]),
        keys,
        st.binary(min_size=32, max_size=32),
        st.sampled_from(m.TransferStatus),
    )
    transfers = draw(st.lists(transfer, max_size=3, unique_by=lambda one: one.message_id))
    figures = st.builds(m.LicenceFigures, keys, counts, balance_lines)
    licences = draw(st.lists(figures, max_size=3, unique_by=lambda one: one.licence))
    part_count = draw(ordinals)
    part = m.ReconciliationTotals(len(transfers), len(licences))
    return m.Reconciliation(
        draw(headers),
        draw(dates),
        draw(instants),
        draw(st.integers(1, part_count)),
        part_count,
        part if part_count == 1 else m.ReconciliationTotals(draw(counts), draw(counts)),
        part,
        tuple(transfers),
        tuple(licences),
    )


BY_KIND: dict[str, st.SearchStrategy[m.Message]] = {
    "LicenceIssue": issues,
    "LicenceReplacement": replacements(),
    "LicenceRevocation": revocations,
    "LicenceSuspension": suspensions,
    "SealedLicence": sealed,
    "WriteOff": write_offs,
    "WriteOffAmendment": amendments,
    "WriteOffReversal": reversals,
    "LicenceQuery": queries,
    "LicenceQueryReply": replies,
    "Reconciliation": reconciliations(),
    "TechnicalAck": technical_acks,
    "ApplicationAck": application_acks,
}
any_message = st.one_of(*BY_KIND.values())
