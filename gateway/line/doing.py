"""What a session is doing, by its state in RFC 5024 section 9.3, for people."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from oftp2.tables import State

#: Before anything has passed.
BEGINNING: Final = "waits for the first word"
_WORDS: Final = MappingProxyType(
    {
        State.I_WF_NC: BEGINNING,
        State.I_WF_RM: "waits for the partner's greeting (SSRM)",
        State.I_WF_SSID: "waits for the partner's SSID",
        State.A_NC_ONLY: "waits for the caller's SSID",
        State.A_WF_CONRS: "finds out who calls",
        State.WF_SECD: "waits to be asked for a challenge (SECD)",
        State.WF_AUCH: "waits for the partner's challenge (AUCH)",
        State.WF_AURP: "waits for the answer to our challenge (AURP)",
        State.IDLESP: "idle, the turn is ours",
        State.IDLESPCD: "idle, the turn came back to us",
        State.IDLELI: "idle, the turn is the partner's",
        State.IDLELICD: "idle, we gave the turn to the partner",
        State.WF_RTR: "waits for the partner to take a receipt (RTR)",
        State.WF_CD: "waits for the turn (CD)",
        State.ERSTWFCD: "waits for the turn (CD), to give a receipt",
        State.NRSTWFCD: "waits for the turn (CD), to give a receipt",
        State.SFSTWFCD: "waits for the turn (CD), to send a file",
        State.CDSTWFCD: "waits for the turn (CD), to give it back",
        State.OPOP: "waits whether the partner takes the file (SFPA)",
        State.OPO: "sends",
        State.OPOWFC: "waits for credit (CDT)",
        State.CLOP: "waits whether the partner has the file (EFPA)",
        State.OPIP: "decides on the partner's file",
        State.OPI: "receives",
        State.CLIP: "stores the partner's file",
        State.RTRP: "takes a receipt",
        State.WF_NDISC: "waits for the end of the connection",
        State.IDLE: "over",
    }
)


def doing(state: State | None) -> str:
    """In words what a session in `state` does, or waits for."""
    return BEGINNING if state is None else _WORDS.get(state, str(state))
