"""Whatever is dropped gets a clear answer, nothing is lost, and the good file beside it goes its way."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import MakeDocument, licence, licences
from memory import World

from gateway.exchange.intake import SETTLE_SECONDS

OLD_SECONDS = 3600


def drop_raw(world: World, name: str, data: bytes) -> Path:
    """A file that was finished an hour ago: nobody is still writing it."""
    path = world.spool / "in" / name
    path.write_bytes(data)
    old = time.time() - OLD_SECONDS
    os.utime(path, (old, old))
    return path


def rejections(world: World, name: str) -> list[dict[str, Any]]:
    found = json.loads((world.spool / "out" / name).read_text())
    for one in found["rejections"]:
        assert one["zh"]
        assert one["en"]
        assert one["article"]
        assert one["remedy"]
    return list(found["rejections"])


def codes(world: World, name: str) -> list[str]:
    return [one["code"] for one in rejections(world, name)]


def kept(world: World, folder: str, name: str) -> bytes:
    assert (world.spool / folder / name.replace(".xml", ".reason.json")).exists()
    return (world.spool / folder / name).read_bytes()


def replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        assert old in data
        return data.replace(old, new, 1)

    return change


NOT_MESSAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "binary": lambda _: bytes(range(256)) * 16,
    "truncated": lambda data: data[: len(data) // 2],
    "text": lambda _: "许可证".encode(),
    "lying-encoding": lambda data: data.decode().encode("gb18030"),
    "doctype": replaced(b"?>", b'?><!DOCTYPE LicenceIssue SYSTEM "file:///etc/passwd">'),
    "entity": replaced(b"?>", b'?><!DOCTYPE LicenceIssue [<!ENTITY a "b">]>'),
    "instruction": replaced(b"?>", b'?><?xml-stylesheet href="http://127.0.0.1/x"?>'),
    "version": lambda data: data.replace(b"urn:licence-exchange:1", b"urn:licence-exchange:9"),
    "namespace": lambda data: data.replace(b"urn:licence-exchange:1", b"urn:other"),
    "deep": lambda _: b"<a>" * 10_000 + b"</a>" * 10_000,
    "many": lambda _: b"<a>" + b"<b/>" * 2_000_000 + b"</a>",
    "large": lambda data: data + b" " * (50 * 1024 * 1024),
}


@pytest.mark.parametrize("kind", NOT_MESSAGES)
def test_what_is_no_message_is_set_aside_whole(world: World, document: MakeDocument, kind: str) -> None:
    good, spoilt = licences(2)
    data = NOT_MESSAGES[kind](document(spoilt))
    drop_raw(world, "bad.xml", data)
    world.drop("good", document(good))
    world.run(5)
    assert codes(world, "bad.rejected.json")
    assert kept(world, "corrupt", "bad.xml") == data
    assert json.loads((world.spool / "out" / "good.accepted.json").read_text())["outcome"] == "ACCEPTED"


def test_several_schema_faults_are_told_at_once_with_line_and_path(
    world: World, document: MakeDocument
) -> None:
    data = document(licence())
    for old, new in ((b"<GoodsCode>", b"<GoodsCode>X"), (b"<PlaceOfClearance>", b"<PlaceOfClearance>99")):
        assert old in data
        data = data.replace(old, new, 1)
    drop_raw(world, "faulty.xml", data)
    world.run(5)
    found = rejections(world, "faulty.rejected.json")
    places = [one["xpath"] or "" for one in found]
    assert any("GoodsCode" in place for place in places)
    assert any("PlaceOfClearance" in place for place in places)
    assert all(one["line"] for one in found if "GoodsCode" in (one["xpath"] or ""))
    assert "CONTENT_CHANGED" in [one["code"] for one in found], "and the broken signature in the same answer"
    assert kept(world, "held", "faulty.xml") == data


def test_gb18030_rightly_declared_is_taken(world: World, issuer: Any, document: MakeDocument) -> None:
    one = licence()
    text = document(one).decode().replace('encoding="UTF-8"', 'encoding="GB18030"')
    world.drop("gb", text.encode("gb18030"))
    world.run(10)
    assert json.loads((world.spool / "out" / "gb.accepted.json").read_text())["outcome"] == "ACCEPTED"
    shown = world.ask(world.gateway, "licence show", licence=str(one.key))
    assert shown["operator"]["name"] == one.operator.name


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"<Receiver>CN-GATEWAY", b"<Receiver>CN-ELSEWHERE", "CONTENT_CHANGED"),
        (b"</Signature>", b"</Signature><!-- x -->", None),
    ],
)
def test_after_signing(
    world: World, document: MakeDocument, old: bytes, new: bytes, code: str | None
) -> None:
    world.drop("changed", replaced(old, new)(document(licence())))
    world.run(5)
    if code is None:
        assert "changed.accepted.json" in world.out(), "a comment is no content"
    else:
        assert code in codes(world, "changed.rejected.json")


def test_unsigned(world: World, document: MakeDocument) -> None:
    data = document(licence())
    start, end = data.index(b"<Signature"), data.index(b"</Signature>") + len(b"</Signature>")
    world.drop("unsigned", data[:start] + data[end:])
    world.run(5)
    assert codes(world, "unsigned.rejected.json") == ["UNSIGNED"]


def test_addressed_to_another(world: World, document: MakeDocument) -> None:
    world.drop("lost", document(licence(), receiver="CN-ELSEWHERE"))
    world.run(5)
    assert codes(world, "lost.rejected.json") == ["WRONG_RECEIVER"]


def test_created_in_the_future(world: World, document: MakeDocument) -> None:
    world.drop("early", document(licence(), created=world.clock() + timedelta(hours=1)))
    world.run(5)
    assert codes(world, "early.rejected.json") == ["CREATED_IN_FUTURE"]


def test_a_spool_of_other_issuers(instance: Path, document: MakeDocument) -> None:
    path = instance / "gateway.toml"
    path.write_text(path.read_text().replace("# issuers = []", 'issuers = ["ISSUER-ZZ"] #'))
    assert 'issuers = ["ISSUER-ZZ"]' in path.read_text()
    world = World(instance)
    world.start_gateway()
    world.drop("stray", document(licence()))
    world.run(5)
    assert codes(world, "stray.rejected.json") == ["WRONG_ISSUER"]
    world.stop()


def test_a_write_off_in_the_spool(world: World, document: MakeDocument) -> None:
    data = document(licence()).replace(b"LicenceIssue", b"WriteOff")
    drop_raw(world, "stray.xml", data)
    world.run(5)
    assert "WRONG_KIND" in codes(world, "stray.rejected.json")


def test_names_and_kinds_that_do_harm_elsewhere(world: World, document: MakeDocument, tmp_path: Path) -> None:
    incoming = world.spool / "in"
    names = ["x..xml", "a\nb.xml", "😀.xml", "证" * 83 + ".xml", "%2e%2e.xml", os.fsdecode(b"\xff\xfe.xml")]
    for name, one in zip(names, licences(len(names)), strict=True):
        drop_raw(world, name, document(one))
    (incoming / "link.xml").symlink_to("/etc/passwd")
    os.mkfifo(incoming / "pipe.xml")
    (incoming / "folder.xml").mkdir()
    (incoming / "other.txt").write_text("not ours to read")
    (incoming / "growing.tmp").write_text("<LicenceIssue")
    world.run(5)
    assert (
        len([name for name in world.out() if name.endswith("accepted.json") and "customs" not in name]) == 6
    )
    for stem in ("a%0Ab", "%FF%FE", "%252e%252e"):
        for answer in ("accepted.json", "sealed.xml", "customs-accepted.json"):
            assert f"{stem}.{answer}" in world.out(), "all answers to one drop have one name"
    for name in ("link", "pipe", "folder"):
        assert codes(world, f"{name}.rejected.json") == ["NOT_A_FILE"]
        assert os.path.lexists(world.spool / "corrupt" / f"{name}.xml")
    assert sorted(os.listdir(incoming)) == ["growing.tmp", "other.txt"]


def test_a_file_that_is_still_being_written_is_waited_for(world: World, document: MakeDocument) -> None:
    data = document(licence())
    path = world.spool / "in" / "slow.xml"
    path.write_bytes(data[:500])
    world.run(1)
    claimed = world.spool / "work" / "slow.xml"
    assert claimed.exists()
    assert "slow.rejected.json" not in world.out()
    with claimed.open("ab") as file:
        file.write(data[500:])
    world.run(2 * SETTLE_SECONDS + 2)
    assert "slow.accepted.json" in world.out()


def test_a_young_file_that_makes_no_sense_is_refused_in_the_end(world: World) -> None:
    world.drop("young", b"<nonsense")
    world.run(1)
    assert world.out() == []
    world.run(2 * SETTLE_SECONDS + 2)
    assert codes(world, "young.rejected.json")
