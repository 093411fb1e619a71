"""Files of records on the disk: the list beside them, restarts at records, and what is put away with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from memory import World
from test_in_the_way import gateway, no_reception, office

from gateway.exchange.file_services import AgreedServices
from gateway.exchange.inbound import StoredFile
from gateway.exchange.opening import Opener
from gateway.exchange.record_list import list_beside
from gateway.ledger import post
from gateway.line.office import OfferedFile, RefusedFile
from oftp2.attributes import FileAttributes
from oftp2.identity import FileIdentity

pytestmark = pytest.mark.usefixtures("logged")

IDENTITY = FileIdentity("RECORDS", "20260101", "1200000001", "CN-CUSTOMS", "CN-GATEWAY")
VARIABLE = FileAttributes(format="V", record_bytes=80)


@pytest.fixture
def world(instance: Path) -> Iterator[World]:
    """The gateway alone."""
    world = World(instance)
    world.wire.up = False
    world.start_gateway()
    yield world
    world.stop()


def offered(
    world: World, *, restart: int = 0, attributes: FileAttributes = VARIABLE, size_bytes: int = 20_480
) -> StoredFile:
    offer = OfferedFile(IDENTITY, size_bytes, restart * 1024, attributes=attributes, restart_records=restart)
    answer = world.now(office(world).offer("customs", offer))
    assert isinstance(answer, StoredFile), answer
    return answer


def path_of(incoming: StoredFile) -> Path:
    return Path(cast("Any", incoming)._file.name)


def test_a_cut_file_goes_on_at_its_last_whole_record(world: World) -> None:
    no_reception(world)
    first = offered(world)
    first.write(b"a" * 80 + b"b" * 30 + b"c" * 7, (80, 80, 110))
    world.now(first.abandon())
    path = path_of(first)
    assert list_beside(path).read_bytes() == b"80\n0\n30\n"
    second = offered(world, restart=100)
    assert (second.position_bytes, second.position_records) == (110, 3)
    second.write(b"c" * 9 + b"d", (9, 10))
    world.now(second.close(120))
    assert path.read_bytes() == b"a" * 80 + b"b" * 30 + b"c" * 9 + b"d"
    assert list_beside(path).read_bytes() == b"80\n0\n30\n9\n1\n"


def test_it_goes_on_where_the_partner_offers_if_that_is_before(world: World) -> None:
    no_reception(world)
    first = offered(world)
    first.write(b"a" * 80, (80, 80, 80))
    world.now(first.abandon())
    second = offered(world, restart=2)
    assert (second.position_bytes, second.position_records) == (80, 2)
    second.write(b"b", (1,))
    world.now(second.abandon())
    assert list_beside(path_of(second)).read_bytes() == b"80\n0\n1\n"
    third = offered(world, restart=0)
    assert third.position_bytes == 0
    world.now(third.abandon())


def test_of_a_list_that_lies_nothing_is_believed_beyond_what_is_durable(world: World) -> None:
    no_reception(world)
    first = offered(world)
    first.write(b"a" * 80 + b"b" * 30, (80, 110))
    world.now(first.abandon())
    with list_beside(path_of(first)).open("ab") as file:
        file.write(b"30\n4")  # as a power cut may leave it
    second = offered(world, restart=100)
    assert (second.position_bytes, second.position_records) == (110, 2)
    world.now(second.abandon())
    list_beside(path_of(first)).write_bytes(b"80\n\0\0\0\n")
    third = offered(world, restart=100)
    assert third.position_records == 0
    world.now(third.abandon())


def test_the_same_file_without_records_begins_anew_and_has_no_list(world: World) -> None:
    no_reception(world)
    first = offered(world)
    first.write(b"a" * 2048, (80,))
    world.now(first.abandon())
    second = offered(world, restart=2, attributes=FileAttributes())
    assert (second.position_bytes, second.position_records) == (0, 0)
    assert not list_beside(path_of(second)).exists()
    world.now(second.abandon())


def test_an_end_that_was_not_marked_is_one(world: World) -> None:
    no_reception(world)
    incoming = offered(world)
    incoming.write(b"a" * 80 + b"b" * 30, (80,))
    world.now(incoming.close(110))
    assert list_beside(path_of(incoming)).read_bytes() == b"80\n30\n"


def test_too_many_records_are_too_big_a_file_and_are_not_listed(world: World) -> None:
    no_reception(world)
    incoming = offered(world)
    records = cast("Any", incoming)._records
    records._max_bytes = 1000
    for _ in range(100):
        incoming.write(b"", (0,) * 50)
    assert records._file.tell() <= 1000
    with pytest.raises(RefusedFile, match="EFNA 06"):
        world.now(incoming.close(0))


def test_a_list_of_records_is_small_beside_the_largest_file(world: World) -> None:
    """Empty records cost their sender an octet each, and us the list, which is read again at a restart."""
    no_reception(world)
    incoming = offered(world)
    largest = cast("Any", incoming)._max_bytes
    for _ in range(largest // 2**16 // 2):
        incoming.write(b"", (0,) * 2**16)
    assert cast("Any", incoming)._records._file.tell() <= largest // 4
    with pytest.raises(RefusedFile, match="EFNA 06"):
        world.now(incoming.close(0))


def test_a_file_that_was_refused_at_its_end_takes_no_room(world: World) -> None:
    no_reception(world)
    incoming = offered(world)
    incoming.write(b"a" * 80, (80,))
    path = path_of(incoming)
    with pytest.raises(RefusedFile, match="EFNA 11"):
        world.now(incoming.close(81))
    assert not path.exists()
    assert not list_beside(path).exists()
    again = offered(world, restart=1)
    assert again.position_bytes == 0
    again.write(b"a" * 80, (80,))
    world.now(again.close(80))
    assert path.read_bytes() == b"a" * 80


def test_what_is_no_interchange_is_kept_with_its_list(world: World) -> None:
    incoming = offered(world)
    incoming.write(b"no", (1, 2))
    world.now(incoming.close(2))
    world.run(5)
    path = path_of(incoming)
    kept = path.parent / "corrupt"
    assert {one.name for one in kept.iterdir()} == {path.name, list_beside(path).name}
    assert [one for one in path.parent.iterdir() if one.is_file()] == []


def test_records_that_are_lines_are_read_as_lines_and_a_short_list_is_told(world: World) -> None:
    no_reception(world)
    incoming = offered(world)
    incoming.write(b"<a><b/></a>", (3, 7, 7, 11))
    world.now(incoming.close(11))
    ledger = gateway(world)._station.ledger

    async def stored() -> list[post.InboundFile]:
        return await ledger.read(lambda connection: post.inbound_to_process(connection, 9))

    (file,) = world.now(stored())
    opener = Opener(AgreedServices(), max_bytes=1024, lined=frozenset({"customs"}))
    assert opener.read_first([file], 1) == [b"<a>\n<b/>\n\n</a>\n"]
    opener.renew(frozenset())
    assert opener.read_first([file], 1) == [b"<a><b/></a>"]
    opener.renew(frozenset({"customs"}))
    list_beside(path_of(incoming)).write_bytes(b"3\n4\n")
    (fault,) = opener.read_first([file], 1)
    assert isinstance(fault, OSError)
    assert str(fault) == "the list of its records has 7 bytes, the file 11"
