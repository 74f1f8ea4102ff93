"""Many questions at once: Holm for what the gate decides, Benjamini and Hochberg for what is merely looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from sluicegate.stats.arrays import Floats

RUN_LEVEL = 0.01
"""How often a gate may refuse honest data, over everything that it asks of a run together (issue 12)."""


def holm(questions: Sequence[str], is_refused: Callable[[str, float], bool], level: float) -> Mapping[str, float]:
    """The level that each question was decided at (Holm 1979, Scand. J. Stat. 6:65).

    is_refused : whether a question's near end, at a level, lies beyond its limit. It must stay refused at larger levels.

    All are tried at level / number; those refused go, and the rest are tried again at level / rest, until none goes. So a p-value need
    not be computed, and the interval shown is the one that decided.

    >>> p = {"a": 0.01, "b": 0.02, "c": 0.5}
    >>> holm(list(p), lambda q, level: p[q] <= level, 0.05)
    {'a': 0.016666666666666666, 'b': 0.025, 'c': 0.05}
    """
    levels: dict[str, float] = {}
    left = list(questions)
    while left:
        now = level / len(left)
        refused = [question for question in left if is_refused(question, now)]
        if not refused:
            return {**levels, **dict.fromkeys(left, now)}
        levels |= dict.fromkeys(refused, now)
        left = [question for question in left if question not in refused]
    return levels


def benjamini_hochberg(p: Floats) -> Floats:
    """Adjusted p-values (1995, J. R. Stat. Soc. B 57:289); NaN stays NaN and is not counted.

    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.04, 0.04]
    """
    adjusted = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known])]
    scaled = p[order] * len(order) / np.arange(1, len(order) + 1)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return adjusted
