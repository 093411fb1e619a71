"""Configuration files: the shipped templates load, and every fault is told at once in plain words."""

import re
from datetime import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import CustomsConfig, Endpoint, GatewayConfig, Transport
from gateway.data import data_dir
from gateway.errors import ConfigurationFault

TEMPLATES = data_dir("conf")


def _changed(tmp_path: Path, *changes: tuple[str, str], append: str = "") -> Path:
    written = (TEMPLATES / "gateway.toml").read_text()
    for before, after in changes:
        assert before in written
        written = written.replace(before, after)
    path = tmp_path / "gateway.toml"
    path.write_text(written + append)
    return path


def _faults(path: Path, model: Any = GatewayConfig) -> list[str]:
    with pytest.raises(ConfigurationFault) as raised:
        model.load(path)
    return str(raised.value).splitlines()


def test_the_shipped_gateway_template_loads_as_it_is() -> None:
    config = GatewayConfig.load(TEMPLATES / "gateway.toml")
    assert config.gateway.participant == "CN-GATEWAY"
    assert config.partners[0].call == (Endpoint(Transport.TLS, "127.0.0.1", 6620),)
    assert (config.law.port_match, config.law.release_ahead_seconds) == ("exact", 300)
    assert config.limits.max_file_bytes == 4 * 1024 * 1024


def test_the_shipped_customs_template_loads_and_has_no_fault_switched_on() -> None:
    config = CustomsConfig.load(TEMPLATES / "customs.toml")
    assert config.customs.scenario is None
    assert not any(config.faults.model_dump().values())


