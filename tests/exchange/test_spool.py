"""The spool tree: renames are transitions, and nothing that an issuer drops does harm."""

from __future__ import annotations

import errno
import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from gateway.exchange.publication import TEMPORARY, Publication
from gateway.exchange.spool import FOLDERS, Contents, NotReadable, SpoolTree, _read
from licencexml.rejection import Reason

WHY = Reason("WHY", "原因", "a reason", "configured", "do better").reject()


@pytest.fixture
def spool(tmp_path: Path) -> SpoolTree:
    tree = SpoolTree("default", tmp_path / "spool")
    tree.prepare()
    return tree


def drop(spool: SpoolTree, name: str, content: bytes = b"<x/>", age_seconds: float = 0) -> Path:
    path = spool.incoming / name
    path.write_bytes(content)
    stamp = 1_700_000_000 - age_seconds
    os.utime(path, (stamp, stamp))
    return path


def test_urgent_first_then_oldest_first(spool: SpoolTree) -> None:
    drop(spool, "young.xml", age_seconds=1)
    drop(spool, "old.xml", age_seconds=100)
    drop(spool, "soon.urgent.xml", age_seconds=0)
    drop(spool, "half-written.tmp")
    assert [file.name for file in spool.waiting(10)] == ["soon.urgent.xml", "old.xml", "young.xml"]
    assert [file.name for file in spool.waiting(2)] == ["soon.urgent.xml", "old.xml"]
    assert [file.name for file in spool.urgent(10)] == ["soon.urgent.xml"]
    assert spool.count_waiting() == 3


def test_a_claim_is_a_rename_and_happens_once(spool: SpoolTree) -> None:
    drop(spool, "a.xml")
    assert spool.claim("a.xml")
    assert not spool.claim("a.xml")
    assert spool.claimed() == ["a.xml"]


def test_a_second_file_of_the_name_waits_until_the_first_is_done(spool: SpoolTree) -> None:
    drop(spool, "a.xml", b"first")
    spool.claim("a.xml")
    drop(spool, "a.xml", b"second")
    assert not spool.claim("a.xml")
    assert (spool.work / "a.xml").read_bytes() == b"first"
    spool.finish(["a.xml"])
    assert spool.claim("a.xml")
    assert (spool.work / "a.xml").read_bytes() == b"second"


def test_reading_stops_one_byte_after_the_limit(spool: SpoolTree) -> None:
    drop(spool, "a.xml", b"x" * 100)
    spool.claim("a.xml")
    assert len(spool.read("a.xml", 10).data) == 11
    assert len(spool.read("a.xml", 100).data) == 100


@pytest.mark.parametrize("expected", [0, 1, 50_000, 99_999, 100_000, 200_000])
def test_a_file_that_is_not_of_the_expected_size_is_read_whole(tmp_path: Path, expected: int) -> None:
    content = os.urandom(100_000)
    (tmp_path / "a").write_bytes(content)
    for limit in (0, 1, 70_000, 100_000, 100_001):
        with (tmp_path / "a").open("rb", buffering=0) as file:
            assert _read(file.fileno(), limit, expected=expected) == content[:limit]


def test_links_pipes_folders_and_sockets_are_told_and_never_followed(
    spool: SpoolTree, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("not to be read")
    (spool.incoming / "link.xml").symlink_to(secret)
    (spool.incoming / "loop.xml").symlink_to("loop.xml")
    os.mkfifo(spool.incoming / "pipe.xml")
    (spool.incoming / "folder.xml").mkdir()
    (spool.incoming / "folder.xml" / "kept").write_text("kept")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(spool.incoming / "s.xml"))
    found = {}
    for waiting in spool.waiting(10):
        assert spool.claim(waiting.name)
        with pytest.raises(NotReadable) as caught:
            spool.read(waiting.name, 100)
        found[waiting.name] = caught.value.what
        spool.set_aside(waiting.name, spool.corrupt, [WHY])
    assert found == {
        "link.xml": "a symbolic link",
        "loop.xml": "a symbolic link",
        "pipe.xml": "a pipe",
        "folder.xml": "a directory",
        "s.xml": "a socket",
    }
    assert (spool.corrupt / "folder.xml" / "kept").read_text() == "kept"
    assert (spool.corrupt / "link.xml").is_symlink()
    assert secret.read_text() == "not to be read"
    assert spool.claimed() == []


def test_set_aside_keeps_the_file_whole_beside_its_reason(spool: SpoolTree) -> None:
    places = []
    for age, content in enumerate((b"\0\1\2", b"other")):
        drop(spool, "a.xml", content, age_seconds=age)
        spool.claim("a.xml")
        places.append(spool.set_aside("a.xml", spool.corrupt, [WHY]))
    assert [place.read_bytes() for place in places] == [b"\0\1\2", b"other"]
    assert places[0].name == "a.xml"
    for place in places:
        reason = place.with_name(place.name.removesuffix(".xml") + ".reason.json")
        assert json.loads(reason.read_text())[0]["code"] == "WHY"


