"""The book of licences: the one place to import its functions from.

Each function that changes something takes a `UnitOfWork` and a batch, reads all licences concerned at once,
lets the law decide in order, and writes by one statement a table: entries, projection and messages together.
"""

from __future__ import annotations

from gateway.ledger.acts import ActReceived, accept_acts
from gateway.ledger.acts_sent import SealedAct
from gateway.ledger.acts_sent import by_seal as sealed_acts
from gateway.ledger.clearing import Change, ClearanceReceived, Cleared, record_clearances, resettle
from gateway.ledger.customs_answers import AnswerReceived, record_customs_answers
from gateway.ledger.discrepancies import resolve
from gateway.ledger.expiring import expire
from gateway.ledger.issuing import IssueReceived, Sealed, ToSeal, accept_issues, record_seals, to_seal
from gateway.ledger.kinds import OutcomeStatus
from gateway.ledger.origins import Origin, origins, replaced
from gateway.ledger.outcome import Outcome
from gateway.ledger.refusals import refuse, refused
from gateway.ledger.replies import Confirmation, QueryReceived, ReplyReceived, record_queries, record_replies

__all__ = [
    "ActReceived",
    "AnswerReceived",
    "Change",
    "ClearanceReceived",
    "Cleared",
    "Confirmation",
    "IssueReceived",
    "Origin",
    "Outcome",
    "OutcomeStatus",
    "QueryReceived",
    "ReplyReceived",
    "Sealed",
    "SealedAct",
    "ToSeal",
    "accept_acts",
    "accept_issues",
    "expire",
    "origins",
    "record_clearances",
    "record_customs_answers",
    "record_queries",
    "record_replies",
    "record_seals",
    "refuse",
    "refused",
    "replaced",
    "resettle",
    "resolve",
    "sealed_acts",
    "to_seal",
]