@pytest.mark.parametrize("name", ["gateway.toml", "customs.toml"])
def test_what_the_templates_show_commented_out_are_the_true_defaults(name: str, tmp_path: Path) -> None:
    model = GatewayConfig if name == "gateway.toml" else CustomsConfig
    plain = (TEMPLATES / name).read_text()
    told = re.sub(r"^# (\[|(?!scenario)\w+ = )", r"\1", plain, flags=re.MULTILINE)
    assert told != plain
    for folder, written in (("plain", plain), ("told", told)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(written)
    as_shipped = model.load(tmp_path / "plain" / name).model_dump_json()
    as_told = model.load(tmp_path / "told" / name).model_dump_json()
    assert as_told == as_shipped.replace(str(tmp_path / "plain"), str(tmp_path / "told"))


def test_relative_paths_start_from_the_folder_of_the_file(tmp_path: Path) -> None:
    config = GatewayConfig.load(_changed(tmp_path, ('"log/gateway.jsonl"', '"/var/log/g.jsonl"')))
    assert config.spools[0].path == tmp_path / "spool"
    assert config.keys.seal_key == tmp_path / "keys/seal.key"
    assert config.log.file == Path("/var/log/g.jsonl")
    assert config.source == tmp_path / "gateway.toml"


def test_all_faults_are_told_at_once_with_file_key_and_what_is_expected(tmp_path: Path) -> None:
    path = _changed(
        tmp_path,
        ('participant = "CN-GATEWAY"', 'participant = "-"'),
        ("# [limits]", "[limits]\nworkers = 0\nintake_batch = true\nintake_bach = 3"),
        ('call = ["tls:127.0.0.1:6620"]', 'call = ["tls:127.0.0.1:6620", "udp:x:1"]'),
        ('seal = "trust/seal"\n', ""),
    )
    faults = _faults(path)
    assert all(fault.startswith(f"{path}: ") for fault in faults)
    told = {fault.removeprefix(f"{path}: ") for fault in faults}
    assert told == {
        "gateway.participant: expected an identification of 1 to 35 of A-Z, a-z, 0-9 and . _ -, found '-'",
        "limits.workers: expected a whole number from 1 to 64, found 0",
        "limits.intake_batch: expected a whole number from 1 to 1000, found True",
        "limits.intake_bach: not a known key; did you mean intake_batch?",
        "partner #1.call #2: expected an endpoint such as \"tls:127.0.0.1:6619\", found 'udp:x:1'",
        "trust.seal: missing; expected a path",
    }


def test_the_value_of_an_unknown_key_is_not_shown_since_it_may_be_a_secret(tmp_path: Path) -> None:
    faults = _faults(_changed(tmp_path, append='password = "TOPSECRET"\n'))
    assert len(faults) == 1
    assert "operations.password: not a known key" in faults[0]
    assert "TOPSECRET" not in faults[0]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('tls_anchor = "tls/customs.pem"', ""), 'partner "customs": tls_anchor: missing'),
        (('key = "tls/gateway.key"', ""), "line: certificate and key belong together"),
        (('identification = "CN-CUSTOMS"', 'identification = "CN-GATEWAY"'), '"CN-GATEWAY" more than once'),
        (("# backoff_min_seconds = 1.0 ", "backoff_min_seconds = 999"), "backoff_min_seconds not above"),
        (
            ('# authentication = "none"', 'authentication = "certificate"'),
            'expected all of them with authentication = "certificate"',
        ),
        (("#   auth_key = ", "auth_key = "), 'expected all of them with authentication = "certificate"'),
        (
            ('# authentication = "none"', 'authentication = "password"'),
            'authentication: expected one of "none", "certificate"',
        ),
        (("# level_min = 1 ", "level_min = 3 "), "level_min: expected a level of ODETTE-FTP: 1, 2, 4 or 5"),
        (("# level_max = 5 ", "level_min = 4\nlevel_max = 2 "), "expected level_min not above level_max"),
        (
            ("# [partner.services] ", '[partner.services]\nsend = ["compressed"] #'),
            "level_min: expected 5, for services",
        ),
        (
            ("# [partner.services] ", '[partner.services]\nsigning = "allowed" #'),
            "services: key, certificate and partner_certificates: missing",
        ),
        (
            ('#   tls_names = ["oftp.customs.example"]', 'tls_names = ["*.example"]'),
            "tls_names #1: expected a name",
        ),
        (
            ('#   tls_names = ["oftp.customs.example"]', 'tls_names = ["192.0.2"]'),
            "tls_names #1: expected a name",
        ),
        (('#   tls_subject = "CN=oftp,O', 'tls_subject = "oftp,O'), "tls_subject: expected the subject of"),
        (
            ("# [partner.files] ", '[partner.files]\nsend_format = "V" '),
            "files: send_record_bytes: expected 1 or more",
        ),
        (("[operations]\n", "[operations\n"), "not valid TOML"),
        (("#   metrics = ", "metrics = 9464 #"), "operations.metrics: expected an address and a port"),
        (("#   metrics = ", 'metrics = "0.0.0.0:9464" #'), "0.0.0.0:9464 can be reached by others"),
        (("[log]\n", "[log]\nlevel = 'loud'\n"), 'log.level: expected one of "debug", "info"'),
        (
            ('# port_match = "exact"', '[law]\nport_match = "near"'),
            'law.port_match: expected one of "exact", "district"',
        ),
        (("# inactivity_seconds = 300.0", "inactivity_seconds = nan"), "expected a number of seconds from 1"),
    ],
)
def test_a_fault_is_told_in_plain_words(change: tuple[str, str], told: str, tmp_path: Path) -> None:
    faults = _faults(_changed(tmp_path, change))
    assert len(faults) == 1
    assert told in faults[0]


def test_names_subject_and_lists_stand_beside_an_anchor(tmp_path: Path) -> None:
    path = _changed(tmp_path, ("#   tls_", "tls_"))
    (partner,) = GatewayConfig.load(path).partners
    assert partner.tls_names == ("oftp.customs.example",)
    assert partner.tls_subject == "CN=oftp,O=Customs,C=CN"
    assert partner.tls_crl == tmp_path / "tls/customs.crl"
    without = _changed(
        tmp_path,
        ("#   tls_", "tls_"),
        ('tls_anchor = "tls/customs.pem"', ""),
        ('"tls:127.0.0.1:6620"', '"tcp:127.0.0.1:6620"'),
        ('"tls:127.0.0.1:6619"', '"tcp:127.0.0.1:6619"'),
    )
    assert "tls_names, tls_subject, tls_crl: expected only beside tls_anchor" in _faults(without)[0]


