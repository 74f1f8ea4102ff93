"""Why a gate said no: which limit, on which slice, by how much, and which line of the settings; 80 columns at most."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

from schemas.verdict import Measurement, Status, Verdict

WIDTH = 80
#: More rows than this are in the report; a terminal is no place to scroll.
MAX_ROWS = 12
_HEAD = ("limit", "slice", "value", "must be", "missed by")
_WIDTHS = (16, 21, 10, 17, 10)


def as_text(verdict: Verdict, where: Callable[[str], str]) -> str:
    """The table of a verdict that did not pass, without a line break at its end.

    where : from a settings key to the place that set it.
    """
    refused = verdict.refusals
    lines = [_headline(verdict)]
    measured = [m for m in refused if m.value is not None]
    if measured:
        lines += ["", _row(_HEAD), _row(tuple("-" * width for width in _WIDTHS))]
    for one in refused[:MAX_ROWS]:
        lines += _measurement(one, where)
    if len(refused) > MAX_ROWS:
        lines.append(f"  and {len(refused) - MAX_ROWS} more: the report lists them all")
    return "\n".join(lines)


def missed_by(one: Measurement) -> float | None:
    """How far the value is on the wrong side of its limit, in the measurement's unit; None when that makes no sense.

    >>> missed_by(Measurement("auc", "overall", Status.FAILED, value=0.75, limit=1.0, direction="at least"))
    0.25
    """
    if one.value is None or one.limit is None or one.direction not in ("at least", "at most"):
        return None
    distance = one.limit - one.value if one.direction == "at least" else one.value - one.limit
    return distance if distance > 0 else None


def _headline(verdict: Verdict) -> str:
    count = len(verdict.refusals)
    verb = {Status.UNKNOWN: "cannot tell", Status.ERROR: "could not measure"}.get(verdict.status, "refused")
    what = f": {count} of {len(verdict.measurements)} checks did not pass" if count else ""
    text = f"{verdict.gate} {verb}{what}." + (f" {verdict.detail}" if verdict.detail else "")
    return "\n".join(textwrap.wrap(text, WIDTH))


def _measurement(one: Measurement, where: Callable[[str], str]) -> list[str]:
    missed = missed_by(one)
    bound = f"{one.direction} {_number(one.limit)}".strip() if one.limit is not None else ""
    value = _number(one.value) if one.value is not None else ""
    cells = (one.name, one.slice, value, bound, _number(missed) if missed is not None else one.status.value.lower())
    told = [] if one.value is None or one.rows is None else [f"{one.rows:,} rows"]
    told += (
        [f"interval {_number(one.low)} to {_number(one.high)}"] if one.low is not None and one.high is not None else []
    )
    told += [f"released model {_number(one.baseline)}"] if one.baseline is not None else []
    notes = [one.detail, ", ".join(told), f"set in {_place(one.setting, where)}" if one.setting else ""]
    rows = _rows(cells) if value else [f"  {line}" for line in textwrap.wrap(_in_words(one), WIDTH - 2)]
    return [*rows, *(line for note in notes if note for line in _note(note))]


def _in_words(one: Measurement) -> str:
    place = f", {one.slice}" if one.slice else ""
    return f"{one.name}{place}: {one.reason.replace('_', ' ') or one.status.value.lower()}"


def _place(setting: str, where: Callable[[str], str]) -> str:
    place = where(setting)
    return f"{setting} (default)" if place == "default" else place


def _note(text: str) -> list[str]:
    # A path is worth more whole than short.
    return textwrap.wrap(text, WIDTH - 2, initial_indent="    ", subsequent_indent="    ", break_long_words=False)


def _rows(cells: tuple[str, ...]) -> list[str]:
    """One row, and further ones for cells that are too long for their column."""
    columns = [textwrap.wrap(cell, width) or [""] for cell, width in zip(cells, _WIDTHS, strict=True)]
    height = max(map(len, columns))
    return [_row(tuple(column[i] if i < len(column) else "" for column in columns)) for i in range(height)]


def _row(cells: tuple[str, ...]) -> str:
    texts = [c.ljust(w) if i in (0, 1, 3) else c.rjust(w) for i, (c, w) in enumerate(zip(cells, _WIDTHS, strict=True))]
    return f"  {' '.join(texts)}".rstrip()


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"
