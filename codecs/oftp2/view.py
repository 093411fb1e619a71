"""What can be seen of a session from outside: its state, what was negotiated, and what may be done now."""

from __future__ import annotations

from oftp2 import commands as c
from oftp2.core import Core
from oftp2.entity import Timer
from oftp2.negotiation import Parameters
from oftp2.tables import State

#: States in which the next move is the partner's: an inactivity time-out makes sense only here.
AWAITING_PARTNER = frozenset(
    {
        *(State.I_WF_NC, State.I_WF_RM, State.I_WF_SSID, State.A_NC_ONLY),
        *(State.WF_AUCH, State.WF_AURP, State.WF_SECD, State.WF_NDISC),
        *(State.WF_RTR, State.WF_CD, State.ERSTWFCD, State.NRSTWFCD, State.SFSTWFCD, State.CDSTWFCD),
        *(State.OPOP, State.OPOWFC, State.CLOP, State.OPI),
    }
)
_SPEAKING = frozenset({State.IDLESP, State.IDLESPCD, State.WF_CD})


class SessionView:
    """The readable side of a session that is run by `core`."""

    def __init__(self, core: Core) -> None:
        self._core = core
        #: What the partner sent and our user has to answer before the tables hear of it.
        self._asked: c.SECD | c.AUCH | None = None

    @property
    def state(self) -> State:
        """The state by its name in RFC 5024 section 9.3."""
        return self._core.entity.state

    @property
    def parameters(self) -> Parameters | None:
        """What was negotiated, once the session stands."""
        return self._core.entity.parameters

    @property
    def level(self) -> int:
        """The release level that is spoken now."""
        return self._core.entity.level

    @property
    def peer(self) -> c.SSID | None:
        """The partner's SSID, as soon as it has come."""
        return self._core.entity.peer

    @property
    def timer(self) -> Timer:
        """The inactivity timer as the tables want it."""
        return self._core.entity.timer

    @property
    def is_awaiting_partner(self) -> bool:
        """Whether the partner owes us something: an answer, credit, data, or the end of the connection."""
        return self.state in AWAITING_PARTNER and self._asked is None

    @property
    def is_idle_speaker(self) -> bool:
        """Whether a file or an end response may be started now."""
        return self.state in _SPEAKING

    @property
    def is_idle_listener(self) -> bool:
        """Whether the session stands and the partner has the turn."""
        return self.state is State.IDLELI

    @property
    def may_release(self) -> bool:
        """Whether `release` is allowed: only just after the turn came back unasked."""
        return self.state is State.IDLESPCD

    @property
    def can_send_data(self) -> bool:
        """Whether `send_data` is allowed: a file is open and there is credit."""
        return self.state is State.OPO
