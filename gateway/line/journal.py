"""What the line writes to the log: one structured event for each thing that happened; never a password."""

from __future__ import annotations

from twisted.logger import Logger, LogLevel
from twisted.python.failure import Failure

from gateway.line.office import Phase
from gateway.line.refusals import meaning
from gateway.line.status import Direction
from oftp2.attributes import PLAIN, FileAttributes
from oftp2.fields import clip
from oftp2.identity import FileIdentity
from oftp2.negotiation import Parameters

_log = Logger(namespace="gateway.line")
#: So much of what a partner writes about its file is told.
_DESCRIPTION_BYTES = 200


class Journal:
    """The log of one session. `partner` is empty until the session is identified."""

    def __init__(self, direction: Direction) -> None:
        self._direction = direction
        self.partner = ""

    def session_started(self, parameters: Parameters) -> None:
        """Both ends agreed."""
        _log.info(
            "session {direction} with {partner} stands at level {release_level}:"
            " buffer {buffer_bytes}, credit {credit}",
            **self._common(),
            release_level=parameters.level,
            buffer_bytes=parameters.buffer_bytes,
            credit=parameters.credit,
            mode=parameters.mode.value,
            compression=parameters.compression,
            restart=parameters.restart,
        )

    def session_ended(self, reason: str) -> None:
        """The connection is gone."""
        _log.info("session {direction} with {partner} ended: {reason}", **self._common(), reason=reason)

    def session_refused(self, code: str, reason: str) -> None:
        """Somebody called who may not."""
        _log.warn("call by {code!r} refused: {reason}", **self._common(), code=code, reason=reason)

    def file_sent(
        self,
        identity: FileIdentity,
        size_bytes: int,
        *,
        services: FileAttributes = PLAIN,
        already_there: bool = False,
    ) -> None:
        """The partner has our file."""
        _log.info(
            "file {dataset} sent to {partner}, {size_bytes} bytes{note}",
            **self._common(),
            **_file(identity),
            size_bytes=size_bytes,
            services=str(services),
            note=_note(services),
            already_there=already_there,
        )

    def file_received(
        self,
        identity: FileIdentity,
        size_bytes: int,
        position_bytes: int,
        *,
        services: FileAttributes = PLAIN,
    ) -> None:
        """We have the partner's file."""
        _log.info(
            "file {dataset} received from {partner}, {size_bytes} bytes{note}",
            **self._common(),
            **_file(identity),
            size_bytes=size_bytes,
            services=str(services),
            note=_note(services),
            restarted_at_bytes=position_bytes,
        )

    def file_refused(
        self, identity: FileIdentity, phase: Phase, reason: int, text: str, *, retry: bool
    ) -> None:
        """One side refused a file of the other; `retry` tells whether it makes sense to send it again."""
        _log.warn(
            "file {dataset} refused with {where} {reason:02d}, {meaning}: {text}",
            **self._common(),
            **_file(identity),
            where=phase.value,
            reason=reason,
            meaning=meaning(phase, reason),
            text=text,
            retry=retry,
        )

    def negative_receipt(self, identity: FileIdentity, reason: int) -> None:
        """The partner has taken our NERP."""
        _log.info(
            "negative receipt {reason:02d}, {meaning}, for {dataset} sent",
            **self._common(),
            **_file(identity),
            reason=reason,
            meaning=meaning(Phase.AFTERWARDS, reason),
        )

    def receipt_untold(self, identity: FileIdentity, reason: int | None, level: int, fault: str) -> None:
        """The partner's level cannot express an end-to-end response; `reason` is that of a NERP."""
        said = "processed" if reason is None else f"not processed ({reason:02d}, {_nerp(reason)})"
        _log.warn(
            "{partner} cannot be told at level {release_level} that {dataset} is {said}: {fault}."
            " Tell its people",
            **self._common(),
            **_file(identity),
            release_level=level,
            said=said,
            fault=fault,
        )

    def receipt(self, identity: FileIdentity, where: str, *, signed: bool) -> None:
        """An EERP was taken, `where` being `sent` or `received`."""
        _log.info(
            "{kind} for {dataset} {where}",
            **self._common(),
            **_file(identity),
            kind="signed receipt" if signed else "receipt",
            where=where,
            signed=signed,
        )

    def receipt_not_taken(self, identity: FileIdentity, fault: str) -> None:
        """An EERP or NERP came that is not taken for what it says."""
        _log.warn(
            "receipt for {dataset} received and not taken: {reason}",
            **self._common(),
            **_file(identity),
            reason=fault,
        )

    def failed(self, failure: Failure, what: str) -> None:
        """Something of ours failed under the session."""
        _log.failure(
            "{what} in the session with {partner}",
            failure=failure,
            partner=self.partner or "unknown",
            direction=self._direction.value,
            what=what,
        )

    def _common(self) -> dict[str, str]:
        return {"partner": self.partner or "unknown", "direction": self._direction.value}


