"""Values that go from one process to another by the thousand: pickled in as few steps as there can be."""

from __future__ import annotations

from dataclasses import fields
from itertools import repeat
from operator import attrgetter, call
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


def travels(value_class: type[T]) -> type[T]:
    """A frozen dataclass with slots whose state is the tuple of its fields.

    What `dataclasses` gives such a class looks its fields up anew for each value, which takes longer than
    all the rest of pickling. As with that, nothing is checked again: what arrives was a value where it left.
    """
    names = tuple(field.name for field in fields(value_class))
    assert len(names) > 1, "of one name attrgetter makes no tuple"
    state_of = attrgetter(*names)
    slots = tuple(getattr(value_class, name).__set__ for name in names)

    def get_state(value: T) -> Any:
        return state_of(value)

    def set_state(value: T, state: tuple[Any, ...]) -> None:
        # A loop that the interpreter has no part in: each of these gives None.
        any(map(call, slots, repeat(value), state))

    for name, method in (("__getstate__", get_state), ("__setstate__", set_state)):
        setattr(value_class, name, method)
    return value_class
