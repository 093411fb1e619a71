"""After any history: what was shown at any time can be shown again, and whatever happened is explained."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis.stateful import invariant, rule
from sqlalchemy import Connection, select

from gateway.ledger import looking, looking_back
from gateway.ledger.discrepancy_query import show_discrepancy
from gateway.ledger.dossier import Dossier
from gateway.ledger.entry_sentences import said_of
from gateway.ledger.explaining import explain_licence
from gateway.ledger.explaining_messages import explain_message
from gateway.ledger.kinds import DiscrepancyStatus, EntryKind
from gateway.ledger.tables import discrepancy, write_off_line
from gateway.ledger.tables import message as messages
from licencexml.values import LicenceKey
from tests.ledger.test_invariants import ALL, SMALL_POLICY, Histories
from tests.profile import examples

AFTER_ALL = timedelta(days=400)


def _shown(found: Dossier | None) -> Any:
    return None if found is None else looking.licence_shown(found)


class Pasts(Histories):
    """The same histories, in which time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[datetime, dict[LicenceKey, Any]] = {}

    @rule()
    def time_passes(self) -> None:
        self.clock.advance(seconds=20)

    @invariant()
    def after_all_both_pasts_are_the_present(self) -> None:
        late = self.clock() + AFTER_ALL

        def present(connection: Connection) -> dict[LicenceKey, Any]:
            shown = {key: looking.show_licence(connection, key) for key in ALL}
            for key in ALL:
                assert _shown(looking_back.known_then(connection, key, late)) == shown[key]
                assert _shown(looking_back.true_then(connection, key, late, SMALL_POLICY)) == shown[key]
            return shown

        self.seen[self.clock()] = self.look(present)

    @invariant()
    def the_uses_are_what_is_written_off(self) -> None:
        """What counts of each use, computed from the facts, is what the settlement kept."""

        def compare(connection: Connection) -> None:
            for row in connection.execute(select(write_off_line)):
                key = LicenceKey.parse(f"{row.licence_type}/{row.licence_no}")
                shown = looking.show_licence(connection, key)
                assert shown is not None
                [use] = [
                    one
                    for one in shown["uses"]
                    if (one["entry_id"], one["line_number"], one["sequence"])
                    == (row.entry_id, row.line_number, row.sequence)
                ]
                assert (use["quantity"], use["unit"]) == (f"{row.quantity:f}", row.unit)
                assert (use["message_id"], use["licence_line"]) == (row.message_id, row.licence_line)

        self.look(compare)

    @invariant()
    def everything_is_explained(self) -> None:
        def explain(connection: Connection) -> None:
            for key in ALL:
                told = explain_licence(connection, key, SMALL_POLICY, self.clock())
                assert told is None or all(step["zh"] and step["en"] for step in told["steps"])
                for one in looking.licence_history(connection, key):
                    assert said_of(EntryKind(one["kind"]), one["data"], one["message_id"]).zh
            for message_id in connection.execute(select(messages.c.message_id)).scalars():
                assert explain_message(connection, message_id) is not None
            for row in connection.execute(select(discrepancy)):
                shown = show_discrepancy(connection, row.id)
                assert shown is not None
                assert shown["history"][0]["status"] == DiscrepancyStatus.OPEN
                assert shown["history"][-1]["status"] == row.status

        self.look(explain)

    def teardown(self) -> None:
        def again(connection: Connection) -> None:
            for at, shown in self.seen.items():
                for key in ALL:
                    assert _shown(looking_back.known_then(connection, key, at)) == shown[key]

        self.look(again)
        super().teardown()


TestPasts = Pasts.TestCase
TestPasts.settings = examples(4, stateful_step_count=12)
