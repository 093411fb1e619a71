"""What a session that stands is told by its engine, handed to the half of it that this is for."""

from __future__ import annotations

from gateway.line.receiving import Receiving
from gateway.line.sending import Sending
from oftp2 import events as e


async def hand_on(event: e.Event, sending: Sending, receiving: Receiving) -> bool:
    """Deal with one event of files and receipts; True when a file has ended well, and EFPA is due."""
    match event:
        case e.StartFileIndication():
            await receiving.file_offered(event)
        case e.DataIndication():
            await receiving.data_arrived(event)
        case e.CloseFileIndication():
            return await receiving.file_ended(event)
        case e.EndResponseIndication():
            await receiving.receipt_arrived(event)
        case e.NegativeEndResponseIndication():
            await receiving.negative_receipt_arrived(event)
        case e.StartFileConfirmation():
            sending.file_confirmed(event)
        case e.StartFileRefusal():
            await sending.file_not_started(event)
        case e.CloseFileConfirmation():
            await sending.file_closed()
        case e.CloseFileRefusal():
            await sending.file_not_closed(event)
        case e.ReadyConfirmation():
            await sending.receipt_taken()
        case _:
            raise AssertionError(f"no such event: {event}")
    return False
