"""The post, both ways: the one place to import its functions from.

Out: a message is enqueued, gathered into an interchange, which is sent (EFPA), delivered (EERP), answered.
In: a file is offered, received to a durable position, stored, worked off, and its receipt sent.
Functions that change something take a `UnitOfWork`; functions that look take a connection.
"""

from __future__ import annotations

from gateway.ledger.end_responses import Consequence, EndResponse, KeptResponse, responses_of, take_response
from gateway.ledger.gathering import control_reference, gather, is_due
from gateway.ledger.inbound import corrupt as inbound_corrupt
from gateway.ledger.inbound import find as inbound_find
from gateway.ledger.inbound import get as inbound_get
from gateway.ledger.inbound import not_processed as inbound_not_processed
from gateway.ledger.inbound import not_worked_off as inbound_not_worked_off
from gateway.ledger.inbound import offer as inbound_offer
from gateway.ledger.inbound import opened as inbound_opened
from gateway.ledger.inbound import processed as inbound_processed
from gateway.ledger.inbound import progress as inbound_progress
from gateway.ledger.inbound import receipt_sent, receipts_due
from gateway.ledger.inbound import settled as inbound_settled
from gateway.ledger.inbound import stored as inbound_stored
from gateway.ledger.inbound import waiting as inbound_waiting
from gateway.ledger.interchanges import (
    find_interchange,
    flush,
    mark_delivered,
    mark_refused,
    mark_sent,
    members,
    unfinished,
)
from gateway.ledger.interchanges import get as interchange
from gateway.ledger.outbox import (
    Letter,
    enqueue,
    enqueue_all,
    hold,
    never_again,
    release,
    repeat,
    requeue,
    sent_once,
)
from gateway.ledger.outgoing_files import OutgoingForm, form_of, keep_form
from gateway.ledger.parcels import InboundFile, Interchange
from gateway.ledger.technical import technical_answer
from gateway.ledger.turns import partners_due
from gateway.ledger.turns import small as inbound_small
from gateway.ledger.turns import to_process as inbound_to_process

__all__ = [
    "Consequence",
    "EndResponse",
    "InboundFile",
    "Interchange",
    "KeptResponse",
    "Letter",
    "OutgoingForm",
    "control_reference",
    "enqueue",
    "enqueue_all",
    "find_interchange",
    "flush",
    "form_of",
    "gather",
    "hold",
    "inbound_corrupt",
    "inbound_find",
    "inbound_get",
    "inbound_not_processed",
    "inbound_not_worked_off",
    "inbound_offer",
    "inbound_opened",
    "inbound_processed",
    "inbound_progress",
    "inbound_settled",
    "inbound_small",
    "inbound_stored",
    "inbound_to_process",
    "inbound_waiting",
    "interchange",
    "is_due",
    "keep_form",
    "mark_delivered",
    "mark_refused",
    "mark_sent",
    "members",
    "never_again",
    "partners_due",
    "receipt_sent",
    "receipts_due",
    "release",
    "repeat",
    "requeue",
    "responses_of",
    "sent_once",
    "take_response",
    "technical_answer",
    "unfinished",
]
