"""What two ends can do, and what they agree on (RFC 5024 sections 3.2.1 and 5.3.2)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from enum import StrEnum

from oftp2.commands import SSID
from oftp2.formats import BUFFER_BYTES_MAX, BUFFER_BYTES_MIN, CREDIT_MAX
from oftp2.identity import PASSWORD_MAX, USER_DATA_MAX, check_identification, check_short_text
from oftp2.levels import LEVEL, LEVELS, SECURE_LEVEL, selected_level
from oftp2.reasons import EndReason


class Mode(StrEnum):
    """SSIDSR: what a location can do."""

    SEND = "S"
    RECEIVE = "R"
    BOTH = "B"

    @property
    def opposite(self) -> Mode:
        """What the partner does in a session where we do this."""
        return {Mode.SEND: Mode.RECEIVE, Mode.RECEIVE: Mode.SEND, Mode.BOTH: Mode.BOTH}[self]


@dataclass(frozen=True, slots=True)
class Credentials:
    """An identification code and the password that goes with it."""

    code: str
    password: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        check_identification(self.code)
        check_short_text(self.password, "password", PASSWORD_MAX)

    def refusal_of(self, ssid: SSID) -> EndReason | None:
        """None when `ssid` is of this code with this password, else the reason to give: 03 or 04."""
        if ssid.code != self.code:
            return EndReason.UNKNOWN_USER
        same = hmac.compare_digest(ssid.password.encode("utf-8"), self.password.encode("utf-8"))
        return None if same else EndReason.INVALID_PASSWORD


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Who we are and what we can do in a session: the local constants of RFC 5024 section 9.7.

    `authentication` demands secure authentication (section 4.2.3): both ends do, or there is no session.
    `special_logic` is for serial lines: both ends have it, with credit 1, or there is no session.
    `levels` are the release levels that we speak with this partner: the highest is offered, and the partner
    may choose a lower one of them (section 5.3.2).
    """

    credentials: Credentials
    mode: Mode = Mode.BOTH
    buffer_bytes: int = 65_535
    credit: int = 64
    compression: bool = True
    restart: bool = True
    authentication: bool = False
    special_logic: bool = False
    user_data: str = ""
    levels: tuple[int, ...] = LEVELS

    def __post_init__(self) -> None:
        if not self.levels or not set(self.levels) <= set(LEVELS):
            raise ValueError(f"levels {self.levels} are not some of {LEVELS}")
        if self.authentication and max(self.levels) < SECURE_LEVEL:
            raise ValueError(f"secure authentication needs level {SECURE_LEVEL}")
        if not BUFFER_BYTES_MIN <= self.buffer_bytes <= BUFFER_BYTES_MAX:
            raise ValueError(
                f"buffer_bytes {self.buffer_bytes} is not {BUFFER_BYTES_MIN}..{BUFFER_BYTES_MAX}"
            )
        if not 1 <= self.credit <= CREDIT_MAX:
            raise ValueError(f"credit {self.credit} is not 1..{CREDIT_MAX}")
        if self.special_logic and self.credit != 1:
            raise ValueError("special logic needs credit 1")
        check_short_text(self.user_data, "user data", USER_DATA_MAX)

    def ssid(self) -> SSID:
        """The SSID of an initiator: all that we can do."""
        return SSID(
            level=max(self.levels),
            code=self.credentials.code,
            password=self.credentials.password,
            buffer_bytes=self.buffer_bytes,
            mode=self.mode,
            compression=self.compression,
            restart=self.restart,
            special_logic=self.special_logic,
            credit=self.credit,
            authentication=self.authentication,
            user_data=self.user_data,
        )


@dataclass(frozen=True, slots=True)
class Parameters:
    """What both ends agreed on. `mode` is ours; `code` and `user_data` are the partner's."""

    code: str
    mode: Mode
    buffer_bytes: int
    credit: int
    compression: bool
    restart: bool
    authentication: bool = False
    special_logic: bool = False
    user_data: str = ""
    level: int = LEVEL

    def ssid(self, ours: Capabilities) -> SSID:
        """The SSID of a responder: what was agreed."""
        return SSID(
            level=self.level,
            code=ours.credentials.code,
            password=ours.credentials.password,
            buffer_bytes=self.buffer_bytes,
            mode=self.mode,
            compression=self.compression,
            restart=self.restart,
            special_logic=self.special_logic,
            credit=self.credit,
            authentication=self.authentication,
            user_data=ours.user_data,
        )


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Why a session cannot stand, as an ESID reason and text."""

    reason: EndReason
    text: str


def negotiate(ours: Capabilities, theirs: SSID, *, caller: bool) -> Parameters | Disagreement:
    """What is agreed when `theirs` meets `ours`; `caller` tells that we are the initiator."""
    level = agreed_level(ours.levels, theirs.level, caller=caller)
    if level is None:
        wanted = " or ".join(map(str, sorted(ours.levels)))
        return Disagreement(
            EndReason.INCOMPATIBLE, f"level {theirs.level} is not spoken here, {wanted} is needed"
        )
    mode = agreed_mode(ours.mode, Mode(theirs.mode))
    if mode is None:
        return Disagreement(EndReason.INCOMPATIBLE, f"both ends have mode {theirs.mode}")
    if ours.special_logic and not theirs.special_logic:
        return Disagreement(EndReason.INCOMPATIBLE, "a serial line needs special logic")
    if theirs.credit < 1:
        return Disagreement(EndReason.INCOMPATIBLE, "credit 0 lets nothing pass")
    if caller and theirs.credit > ours.credit:
        return Disagreement(
            EndReason.INCOMPATIBLE, f"credit {theirs.credit} is more than the {ours.credit} offered"
        )
    return Parameters(
        code=theirs.code,
        mode=mode,
        buffer_bytes=min(ours.buffer_bytes, theirs.buffer_bytes),
        credit=min(ours.credit, theirs.credit),
        compression=ours.compression and theirs.compression,
        restart=ours.restart and theirs.restart,
        authentication=ours.authentication,
        special_logic=ours.special_logic,
        user_data=theirs.user_data,
        level=level,
    )


def agreed_level(ours: tuple[int, ...], theirs: int, *, caller: bool) -> int | None:
    """The level that is spoken, None when there is none.

    A responder may choose any level that it speaks up to that of the initiator. What it answers is final: the
    initiator must speak that very level, but for an answer above its offer, which chooses nothing.
    """
    if caller and theirs < max(ours):
        return theirs if theirs in ours else None
    return selected_level(ours, theirs)


def agreed_mode(ours: Mode, theirs: Mode) -> Mode | None:
    """What we do in the session; None when both can only send, or only receive."""
    if ours is Mode.BOTH:
        return theirs.opposite
    return None if ours is theirs else ours
