"""The identity of a Virtual File, and the names that may travel (RFC 5024 sections 1.5.2, 5.3 and 5.4)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date as calendar_date

DATASET_NAME_MAX = 26
IDENTIFICATION_MAX = 25
PASSWORD_MAX = 8
USER_DATA_MAX = 8
#: The counter of a time that came without one (levels 1 and 2); given ones begin with 0001 (section 1.5.2).
NO_COUNTER = "0000"

_NAME = re.compile(r"[A-Z0-9/\-.&()]+")
# An identification code is an SIO whose organisation part may hold spaces (section 5.4).
_IDENTIFICATION = re.compile(r"[A-Z0-9/\-.&()](?:[A-Z0-9/\-.&() ]*[A-Z0-9/\-.&()])?")
_DATE = re.compile(r"[0-9]{8}")
_TIME = re.compile(r"(?:[01][0-9]|2[0-3])[0-5][0-9](?:[0-5][0-9]|60)[0-9]{4}")


def check_dataset_name(name: str) -> str:
    """`name` itself when it is 1..26 of `A-Z 0-9 / - . & ( )`; ValueError otherwise."""
    if len(name) > DATASET_NAME_MAX or not _NAME.fullmatch(name):
        raise ValueError(f"dataset name {name!r} is not 1..{DATASET_NAME_MAX} of A-Z 0-9 / - . & ( )")
    return name


def check_identification(code: str, what: str = "identification") -> str:
    """`code` itself when it is a usable identification code of 1..25 characters; ValueError otherwise."""
    if len(code) > IDENTIFICATION_MAX or not _IDENTIFICATION.fullmatch(code):
        raise ValueError(
            f"{what} {code!r} is not 1..{IDENTIFICATION_MAX} of A-Z 0-9 / - . & ( ), spaces inside only"
        )
    return code


def check_short_text(text: str, what: str, maximum: int) -> str:
    """`text` itself when it is 0..`maximum` alphanumeric characters; ValueError otherwise.

    The value is never shown in the error, for it may be a password.
    """
    if len(text) > maximum or (text and not _IDENTIFICATION.fullmatch(text)):
        raise ValueError(f"{what} is not 0..{maximum} of A-Z 0-9 / - . & ( )")
    return text


def check_date(text: str) -> str:
    """`text` itself when it is a date of the calendar as `CCYYMMDD`; ValueError otherwise."""
    if not _DATE.fullmatch(text):
        raise ValueError(f"file date {text!r} is not CCYYMMDD")
    try:
        calendar_date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError as error:
        raise ValueError(f"file date {text!r} is not in the calendar") from error
    return text


def check_time(text: str) -> str:
    """`text` itself when it is a time as `HHMMSScccc` (`cccc` is a counter); ValueError otherwise."""
    if not _TIME.fullmatch(text):
        raise ValueError(f"file time {text!r} is not HHMMSScccc")
    return text


@dataclass(frozen=True, slots=True, order=True)
class FileIdentity:
    """What names a Virtual File for ever: the originator assigns it and nobody on the way may change it.

    `date` is `CCYYMMDD` and `time` is `HHMMSScccc`, both as text. Each field is checked; ValueError tells
    which one is wrong.
    """

    dataset_name: str
    date: str
    time: str
    originator: str
    destination: str

    def __post_init__(self) -> None:
        check_dataset_name(self.dataset_name)
        check_date(self.date)
        check_time(self.time)
        check_identification(self.originator, "originator")
        check_identification(self.destination, "destination")

    @property
    def has_counter(self) -> bool:
        """Whether the time tells more than the second."""
        return not self.time.endswith(NO_COUNTER)

    def stands_for(self, sent: FileIdentity) -> bool:
        """Whether this, read from an answer, names the file that was sent as `sent`.

        An answer of level 1 or 2 has no counter: it stands for any file that differs from it in that alone.
        """
        return self == sent or (not self.has_counter and self == sent.without_counter())

    def without_counter(self) -> FileIdentity:
        """The identity as levels 1 and 2 carry it."""
        return replace(self, time=self.time[: -len(NO_COUNTER)] + NO_COUNTER)

    def __str__(self) -> str:
        return f"{self.dataset_name} {self.date}-{self.time} {self.originator}>{self.destination}"
