"""Bounds on a gap between groups that no two groups can break."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from schemas.contradiction import Contradiction

#: Measures that are about values, which a regression has, and not about who is selected.
OF_VALUES = frozenset({"abcc", "error_difference", "score_difference"})
#: How far apart two groups can be at most; a regression's values know no such end.
FURTHEST = {"equalized_odds_sum": 2.0}


def bounds_that_cannot_refuse(measure: str, bounds: Mapping[str, float | None]) -> Iterator[Contradiction]:
    """One for each bound on a gap between rates that no two rates can break.

    bounds : `at_most` and `max_rise`.  What is to be above 0 says so in its own range.
    """
    furthest = FURTHEST.get(measure, 1.0)
    for name, bound in bounds.items():
        if bound is not None and bound >= furthest:
            yield Contradiction(name, f"{bound:g} for {measure}", f"less than {furthest:g}",
                                f"lower it: {measure} never goes beyond {furthest:g}, so this limit could not refuse")  # fmt: skip
