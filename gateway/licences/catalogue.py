"""Every reason that the law can give, by its code: what the commands list and the documents are made of."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from gateway.licences import expire, identity
from gateway.licences.acts import ACTS, QUIET
from gateway.licences.amending import AMENDMENT, REVERSAL
from gateway.licences.confirm import CONFIRM
from gateway.licences.issue import ISSUE
from gateway.licences.recognition import IDENTITY, RECOGNITION
from gateway.licences.replace import REPLACE
from gateway.licences.revoke import REVOKE
from gateway.licences.rules import Rulebook
from gateway.licences.settlement import LAW
from gateway.licences.suspend import SUSPEND
from licencexml.rejection import Reason

#: Rules of what issuers do, and of what customs tells; each in the order in which a licence meets them.
_OF_ISSUERS: tuple[Rulebook[Any], ...] = (ISSUE, ACTS, SUSPEND, REPLACE, REVOKE, QUIET)
_OF_CUSTOMS: tuple[Rulebook[Any], ...] = (CONFIRM, RECOGNITION, IDENTITY, AMENDMENT, REVERSAL, *LAW)
BOOKS = (*_OF_ISSUERS, *_OF_CUSTOMS)

_RULES = [rule for book in BOOKS for rule in book.rules]
_REASONS = (*identity.REASONS, *expire.REASONS, *(rule.reason for rule in _RULES))

CATALOGUE: Mapping[str, Reason] = MappingProxyType({reason.code: reason for reason in _REASONS})

assert len(CATALOGUE) == len(_REASONS), "a code stands for one reason"