def test_metrics_stay_on_this_machine_unless_it_is_said_that_they_do_not(tmp_path: Path) -> None:
    shown = GatewayConfig.load(_changed(tmp_path, ("#   metrics = ", "metrics = "))).operations.metrics
    assert str(shown) == "127.0.0.1:9464"
    change = ("#   metrics = ", 'metrics_remote = true\nmetrics = "[::]:9464" #')
    assert str(GatewayConfig.load(_changed(tmp_path, change)).operations.metrics) == "[::]:9464"


def test_secure_authentication_is_configured_whole(tmp_path: Path) -> None:
    switched_on = ('# authentication = "none" ', 'authentication = "certificate" ')
    path = _changed(tmp_path, switched_on, ("#   auth_", "auth_"), ("#   partner_auth", "partner_auth"))
    (partner,) = GatewayConfig.load(path).partners
    assert partner.authentication == "certificate"
    assert partner.auth_key == tmp_path / "keys/line-auth.key"
    assert partner.partner_auth_certificate == tmp_path / "tls/customs-auth.pem"
    too_old = _changed(
        tmp_path,
        *(switched_on, ("#   auth_", "auth_"), ("#   partner_auth", "partner_auth")),
        ("# level_max = 5 ", "level_max = 4 "),
    )
    assert 'level_max: expected 5, for authentication = "certificate"' in _faults(too_old)[0]


def test_spool_trees_must_be_apart(tmp_path: Path) -> None:
    nested = '[[spool]]\nname = "second"\npath = "spool/in"\n'
    assert "expected trees apart" in _faults(_changed(tmp_path, append=nested))[0]
    twice = '[[spool]]\nname = "default"\npath = "other"\n'
    assert '"default" more than once' in _faults(_changed(tmp_path, append=twice))[0]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    assert "No such file" in _faults(tmp_path / "absent.toml")[0]
    (tmp_path / "latin.toml").write_bytes(b'a = "\xe9"')
    assert "expected UTF-8 text; byte 5" in _faults(tmp_path / "latin.toml")[0]
    assert "Is a directory" in _faults(tmp_path)[0]


def test_an_empty_file_is_told_everything_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "empty.toml").write_text("")
    faults = _faults(tmp_path / "empty.toml")
    lacking = {fault.split(": ")[1] for fault in faults}
    assert lacking == {"gateway", "spool", "trust", "keys", "line", "partner", "log", "operations"}
    assert all("missing; expected" in fault for fault in faults)


def test_a_table_given_as_something_else_is_told(tmp_path: Path) -> None:
    (tmp_path / "odd.toml").write_text("law = 3\nspool = 4\n")
    faults = _faults(tmp_path / "odd.toml")
    assert any("law: expected a table, found 3" in fault for fault in faults)
    assert any("spool: expected a list, found 4" in fault for fault in faults)


@given(
    transport=st.sampled_from((Transport.TCP, Transport.TLS)),
    host=st.from_regex(r"[a-z0-9.-]{1,40}", fullmatch=True) | st.ip_addresses().map(str),
    port=st.integers(1, 65535),
)
def test_an_endpoint_is_written_as_it_was_read(transport: Transport, host: str, port: int) -> None:
    endpoint = Endpoint(transport, host, port)
    assert Endpoint.parse(str(endpoint)) == endpoint


@pytest.mark.parametrize(
    "written", ["tls:host", "tls:host:0", "tls:host:65536", "tls::1", "tls:a b:1", 5, None]
)
def test_what_is_no_endpoint_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match="not an endpoint"):
        Endpoint.parse(written)


@pytest.mark.parametrize("written", ["serial:/dev/ttyS0:115200", "serial:/dev/serial/by-id/usb-0:9600"])
def test_a_serial_line_is_a_device_and_a_speed(written: str) -> None:
    endpoint = Endpoint.parse(written)
    assert endpoint.transport is Transport.SERIAL
    assert f"serial:{endpoint.host}:{endpoint.port}" == str(endpoint) == written


