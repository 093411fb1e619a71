"""Which services for files are agreed with a partner (RFC 5024 section 6): all are off until named."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from gateway.config.kinds import FilePath, Flag, one_of, whole
from gateway.config.section import Section

_DEMAND = one_of("none", "allowed", "required")
_MAX_SUITES = 6


class ServicesConfig(Section):
    """Compression, signing and encryption of whole files, and signed receipts.

    `suites` are the cipher suites that are taken (SFIDCIPH), the first being what we send with. `signing`,
    `encryption` and `compression` are what we take; `send` is what we do to what we send; with
    `ask_signed_receipts` we ask for a signature on each end-to-end response (SFIDSIGN).
    `key` and `certificate` are ours, for signing and for opening; `former_key` and `former_certificate` those
    before them, which still open; `partner_certificates` holds the partner's certificate, or two while it
    changes them. PEM, RSA.
    """

    suites: tuple[Annotated[int, whole(1, _MAX_SUITES)], ...] = Field(default=(), max_length=_MAX_SUITES)
    signing: Annotated[str, _DEMAND] = "none"
    encryption: Annotated[str, _DEMAND] = "none"
    compression: Annotated[str, one_of("none", "allowed")] = "none"
    send: tuple[Annotated[str, one_of("signed", "compressed", "encrypted")], ...] = Field(
        default=(), max_length=3
    )
    ask_signed_receipts: Flag = False
    key: FilePath | None = None
    certificate: FilePath | None = None
    former_key: FilePath | None = None
    former_certificate: FilePath | None = None
    partner_certificates: FilePath | None = None

    @property
    def needs_keys(self) -> bool:
        """Whether anything is signed or encrypted."""
        secured = {self.signing, self.encryption} != {"none"} or bool({"signed", "encrypted"} & {*self.send})
        return secured or self.ask_signed_receipts

    @property
    def needs_level_5(self) -> bool:
        """Whether files go with services, or come with none refused: lower levels have no fields for it."""
        return bool(self.send) or self.ask_signed_receipts or "required" in {self.signing, self.encryption}

    @model_validator(mode="after")
    def _complete(self) -> Self:
        files = (self.key, self.certificate, self.partner_certificates)
        names = "key, certificate and partner_certificates"
        if any(files) is not all(files):
            raise ValueError(f"{names}: expected all of them, or none")
        if self.needs_keys and not all(files):
            raise ValueError(f"{names}: missing; expected paths, for what is signed or encrypted")
        if any(files) is not bool(self.suites):
            raise ValueError(f"suites: expected at least one such as [4] with {names}, and none without")
        if (self.former_key is None) != (self.former_certificate is None) or (
            self.former_key is not None and self.key is None
        ):
            raise ValueError("former_key, former_certificate: expected both, beside key; or neither")
        return self
