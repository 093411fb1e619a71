"""What operators see of a serial line: a test where the device is free, events in the trace, counters."""

from __future__ import annotations

import serial

from gateway.line.probing import Trial
from gateway.line.service import LineService
from gateway.line.status import Direction
from tests.line.test_over_serial import SerialWorld


def said(service: LineService, partner: str) -> list[str]:
    return [entry.text for entry in service.tracing.last(partner, 500)]


class LookedAt(SerialWorld):
    async def probe(self) -> Trial:
        (address,) = self.gateway.prober.addresses("customs")
        return await self.gateway.prober.probe("customs", address, lambda _: None)

    async def test_a_free_line_can_be_tried(self) -> None:
        await self.start()
        await self.gateway.drain("customs")
        trial = await self.probe()
        assert trial.is_well, trial
        assert dict(trial.findings)["special logic"] == "yes"

    async def test_a_line_in_use_is_said_to_be_so(self) -> None:
        await self.start()
        await self.gateway.drain("customs")
        with serial.Serial(self.line.devices[0], exclusive=True):
            trial = await self.probe()
        (failed,) = (step for step in trial.steps if not step.ok)
        assert (failed.stage, "lock" in failed.found) == ("connection", True)
        assert "in use" in failed.todo


class LookedAtThroughNoise(SerialWorld):
    one_in = 10_000

    async def test_what_the_link_had_to_do_is_told_and_counted(self) -> None:
        self.fill(6, 10_000)
        await self.start()
        await self.all_is_through()
        ours = self.gateway.tracing.link_counters("customs", Direction.CALLING)
        theirs = self.customs.tracing.link_counters("gateway", Direction.ANSWERING)
        assert ours is not None
        assert theirs is not None
        assert ours.blocks_sent > 60
        assert ours.repeats_sent + theirs.repeats_sent > 0
        assert ours.naks_sent + theirs.naks_sent > 0
        told = said(self.gateway, "customs") + said(self.customs, "gateway")
        assert any(text.startswith("last block repeated") for text in told)
        assert any(text.startswith("NAK sent: ") for text in told)
        assert any(text.startswith("ringing, ") for text in told)
