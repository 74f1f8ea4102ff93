"""How far apart the groups are: every gap and ratio under the name of its convention, as point values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from sluicegate.stats.arrays import Floats, Mask

#: A group under this share of the rows is no reference of an impact ratio (6 RCNY 5-301).
REFERENCE_SHARE = 0.02


@dataclass(frozen=True)
class Measure:
    """What a gap is made of.

    of : the estimates by group that it compares: names of fairness.rates.RATES, or "score", "error", "scores".
    kind : "difference" (largest minus smallest), "ratio" (smallest through largest), "impact" (smallest through the
        reference), "max", "mean", "sum" (of the differences of two estimates), "area" (between score distributions).
    convention : a sentence for people: what exactly is computed, and who else calls it so.
    """

    of: tuple[str, ...]
    kind: str
    convention: str

    @property
    def is_ratio(self) -> bool:
        """1 is equal, and less is worse; else 0 is equal, and more is worse."""
        return self.kind in ("ratio", "impact")


MEASURES: Mapping[str, Measure] = {
    "demographic_parity_difference": Measure(
        ("selection_rate",), "difference", "Largest minus smallest selection rate (Fairlearn's, between_groups)."
    ),
    "demographic_parity_ratio": Measure(
        ("selection_rate",), "ratio", "Smallest through largest selection rate (Fairlearn's, between_groups)."
    ),
    "impact_ratio": Measure(
        ("selection_rate",),
        "impact",
        "Smallest selection rate through that of the most selected group with at least 2 % of the rows (29 CFR 1607.4(D)).",
    ),
    "equal_opportunity_difference": Measure(
        ("tpr",),
        "difference",
        "Largest minus smallest true positive rate; the gap in false negative rates is the same.",
    ),
    "fpr_difference": Measure(("fpr",), "difference", "Largest minus smallest false positive rate."),
    "equalized_odds_difference": Measure(
        ("tpr", "fpr"), "max", "The larger of the gaps in true and false positive rate (Fairlearn's, agg worst_case)."
    ),
    "equalized_odds_mean": Measure(
        ("tpr", "fpr"),
        "mean",
        "Mean of the gaps in true and false positive rate (Fairlearn's, agg mean); AIF360's average "
        "odds difference is its signed relative.",
    ),
    "equalized_odds_sum": Measure(
        ("tpr", "fpr"), "sum", "Sum of the gaps in true and false positive rate (FFB's; Han et al. 2024)."
    ),
    "predictive_parity_difference": Measure(
        ("ppv",), "difference", "Largest minus smallest positive predictive value."
    ),
    "abcc": Measure(
        ("scores",),
        "area",
        "Area between the cumulative score distributions of the two groups furthest apart (Han et al. 2024).",
    ),
    "error_difference": Measure(
        ("error",), "difference", "Largest minus smallest mean absolute error; for classes, error rate."
    ),
    "score_difference": Measure(
        ("score",), "difference", "Largest minus smallest mean score; for a regression, mean predicted value."
    ),
}


def difference(value: Floats, judged: Mask) -> Floats:
    """(..., groups) to (...): largest minus smallest of the judged groups; NaN where fewer than two have a value."""
    usable = judged & ~np.isnan(value)
    most = np.where(usable, value, -np.inf).max(-1)
    least = np.where(usable, value, np.inf).min(-1)
    with np.errstate(invalid="ignore"):
        return np.where(_are_two(usable), most - least, np.nan)


def ratio(value: Floats, judged: Mask, is_reference: Mask | bool = True) -> Floats:
    """(..., groups) to (...): smallest through largest, at most 1; NaN where nobody is selected (0/0) or fewer than two have a value.

    is_reference : (groups,) which groups may stand in the denominator.
    """
    usable = judged & ~np.isnan(value)
    most = np.where(usable & is_reference, value, -np.inf).max(-1)
    least = np.where(usable, value, np.inf).min(-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(_are_two(usable) & np.isfinite(most) & (most > 0), np.minimum(least / most, 1.0), np.nan)


def _are_two(usable: Mask) -> Mask:
    """(..., groups) to (...). One group is as far from itself as 0, which no reader may take for "no gap"."""
    return np.asarray(usable.sum(-1) >= 2)


#: How the differences of two estimates become one number.
COMBINE: Mapping[str, Callable[[Floats, Floats], Floats]] = {
    "max": np.maximum,
    "mean": lambda one, other: (one + other) / 2,
    "sum": np.add,
}


def gap(measure: Measure, values: Mapping[str, Floats], judged: Mapping[str, Mask], is_reference: Mask) -> Floats:
    """One gap from the estimates by group.

    values : per name in `measure.of`, (..., groups).  judged : likewise, which groups count.
    is_reference : (groups,), for the impact ratio.
    """
    first = measure.of[0]
    if measure.kind in ("ratio", "impact"):
        return ratio(values[first], judged[first], is_reference if measure.kind == "impact" else True)
    gaps = [difference(values[name], judged[name]) for name in measure.of]
    return COMBINE[measure.kind](*gaps) if measure.kind in COMBINE else gaps[0]
