"""One session between its engine and the post office: events are dealt with in order, one at a time.

The partner is held back as long as something is being dealt with, so nothing piles up here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from gateway.line.house import House, Link
from gateway.line.journal import Journal
from gateway.line.office import OutgoingFile, OutgoingReceipt
from gateway.line.outcomes import why_aborted
from gateway.line.party import Party
from gateway.line.receiving import Receiving
from gateway.line.sending import Sending
from gateway.line.settings import PartnerSettings
from gateway.line.status import Direction
from gateway.line.transfers import hand_on
from oftp2 import events as e
from oftp2.commands import SSID
from oftp2.negotiation import Disagreement, Mode
from oftp2.reasons import EndReason
from oftp2.session import Role, Session
from oftp2.tables import State

_OVER = frozenset({State.IDLE, State.WF_NDISC})
#: Reasons for an end that are none of the partner's doing.
_OURS = frozenset({EndReason.EMERGENCY_CLOSE, EndReason.NO_RESOURCES})


class Conversation:
    """Deals with the events of `session`; `partner` is known beforehand when we are calling."""

    def __init__(self, session: Session, link: Link, house: House, partner: PartnerSettings | None) -> None:
        self.session = session
        self.link = link
        self.partner = partner
        self.direction = Direction.CALLING if session.role is Role.INITIATOR else Direction.ANSWERING
        self.journal = Journal(self.direction)
        self.journal.partner = partner.name if partner else ""
        self.outcome = "connection lost"
        self.is_established = False
        self.was_released = False
        self.was_ended_here = False
        self.finished: Deferred[None] = Deferred()
        self._house = house
        self._events: deque[e.Event] = deque()
        self._sending: Sending | None = None
        self._receiving: Receiving | None = None
        self._prefetched: OutgoingFile | OutgoingReceipt | None = None
        self._unwatch: Callable[[], None] = lambda: None
        self._is_working = False
        self._is_woken = False
        self._is_lost = False
        self._is_closing = False
        self._has_given_turn = False

    @property
    def is_nameless(self) -> bool:
        """Whether somebody called, and has not yet said and proved who it is."""
        return self.direction is Direction.ANSWERING and not self.is_established

    @property
    def is_busy(self) -> bool:
        """Whether something is being dealt with right now."""
        return self._is_working

    @property
    def has_file(self) -> bool:
        """Whether a file or a receipt is under way, in either direction."""
        sends = self._sending is not None and self._sending.is_busy
        return sends or (self._receiving is not None and self._receiving.identity is not None)

    def is_receiving(self, event: e.StartFileIndication) -> bool:
        """Whether this very file is on its way in here."""
        return self._receiving is not None and self._receiving.identity == event.identity

    def take(self, events: list[e.Event]) -> None:
        """Deal with what the engine told."""
        self._events.extend(events)
        self.wake()

    def wake(self) -> None:
        """There may be something to send, or room to send it."""
        self._is_woken = True
        if self._is_working or self.finished.called:
            return
        self._is_working = True
        Deferred.fromCoroutine(self._work()).addErrback(self._broke)
        if self._is_working:
            self.link.hold()

    def lost(self, events: list[e.Event]) -> None:
        """The connection is gone; `events` is what the engine made of it."""
        self._is_lost = True
        self.take(events)

    def drain(self) -> None:
        """End the session properly as soon as what is in hand is done."""
        self._is_closing = self.was_ended_here = True
        if not self.is_established:
            self.end(EndReason.EMERGENCY_CLOSE, "closing down")
        self.wake()

    def end(self, reason: EndReason, text: str) -> None:
        """End the session now, in the middle of whatever it is doing."""
        if self.session.state not in _OVER:
            self.outcome = text
            self.was_ended_here |= reason in _OURS
            self.session.end(reason, text)
            self.link.flush()

    def offer_turn(self) -> None:
        """Let the partner speak, who cannot call us; the session ends if the turn cannot be given again."""
        if self._sending is None or self._sending.is_busy or self._is_working:
            return
        if self.session.may_release:
            self._release()
        elif self.session.state is State.IDLESP:
            self.session.change_direction()
        self.link.flush()

    def _release(self) -> None:
        self.outcome, self.was_released = "released", True
        self.session.release()

    async def _work(self) -> None:
        while True:
            self._is_woken = False
            try:
                if self._events:
                    await self._on(self._events.popleft())
                    self._is_woken = True
                elif not self._is_lost and self.session.state not in _OVER:
                    await self._speak()
            except Exception:
                # Whatever failed in the office, the partner gets an answer.
                self.journal.failed(Failure(), "a failure of ours")
                self.end(EndReason.NO_RESOURCES, "a failure at this site")
            self.link.flush()
            if not self._events and not self._is_woken:
                break
        if self._is_lost:
            await self._tidy_up()
            return
        self._is_working = False
        self.link.go_on()

    def _broke(self, failure: Failure) -> None:
        self.journal.failed(failure, "a fault")
        self._is_working = False
        if self._is_lost and not self.finished.called:
            self.finished.callback(None)
        self.link.abort()

    async def _tidy_up(self) -> None:
        self._unwatch()
        try:
            if self._receiving is not None:
                await self._receiving.abandon()
        except Exception:
            self.journal.failed(Failure(), "a failure while a file was put aside")
        if self.partner is not None and self.is_established:
            self._house.office.session_lost(self.partner.name, self)
        self.journal.session_ended(self.outcome)
        self._is_working = False
        self.finished.callback(None)
        self._house.ended(self)

    async def _on(self, event: e.Event) -> None:
        sending, receiving = self._sending, self._receiving
        match event:
            case e.ConnectIndication(ssid=ssid):
                await self._identify(ssid)
            case e.ConnectConfirmation():
                self._stands()
            case e.ChallengeWanted() | e.ChallengeIndication():
                self._authenticate(event)
            case e.AbortIndication(blame=e.Blame.NETWORK):
                # The transport knows more of that, and has said so in `outcome`.
                pass
            case e.AbortIndication() as abort:
                self.outcome = why_aborted(abort, self.session.peer, self.partner)
            case e.ReleaseIndication():
                self.outcome = "released by the partner"
                self.was_released = True
            case e.Disconnect():
                self.link.close()
            case e.ChangeDirectionIndication() | e.DataConfirmation():
                # The turn or credit came: what to do with it is decided when all events are dealt with.
                pass
            case _:
                # All other events belong to a session that stands.
                assert sending is not None and receiving is not None, f"{event} in no session"
                if isinstance(event, e.StartFileIndication):
                    await self._house.make_way(self, event)
                if await hand_on(event, sending, receiving):
                    await self._accept_end()

    async def _identify(self, ssid: SSID) -> None:
        partner = self._house.identify(ssid, self.link)
        if isinstance(partner, Disagreement):
            await self._house.slow_down(ssid, self.link)
        if self.session.state is not State.A_WF_CONRS:
            return
        if isinstance(partner, Disagreement):
            self.outcome = f"{partner.reason:02d} {partner.text}"
            self.journal.session_refused(ssid.code, self.outcome)
            self.session.end(partner.reason, partner.text)
            return
        self.partner = partner
        self.journal.partner = partner.name
        self.session.accept(self._house.capabilities(partner, self.direction, is_serial=self.link.is_serial))
        self._events.extend(self.session.events())
        if self.session.is_idle_listener:
            self._stands()

    def _authenticate(self, event: e.ChallengeWanted | e.ChallengeIndication) -> None:
        assert self.partner is not None, "who is to be authenticated has said who it is"
        fault = self._house.authenticate(self.session, self.partner, event)
        refusal = Disagreement(EndReason.CHALLENGE_FAILED, fault) if fault else None
        if self.session.is_idle_listener:
            refusal = self._house.room_for(self.partner)
        if refusal is not None:
            self.end(refusal.reason, refusal.text)
            self.outcome = f"{refusal.reason:02d} {refusal.text}"
        elif self.session.is_idle_listener:
            self._stands()

    def _stands(self) -> None:
        assert self.partner is not None, "a session stands with somebody"
        assert self.session.parameters is not None, "a session stands on parameters"
        self.is_established = True
        self.outcome = "connection lost"
        traffic = self._house.established(self)
        traffic.sessions += 1
        party = Party(self.partner.name, self._house.office, traffic, self.journal)
        self._sending = Sending(self.session, self.link, party, self.partner.files)
        self._receiving = Receiving(self.session, party, self.partner.files, self._house.pause)
        self._unwatch = self._house.office.watch(self.partner.name, self.wake)
        self.journal.session_started(self.session.parameters)

    async def _accept_end(self) -> None:
        """EFPA; a responder that has something to say and no session of its own asks for the turn with it."""
        want_turn = False
        if self.direction is Direction.ANSWERING and not self._is_closing and self.may_send:
            assert self.partner is not None, "a file came from somebody"
            if not self._house.calls(self.partner.name):
                self._prefetched = await self._fetch()
                want_turn = self._prefetched is not None
        if self.session.state is State.CLIP:
            self.session.accept_end(want_turn=want_turn)

    @property
    def may_send(self) -> bool:
        """Whether files and receipts of ours may pass here."""
        parameters = self.session.parameters
        return parameters is not None and parameters.mode is not Mode.RECEIVE

    async def _fetch(self) -> OutgoingFile | OutgoingReceipt | None:
        assert self.partner is not None, "there is nobody to send to"
        item, self._prefetched = self._prefetched, None
        return item or await self._house.office.next_to_send(self.partner.name, self)

    async def _speak(self) -> None:
        sending = self._sending
        if sending is None:
            return
        sending.pump()
        if self._is_closing and self.session.state is State.IDLELI and not self._has_given_turn:
            # A listener has no other word with which to leave, and a speaker may hold the turn for ever.
            self.end(EndReason.EMERGENCY_CLOSE, "closing down")
        if not self.session.is_idle_speaker or sending.is_busy:
            return
        item = await self._fetch() if self.may_send and not self._is_closing else None
        if not self.session.is_idle_speaker:
            return
        if item is not None:
            await sending.start(item)
            # What cannot be sent at this level was dealt with at once: there may be more.
            self._is_woken = self._is_woken or not sending.is_busy
        else:
            self._idle(sending)

    def _idle(self, sending: Sending) -> None:
        """We have the turn and nothing to send: keep it, give it away or end, by role and policy."""
        assert self.partner is not None, "there is nobody to speak to"
        holds = self.direction is Direction.CALLING and not self.partner.rests(is_serial=self.link.is_serial)
        if holds and not self._is_closing:
            return
        if self.session.may_release:
            self._release()
        elif not self._is_woken:
            self._has_given_turn = True
            self.session.change_direction()
