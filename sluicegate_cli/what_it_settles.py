"""What the test rows of a table can tell, before anything is trained: how near a metric will be known, and of which classes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sluicegate.tables.inspecting import TableProfile

Z = 1.959964
"""Of an interval that holds in 95 of 100 cases."""
FINE = 0.01
"""A gate on a hundredth of a metric wants to know it so near."""
MIN_CLASS_ROWS = 10
"""Of a class with fewer test rows no share is known nearer than a third (Clopper & Pearson, at 9 of 9: 0.66 to 1)."""
_ASSUMED = {"binary": ("AUC", 0.8), "multiclass": ("accuracy", 0.8), "regression": ("R2", 0.5)}


def settles(profile: TableProfile) -> list[str]:
    """Sentences on the width of the main metric's interval, the rows that would narrow it, and classes too rare to be judged."""
    rows, task = profile.rows["test"], profile.roles.task
    counts = profile.label_rows.get("test", {})
    name, value = _ASSUMED[task]
    half = half_width(task, rows, [counts.get(one, 0) for one in profile.roles.classes])
    said = []
    if math.isfinite(half):
        more = math.ceil(rows * (half / FINE) ** 2)
        fine = f"; +- {FINE} would take about {_round(more):,}" if half > FINE else ""
        said.append(f"{rows:,} test rows tell an {name} of {value} to about +- {half:.3f}{fine}.")
    rare = [f"'{one}' ({counts.get(one, 0)})" for one in profile.roles.classes if counts.get(one, 0) < MIN_CLASS_ROWS]
    if rare:
        shown = ", ".join(rare[:6]) + (f" and {len(rare) - 6} more" if len(rare) > 6 else "")
        said.append(f"Too few test rows to judge these classes by themselves: {shown}; {MIN_CLASS_ROWS} are the least.")
    return said


def half_width(task: str, rows: int, class_rows: list[int]) -> float:
    """Of the 95 % interval of the task's main metric at its assumed value; infinite without rows.

    AUC: Hanley & McNeil, Radiology 143 (1982) 29; accuracy: the binomial; R2: Olkin & Finn, Psychological Bulletin 118 (1995) 155.

    >>> round(half_width("binary", 200, [100, 100]), 3)
    0.061
    """
    value = _ASSUMED[task][1]
    if task == "binary":
        few, many = (max(one, 0) for one in class_rows[-2:]) if len(class_rows) == 2 else (0, 0)
        if not few or not many:
            return math.inf
        q1, q2 = value / (2 - value), 2 * value**2 / (1 + value)
        spread = value * (1 - value) + (few - 1) * (q1 - value**2) + (many - 1) * (q2 - value**2)
        return Z * math.sqrt(spread / (few * many))
    if not rows:
        return math.inf
    variance = value * (1 - value) if task == "multiclass" else 4 * value * (1 - value) ** 2
    return Z * math.sqrt(variance / rows)


def _round(rows: int) -> int:
    """Two digits: it is a rule of thumb."""
    step = 10 ** max(0, len(str(rows)) - 2)
    return math.ceil(rows / step) * step
