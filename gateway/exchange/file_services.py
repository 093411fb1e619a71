"""The services for files that are agreed with each partner (RFC 5024 section 6), and what follows from them.

An offer is judged before anything of the file is taken; what was taken is opened by what the offer said, and
what is sent goes out as configured. Keys and certificates can be renewed while running.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

from gateway.config import ServicesConfig
from gateway.errors import ConfigurationFault
from gateway.line.office import RefusedOffer
from gateway.trust.cipher_suites import CIPHER_SUITES, CipherSuite
from gateway.trust.cms_file import FileKeys, Services, envelope, open_envelope
from gateway.trust.cms_keys import OwnKey, Use, load_partner
from oftp2.attributes import FileAttributes
from oftp2.commands import BLOCK_BYTES
from oftp2.reasons import Refusal

_USES: Final = (Use.SIGNING, Use.ENCIPHERING)


class Demand(StrEnum):
    """What is agreed about one service in files that come."""

    NONE = "none"
    ALLOWED = "allowed"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A file ready to be sent: what its offer says, its bytes, and their hash by the suite, if it has one."""

    attributes: FileAttributes
    content: bytes = field(repr=False)
    hash: bytes | None


@dataclass(frozen=True, slots=True)
class PartnerServices:
    """What is agreed with one partner. `sent` is done to files of ours; `suites` are those allowed."""

    signing: Demand = Demand.NONE
    encryption: Demand = Demand.NONE
    compression: Demand = Demand.NONE
    suites: tuple[CipherSuite, ...] = ()
    sent: Services = field(default_factory=Services)
    ask_signed_receipts: bool = False
    keys: FileKeys | None = None

    @classmethod
    def load(cls, config: ServicesConfig) -> Self:
        """As configured; ConfigurationFault for keys and certificates that cannot be used."""
        suites = tuple(CIPHER_SUITES[code] for code in config.suites)
        secured = {"signed", "encrypted"} & {*config.send}
        return cls(
            signing=Demand(config.signing),
            encryption=Demand(config.encryption),
            compression=Demand(config.compression),
            suites=suites,
            sent=Services(
                signed="signed" in config.send,
                compressed="compressed" in config.send,
                encrypted="encrypted" in config.send,
                suite=suites[0] if secured else None,
            ),
            ask_signed_receipts=config.ask_signed_receipts,
            keys=_load_keys(config),
        )

    @property
    def wraps(self) -> bool:
        """Whether files of ours go out as anything else than plain."""
        return self.sent.enveloped or self.ask_signed_receipts

    def refusal_of(self, asked: FileAttributes) -> RefusedOffer | None:
        """Why a file with these attributes is not taken (SFNA, RFC 5024 section 5.3.5)."""
        for demand, done, unwanted, missing in (
            (self.encryption, asked.encrypted, _ENCRYPTED, _UNENCRYPTED),
            (self.signing, asked.signed, _SIGNED, _UNSIGNED),
            (self.compression, asked.compressed, _COMPRESSED, None),
        ):
            if done and demand is Demand.NONE:
                return unwanted
            if not done and demand is Demand.REQUIRED:
                return missing
        if asked.enveloped is not (asked.encrypted or asked.signed or asked.compressed):
            return _EMPTY_ENVELOPE if asked.enveloped else _NO_ENVELOPE
        wants_suite = asked.encrypted or asked.signed or asked.signed_receipt
        if wants_suite and asked.cipher_suite not in {suite.code for suite in self.suites}:
            allowed = ", ".join(f"{suite.code:02d}" for suite in self.suites) or "none"
            text = f"cipher suite {asked.cipher_suite:02d} is not agreed; agreed: {allowed}"
            return RefusedOffer(Refusal.CIPHER_SUITE_NOT_SUPPORTED, text, retry=False)
        return None

    def agreed_suite(self, code: int) -> CipherSuite | None:
        """The suite of this number, if it is agreed."""
        return next((suite for suite in self.suites if suite.code == code), None)

    def wrap(self, content: bytes, now: datetime) -> Wrapped:
        """A file of ours as it goes out; CannotEnvelope when no certificate of the partner holds at `now`."""
        sent = self.sent
        wrapped = envelope(content, sent, self.keys, now)
        suite = sent.suite or (self.suites[0] if self.ask_signed_receipts else None)
        attributes = FileAttributes(
            original_size_blocks=-(-len(content) // BLOCK_BYTES),
            encrypted=sent.encrypted,
            signed=sent.signed,
            compressed=sent.compressed,
            enveloped=sent.enveloped,
            cipher_suite=0 if suite is None else suite.code,
            signed_receipt=self.ask_signed_receipts,
        )
        return Wrapped(attributes, wrapped, None if suite is None else suite.digest.of(wrapped))

    def open(self, message: bytes, told: FileAttributes, *, max_bytes: int, now: datetime) -> bytes:
        """The content of a file that was offered as `told`; CmsFault when it is not what was told.

        ConfigurationFault when it was agreed to, and is no longer: that is not the partner's fault.
        """
        suite = CIPHER_SUITES.get(told.cipher_suite)
        if (told.signed or told.encrypted) and (suite not in self.suites or self.keys is None):
            raise ConfigurationFault(
                f"cipher suite {told.cipher_suite:02d} was agreed with, and is no longer"
            )
        done = Services(told.signed, told.compressed, told.encrypted, suite)
        return open_envelope(message, done, self.keys, max_bytes=max_bytes, now=now)


class AgreedServices:
    """What is agreed with all partners, by name; partners that are not named have no services."""

    def __init__(self, by_partner: Mapping[str, PartnerServices] | None = None) -> None:
        self._by_partner = dict(by_partner or {})

    @classmethod
    def load(cls, by_partner: Mapping[str, ServicesConfig]) -> Self:
        """As configured; ConfigurationFault."""
        return cls({name: PartnerServices.load(config) for name, config in by_partner.items()})

    def renew(self, others: AgreedServices) -> None:
        """From now on what `others` say holds."""
        self._by_partner = others._by_partner

    def joined(self, others: AgreedServices) -> AgreedServices:
        """What `others` say, and of partners that they do not name what is said here."""
        return AgreedServices({**self._by_partner, **others._by_partner})

    def of(self, partner: str) -> PartnerServices:
        """What is agreed with one partner."""
        return self._by_partner.get(partner, _NOTHING)


def _load_keys(config: ServicesConfig) -> FileKeys | None:
    if config.key is None or config.certificate is None or config.partner_certificates is None:
        return None
    own = [OwnKey.load(Path(config.key), Path(config.certificate), *_USES)]
    if config.former_key is not None and config.former_certificate is not None:
        own.append(OwnKey.load(Path(config.former_key), Path(config.former_certificate), Use.ENCIPHERING))
    partner = load_partner(Path(config.partner_certificates), *_USES)
    if any(one.certificate.key == known.key for one in own for known in partner):
        # Whoever sent us a file of our own back would have it taken for the partner's.
        raise ConfigurationFault(f"{config.partner_certificates}: expected another key than ours")
    return FileKeys(tuple(own), partner)


def _refusal(reason: Refusal, text: str) -> RefusedOffer:
    return RefusedOffer(reason, text, retry=False)


_ENCRYPTED: Final = _refusal(Refusal.ENCRYPTED_NOT_ALLOWED, "encrypted files were not agreed")
_UNENCRYPTED: Final = _refusal(Refusal.UNENCRYPTED_NOT_ALLOWED, "only encrypted files were agreed")
_SIGNED: Final = _refusal(Refusal.SIGNED_NOT_ALLOWED, "signed files were not agreed")
_UNSIGNED: Final = _refusal(Refusal.UNSIGNED_NOT_ALLOWED, "only signed files were agreed")
_COMPRESSED: Final = _refusal(Refusal.COMPRESSION_NOT_ALLOWED, "compressed files were not agreed")
_NO_ENVELOPE: Final = _refusal(
    Refusal.UNSPECIFIED, "signed, compressed or encrypted files are enveloped (SFIDENV 1)"
)
#: RFC 5024 section 10.4 lets certificates be sent so.
_EMPTY_ENVELOPE: Final = _refusal(
    Refusal.UNSPECIFIED,
    "an envelope with nothing signed, compressed or encrypted: certificates are not taken",
)
_NOTHING: Final = PartnerServices()
