"""Errors by blame: a bug asserts and stops; the environment is retried and told; a partner is answered."""

from __future__ import annotations

from collections.abc import Iterable

from licencexml.rejection import Rejection


class EnvironmentFault(Exception):
    """Disk, database, clock or another part of this machine failed: retry, and alert."""


def is_of_machine(error: BaseException | None) -> bool:
    """Whether the machine is to blame: its disk, its memory, or what it gives a process of anything else."""
    # Python has no class of its own for a thread that the system did not give.
    is_threadless = type(error) is RuntimeError and "start new thread" in str(error)
    return isinstance(error, EnvironmentFault | OSError | MemoryError) or is_threadless


def told(error: BaseException | None) -> str:
    """A sentence for operators about an error that is the machine's."""
    if isinstance(error, MemoryError):
        return "the machine has too little memory"
    return str(error)


class ConfigurationFault(EnvironmentFault):
    """What the operator configured cannot be used; the message says where and why."""


class PartnerFault(Exception):
    """A partner sent what cannot be accepted: answer with the rejections, and carry on."""

    def __init__(self, rejections: Iterable[Rejection]) -> None:
        self.rejections = tuple(rejections)
        super().__init__("; ".join(f"{r.code}: {r.en}" for r in self.rejections))
