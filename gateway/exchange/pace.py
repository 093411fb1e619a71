"""How many messages a file to a partner holds while more wait: what passes in a fraction of a second.

What is urgent goes next, but behind the file that is in hand; so that must not take long. A file takes some
time whatever it holds (round trips, commits at both ends), and where that is most of it, smaller files would
only carry less. So the two are told apart, by how long files of different sizes took of late:

    seconds of a file = seconds that any file takes + messages * seconds a message takes

What the line takes for a message is the slope of a straight line through them; what any file takes is the
least that is left without it, since round trips are never shorter. Whatever else there is comes and goes: a
machine that has much to do holds up files of any size.
"""

from __future__ import annotations

from collections import deque
from statistics import fmean, linear_regression, pstdev

#: A file should be with the partner after no more than that, from when it was asked for.
TARGET_SECONDS = 0.2
#: Messages take as long as any file does, at least; and so many times as long where it is the line that they
#: wait for more than half of the time: then it is as busy as can be, and 19 parts in 20 of that are theirs.
EFFICIENT = 19
_MOSTLY = 0.5
#: No file is kept smaller than that many messages: each has its price, in processor time too.
LEAST_MESSAGES = 96
#: So many files tell how long one takes.
SEEN = 16
#: Sizes that differ by less than this part of their mean do not tell what a message takes.
_SPREAD = 0.1
_LEAST_SECONDS = 1e-6


class Pace:
    """How many messages go in a file to one partner: from LEAST_MESSAGES to `most`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._seen: deque[tuple[int, float]] = deque(maxlen=SEEN)
        self._slope = 0.0
        self.messages = min(LEAST_MESSAGES, most)

    def took(self, messages: int, seconds: float) -> None:
        """A file with so many messages took so long, from when it was asked for until it had its EFPA."""
        self._seen.append((messages, seconds))
        # By no more than double at a time: what was seen may have been chance.
        wanted = min(max(self._wanted(), self.messages / 2), self.messages * 2)
        self.messages = int(min(max(wanted, LEAST_MESSAGES), self._most))

    def _wanted(self) -> float:
        sizes, times = zip(*self._seen, strict=True)
        size, seconds = fmean(sizes), fmean(times)
        if pstdev(sizes) > _SPREAD * size:
            self._slope = max(linear_regression(sizes, times).slope, 0.0)
        any_file = max(min(took - self._slope * count for count, took in self._seen), 0.0)
        a_message = max((seconds - any_file) / size, _LEAST_SECONDS)
        is_the_line = self._slope > _MOSTLY * a_message
        least_seconds = any_file * (EFFICIENT if is_the_line else 1)
        return max(TARGET_SECONDS - any_file, least_seconds) / a_message
