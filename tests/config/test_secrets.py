"""Line passwords: read from files of their owner's, and never shown."""

from pathlib import Path

import pytest

from gateway.config import GatewayConfig
from gateway.config.secrets import read_password
from gateway.data import data_dir
from gateway.errors import ConfigurationFault


def _secret(path: Path, held: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(held)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("held", [b"PASS1234", b"PASS1234\n", b"PASS1234\r\n"])
def test_a_password_is_read_without_its_line_end_and_never_shown(held: bytes, tmp_path: Path) -> None:
    password = read_password(_secret(tmp_path / "secret", held))
    assert password.get_secret_value() == "PASS1234"
    assert "PASS1234" not in f"{password} {password!r}"


@pytest.mark.parametrize(
    "held", [b"", b"\n", b"LONGER789", b"lower", b"A B", b"A\nB", b"\xff\xfe", b"A" * 1000]
)
def test_what_cannot_be_a_password_is_refused_without_showing_it(held: bytes, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationFault, match="expected a password of 1 to 8") as raised:
        read_password(_secret(tmp_path / "secret", held))
    assert held.decode("latin-1").strip() == "" or held.decode("latin-1") not in str(raised.value)


def test_a_password_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationFault, match="only its owner can read"):
        read_password(_secret(tmp_path / "secret", b"PASS1234", 0o640))


def test_a_missing_password_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationFault, match="cannot be read: No such file"):
        read_password(tmp_path / "absent")


def test_a_partner_knows_both_passwords_and_its_repr_neither(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text((data_dir("conf") / "gateway.toml").read_text())
    (tmp_path / "secrets").mkdir()
    _secret(tmp_path / "secrets/line-gateway", b"OURS\n")
    _secret(tmp_path / "secrets/line-customs", b"THEIRS\n")
    partner = GatewayConfig.load(tmp_path / "gateway.toml").partners[0]
    assert partner.password_ours().get_secret_value() == "OURS"
    assert partner.password_theirs().get_secret_value() == "THEIRS"
    assert "OURS" not in repr(partner)
    assert "THEIRS" not in repr(partner)
