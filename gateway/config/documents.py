"""The two configuration files: the gateway's and the simulated customs'."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from gateway.config.daily import ContactConfig, DailyConfig
from gateway.config.endpoints import Transport
from gateway.config.kinds import FilePath, whole
from gateway.config.loading import load
from gateway.config.partners import PartnerConfig
from gateway.config.section import Section
from gateway.config.sections import (
    CustomsKeysConfig,
    CustomsTrustConfig,
    IdentityConfig,
    KeysConfig,
    LawConfig,
    LimitsConfig,
    LineConfig,
    LogConfig,
    OperationsConfig,
    PostLimits,
    SpoolConfig,
    TrustConfig,
)
from gateway.config.simulation import FaultsConfig

_MAX_PARTNERS = 256
_MAX_SPOOLS = 64
_MAX_CONTACTS = 64


class _Document(Section):
    """What both files share: an end of the line, its partners, a log, and a control socket."""

    line: LineConfig
    partners: tuple[PartnerConfig, ...] = Field(alias="partner", min_length=1, max_length=_MAX_PARTNERS)
    log: LogConfig
    operations: OperationsConfig
    _source: Path | None = PrivateAttr(default=None)

    @property
    def source(self) -> Path | None:
        """The file that this was loaded from, absolute; None when built in code."""
        return self._source

    @classmethod
    def load(cls, path: Path) -> Self:
        """The configuration in the TOML file at `path`.

        Raises ConfigurationFault with one line a fault (file, key, what is expected), all faults at once.
        """
        document = load(cls, path)
        document._source = path.absolute()
        return document

    @model_validator(mode="after")
    def _partners_apart(self) -> Self:
        _refuse_repeated("partner: name", (partner.name for partner in self.partners))
        _refuse_repeated("partner: participant", (partner.participant for partner in self.partners))
        codes = [self.line.identification, *(partner.identification for partner in self.partners)]
        _refuse_repeated("line and partner: identification", codes)
        return self

    @model_validator(mode="after")
    def _serial_apart(self) -> Self:
        endpoints = [*self.line.listen, *(one for partner in self.partners for one in partner.call)]
        devices = [one.host for one in endpoints if one.transport is Transport.SERIAL]
        _refuse_repeated("line.listen, partner.call: serial device", devices)
        return self

    @model_validator(mode="after")
    def _tls_complete(self) -> Self:
        transports = {endpoint.transport for endpoint in self.line.listen}
        for partner in self.partners:
            calls = any(endpoint.transport is Transport.TLS for endpoint in partner.call)
            # Who has no certificate, and finds nothing but TLS here, could never come in.
            shut_out = transports == {Transport.TLS} and partner.calls != "we"
            if (calls or shut_out) and partner.tls_anchor is None:
                raise ValueError(f'partner "{partner.name}": tls_anchor: missing; expected a path, for TLS')
            if (calls or Transport.TLS in transports) and self.line.certificate is None:
                raise ValueError("line.certificate, line.key: missing; expected paths, for TLS")
        return self


class DoorConfig(BaseModel):
    """Of either file, how to reach the daemon: faults in all the rest are none of the commands' business."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    operations: OperationsConfig


class GatewayConfig(_Document):
    """`gateway.toml`: everything that the daemon is told before it starts."""

    gateway: IdentityConfig
    spools: tuple[SpoolConfig, ...] = Field(alias="spool", min_length=1, max_length=_MAX_SPOOLS)
    limits: LimitsConfig = LimitsConfig()
    trust: TrustConfig
    keys: KeysConfig
    law: LawConfig = LawConfig()
    daily: DailyConfig = DailyConfig()
    contacts: tuple[ContactConfig, ...] = Field(alias="contact", default=(), max_length=_MAX_CONTACTS)

    @model_validator(mode="after")
    def _offices_apart(self) -> Self:
        _refuse_repeated("partner: offices", (one for partner in self.partners for one in partner.offices))
        centres = [partner.name for partner in self.partners if not partner.offices]
        if len(centres) != 1:
            found = ", ".join(f'"{name}"' for name in centres) or "none"
            raise ValueError(
                "partner: offices: expected exactly one partner without, which gets every licence that no"
                f" prefix names; without are: {found}"
            )
        return self

    @model_validator(mode="after")
    def _spools_apart(self) -> Self:
        _refuse_repeated("spool: name", (spool.name for spool in self.spools))
        paths = [Path(spool.path).resolve() for spool in self.spools]
        for one in paths:
            if sum(other == one or one in other.parents for other in paths) > 1:
                raise ValueError(f"spool: path: expected trees apart from each other; {one} holds another")
        return self


class SimulationConfig(IdentityConfig):
    """Who the simulated customs is, and how it behaves: by a scenario file, or by the seed alone."""

    scenario: FilePath | None = None
    seed: Annotated[int, whole(0, 2**31 - 1)] = 1


class CustomsConfig(_Document):
    """`customs.toml`: the simulated customs at the other end of the line."""

    customs: SimulationConfig
    limits: PostLimits = PostLimits()
    trust: CustomsTrustConfig
    keys: CustomsKeysConfig
    faults: FaultsConfig = FaultsConfig()

    @model_validator(mode="after")
    def _no_offices(self) -> Self:
        if any(partner.offices for partner in self.partners):
            raise ValueError("partner: offices: expected in the gateway's configuration only")
        return self


def _refuse_repeated(what: str, values: Iterable[str]) -> None:
    repeated = [value for value, count in Counter(values).items() if count > 1]
    if repeated:
        raise ValueError(f'{what}: expected each once, found "{repeated[0]}" more than once')
