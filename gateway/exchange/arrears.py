"""Arrears: while answers wait by the thousand nothing new is taken in, so that they lag behind by so much.

What is urgent is taken all the same, and so is what is in hand.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime

#: When this many answers of a tree wait to be written the intake pauses, until so few do.
MANY, FEW = 2_048, 512
#: A pause is told to operators when it is this old.
LASTING_SECONDS = 30.0


class Arrears:
    """The trees whose answers are in arrears, by what `waits` was told last; `over` is called at the end.

    A tree that cannot be written to at all is none of them: it would hold up all others, and is an alert.
    """

    def __init__(
        self,
        *,
        clock: IReactorTime,
        alarm: Callable[[str, str | None], None],
        over: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._alarm = alarm
        self._over = over
        self._since_seconds: dict[str, float] = {}

    def __bool__(self) -> bool:
        """Whether any tree is in arrears."""
        return bool(self._since_seconds)

    def waits(self, tree: str, answers: int) -> None:
        """So many answers wait to be written into this tree."""
        now_seconds = self._clock.seconds()
        if answers >= MANY or (answers > FEW and tree in self._since_seconds):
            since_seconds = self._since_seconds.setdefault(tree, now_seconds)
            if now_seconds - since_seconds >= LASTING_SECONDS:
                self._alarm(_name(tree), _TROUBLE)
        elif self._since_seconds.pop(tree, None) is not None:
            self._alarm(_name(tree), None)
            self._over()


_TROUBLE = (
    "answers are made faster than the disk takes them: nothing new is taken from in/ but what is urgent,"
    " until fewer wait. It goes on by itself; is the disk slow, or busy with something else?"
)


def _name(tree: str) -> str:
    return f"answers to {tree}"
