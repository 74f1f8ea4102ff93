"""How many rows would settle an open question, if the shares stay what they are."""

from __future__ import annotations

from collections.abc import Callable

#: Beyond so many times the rows nobody will collect them.
MOST = 10_000.0
HALVINGS = 20


def factor_to_settle(is_open: Callable[[float], bool]) -> float | None:
    """How many times the rows it takes until the interval no longer holds the limit; None beyond MOST.

    is_open : whether it does with so many times the rows, all counts scaled alike.

    >>> round(factor_to_settle(lambda factor: 0.05 + 0.1 / factor**0.5 > 0.1), 2)
    4.0
    """
    high = 2.0
    while is_open(high):
        if high > MOST:
            return None
        high *= 2
    low = high / 2
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if is_open(middle) else (low, middle)
    return high