def test_two_names_of_one_stem_have_a_reason_each(spool: SpoolTree) -> None:
    other = Reason("OTHER", "另一原因。", "Another reason.", "configured", "x").reject()
    for name, why in (("a.xml", WHY), ("a.XML", other), ("a.urgent.xml", other)):
        drop(spool, name)
        spool.claim(name)
        spool.set_aside(name, spool.held, [why])
    assert len(os.listdir(spool.held)) == 6


def publish(spool: SpoolTree, *answers: tuple[str, bytes]) -> Publication:
    publication = Publication(spool.out, answers)
    publication.publish()
    return publication


def test_publishing_again_changes_nothing_and_another_answer_is_kept_beside_it(spool: SpoolTree) -> None:
    publish(spool, ("a.json", b"1"))
    first = (spool.out / "a.json").stat()
    assert publish(spool, ("a.json", b"1")).published == [0]
    assert (spool.out / "a.json").stat() == first
    assert sorted(os.listdir(spool.out)) == ["a.json"]
    for content in (b"2", b"2", b"3"):
        publish(spool, ("a.json", content))
    assert len(os.listdir(spool.out)) == 3
    assert {path.read_bytes() for path in spool.out.iterdir()} == {b"1", b"2", b"3"}
    assert (spool.out / "a.json").read_bytes() == b"1"


def test_one_batch_may_say_something_else_under_one_name(spool: SpoolTree) -> None:
    answers = [("a.json", content) for content in (b"1", b"2", b"1", b"2", b"3")]
    publication = publish(spool, *answers, ("b.json", b""))
    assert publication.published == [0, 1, 2, 3, 4, 5]
    assert not publication.failures
    assert sorted(path.read_bytes() for path in spool.out.iterdir()) == [b"", b"1", b"2", b"3"]
    assert (spool.out / "a.json").read_bytes() == b"1"


@pytest.mark.parametrize("call", ["write", "fdatasync", "rename"])
def test_an_answer_that_cannot_be_written_keeps_no_other_back(
    spool: SpoolTree, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    works, calls = getattr(os, call), iter([False, True])

    def flaky(*arguments: Any) -> Any:
        if next(calls, False):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return works(*arguments)

    answers = [(f"{letter}.json", letter.encode()) for letter in "abc"]
    monkeypatch.setattr(os, call, flaky)
    publication = publish(spool, *answers)
    assert publication.published == [0, 2]
    assert list(publication.failures) == [1]
    assert sorted(os.listdir(spool.out)) == ["a.json", "c.json"]
    assert publish(spool, *answers).published == [0, 1, 2]
    assert sorted(os.listdir(spool.out)) == ["a.json", "b.json", "c.json"]


def test_all_is_synced_before_anything_is_named_and_named_before_the_folder_is_synced(
    spool: SpoolTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    for call in ("fdatasync", "rename", "fsync"):
        works = getattr(os, call)
        monkeypatch.setattr(os, call, lambda *all_, call=call, works=works: (done.append(call), works(*all_)))
    publish(spool, ("a.json", b"1"), ("b.json", b"2"))
    assert done == ["fdatasync"] * 2 + ["rename"] * 2 + ["fsync"]


def test_a_name_in_the_way_of_ours_does_not_prevent_the_start(spool: SpoolTree) -> None:
    (spool.out / ".gateway-x.tmp").mkdir()
    (spool.out / ".gateway-y.tmp").write_bytes(b"half")
    spool.prepare()
    assert os.listdir(spool.out) == [".gateway-x.tmp"]


def test_names_from_hell(spool: SpoolTree) -> None:
    names = [
        "a\nb.xml",
        "😀.xml",
        "..xml.xml",
        "%.xml",
        "-rf.xml",
        "证" * 83 + ".xml",
        os.fsdecode(b"\xff\xfe.xml"),
    ]
    for name in names:
        drop(spool, name)
        assert spool.claim(name)
        assert isinstance(spool.read(name, 100), Contents)
        spool.set_aside(name, spool.corrupt, [WHY])
    assert spool.claimed() == []
    assert len(os.listdir(spool.corrupt)) == 2 * len(names)


def test_a_file_that_grows_after_it_was_read_is_seen(spool: SpoolTree) -> None:
    drop(spool, "a.xml", b"<x>")
    spool.claim("a.xml")
    contents = spool.read("a.xml", 100)
    assert not spool.changed("a.xml", contents)
    with (spool.work / "a.xml").open("ab") as file:
        file.write(b"</x>")
    assert spool.changed("a.xml", contents)


def test_nothing_but_the_five_folders_is_made(spool: SpoolTree) -> None:
    assert sorted(os.listdir(spool.root)) == sorted(FOLDERS)


def test_what_a_failed_batch_left_half_written_is_cleared_away_as_soon_as_it_can_be(spool: SpoolTree) -> None:
    left, stuck = (spool.out / f"{TEMPORARY}{number}.tmp" for number in range(2))
    left.write_bytes(b"hal")
    stuck.mkdir()
    (spool.out / "whole.accepted.json").write_bytes(b"{}")
    assert not spool.tidy()
    stuck.rmdir()
    assert spool.tidy()
    assert [path.name for path in spool.out.iterdir()] == ["whole.accepted.json"]
