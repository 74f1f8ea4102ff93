"""Small pieces of HTML for notebooks, light or dark: no colour of their own but a dot, nothing from outside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

#: Middle tones, at least 3 to 1 against white and against the greys of dark notebooks. The word beside them says the same.
_DOTS = {
    "PASSED": "#2e9e5b", "DONE": "#2e9e5b", "CACHED": "#2e9e5b", "FAILED": "#d9534f", "REFUSED": "#d9534f", "ERROR": "#b45fc9",
    "UNKNOWN": "#c28a1e", "SKIPPED": "#8a8a8a", "NOT_RUN": "#8a8a8a",
}  # fmt: skip
_LINE = "border-bottom:1px solid rgba(128,128,128,.35)"
_CELL = "padding:.2em .8em;text-align:left;vertical-align:top"


def status(word: str) -> str:
    """A status with its dot.

    >>> status("<b>")
    '&lt;b&gt;'
    """
    dot = f'<span aria-hidden="true" style="color:{_DOTS[word]}">&#9679;</span> ' if word in _DOTS else ""
    return f"{dot}{escape(word)}"


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]], caption: str = "") -> str:
    """A table; a cell that is a `Raw` is taken as it is, everything else is text."""
    head = "".join(f'<th scope="col" style="{_CELL};{_LINE}">{escape(one)}</th>' for one in heads)
    body = "".join(
        "<tr>" + "".join(f'<td style="{_CELL};{_LINE}">{_cell(one)}</td>' for one in row) + "</tr>" for row in rows
    )
    above = f'<caption style="text-align:left;font-weight:bold">{escape(caption)}</caption>' if caption else ""
    inner = f"{above}<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    return f'<div style="overflow-x:auto"><table style="border-collapse:collapse">{inner}</table></div>'


class Raw(str):
    """HTML that is put in as it is."""

    __slots__ = ()


def number(value: Any) -> str:
    """A value for reading: four significant digits of a float.

    >>> number(0.912345), number(None), number("a")
    ('0.9123', '', 'a')
    """
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def counted(number: int, what: str) -> str:
    """A number of things.

    >>> counted(1, "run"), counted(15060, "row")
    ('1 run', '15,060 rows')
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _cell(value: Any) -> str:
    return value if isinstance(value, Raw) else escape(number(value))
