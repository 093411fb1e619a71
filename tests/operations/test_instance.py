"""`init`: an instance that works as it is, made whole or not at all, and never over another."""

import shutil
import socket
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.cli.setup import check_config
from gateway.config import CustomsConfig, GatewayConfig
from gateway.config.tables import shipped_tables
from gateway.errors import ConfigurationFault, EnvironmentFault
from gateway.operations.free_space import MIB, Room
from gateway.operations.inspection import faults_of_customs, faults_of_gateway, notices_of_gateway
from gateway.operations.instance import ISSUER_CERTIFICATE, ISSUER_KEY, PARTICIPANTS, create_instance
from gateway.trust.authority import CERTIFICATE_LIFETIME, KeyKind
from gateway.trust.certificates import Role
from gateway.trust.keys import load_private_key
from gateway.trust.signing import Signer
from tests.trust.enciphering import authentication_paper

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "instance"
    create_instance(folder, at=NOW, gateway_port=16619, customs_port=16620)
    return folder


def test_both_configurations_load_and_everything_they_point_to_can_be_used(made: Path) -> None:
    gateway = GatewayConfig.load(made / "gateway.toml")
    customs = CustomsConfig.load(made / "customs.toml")
    assert faults_of_gateway(gateway) == ()
    assert faults_of_customs(customs) == ()
    assert gateway.line.listen == customs.partners[0].call
    assert customs.line.listen == gateway.partners[0].call
    assert {gateway.line.listen[0].port, customs.line.listen[0].port} == {16619, 16620}


def test_faults_in_the_tables_of_the_law_are_told(tmp_path: Path) -> None:
    create_instance(tmp_path / "own", at=NOW)
    path = tmp_path / "own/gateway.toml"
    path.write_text(path.read_text("utf-8").replace("# [law]", '[law]\ntables = "tables"'), "utf-8")
    shutil.copytree(shipped_tables(), tmp_path / "own/tables")
    assert faults_of_gateway(GatewayConfig.load(path)) == ()

    (tmp_path / "own/tables/caps.toml").unlink()
    [fault] = faults_of_gateway(GatewayConfig.load(path))
    assert "tables/caps.toml: cannot be read" in fault


def test_the_two_ends_know_each_others_passwords(made: Path) -> None:
    ours = GatewayConfig.load(made / "gateway.toml").partners[0]
    theirs = CustomsConfig.load(made / "customs.toml").partners[0]
    assert ours.password_ours() == theirs.password_theirs()
    assert ours.password_theirs() == theirs.password_ours()
    assert ours.password_ours() != ours.password_theirs()


def test_the_issuer_can_sign_under_its_own_name(made: Path) -> None:
    signer = Signer.load(made / ISSUER_KEY, made / ISSUER_CERTIFICATE)
    assert signer.participant == PARTICIPANTS[Role.ISSUER]


def test_private_things_are_for_their_owner_only(made: Path) -> None:
    private = [
        *made.glob("keys/*.key"),
        *made.glob("tls/*.key"),
        *made.glob("authorities/*"),
        *made.glob("secrets/*"),
    ]
    assert len(private) >= 13
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}
    assert stat.S_IMODE(made.stat().st_mode) == 0o700


def test_two_instances_share_no_secret(made: Path, tmp_path: Path) -> None:
    create_instance(tmp_path / "other", at=NOW)
    for name in ("secrets/line-gateway", "keys/seal.key", "tls/gateway.pem"):
        assert (made / name).read_bytes() != (tmp_path / "other" / name).read_bytes()


def test_rsa_on_request(tmp_path: Path) -> None:
    create_instance(tmp_path / "rsa", at=NOW, key_kind=KeyKind.RSA2048)
    key = load_private_key(tmp_path / "rsa/keys/seal.key")
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == 2048
    assert faults_of_gateway(GatewayConfig.load(tmp_path / "rsa/gateway.toml")) == ()


def test_an_empty_folder_is_used_and_a_taken_one_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    create_instance(tmp_path / "empty", at=NOW)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "mine").write_text("precious")
    (tmp_path / "file").write_text("precious")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("taken", "file", "link", "empty"):
        with pytest.raises(ConfigurationFault, match="nothing is ever overwritten"):
            create_instance(tmp_path / name, at=NOW)
    assert [path.name for path in (tmp_path / "taken").iterdir()] == ["mine"]


def test_a_failure_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object) -> None:
        raise EnvironmentFault("disk full")

    monkeypatch.setattr("gateway.operations.instance.write_new", full)
    with pytest.raises(EnvironmentFault, match="disk full"):
        create_instance(tmp_path / "instance", at=NOW)
    assert list(tmp_path.iterdir()) == []


