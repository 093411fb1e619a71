"""Files signed, compressed and encrypted between two whole daemons; and which offers are taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from agreements import ENDS, configure, rows, start
from conftest import MakeDocument, licence, licences
from memory import World

from gateway.config import ServicesConfig
from gateway.errors import ConfigurationFault
from gateway.exchange.file_services import AgreedServices, PartnerServices
from gateway.exchange.opening import Content, Opener
from gateway.exchange.reception import Reception
from gateway.ledger import post
from gateway.ledger.kinds import InboundStatus, ReceiptStatus
from gateway.line.office import OfferedFile
from gateway.trust import cms
from gateway.trust.cms_compressed import compress
from oftp2.attributes import PLAIN, FileAttributes
from oftp2.identity import FileIdentity
from tests.trust.enciphering import authentication_paper

pytestmark = pytest.mark.usefixtures("logged")

TAKEN = 'suites = [4, 6]\nsigning = "required"\nencryption = "required"\ncompression = "allowed"\n'
SENT = 'send = ["signed", "compressed", "encrypted"]\n'


@pytest.fixture
def agreed(instance: Path, papers: Path) -> Iterator[World]:
    """Both ends do everything to what they send, and take nothing less."""
    for us in ENDS:
        configure(instance, papers, us, TAKEN + SENT)
    world = World(instance)
    yield world
    world.stop()


def alerts(world: World, daemon: Any) -> dict[str, str]:
    return {row["name"]: row["trouble"] for row in world.ask(daemon, "status")["alerts"]}


def test_licences_and_answers_pass_with_every_service_on(agreed: World, document: MakeDocument) -> None:
    world = start(agreed)
    for number, one in enumerate(licences(3)):
        world.drop(f"l{number}", document(one))
    world.run()
    assert [name for name in world.out() if name.endswith("customs-accepted.json")] == [
        f"l{number}.customs-accepted.json" for number in range(3)
    ]
    assert {us for us, _, _ in world.wire.offers} == set(ENDS)
    for _, offered, data in world.wire.offers:
        told = offered.attributes
        assert (told.security, told.cipher_suite, told.compressed, told.enveloped) == ("03", 4, True, True)
        assert told.original_size_blocks is not None
        assert b"Interchange" not in data
    for state in ("state", "customs-state"):
        forms = rows(world, state, "SELECT content, hash, original_size_blocks FROM outgoing_file")
        assert forms
        assert all(content is None and len(digest) == 32 for content, digest, _ in forms)
        taken = rows(world, state, "SELECT status, receipt_status, signed, enveloped FROM inbound_file")
        assert set(taken) == {("PROCESSED", "SENT", 1, 1)}
    assert alerts(world, world.gateway) == alerts(world, world.customs) == {}


def test_a_cut_and_a_restart_send_the_very_same_bytes_again(agreed: World, document: MakeDocument) -> None:
    world = start(agreed)
    world.wire.cut_after_bytes = 2000
    world.drop("l", document(licence()))
    world.run(10)
    assert not world.wire.up
    ((us, first, before),) = world.wire.offers
    assert us == "gateway"
    assert rows(world, "state", "SELECT length(content) FROM outgoing_file") == [(len(before),)]
    world.stop()
    world.wire.up = True
    start(world)
    world.run(15)
    _, second, after = world.wire.offers[1]
    assert (second, after) == (first, before)
    assert "l.customs-accepted.json" in world.out()
    assert rows(world, "state", "SELECT content FROM outgoing_file LIMIT 1") == [(None,)]


def test_a_file_that_cannot_be_opened_is_kept_and_told(
    instance: Path, papers: Path, document: MakeDocument
) -> None:
    """The gateway knows another certificate of customs than customs signs with."""
    configure(instance, papers, "gateway", TAKEN + SENT, "stranger")
    configure(instance, papers, "customs", 'suites = [4]\nsend = ["signed", "encrypted"]\n')
    text = (instance / "gateway.toml").read_text().replace(SENT, "")
    (instance / "gateway.toml").write_text(text)
    world = start(World(instance))
    one, other = licences(2)
    world.drop("l", document(one))
    world.run(10)
    taken = rows(world, "state", "SELECT status, enveloped FROM inbound_file")
    assert taken
    assert set(taken) == {("CORRUPT", 1)}
    kept = list((instance / "state" / "inbound" / "corrupt").iterdir())
    assert len(kept) == len(taken)
    assert kept[0].read_bytes() == next(data for us, _, data in world.wire.offers if us == "customs")
    trouble = alerts(world, world.gateway)["files from customs"]
    assert "not signed by a certificate that we have of the partner" in trouble
    assert {what for us, what in world.wire.sent if us == "gateway"} == {"NERP", "LX0000000001"}
    refused = rows(world, "customs-state", "SELECT status, last_reason FROM interchange")
    assert set(refused) == {
        ("REFUSED", "NERP 31 not signed by a certificate that we have of the partner"),
    }
    told = rows(world, "state", "SELECT receipt_status, refusal_reason FROM inbound_file")
    assert set(told) == {("SENT", 31)}
    configure(instance, papers, "gateway", TAKEN + SENT)
    (instance / "gateway.toml").write_text((instance / "gateway.toml").read_text().replace(SENT, ""))
    world.now(world.gateway.reload())
    world.drop("other", document(other))
    world.run(10)
    assert "files from customs" not in alerts(world, world.gateway)
    world.stop()


def test_a_file_that_comes_again_before_the_first_is_put_away_stays_where_it_is(
    instance: Path, papers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads may be long in coming: by then the sender may have our NERP, and send the file anew."""
    configure(instance, papers, "gateway", 'compression = "allowed"\n')
    world = World(instance)
    world.wire.up = False
    world.start_gateway()
    station: Any = world.gateway._station  # type: ignore[union-attr]
    identity = FileIdentity("FILE", "20261121", "1200000001", "CN-CUSTOMS", "CN-GATEWAY")
    told = FileAttributes(compressed=True, enveloped=True)

    def begin() -> Any:
        offer = OfferedFile(identity, 1024, 0, attributes=told)
        incoming: Any = world.now(station.post_office.offer("customs", offer))
        incoming.write(b"no envelope")
        return incoming

    keep, begun = Reception._keep_refused, []

    async def late(self: Reception, file: post.InboundFile) -> None:
        if not begun:
            await station.post_office.receipt_sent("customs", identity)
            begun.append(begin())
        await keep(self, file)

    monkeypatch.setattr(Reception, "_keep_refused", late)
    world.now(begin().close(11))
    world.run(1)
    world.now(begun[0].close(11))
    world.run(1)
    path = Path(begun[0]._file.name)
    assert rows(world, "state", "SELECT status, receipt_status FROM inbound_file") == [("CORRUPT", "DUE")]
    assert [one.name for one in (path.parent / "corrupt").iterdir()] == [path.name]
    world.stop()


