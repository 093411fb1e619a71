"""What holds beside the state tables of RFC 5024: where they are silent, where implementations are loose.

Each entry names a cell (event, state) and the transition of the RFC that is taken there.
"""

from __future__ import annotations

from typing import Final

from oftp2.tables import ERROR_AND_ABORT, LISTENER, SESSION_CONNECTION, SPEAKER_1, State, StateTable

#: The events that a partner causes; none of them may ever raise.
PARTNER_EVENTS: Final = frozenset(
    {
        *(
            "SSRM",
            "SSID",
            "SECD",
            "AUCH",
            "AURP",
            "SFID",
            "SFPA",
            "SFNA",
            "DATA",
            "CDT",
            "EFID",
            "EFPA",
            "EFNA",
        ),
        *("ESID R=Normal", "ESID R=Error", "CD", "EERP", "NERP", "RTR", "Invalid Buffer"),
    }
)
#: The events of the network and of the clock, which may come when all is over.
OUTER_EVENTS: Final = frozenset({"TIME-OUT", "N_DISC_IND", "N_RST_IND"})

_Cell = tuple[StateTable, str]
_VIOLATION: Final[_Cell] = (SESSION_CONNECTION, "L")
_IGNORED: Final[_Cell] = (SPEAKER_1, "S")

#: Tolerance: between files a session may end normally, from either side, without a change of direction.
_RELEASES: Final = {
    ("ESID R=Normal", state): (LISTENER, "F") for state in (State.IDLELI, State.IDLESP, State.IDLESPCD)
}
#: The tables let only a listener receive ESID; section 3.4.2 lets either side send it at any time.
_ESID_ANYWHERE: Final[_Cell] = (LISTENER, "D")
#: An abort while waiting for the disconnection after ESID: nobody needs to wait for that.
_ABORT_WHILE_ENDING: Final = {("F_ABORT_RQ", State.WF_NDISC): (ERROR_AND_ABORT, "C")}
_CELLS: Final[dict[tuple[str, State], _Cell]] = {**_RELEASES, **_ABORT_WHILE_ENDING}


def before_tables(event: str, state: State) -> _Cell | None:
    """The cell that goes before the RFC's own, if there is one."""
    if state is State.WF_NDISC and event in PARTNER_EVENTS and event != "Invalid Buffer":
        return _IGNORED
    return _CELLS.get((event, state))


def after_tables(event: str, state: State) -> _Cell | None:
    """The cell for what the RFC calls impossible or does not have; None when it was our own user's doing."""
    if event not in PARTNER_EVENTS or state is State.IDLE:
        return None
    return _ESID_ANYWHERE if event.startswith("ESID") else _VIOLATION
