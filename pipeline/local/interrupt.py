"""Ctrl-C that cannot get lost: raised inside a library's callback, Python prints and forgets a KeyboardInterrupt."""

from __future__ import annotations

import signal
import threading
from types import FrameType


class Interrupt:
    """Remembers SIGINT from now on; outside the main thread, which gets no signals, it does nothing."""

    def __init__(self) -> None:
        self._asked = False
        self._is_main = threading.current_thread() is threading.main_thread()
        self._before = signal.signal(signal.SIGINT, self._note) if self._is_main else None

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._asked = True
        signal.default_int_handler(number, frame)

    def check(self) -> None:
        """Raises KeyboardInterrupt where one was asked for and got lost."""
        if self._asked:
            raise KeyboardInterrupt

    def forget(self) -> None:
        """Gives the signal back to whoever had it."""
        if self._is_main:
            signal.signal(signal.SIGINT, self._before)