def test_taken_ports_are_stepped_round(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr("gateway.operations.instance._PORTS", range(port, port + 1))
        with pytest.raises(EnvironmentFault, match="no free port"):
            create_instance(tmp_path / "instance", at=NOW)
        assert not (tmp_path / "instance").exists()


def test_ports_may_be_the_shipped_ones_the_other_way_round(tmp_path: Path) -> None:
    create_instance(tmp_path / "i", at=NOW, gateway_port=6620, customs_port=6619)
    config = GatewayConfig.load(tmp_path / "i/gateway.toml")
    assert (config.line.listen[0].port, config.partners[0].call[0].port) == (6620, 6619)
    with pytest.raises(ConfigurationFault, match="two different ports"):
        create_instance(tmp_path / "j", at=NOW, gateway_port=7000, customs_port=7000)


def test_whatever_cannot_be_used_is_told_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "i"
    create_instance(folder, at=NOW)
    (folder / "keys/seal.key").unlink()
    (folder / "keys/gateway.pem").write_bytes((folder / "keys/customs.pem").read_bytes())
    (folder / "trust/customs/ca.pem").write_text("no certificate")
    (folder / "secrets/line-customs").chmod(0o644)
    (folder / "tls/gateway.key").write_bytes((folder / "tls/customs.key").read_bytes())
    (folder / "tls/customs.pem").unlink()
    (folder / "spool/in").rmdir()
    (folder / "spool/in").write_text("in the way")
    faults = faults_of_gateway(GatewayConfig.load(folder / "gateway.toml"))
    expected = (
        "seal.key",
        "gateway.pem",
        "trust/customs",
        "line-customs",
        "gateway.key: not usable for TLS",
        "customs.pem: no certificates for TLS",
        "spool/in",
    )
    assert len(faults) == len(expected)
    for told in expected:
        assert any(told in fault for fault in faults), (told, faults)


def test_a_partner_that_nothing_tells_from_others_of_its_issuer_is_spoken_of(tmp_path: Path) -> None:
    folder = tmp_path / "i"
    create_instance(folder, at=NOW)
    path = folder / "gateway.toml"
    changed = path.read_text().replace('tls_anchor = "tls/customs.pem"', 'tls_anchor = "tls/ca.pem"')
    path.write_text(changed)
    assert notices_of_gateway(GatewayConfig.load(path), NOW) == (), "it is called, and known by that host"
    waits = "\n".join(line for line in changed.splitlines() if not line.startswith("call ="))
    path.write_text(waits)
    [told] = notices_of_gateway(GatewayConfig.load(path), NOW)
    assert "set tls_names or tls_subject" in told
    path.write_text(waits.replace("tls_anchor =", 'tls_names = ["localhost"]\ntls_anchor ='))
    assert notices_of_gateway(GatewayConfig.load(path), NOW) == ()


def test_a_disk_without_room_for_new_work_is_a_notice(tmp_path: Path) -> None:
    folder = tmp_path / "i"
    create_instance(folder, at=NOW)
    config = GatewayConfig.load(folder / "gateway.toml")
    full = Room(free_bytes=3 * MIB, size_bytes=1_000 * MIB)
    [told] = notices_of_gateway(config, NOW, lambda _folder: full)
    assert told.startswith("limits.min_free_mib: 3.0 MiB free, 64.0 MiB needed on /")


def test_what_secure_authentication_needs_is_tried(tmp_path: Path) -> None:
    folder = tmp_path / "i"
    create_instance(folder, at=NOW)
    for name in ("ours", "theirs"):
        authentication_paper(folder, name, NOW - timedelta(days=1), NOW + timedelta(days=400))
    path = folder / "gateway.toml"
    keys = """[[partner]]
authentication = "certificate"
auth_key = "ours.key"
auth_certificate = "ours.pem"
partner_auth_certificate = "theirs.pem"
"""
    path.write_text(path.read_text().replace("[[partner]]\n", keys))
    assert faults_of_gateway(GatewayConfig.load(path)) == ()
    right = (folder / "ours.key").read_bytes()
    (folder / "ours.key").write_bytes((folder / "theirs.key").read_bytes())
    [fault] = faults_of_gateway(GatewayConfig.load(path))
    assert "ours.key: this is not the key of" in fault
    (folder / "ours.key").write_bytes(right)
    (folder / "theirs.pem").write_bytes((folder / "tls/customs.pem").read_bytes())
    [fault] = faults_of_gateway(GatewayConfig.load(path))
    assert "theirs.pem: expected a certificate of an RSA key" in fault


def test_certificates_that_end_soon_are_spoken_of_and_are_no_fault(tmp_path: Path) -> None:
    folder = tmp_path / "i"
    create_instance(folder, at=NOW - CERTIFICATE_LIFETIME + timedelta(days=20))
    config = GatewayConfig.load(folder / "gateway.toml")
    assert notices_of_gateway(config, NOW - timedelta(days=90)) == ()
    assert faults_of_gateway(config) == ()
    told = notices_of_gateway(config, NOW)
    names = ["of the seal", "of the gateway", "of the line", "of customs for TLS"]
    assert [line.split(": ")[0] for line in told] == [f"certificate {name}" for name in names]
    assert all("30 days left at most" in line for line in told)
    shown = CliRunner().invoke(check_config, ["--instance", str(folder)])
    assert shown.exit_code == 0
    assert shown.output == "\n".join([*told, "in order"]) + "\n"
    assert all("has expired on" in line for line in notices_of_gateway(config, NOW + timedelta(days=21)))


def test_a_certificate_of_somebody_else_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "i"
    create_instance(folder, at=NOW)
    path = folder / "gateway.toml"
    path.write_text(path.read_text().replace('participant = "CN-GATEWAY"', 'participant = "CN-OTHER"'))
    faults = faults_of_gateway(GatewayConfig.load(path))
    assert len(faults) == 2
    assert all('expected a certificate of "CN-OTHER", found one of "CN-GATEWAY"' in fault for fault in faults)
