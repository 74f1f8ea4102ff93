"""What goes wrong while logging, said once in a while and without any value that was logged."""

from __future__ import annotations

from collections.abc import Callable

#: Seconds between two messages.
QUIET = 60.0


class Complaints:
    """Says once in a while what goes wrong, and how often it did.

    tell : takes the message.  steady : seconds that never jump.
    """

    def __init__(self, steady: Callable[[], float], tell: Callable[[str], object]) -> None:
        self._steady, self._tell, self._next, self._count = steady, tell, float("-inf"), 0

    def say(self, error: Exception) -> None:
        self._count += 1
        now = self._steady()
        if now < self._next:
            return
        # The text of any other error could quote a value that must not reach a log.
        text = str(error) if isinstance(error, OSError) else "a record or file cannot be used"
        self._tell(f"{type(error).__name__}: {text} ({self._count} since the last message)")
        self._next, self._count = now + QUIET, 0
