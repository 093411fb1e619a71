"""`init`, `check-config`, and how every command finds the instance that it is about."""

import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from gateway.clock import Clock, system_clock
from gateway.config import GatewayConfig
from tests.cli.conftest import Gatewayd


def test_init_makes_an_instance_that_is_in_order_and_says_what_to_do_next(
    gatewayd: Gatewayd, tmp_path: Path
) -> None:
    made = gatewayd("init", "here", "--gateway-port", 7001, "--customs-port", 7002)
    assert made.exit_code == 0, made.output
    assert "gatewayd run --instance here" in made.stdout
    assert "7001" in made.stdout
    for of_customs in ([], ["--customs"]):
        checked = gatewayd("check-config", *of_customs, "--instance", "here")
        assert (checked.exit_code, checked.stdout) == (0, "in order\n")
    again = gatewayd("init", "here")
    assert again.exit_code == 2
    assert "nothing is ever overwritten" in again.stderr


def test_check_config_tells_every_fault(gatewayd: Gatewayd, tmp_path: Path) -> None:
    gatewayd("init", "here")
    (tmp_path / "here/keys/seal.key").unlink()
    (tmp_path / "here/secrets/line-gateway").unlink()
    checked = gatewayd("check-config", "--instance", "here")
    assert checked.exit_code == 2
    assert "seal.key" in checked.stderr
    assert "line-gateway" in checked.stderr
    (tmp_path / "here/gateway.toml").write_text("[gateway]\nwrong = 1\n")
    checked = gatewayd("check-config", "--instance", "here")
    assert "gateway.wrong: not a known key" in checked.stderr
    assert "spool: missing" in checked.stderr


def test_the_place_is_said_in_the_environment_or_where_we_stand(
    gatewayd: Gatewayd, tmp_path: Path, instance: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = gatewayd("check-config")
    assert nowhere.exit_code == 2
    assert "no gateway.toml here" in nowhere.output
    monkeypatch.setenv("GATEWAYD_INSTANCE", str(instance))
    assert gatewayd("check-config").exit_code == 0
    monkeypatch.setenv("GATEWAYD_CONFIG", str(tmp_path / "absent.toml"))
    assert "absent.toml" in gatewayd("check-config").stderr
    assert gatewayd("check-config", "--instance", instance).exit_code == 0, "what is typed goes first"
    both = gatewayd("check-config", "--instance", instance, "--config", instance / "gateway.toml")
    assert both.exit_code == 2
    monkeypatch.delenv("GATEWAYD_CONFIG")
    monkeypatch.delenv("GATEWAYD_INSTANCE")
    monkeypatch.chdir(instance)
    assert gatewayd("check-config").exit_code == 0


def test_run_is_given_the_configuration(
    gatewayd: Gatewayd, instance: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[tuple[GatewayConfig, Clock]] = []
    service = SimpleNamespace(run_gateway=lambda config, clock: runs.append((config, clock)))
    monkeypatch.setitem(sys.modules, "gateway.service", service)
    assert gatewayd("run", "--instance", instance).exit_code == 0
    [(config, clock)] = runs
    assert config.source == instance / "gateway.toml"
    assert clock is system_clock


def test_a_trial_with_another_clock_says_so(
    gatewayd: Gatewayd, instance: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clocks: list[Clock] = []
    service = SimpleNamespace(run_customs=lambda _config, clock: clocks.append(clock))
    monkeypatch.setitem(sys.modules, "gateway.service", service)

    said = gatewayd("customs", "--instance", instance, "--days-ahead", "2")

    assert "2 days ahead" in said.stderr
    assert timedelta(days=1) < clocks[0]() - system_clock() < timedelta(days=3)
