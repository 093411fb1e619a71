"""The demo's serial line: a cable between two devices, and an instance that uses it."""

from __future__ import annotations

import os
import select
import tty
from pathlib import Path

from gateway.clock import system_clock
from gateway.config import CustomsConfig, GatewayConfig
from gateway.demo.serial_line import SerialCable, use_serial_line
from gateway.operations.instance import CUSTOMS_FILE, GATEWAY_FILE, create_instance

WAIT_SECONDS = 10


def test_what_goes_in_at_one_end_comes_out_at_the_other_and_only_there() -> None:
    octets = bytes(range(256)) * 8
    with SerialCable() as cable:
        one, other = (os.open(device, os.O_RDWR | os.O_NOCTTY) for device in cable.devices)
        for device in (one, other):
            tty.setraw(device)
        os.write(one, octets)
        heard = b""
        while len(heard) < len(octets):
            assert select.select([other], (), (), WAIT_SECONDS)[0], f"{len(heard)} octets came"
            heard += os.read(other, len(octets))
        assert heard == octets
        assert not select.select([one], (), (), 0)[0]
        os.close(one)
        os.close(other)


def test_an_instance_over_a_serial_line_is_in_order(tmp_path: Path) -> None:
    create_instance(tmp_path / "instance", at=system_clock())
    use_serial_line(tmp_path / "instance", ("/dev/pts/998", "/dev/pts/999"))

    gateway = GatewayConfig.load(tmp_path / "instance" / GATEWAY_FILE)
    customs = CustomsConfig.load(tmp_path / "instance" / CUSTOMS_FILE)
    assert [str(each) for each in gateway.partners[0].call] == ["serial:/dev/pts/998:115200"]
    assert [str(each) for each in customs.line.listen] == ["serial:/dev/pts/999:115200"]
    assert (gateway.line.listen, customs.partners[0].call) == ((), ())