def test_a_file_that_would_be_too_large_when_open_is_refused_before(agreed: World) -> None:
    """SFIDOSIZ is an estimate of whole KiB."""
    world = start(agreed)
    gateway: Any = world.gateway
    office = gateway._station.post_office
    identity = FileIdentity("FILE", "20261121", "1200000001", "CN-CUSTOMS", "CN-GATEWAY")
    largest = 16 * 1024 * 1024
    for blocks, reason in ((largest // 1024, None), (largest // 1024 + 1, 6)):
        told = wrapped(signed=True, encrypted=True, original_size_blocks=blocks)
        answer = world.now(office.offer("customs", OfferedFile(identity, 1024, 0, "", told)))
        assert getattr(answer, "reason", None) == reason
        if reason is None:
            (row,) = world.ask(world.gateway, "inbound list")["rows"]
            assert row["services"] == "signed, encrypted, cipher suite 04"
            world.now(answer.abandon())


def test_what_is_less_than_agreed_is_refused_and_held(
    instance: Path, papers: Path, document: MakeDocument
) -> None:
    configure(instance, papers, "gateway", 'suites = [4]\nsend = ["encrypted"]\n')
    configure(instance, papers, "customs", TAKEN)
    world = start(World(instance))
    world.drop("l", document(licence()))
    world.run(10)
    (reason,) = rows(world, "state", "SELECT status, last_reason FROM interchange")
    assert reason == ("REFUSED", "SFNA 20 only signed files were agreed")
    assert rows(world, "customs-state", "SELECT count(*) FROM inbound_file") == [(0,)]
    world.stop()


def test_a_certificate_that_ends_stops_the_post_until_another_is_there(
    instance: Path, papers: Path, document: MakeDocument, tmp_path: Path
) -> None:
    today = datetime.now(UTC)
    for name in ENDS:
        authentication_paper(tmp_path, name, today - timedelta(days=9), today - timedelta(days=1), signs=True)
        configure(instance, tmp_path, name, TAKEN + SENT)
    world = start(World(instance))
    world.drop("l", document(licence()))
    world.run(10)
    assert "no certificate of the partner for files is valid now" in str(alerts(world, world.gateway))
    assert [us for us, _, _ in world.wire.offers if us == "gateway"] == []
    assert world.gateway is not None
    assert world.customs is not None
    for us, daemon in (("gateway", world.gateway), ("customs", world.customs)):
        configure(instance, papers, us, TAKEN + SENT)
        assert "services for files" in world.now(daemon.reload()).read
    world.run(15)
    assert "l.customs-accepted.json" in world.out()
    assert "files to customs" not in alerts(world, world.gateway)
    world.stop()


def test_a_file_whose_services_are_agreed_no_longer_waits_for_us(
    agreed: World, papers: Path, document: MakeDocument
) -> None:
    """That is our own fault: no NERP, and the file goes through once it is put right."""
    world = start(agreed)
    customs: Any = world.customs
    station = customs._station
    station.services.renew(AgreedServices({"gateway": Lenient()}))
    world.drop("l", document(licence()))
    world.run(5)
    assert "was agreed with, and is no longer" in str(alerts(world, world.customs))
    assert rows(world, "customs-state", "SELECT status, receipt_status FROM inbound_file") == [
        ("STORED", "NONE")
    ]
    world.now(customs.reload())
    world.run(15)
    assert "l.customs-accepted.json" in world.out()
    assert alerts(world, world.customs) == {}


class Lenient(PartnerServices):
    """Takes every offer, and can open none."""

    def refusal_of(self, asked: FileAttributes) -> None:
        return None


# ---- offers ----


def services(papers: Path, **given: Any) -> PartnerServices:
    files = {
        "key": papers / "gateway.key",
        "certificate": papers / "gateway.pem",
        "partner_certificates": papers / "customs.pem",
    }
    return PartnerServices.load(ServicesConfig(**(given | (files if "suites" in given else {}))))


def wrapped(**given: Any) -> FileAttributes:
    return FileAttributes(**({"enveloped": True, "cipher_suite": 4} | given))


ALL: dict[str, Any] = {
    "suites": [4, 2],
    "signing": "allowed",
    "encryption": "allowed",
    "compression": "allowed",
}
NEEDED = ALL | {"signing": "required", "encryption": "required"}


@pytest.mark.parametrize(
    ("agreement", "told", "reason"),
    [
        ({}, PLAIN, None),
        ({}, wrapped(encrypted=True), 16),
        ({}, wrapped(signed=True), 19),
        ({}, wrapped(compressed=True), 18),
        ({}, wrapped(), 99),
        ({}, FileAttributes(signed_receipt=True, cipher_suite=4), 15),
        (ALL, PLAIN, None),
        (ALL, wrapped(encrypted=True, signed=True, compressed=True), None),
        (ALL, wrapped(encrypted=True, cipher_suite=2), None),
        (ALL, wrapped(encrypted=True, cipher_suite=1), 15),
        (ALL, wrapped(signed=True, cipher_suite=0), 15),
        (ALL, wrapped(signed=True, cipher_suite=99), 15),
        (ALL, wrapped(compressed=True, cipher_suite=0), None),
        (ALL, FileAttributes(signed=True, cipher_suite=4), 99),
        (ALL, FileAttributes(signed_receipt=True, cipher_suite=4), None),
        (ALL, wrapped(signed_receipt=True), 99),
        (NEEDED, PLAIN, 17),
        (NEEDED, wrapped(encrypted=True), 20),
        (NEEDED, wrapped(signed=True), 17),
        (NEEDED, wrapped(signed=True, encrypted=True), None),
    ],
)
def test_an_offer_is_judged_by_what_is_agreed(
    papers: Path, agreement: dict[str, Any], told: FileAttributes, reason: int | None
) -> None:
    refusal = services(papers, **agreement).refusal_of(told)
    assert (None if refusal is None else refusal.reason) == reason
    assert refusal is None or refusal.retry is False


def test_what_is_signed_compressed_and_encrypted_opens_as_told(papers: Path) -> None:
    ours = services(papers, **ALL, send=["signed", "compressed", "encrypted"])
    customs: dict[str, Any] = {
        "key": papers / "customs.key",
        "certificate": papers / "customs.pem",
        "partner_certificates": papers / "gateway.pem",
    }
    theirs = PartnerServices.load(ServicesConfig(**ALL, **customs))
    now, content = datetime.now(UTC), bytes(5000)
    made = ours.wrap(content, now)
    assert made.attributes.original_size_blocks == 5
    assert theirs.open(made.content, made.attributes, max_bytes=5000, now=now) == content
    with pytest.raises(cms.CmsFault):
        theirs.open(made.content, made.attributes, max_bytes=4999, now=now)


def test_a_former_key_still_opens(papers: Path) -> None:
    config = ServicesConfig(
        suites=(4,),
        encryption="allowed",
        key=papers / "stranger.key",
        certificate=papers / "stranger.pem",
        former_key=papers / "gateway.key",
        former_certificate=papers / "gateway.pem",
        partner_certificates=papers / "customs.pem",
    )
    now = datetime.now(UTC)
    customs = ServicesConfig(
        suites=(4,),
        send=("encrypted",),
        key=papers / "customs.key",
        certificate=papers / "customs.pem",
        partner_certificates=papers / "gateway.pem",
    )
    made = PartnerServices.load(customs).wrap(b"content", now)
    assert (
        PartnerServices.load(config).open(made.content, made.attributes, max_bytes=9, now=now) == b"content"
    )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"signing": "allowed"}, "missing; expected paths"),
        ({"send": ["encrypted"]}, "missing; expected paths"),
        ({"key": "a"}, "expected all of them, or none"),
        ({"key": "a", "certificate": "b", "partner_certificates": "c"}, "suites: expected at least one"),
        ({"suites": [4]}, "suites: expected at least one"),
        ({"suites": [7]}, "from 1 to 6"),
        ({"compression": "required"}, 'none or allowed|"none", "allowed"|expected'),
        ({"former_key": "a", "former_certificate": "b"}, "beside key"),
    ],
)
def test_an_agreement_that_is_incomplete_is_told(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ServicesConfig(**given)


def test_keys_that_do_not_serve_are_told(papers: Path) -> None:
    def load(**given: str) -> None:
        files = {"key": "gateway.key", "certificate": "gateway.pem", "partner_certificates": "customs.pem"}
        paths: dict[str, Any] = {key: papers / name for key, name in (files | given).items()}
        PartnerServices.load(ServicesConfig(suites=(4,), signing="allowed", **paths))

    load()
    with pytest.raises(ConfigurationFault, match="not the key of"):
        load(key="customs.key")
    with pytest.raises(ConfigurationFault, match="another key than ours"):
        load(partner_certificates="gateway.pem")
    with pytest.raises(ConfigurationFault, match="no certificate can be read"):
        load(certificate="nothing.pem")


# ---- what is stored ----


def stored(path: Path, content: bytes, told: FileAttributes) -> post.InboundFile:
    path.write_bytes(content)
    identity = FileIdentity("FILE", "20261121", "1200000001", "CN-CUSTOMS", "CN-GATEWAY")
    return post.InboundFile(
        id=1,
        partner="customs",
        identity=identity,
        size_bytes=len(content),
        path=str(path),
        position_bytes=len(content),
        status=InboundStatus.STORED,
        receipt_status=ReceiptStatus.NONE,
        control_reference=None,
        refusal_reason=None,
        refusal_text=None,
        hash=None,
        at=datetime.now(UTC),
        attributes=told,
    )


def test_records_that_were_wrapped_lose_their_lengths(papers: Path, tmp_path: Path) -> None:
    """RFC 5024 section 6.5; a plain file of V format has no such lengths."""
    opener = Opener(AgreedServices({"customs": services(papers, **ALL)}), max_bytes=1000)
    told = FileAttributes(format="V", record_bytes=9, compressed=True, enveloped=True)

    def read(content: bytes, told: FileAttributes) -> Content:
        return opener.read_first([stored(tmp_path / "file", content, told)], 1)[0]

    assert read(compress(b"\0\3abc\0\1d"), told) == b"abcd"
    fault = read(compress(b"\0\3abc\0\5d"), told)
    assert isinstance(fault, cms.CmsFault)
    assert fault.reason is cms.CmsReason.PROCESSING
    assert read(b"\0\3abc", replace(told, compressed=False, enveloped=False)) == b"\0\3abc"
    too_large = read(compress(bytes(1001)), replace(told, format="U"))
    assert isinstance(too_large, cms.CmsFault)
    assert too_large.reason is cms.CmsReason.DECOMPRESSION


def test_records_that_were_wrapped_become_lines_where_that_is_agreed(papers: Path, tmp_path: Path) -> None:
    agreed = AgreedServices({"customs": services(papers, **ALL)})
    opener = Opener(agreed, max_bytes=1000, lined=frozenset({"customs"}))
    for form, content, lines in (
        ("V", b"\0\3abc\0\1d", b"abc\nd\n"),
        ("F", b"abcdef", b"abc\ndef\n"),
        ("F", b"", b""),
        ("U", b"abcdef", b"abcdef"),
    ):
        told = FileAttributes(format=form, record_bytes=3, compressed=True, enveloped=True)
        assert opener.read_first([stored(tmp_path / "file", compress(content), told)], 1) == [lines]


def test_records_that_become_lines_are_bounded_too(papers: Path, tmp_path: Path) -> None:
    """The ends of lines come from us: of short records they would make a multiple of what was sent."""
    agreed = AgreedServices({"customs": services(papers, **ALL)})
    opener = Opener(agreed, max_bytes=1000, lined=frozenset({"customs"}))
    told = FileAttributes(format="F", record_bytes=1, compressed=True, enveloped=True)
    assert opener.read_first([stored(tmp_path / "file", compress(b"a" * 500), told)], 1) == [b"a\n" * 500]
    (fault,) = opener.read_first([stored(tmp_path / "file", compress(b"a" * 501), told)], 1)
    assert isinstance(fault, cms.CmsFault)
    assert fault.text == "more than 1000 bytes when records are lines"


def test_no_more_files_are_held_open_than_are_wanted(papers: Path, tmp_path: Path) -> None:
    opener = Opener(AgreedServices(), max_bytes=1000)
    files = [stored(tmp_path / f"file{number}", b"content", PLAIN) for number in range(4)]
    (tmp_path / "file1").unlink()
    first, lost, last = opener.read_first(files, 2)
    assert (first, last) == (b"content", b"content")
    assert isinstance(lost, FileNotFoundError)


def test_a_file_is_judged_by_the_day_on_which_it_came(papers: Path, tmp_path: Path) -> None:
    customs = {"key": papers / "customs.key", "certificate": papers / "customs.pem"}
    theirs = ServicesConfig(
        **{"suites": [4], "send": ["signed"], "partner_certificates": papers / "gateway.pem"} | customs
    )
    made = PartnerServices.load(theirs).wrap(b"content", datetime.now(UTC))
    opener = Opener(AgreedServices({"customs": services(papers, **ALL)}), max_bytes=1000)
    file = stored(tmp_path / "file", made.content, made.attributes)
    assert opener.read_first([file], 1) == [b"content"]
    (late,) = opener.read_first([replace(file, at=file.at + timedelta(days=999))], 1)
    assert isinstance(late, cms.CmsFault)
    assert late.reason is cms.CmsReason.SIGNATURE
