"""The composition root: the only place that knows every room."""

from __future__ import annotations

from pathlib import Path

from gateway.clock import Clock, system_clock
from gateway.config import CustomsConfig, GatewayConfig
from gateway.service.customs_station import CustomsStation
from gateway.service.daemon import Setting, serve
from gateway.service.licence_gateway import LicenceGateway
from gateway.service.surroundings import Surroundings


def run_gateway(config: GatewayConfig, clock: Clock = system_clock) -> None:
    """Run the gateway until it is told to stop; ConfigurationFault or EnvironmentFault if it cannot start."""
    setting = Setting(config.log, Path(config.operations.control_socket))
    serve(setting, lambda reactor: LicenceGateway(config, Surroundings.real(reactor, clock)))


def run_customs(config: CustomsConfig, clock: Clock = system_clock) -> None:
    """Run the simulated customs until it is told to stop; raises as `run_gateway`."""
    setting = Setting(config.log, Path(config.operations.control_socket))
    serve(setting, lambda reactor: CustomsStation(config, Surroundings.real(reactor, clock)))