def call_failed(partner: str, reason: str, again_in_seconds: float, *, is_news: bool = True) -> None:
    """A partner could not be reached, or the session with it did not come about."""
    _log.emit(
        LogLevel.warn if is_news else LogLevel.info,
        "call to {partner} failed: {reason}; again in {again_in_seconds:.1f} s",
        partner=partner,
        reason=reason,
        again_in_seconds=again_in_seconds,
    )


def certificate_refused(code: str, why: str) -> None:
    """Somebody who named itself `code` showed a certificate that is not that partner's."""
    _log.warn("call by {code!r}: {why}", code=code, why=why)


def address_failed(partner: str, address: str, reason: str, following: str, *, is_news: bool) -> None:
    """One address of a partner cannot be used; the next one is tried."""
    _log.emit(
        LogLevel.warn if is_news else LogLevel.info,
        "{partner} cannot be reached at {address}: {reason}; {following} is next",
        partner=partner,
        address=address,
        reason=reason,
        following=following,
    )


def going_home(partner: str, address: str) -> None:
    """The primary address is tried again, or has been seen to answer."""
    _log.info("going back to {address}, the primary address of {partner}", partner=partner, address=address)


def circuit_opened(partner: str, why: str, next_try: str) -> None:
    """A partner's circuit breaker has opened: it is called ever more rarely."""
    _log.error(
        "circuit to {partner} is open: {why}; next try at {next_try}",
        partner=partner,
        why=why,
        next_try=next_try,
    )


def circuit_closed(partner: str) -> None:
    """A session stands again."""
    _log.info("circuit to {partner} is closed again", partner=partner)


def put_off(partner: str, peer: str, until: str) -> None:
    """The partner's calls from one place have failed too often: no more are taken for a while."""
    _log.warn(
        "calls of {partner} from {peer} fail over and over: none is taken before {until}",
        partner=partner,
        peer=peer,
        until=until,
    )


def closed_until(partner: str, reason: str, until: str) -> None:
    """There are to be no sessions with a partner for now."""
    _log.info(
        "no sessions with {partner} until {until}: {reason}", partner=partner, reason=reason, until=until
    )


def open_again(partner: str) -> None:
    """There may be sessions again."""
    _log.info("sessions with {partner} are possible again", partner=partner)


def caller_refused(place: str, why: str) -> None:
    """Somebody who has not said who it is showed a certificate that is not good here."""
    _log.warn("call from {place}: {why}", place=place, why=why)


def crowded(maximum: int) -> None:
    """There are too many callers that do not say who they are."""
    _log.warn("more than {maximum} callers without a name: the oldest is hung up on", maximum=maximum)


def listening(address: str) -> None:
    """A port is open."""
    _log.info("listening on {address}", address=address)


def listening_no_more(address: str) -> None:
    """A port is closed, because the configuration has it no more."""
    _log.info("listening on {address} no more", address=address)


def _nerp(reason: int) -> str:
    return meaning(Phase.AFTERWARDS, reason)


def _note(attributes: FileAttributes) -> str:
    """What SFID told of a file beside its name and size, in brackets; nothing of one that is plain."""
    words = [] if attributes.format == PLAIN.format else [f"format {attributes.format}"]
    if str(attributes) != str(PLAIN):
        words.append(str(attributes))
    if attributes.description:
        words.append(f"described as {clip(attributes.description, _DESCRIPTION_BYTES)!r}")
    return f" ({'; '.join(words)})" if words else ""


def _file(identity: FileIdentity) -> dict[str, str]:
    return {
        "dataset": identity.dataset_name,
        "file_date": identity.date,
        "file_time": identity.time,
        "originator": identity.originator,
        "destination": identity.destination,
    }
