"""Which instance a command is about: `--config`, `--instance`, the environment, or where we stand."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from gateway.config import CustomsConfig, GatewayConfig
from gateway.operations.instance import CUSTOMS_FILE, GATEWAY_FILE

Function = TypeVar("Function", bound=Callable[..., Any])

#: Looked through in order when nothing is said.
DEFAULT_FOLDERS = (Path(), Path("var/instance"), Path("var/demo"))
_ENVIRONMENT = {GATEWAY_FILE: "GATEWAYD_CONFIG", CUSTOMS_FILE: "GATEWAYD_CUSTOMS_CONFIG"}
_PATH = click.Path(path_type=Path)


def takes_place(function: Function) -> Function:
    """Give a command `--config` and `--instance`; it passes both to one of the functions below."""
    config = click.option("--config", type=_PATH, help="The configuration file (GATEWAYD_CONFIG)")
    instance = click.option("--instance", type=_PATH, help="The instance's folder (GATEWAYD_INSTANCE)")
    return config(instance(function))


def gateway_config(config: Path | None, instance: Path | None) -> GatewayConfig:
    """The gateway's configuration meant. Raises as `configuration_path`, or ConfigurationFault."""
    return GatewayConfig.load(configuration_path(config, instance))


def customs_config(config: Path | None, instance: Path | None) -> CustomsConfig:
    """The simulated customs' configuration meant. Raises as `gateway_config`."""
    return CustomsConfig.load(configuration_path(config, instance, CUSTOMS_FILE))


def configuration_path(config: Path | None, instance: Path | None, name: str = GATEWAY_FILE) -> Path:
    """The configuration file meant; a usage error if none is said and none is found.

    What is said on the command line goes before the environment, and that before the default folders.
    """
    if config is not None and instance is not None:
        raise click.UsageError("expected --config or --instance, not both")
    if config is not None:
        return config
    if instance is not None:
        return instance / name
    if said := os.environ.get(_ENVIRONMENT[name]):
        return Path(said)
    if said := os.environ.get("GATEWAYD_INSTANCE"):
        return Path(said) / name
    for folder in DEFAULT_FOLDERS:
        if (folder / name).is_file():
            return folder / name
    raise click.UsageError(
        f"no {name} here: say --instance DIR or set GATEWAYD_INSTANCE; `gatewayd init DIR` makes an instance"
    )