@pytest.mark.parametrize(
    "written", ["serial:/dev/ttyS0", "serial:/dev/ttyS0:115201", "serial:ttyS0:9600", "serial:/dev/ttyS0:300"]
)
def test_a_serial_line_has_a_device_by_its_path_and_a_usual_speed(written: str) -> None:
    with pytest.raises(ValueError, match="not an endpoint"):
        Endpoint.parse(written)


def test_a_partner_has_addresses_of_any_transport_the_first_being_its_primary(tmp_path: Path) -> None:
    call = '["tls:127.0.0.1:6620", "tcp:10.0.0.1:3305", "serial:/dev/ttyS0:9600"]'
    path = _changed(
        tmp_path,
        ('call = ["tls:127.0.0.1:6620"]', f"call = {call}"),
        ('listen = ["tls:127.0.0.1:6619"]', 'listen = ["tls:127.0.0.1:6619", "serial:/dev/ttyS1:9600"]'),
    )
    (partner,) = GatewayConfig.load(path).partners
    assert [one.transport for one in partner.call] == [Transport.TLS, Transport.TCP, Transport.SERIAL]


def test_a_partner_without_certificate_may_come_over_another_transport_than_tls(tmp_path: Path) -> None:
    second = (
        '[[partner]]\nname = "b"\nparticipant = "B"\nidentification = "B"\noffices = ["53"]\n'
        'password_ours_file = "p"\npassword_theirs_file = "q"\n'
    )
    faults = _faults(_changed(tmp_path, append=second))
    assert 'partner "b": tls_anchor: missing' in faults[0]
    both = ('listen = ["tls:127.0.0.1:6619"]', 'listen = ["tls:127.0.0.1:6619", "serial:/dev/ttyS1:9600"]')
    assert len(GatewayConfig.load(_changed(tmp_path, both, append=second)).partners) == 2


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ('calls = "we"', 'call: expected at least one address with calls = "we"'),
        ('accept_over = ["tls"]', 'tls_anchor: missing; expected a path with accept_over = ["tls"]'),
        ('tls_anchor = "x"\naccept_over = ["tcp"]', 'expected no "tcp" with a tls_anchor'),
        ('call_windows = ["6-22"]', 'call_windows #1: expected a weekly period such as "06:00-22:00"'),
        ('maintenance = ["soon"]', 'maintenance #1: expected a period such as "sun 02:00-04:00"'),
        ('files = { names = ["lower*"] }', "files.names #1: expected a pattern of 1 to 26"),
        ("files = { formats = [] }", "files.formats: expected at least 1 of them"),
        ('mode_when_we_call = "listen"', 'expected one of "send", "receive", "both"'),
    ],
)
def test_a_fault_in_what_is_agreed_with_a_partner_is_told(tmp_path: Path, keys: str, told: str) -> None:
    partner = (
        f'[[partner]]\nname = "b"\nparticipant = "B"\nidentification = "B"\n{keys}\n'
        'password_ours_file = "p"\npassword_theirs_file = "q"\n'
    )
    assert told in "\n".join(_faults(_changed(tmp_path, append=partner)))


def test_there_may_be_very_many_partners(tmp_path: Path) -> None:
    more = "".join(
        f'[[partner]]\nname = "p{n}"\nparticipant = "P{n}"\nidentification = "P{n}"\ntls_anchor = "a"\n'
        f'password_ours_file = "p"\npassword_theirs_file = "q"\noffices = ["{1000 + n}"]\n'
        for n in range(255)
    )
    assert len(GatewayConfig.load(_changed(tmp_path, append=more)).partners) == 256


def test_a_serial_device_is_used_once(tmp_path: Path) -> None:
    line = '"serial:/dev/ttyS0:9600"'
    faults = _faults(
        _changed(
            tmp_path,
            ('call = ["tls:127.0.0.1:6620"]', f"call = [{line}]"),
            ('listen = ["tls:127.0.0.1:6619"]', f"listen = [{line}]"),
            ('tls_anchor = "tls/customs.pem"', ""),
        )
    )
    assert 'serial device: expected each once, found "/dev/ttyS0"' in faults[0]


def test_the_configuration_is_frozen() -> None:
    config = GatewayConfig.load(TEMPLATES / "gateway.toml")
    with pytest.raises(ValueError, match="frozen"):
        config.law.port_match = "district"  # type: ignore[misc]  # the point of the test


