"""What operators configure: two TOML files, checked whole before anything starts."""

from gateway.config.daily import ContactConfig, DailyConfig
from gateway.config.documents import CustomsConfig, DoorConfig, GatewayConfig, SimulationConfig
from gateway.config.endpoints import Endpoint, Transport
from gateway.config.partners import FilesConfig, PartnerConfig
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
from gateway.config.services import ServicesConfig
from gateway.config.simulation import FaultsConfig

__all__ = [
    "ContactConfig",
    "CustomsConfig",
    "CustomsKeysConfig",
    "CustomsTrustConfig",
    "DailyConfig",
    "DoorConfig",
    "Endpoint",
    "FaultsConfig",
    "FilesConfig",
    "GatewayConfig",
    "IdentityConfig",
    "KeysConfig",
    "LawConfig",
    "LimitsConfig",
    "LineConfig",
    "LogConfig",
    "OperationsConfig",
    "PartnerConfig",
    "PostLimits",
    "ServicesConfig",
    "SimulationConfig",
    "SpoolConfig",
    "Transport",
    "TrustConfig",
]
