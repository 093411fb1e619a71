"""What travels between processes arrives as it was, whatever it is made of."""

import copy
import pickle
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given

from licencexml.header import Header
from licencexml.licence import Licence
from licencexml.values import LicenceKey, LicenceType, Quantity
from tests.licencexml.strategies import licences


@given(licences())
def test_a_licence_arrives_as_it_was(licence: Licence) -> None:
    assert pickle.loads(pickle.dumps(licence)) == licence
    assert copy.deepcopy(licence) == licence


def test_what_arrived_is_as_frozen_as_what_left() -> None:
    header = Header("M-1", "A", "B", datetime(2026, 11, 21, tzinfo=UTC))
    arrived = pickle.loads(pickle.dumps(header))
    with pytest.raises(AttributeError):
        arrived.message_id = "M-2"
    assert hash(arrived) == hash(header)


def test_few_bytes_say_what_a_value_is() -> None:
    """The names of the fields do not travel."""
    for value in (LicenceKey(LicenceType.IMPORT, "26-AA-123456"), Quantity(Decimal("1.00000"), "035")):
        assert not any(name.encode() in pickle.dumps(value) for name in value.__slots__ if name != "type")
