"""What a conversation stands between: the connection below it, and the line as a whole above it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gateway.line.office import PostOffice
from gateway.line.sending import Outlet
from gateway.line.settings import PartnerSettings
from gateway.line.status import Direction, Traffic
from oftp2.commands import SSID
from oftp2.events import ChallengeIndication, ChallengeWanted, StartFileIndication
from oftp2.negotiation import Capabilities, Disagreement
from oftp2.session import Session

if TYPE_CHECKING:
    from gateway.line.conversation import Conversation


class Link(Outlet, Protocol):
    """The connection below a conversation."""

    @property
    def is_serial(self) -> bool:
        """Whether it is a serial line."""

    #: The host, or the serial device, at the other end.
    peer: str

    def hold(self) -> None:
        """Take nothing more from the partner for now."""

    def go_on(self) -> None:
        """Take again."""

    def close(self) -> None:
        """Disconnect once all is written."""

    def abort(self) -> None:
        """Disconnect now."""


class House(Protocol):
    """What a conversation asks of the line as a whole."""

    @property
    def office(self) -> PostOffice:
        """Where files come from and go to."""

    def identify(self, ssid: SSID, link: Link) -> PartnerSettings | Disagreement:
        """Whose SSID this is, or why its caller is not let in."""

    def room_for(self, partner: PartnerSettings) -> Disagreement | None:
        """Why a session that `partner` opened may not stand now, or None."""

    def authenticate(
        self, session: Session, partner: PartnerSettings, event: ChallengeWanted | ChallengeIndication
    ) -> str | None:
        """Challenge `partner` or answer its challenge; why that cannot be done, or None."""

    async def pause(self, seconds: float) -> None:
        """Wait with an answer; not at all for 0 seconds."""

    async def slow_down(self, ssid: SSID, link: Link) -> None:
        """Take time over the refusal of a caller who is refused over and over."""

    def capabilities(
        self, partner: PartnerSettings, direction: Direction, *, is_serial: bool
    ) -> Capabilities:
        """What we can do in a session with `partner`, on a serial line or another."""

    def established(self, conversation: Conversation) -> Traffic:
        """The session stands; the result counts what passes."""

    async def make_way(self, conversation: Conversation, event: StartFileIndication) -> None:
        """Have any older session of the partner that still receives this very file end first."""

    def calls(self, partner: str) -> bool:
        """Whether a session of our own to `partner` stands in which we may send."""

    def ended(self, conversation: Conversation) -> None:
        """The connection is gone and all is tidied up."""