def test_an_empty_list_of_spools_or_partners_is_told(tmp_path: Path) -> None:
    path = tmp_path / "none.toml"
    path.write_text("spool = []\npartner = []\n")
    assert {f"{path}: {key}: expected at least 1 of them" for key in ("spool", "partner")} < set(
        _faults(path)
    )


@pytest.mark.parametrize("text", ["a=" + "[" * 5000, "a = " + "9" * 5000])
def test_absurd_toml_is_told_in_a_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationFault, match="not valid TOML"):
        GatewayConfig.load(path)


def test_the_day_is_closed_in_the_morning_after_it(tmp_path: Path) -> None:
    config = GatewayConfig.load(_changed(tmp_path, ("# [daily]", '[daily]\nclose_at = "06:30"')))
    assert config.daily.close_at == time(6, 30)
    assert config.daily.answer_within_minutes == 60
    for wrong in ('"24:00"', '"12:01"', '"soon"', '"00:10:30"', "10", '"7:15"'):
        path = _changed(tmp_path, ("# [daily]", f"[daily]\nclose_at = {wrong}"))
        (fault,) = _faults(path)
        assert "daily.close_at: expected a time from" in fault


def test_no_contact_comes_with_the_gateway_and_any_number_can_be_configured(tmp_path: Path) -> None:
    assert GatewayConfig.load(TEMPLATES / "gateway.toml").contacts == ()
    row = '\n[[contact]]\nrole = "customs-hotline"\nname = "值班室"\nphone = "+86 10 0000 0000"\n'
    config = GatewayConfig.load(_changed(tmp_path, append=row + row.replace("值班室", "夜班")))
    assert [one.name for one in config.contacts] == ["值班室", "夜班"]
    assert config.contacts[0].hours == "at any time"


def test_a_faulty_contact_is_told(tmp_path: Path) -> None:
    row = '\n[[contact]]\nrole = "friend"\nname = "\\u0007"\nphone = "call me"\n'
    faults = _faults(_changed(tmp_path, append=row))
    assert [fault.split("contact #1.")[1].split(":")[0] for fault in faults] == ["role", "name", "phone"]


_SECOND = """
[[partner]]
name = "shenzhen"
participant = "CN-SHENZHEN"
identification = "CN-SHENZHEN"
offices = {offices}
password_ours_file = "secrets/line-gateway"
password_theirs_file = "secrets/line-customs"
tls_anchor = "tls/customs.pem"
"""


def _partner(offices: str, name: str = "shenzhen") -> str:
    return _SECOND.format(offices=offices).replace("shenzhen", name).replace("SHENZHEN", name.upper())


def test_offices_have_the_licences_of_their_ports(tmp_path: Path) -> None:
    config = GatewayConfig.load(_changed(tmp_path, append=_partner('["53", "5300"]')))
    assert [partner.offices for partner in config.partners] == [(), ("53", "5300")]


@pytest.mark.parametrize(
    ("partners", "expected"),
    [
        ([_partner("[]")], 'exactly one partner without, .*; without are: "customs", "shenzhen"'),
        ([_partner('["53", "53"]')], 'partner: offices: expected each once, found "53" more than once'),
        (
            [_partner('["53"]'), _partner('["22", "53"]', "shanghai")],
            'partner: offices: expected each once, found "53" more than once',
        ),
        ([_partner('["5"]')], "the first 2 to 4 digits of customs codes"),
        ([_partner('["53001"]')], "the first 2 to 4 digits of customs codes"),
        ([_partner("[53]")], "the first 2 to 4 digits of customs codes"),
    ],
)
def test_faults_in_the_offices_of_partners(tmp_path: Path, partners: list[str], expected: str) -> None:
    told = _faults(_changed(tmp_path, append="".join(partners)))
    assert any(re.search(expected, fault) for fault in told), told


def test_one_partner_gets_every_licence(tmp_path: Path) -> None:
    path = _changed(tmp_path, ('name = "customs" ', 'offices = ["22"]\nname = "customs" '))
    assert any("without are: none" in fault for fault in _faults(path))
