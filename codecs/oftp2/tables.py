"""The five state tables of RFC 5024 section 9 as data: cells, predicates, actions, outputs, next states.

The law of this module: it holds what the RFC prints and nothing else, also where one would have it otherwise.
Where the RFC is silent, or a tolerance is wanted, `additions` says so, and `machine` looks there first.

A row of cells has a letter for each state of its table: `X` is impossible, `U` and `W` are user errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """The states of section 9.3, `UE` for an error of the user, `OTHER` for the column of other states."""

    IDLE = "IDLE"
    I_WF_NC = "I_WF_NC"
    I_WF_RM = "I_WF_RM"
    I_WF_SSID = "I_WF_SSID"
    A_NC_ONLY = "A_NC_ONLY"
    A_WF_CONRS = "A_WF_CONRS"
    WF_AUCH = "WF_AUCH"
    WF_AURP = "WF_AURP"
    WF_SECD = "WF_SECD"
    WF_NDISC = "WF_NDISC"
    IDLESP = "IDLESP"
    IDLESPCD = "IDLESPCD"
    WF_RTR = "WF_RTR"
    WF_CD = "WF_CD"
    ERSTWFCD = "ERSTWFCD"
    NRSTWFCD = "NRSTWFCD"
    SFSTWFCD = "SFSTWFCD"
    CDSTWFCD = "CDSTWFCD"
    OPOP = "OPOP"
    OPO = "OPO"
    OPOWFC = "OPOWFC"
    CLOP = "CLOP"
    IDLELI = "IDLELI"
    IDLELICD = "IDLELICD"
    OPIP = "OPIP"
    OPI = "OPI"
    CLIP = "CLIP"
    RTRP = "RTRP"
    UE = "UE"
    OTHER = "Other States"


@dataclass(frozen=True, slots=True)
class Transition:
    """One line of a transition table. `next_state` None keeps the state; an empty predicate always holds."""

    predicate: str
    actions: tuple[int, ...]
    outputs: tuple[str, ...]
    next_state: State | None


@dataclass(frozen=True, slots=True)
class StateTable:
    """One state table with its transition table. `cells` is event to state to letter."""

    section: str
    states: tuple[State, ...]
    cells: dict[str, dict[State, str]]
    transitions: dict[str, tuple[Transition, ...]]


def _line(predicate: str, actions: str, outputs: str, next_state: str) -> Transition:
    return Transition(
        predicate,
        tuple(int(number) for number in actions.split(",") if number),
        tuple(outputs.split()),
        State(next_state) if next_state else None,
    )


def _table(
    section: str,
    states: str,
    cells: dict[str, str],
    transitions: dict[str, tuple[tuple[str, str, str, str], ...]],
) -> StateTable:
    columns = tuple(State(name.replace("OTHER", State.OTHER)) for name in states.split())
    return StateTable(
        section,
        columns,
        {event: dict(zip(columns, row.split(), strict=True)) for event, row in cells.items()},
        {letter: tuple(_line(*line) for line in lines) for letter, lines in transitions.items()},
    )


_ABORT = "F_ABORT_IND(R,AO=L)"
_VIOLATION = (("", "1,2", f"ESID(R=02) {_ABORT}", "WF_NDISC"),)
_USER_ERROR = (("", "", "", "UE"),)

SESSION_CONNECTION: Final = _table(
    "9.8",
    "IDLE I_WF_NC I_WF_RM I_WF_SSID A_NC_ONLY A_WF_CONRS WF_AUCH WF_AURP WF_SECD OTHER",
    {
        "F_CONNECT_RQ": "A X X X X X X X X X",
        "N_CON_CF": "    X C X X X X X X X X",
        "SSRM": "        X X H X X X L L L X",
        "SSID": "        X X X D E F L L L F",
        "N_CON_IND": "   B X X X X X X X X X",
        "F_CONNECT_RS": "X U U U U G X X X U",
        "ESID": "        X X X F X X F F F X",
        "AUCH": "        X X U U X X I L L U",
        "AURP": "        X X U U X X L K L U",
        "SECD": "        X X U U X X L L J U",
    },
    {
        "A": (("P1", "", "F_ABORT_IND", "IDLE"), ("!P1", "1,2", "N_CON_RQ", "I_WF_NC")),
        "B": (("P3", "", "N_DISC_RQ", "IDLE"), ("!P3", "2", "N_CON_RS SSRM", "A_NC_ONLY")),
        "C": (("", "4,2", "", "I_WF_RM"),),
        "D": (
            ("P2 & P8 & P11", "4,2,5", "SECD", "WF_AUCH"),
            ("P2 & P8 & !P11", "4,2,5", "F_CONNECT_CF", "IDLESP"),
            ("P2 & !P8", "4,2", f"ESID(R=12) {_ABORT}", "WF_NDISC"),
            ("else", "4,2", f"ESID(R=10) {_ABORT}", "WF_NDISC"),
        ),
        "E": (("P4", "4", "N_DISC_RQ", "IDLE"), ("!P4", "4,2", "F_CONNECT_IND", "A_WF_CONRS")),
        "F": (("", "4", "F_ABORT_IND N_DISC_RQ", "IDLE"),),
        "G": (
            ("P2 & P9 & P10", "4,2,5", "SSID", "WF_SECD"),
            ("P2 & !P9 & P10", "4,2,5", "SSID", "IDLELI"),
            ("!P10", "4,2", f"ESID(R=12) {_ABORT}", "WF_NDISC"),
            ("else", "4,2", f"ESID(R=10) {_ABORT}", "WF_NDISC"),
        ),
        "H": (("", "4,2,3", "SSID", "I_WF_SSID"),),
        "I": (("P5", "4,2", "AURP", "WF_SECD"), ("!P5", "4,2", "AURP", "IDLELI")),
        "J": (("", "4,2", "AUCH", "WF_AURP"),),
        "K": (
            ("P6", "4,2", "F_CONNECT_CF", "IDLESP"),
            ("P7", "4,2", "SECD", "WF_AUCH"),
            ("else", "4,2", f"ESID(R=11) {_ABORT}", "WF_NDISC"),
        ),
        "L": (("", "4,2", f"ESID(R=02) {_ABORT}", "WF_NDISC"),),
    },
)

ERROR_AND_ABORT: Final = _table(
    "9.9",
    "IDLE I_WF_NC WF_NDISC OTHER",
    {
        "TIME-OUT": "      X X A B",
        "F_ABORT_RQ": "    X A X C",
        "N_RST_IND": "     X X A D",
        "N_DISC_IND": "    X E F G",
        "Invalid Buffer": "X X H I",
    },
    {
        "A": (("", "", "N_DISC_RQ", "IDLE"),),
        "B": (("", "", "F_ABORT_IND N_DISC_RQ", "IDLE"),),
        "C": (("", "1", "N_DISC_RQ", "IDLE"),),
        "D": (("", "1", "N_DISC_RQ F_ABORT_IND", "IDLE"),),
        "E": (("", "", "F_ABORT_IND", "IDLE"),),
        "F": (("", "1", "", "IDLE"),),
        "G": (("", "1", "F_ABORT_IND", "IDLE"),),
        "H": (("", "", "", "WF_NDISC"),),
        "I": (("", "1,2", f"ESID(R=01) {_ABORT}", "WF_NDISC"),),
    },
)

SPEAKER_1: Final = _table(
    "9.10",
    "IDLESP IDLESPCD WF_RTR WF_CD ERSTWFCD NRSTWFCD SFSTWFCD CDSTWFCD OPOP OPO OPOWFC WF_NDISC OTHER",
    {
        "F_EERP_RQ": "      A A W F W  W U U U U U U U",
        "F_NERP_RQ": "      Y Y W Z W  W U U U U U U U",
        "F_START_FILE_RQ": "B B W G W  W U U U U U X U",
        "SFPA": "           C C C C C  C C C K C C S C",
        "SFNA": "           C C C C C  C C C L C C S C",
        "CD": "             C C C H R Z1 I J C C C S C",
        "F_DATA_RQ": "      U U U U U  U U U U M U S U",
        "CDT": "            C C C C C  C C C C P O S C",
        "F_CD_RQ": "        D U W T W  W U U U U U X U",
        "F_REL_RQ(Ok)": "   U E U U U  U U U U U U X U",
        "F_REL_RQ(Err)": "  Q Q Q Q Q  Q Q Q Q Q Q S Q",
        "RTR": "            C C N C C  C C C C C C S C",
    },
    {
        "A": (("P5", "1,2,3,18", "EERP", "WF_RTR"), ("!P5", "1,2,3", "EERP", "WF_RTR")),
        "B": (("P1", "", "", "UE"), ("!P1", "1,2,5", "SFID", "OPOP")),
        "C": _VIOLATION,
        "D": (("", "1,2", "CD", "IDLELICD"),),
        "E": (("", "1,2", "ESID(R=00)", "WF_NDISC"),),
        "F": (("", "4", "", "ERSTWFCD"),),
        "G": (("P1", "", "", "UE"), ("!P1", "6", "", "SFSTWFCD")),
        "H": (("", "1,2", "", "IDLESP"),),
        "I": (("", "1,2,10", "SFID", "OPOP"),),
        "J": (("", "1,2", "CD", "IDLELICD"),),
        "K": (
            ("P2", "1,2", f"ESID(R=02) {_ABORT}", "WF_NDISC"),
            ("!P2", "1,2,7,12", "F_START_FILE_CF(+)", "OPO"),
        ),
        "L": (("", "1,2,8", "F_START_FILE_CF(-)", "IDLESP"),),
        "M": (("P3", "1,2,11,13", "DATA", "OPOWFC"), ("!P3", "1,2,11,13", "DATA F_DATA_CF", "OPO")),
        "N": (("", "", "F_RTR_CF", "IDLESP"),),
        "O": (("", "12", "F_DATA_CF", "OPO"),),
        "P": _VIOLATION,
        "Q": (("", "1,2", "ESID(R)", "WF_NDISC"),),
        "R": (("", "1,2,9", "EERP", "WF_RTR"),),
        "S": (("", "", "", "WF_NDISC"),),
        "T": (("", "", "", "CDSTWFCD"),),
        "U": _USER_ERROR,
        "W": _USER_ERROR,
        "X": (("", "", "", ""),),
        "Y": (
            ("P4 & P5", "1,2,15,18", "NERP", "WF_RTR"),
            ("!P4 & !P5", "1,2,15,14", "NERP", "WF_RTR"),
            ("P4 & !P5", "1,2,15", "NERP", "WF_RTR"),
            ("!P4 & P5", "1,2,15,14,18", "NERP", "WF_RTR"),
        ),
        "Z": (("", "16", "", "NRSTWFCD"),),
        "Z1": (("P4", "1,2,17", "NERP", "WF_RTR"), ("!P4", "1,2,17,14", "NERP", "WF_RTR")),
    },
)

SPEAKER_2: Final = _table(
    "9.11",
    "OPO OPOWFC CLOP",
    {
        "F_CLOSE_FILE_RQ": "A E U",
        "EFPA": "           B B C",
        "EFNA": "           B B D",
    },
    {
        "A": (("", "1,2,5,7", "EFID", "CLOP"),),
        "B": _VIOLATION,
        "C": (
            ("P1", "1,2,3", "F_CLOSE_FILE_CF(+,SP=No) CD", "IDLELI"),
            ("!P1", "1,2,4", "F_CLOSE_FILE_CF(+,SP=Yes)", "IDLESP"),
        ),
        "D": (("", "1,2,6", "F_CLOSE_FILE_CF(-)", "IDLESP"),),
        "E": (("", "", "", ""),),
        "U": _USER_ERROR,
    },
)

LISTENER: Final = _table(
    "9.12",
    "IDLELI IDLELICD OPIP OPI CLIP RTRP",
    {
        "SFID": "           A A B B B B",
        "DATA": "           B B B I B B",
        "EFID": "           B B B J B B",
        "F_START_FILE_RS": "U U H U U U",
        "F_CLOSE_FILE_RS": "U U U U K U",
        "CD": "             C B B B B B",
        "ESID R=Normal": "  D F D D D D",
        "ESID R=Error": "   D D D D D D",
        "EERP": "           E E B B B B",
        "NERP": "           L L B B B B",
        "F_RTR_RS": "       U U U U U M",
    },
    {
        "A": (
            ("P1", "1,2", f"ESID(R=02) {_ABORT}", "WF_NDISC"),
            ("!P1", "1,2,3", "F_START_FILE_IND", "OPIP"),
        ),
        "B": _VIOLATION,
        "C": (("", "1,2", "F_CD_IND", "IDLESPCD"),),
        "D": (("", "1", "F_ABORT_IND(Received_ESID_Reason,AO=D) N_DISC_RQ", "IDLE"),),
        "E": (("", "1,2,4", "F_EERP_IND", "RTRP"),),
        "F": (("", "1", "F_RELEASE_IND N_DISC_RQ", "IDLE"),),
        "H": (
            ("P4", "", "", "UE"),
            ("P2 & !P4 & !P5", "1,2,8", "SFPA", "OPI"),
            ("!P2 & !P4 & !P5", "1,2", "SFNA", "IDLELI"),
            ("P2 & !P4 & P5", "1,2,5,8", "SFPA", "OPI"),
            ("!P2 & !P4 & P5", "1,2,5", "SFNA", "IDLELI"),
        ),
        "I": (
            ("P6", "1,2", f"ESID(R=02) {_ABORT}", "WF_NDISC"),
            ("!P5 & !P6 & !P7", "1,2,7", "F_DATA_IND", "OPI"),
            ("!P5 & !P6 & P7", "1,2,8", "F_DATA_IND CDT", "OPI"),
            ("P5 & !P6 & P8", "1,2", f"ESID(R=07) {_ABORT}", "WF_NDISC"),
            ("P5 & !P6 & !P7 & !P8", "1,2,6,7", "F_DATA_IND", "OPI"),
            ("P5 & !P6 & P7 & !P8", "1,2,5,6,8", "F_DATA_IND CDT", "OPI"),
        ),
        "J": (("", "1,2", "F_CLOSE_FILE_IND", "CLIP"),),
        "K": (
            ("P2 & P3 & !P5", "1,2", "EFPA(CD-Req)", "WF_CD"),
            ("P2 & !P3 & !P5", "1,2", "EFPA(no_CD)", "IDLELI"),
            ("!P2 & !P5", "1,2", "EFNA", "IDLELI"),
            ("P2 & !P3 & P5", "1,2,5", "EFPA(no_CD)", "IDLELI"),
            ("!P2 & P5", "1,2,5", "EFNA", "IDLELI"),
            ("P2 & P3 & P5", "1,2,5", "EFPA(CD-Req)", "WF_CD"),
        ),
        "L": (("", "1,2,10", "F_NERP_IND", "RTRP"),),
        "M": (("", "1,2", "RTR", "IDLELI"),),
        "U": _USER_ERROR,
    },
)

TABLES: Final = (SESSION_CONNECTION, ERROR_AND_ABORT, SPEAKER_1, SPEAKER_2, LISTENER)
