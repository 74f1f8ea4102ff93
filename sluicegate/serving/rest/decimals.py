"""Floats as decimal text: as short as six digits allow, and never as what a client would read as an integer."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

#: Digits with which any float of so many bytes survives the way to text and back.
_ALL_DIGITS = {4: "%.9g", 8: "%.17g"}
_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def decimals(values: Sequence[float], size_bytes: int = 4) -> list[str]:
    """JSON numbers, which may be NaN, Infinity and -Infinity.

    values : (n,)
    size_bytes : 4 if they are float32, 8 for float64, 2 for float16 and bfloat16.

    A number that six significant digits give back exactly is printed with six, as all of two bytes are; others with 9
    (float32) or 17 (float64).

    >>> decimals([0.5, 9e6, 2.0, float("inf")])
    ['0.5', '9e+06', '2.0', 'Infinity']
    """
    short = ("%g " * len(values) % tuple(values)).split()
    texts = short if size_bytes == 2 else _exact(short, values, size_bytes)
    return [text if "." in text or "e" in text else _NOT_FINITE.get(text) or text + ".0" for text in texts]


def _exact(short: Sequence[str], values: Sequence[float], size_bytes: int) -> Sequence[str]:
    """All digits where the short text is another number."""
    back: Sequence[float] = list(map(float, short))
    if size_bytes == 4:
        back = array("f", back).tolist()
    digits = _ALL_DIGITS[size_bytes]
    return [text if same == value else digits % value for text, same, value in zip(short, back, values, strict=True)]
