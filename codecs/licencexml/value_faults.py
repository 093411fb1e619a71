"""What is wrong with one value: the most telling of the facets that it breaks."""

from __future__ import annotations

from typing import Any

from xmlschema import XMLSchemaDecodeError
from xmlschema.validators import (
    XsdEnumerationFacets,
    XsdFractionDigitsFacet,
    XsdMaxInclusiveFacet,
    XsdMaxLengthFacet,
    XsdMinExclusiveFacet,
    XsdPatternFacets,
    XsdTotalDigitsFacet,
)

from licencexml import faults
from licencexml.rejection import Reason

#: No value of our schema but base64 is nearly so long; longer ones are not matched against patterns.
MAX_EXAMINED_CHARACTERS = 16_384

#: The first that applies is told: what a value means comes before how it is written.
_BY_FACET: tuple[tuple[type, Reason], ...] = (
    (XsdEnumerationFacets, faults.VALUE_NOT_LISTED),
    (XsdFractionDigitsFacet, faults.VALUE_TOO_PRECISE),
    (XsdTotalDigitsFacet, faults.VALUE_TOO_LARGE),
    (XsdMaxInclusiveFacet, faults.VALUE_TOO_LARGE),
    (XsdMinExclusiveFacet, faults.VALUE_TOO_SMALL),
    (XsdMaxLengthFacet, faults.VALUE_TOO_LONG),
    (XMLSchemaDecodeError, faults.VALUE_TYPE),
    (XsdPatternFacets, faults.VALUE_FORMAT),
)


def value_fault(simple_type: Any, text: str) -> Reason | None:
    """The reason why `text` is not of the xmlschema type `simple_type`, None if it is."""
    if len(text) > MAX_EXAMINED_CHARACTERS:
        return faults.VALUE_TOO_LONG
    errors = list(simple_type.iter_errors(text))
    if not errors:
        return None
    if not text.strip(" \t\r\n"):
        return faults.VALUE_EMPTY
    broken = [*errors, *(error.validator for error in errors)]
    for kind, reason in _BY_FACET:
        if any(isinstance(one, kind) for one in broken):
            return reason
    return faults.VALUE_FORMAT
