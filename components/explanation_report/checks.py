"""Is the explanation itself to be trusted? Each test of it as a Check, and all of them as the gate's verdict.

The limits come from what a right and a worthless explanation would score, not from a table (docs/explanation.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from components.explanation_report.association import correlation, rank
from components.explanation_report.fidelity import active_columns
from components.explanation_report.measures import Z_95
from components.explanation_report.table import Floats
from schemas.explanation_evidence import Check
from schemas.verdict import Measurement, Status, Verdict, judge

GATE = "explanation"
#: Below so many columns a rank correlation takes only a few values: of 4, one in 24 random orders is a perfect 1.
MIN_COLUMNS = 5
MIN_ROWS = 30
#: A column under this share of the total by both rankings is left out: its rank is noise, and nobody reads it.
LEAST_SHARE = 0.01
#: Contributions are sums of differences of float64; what is lost beyond rounding is lost by a mistake.
MAX_COMPLETENESS_ERROR = 1e-6
#: Scores are float32 and come through two signatures; another row's score is further off than this.
MAX_MODEL_DIFFERENCE = 1e-3
#: Two runs on one model should show one order: at 0.8, only neighbours have changed places.
MIN_STABILITY = 0.8
#: 1 where the attributions do not look at the weights, around 0 where they do: half way between the two.
MAX_RANDOMISED = 0.5
#: The two methods answer different questions (docs/explanation.md), so only a gross contradiction counts.
MIN_AGREEMENT = 0.5
IMPORTANCE, DISPARITY, ROWS, ALL = "importance", "disparity", "rows", "all"
OVERALL = "overall"


def same_model(answered: Floats, predicted: Floats) -> Check:
    """The model that is explained gives the scores that were judged, row by row.

    answered, predicted : (n, width).
    """
    if not len(answered):
        return _unknown("matches_predictions", ALL, "no rows")
    scale = max(1.0, float(np.nanstd(predicted)))
    apart = float(np.max(np.abs(answered - predicted))) / scale
    detail = f"The explained model's scores differ from the judged ones by {apart:.2g} at most."
    return _at_most("matches_predictions", ALL, apart, MAX_MODEL_DIFFERENCE, detail)


def complete(errors: Floats, scale: float) -> Check:
    """Contributions sum to score - mean score of the references.

    errors : (n,) |difference|.  scale : of the score; 1 for probabilities.
    """
    if not len(errors):
        return _unknown("completeness", ROWS, "no row was explained")
    worst = float(errors.max()) / max(scale, 1.0)
    detail = f"Contributions miss score - reference score by {worst:.2g} at most, over {len(errors)} rows."
    return _at_most("completeness", ROWS, worst, MAX_COMPLETENESS_ERROR, detail)


def efficient(error: float, scale: float) -> Check:
    """The columns' shares sum to the gap less the gap with everything shuffled."""
    value = error / max(scale, 1.0)
    return _at_most("efficiency", DISPARITY, value, MAX_COMPLETENESS_ERROR, f"The shares miss the gap by {value:.2g}.")


def stable(name: str, one: Floats, other: Floats) -> Check:
    """The order of the columns by two runs that differ in their random numbers alone.

    one, other : (k,) importances.
    """
    value, kept = rank_agreement(one, other)
    detail = f"Two seeds order the {kept} columns that count with a rank correlation of {_said(value)}."
    return _at_least_ranked(name, one, (value, kept), MIN_STABILITY, detail)


def agree(attribution: Floats, quality_loss: Floats, task: str) -> Check:
    """The order by mean |Shapley| and the order by permutation importance, where both speak of the same score."""
    if task == "multiclass":
        return _unknown("agreement", IMPORTANCE, "contributions are to one class's score, importances to all classes'")
    value, kept = rank_agreement(attribution, quality_loss)
    detail = f"Mean |contribution| and permutation importance order {kept} columns with a rank correlation of {_said(value)}."
    return _at_least_ranked("agreement", attribution, (value, kept), MIN_AGREEMENT, detail)


def depends_on_weights(true: Floats, randomised: Sequence[Floats]) -> Check:
    """Contributions of a model whose weights were shuffled must be others (Adebayo et al. 2018, NeurIPS 31).

    true, randomised : (n, k) contributions of the same rows and references; the median over the shuffles counts.
    """
    moved = len(active_columns(true))
    if not randomised or moved < MIN_COLUMNS:
        why = f"only {moved} columns have a part in it" if randomised else "the model has no weights to shuffle"
        return _unknown("parameter_randomisation", IMPORTANCE, why)
    ranked = rank(true.ravel())
    found = [_or_zero(correlation(ranked, rank(one.ravel()))) for one in randomised]
    value = float(np.median(found))
    detail = f"With shuffled weights the contributions keep a rank correlation of {value:.2f} with the true ones."
    return _at_most("parameter_randomisation", IMPORTANCE, value, MAX_RANDOMISED, detail)


def faithful(changes: Mapping[str, tuple[Floats, Floats]], columns: int) -> list[Check]:
    """Replacing the columns that an explanation calls strongest must move the score more than replacing others.

    changes : per group, (n,) mean |change of the score| for the strongest columns, and for random ones.
    columns : how many columns have a part in it.
    Passed where the interval of the mean difference lies above 0: the burden of proof is the explanation's.
    """
    return [_faithful(name, *pair, columns) for name, pair in changes.items()]


def _faithful(name: str, strongest: Floats, random: Floats, columns: int) -> Check:
    if len(strongest) < MIN_ROWS or columns < 2:
        why = f"{len(strongest)} rows, and it takes {MIN_ROWS}" if columns >= 2 else "one column leaves no choice"
        return _unknown("fidelity", ROWS, why, name)
    apart = strongest - random
    if not np.abs(apart).max() > 0:
        return _unknown("fidelity", ROWS, "the score never moves", name)
    low = float(apart.mean() - Z_95 * apart.std(ddof=1) / np.sqrt(len(apart)))
    status = Status.PASSED if low > 0 else Status.FAILED
    detail = (
        f"Without the strongest columns the score moves by {strongest.mean():.3g}, without random ones by "
        f"{random.mean():.3g}; the difference is at least {low:.3g}."
    )
    return Check("fidelity", ROWS, name, status.value, low, 0.0, "above", detail)


def rank_agreement(one: Floats, other: Floats) -> tuple[float, int]:
    """Spearman's correlation over the columns that carry a share of either total, and their number.

    Columns that carry none of a total are tied in it: their order among each other is noise.
    """
    shares = [np.clip(values, 0, None) / max(np.clip(values, 0, None).sum(), 1e-300) for values in (one, other)]
    counts = np.maximum(*shares) >= LEAST_SHARE
    first, second = (np.where(share < LEAST_SHARE, 0.0, share)[counts] for share in shares)
    return correlation(rank(first), rank(second)), int(counts.sum())


def verdict(checks: Iterable[Check], settings: Mapping[str, object]) -> Verdict:
    """The gate "explanation". What cannot be tested with this table is listed and does not decide."""
    measurements = [
        Measurement(
            name=one.name,
            slice=one.slice,
            status=Status(one.status),
            value=one.value,
            limit=one.limit,
            direction=one.comparison,
            reason={"PASSED": "", "FAILED": f"{one.name}_failed"}.get(one.status, "not_testable"),
            detail=one.detail,
            setting=GATE,
            gates=one.status != Status.UNKNOWN.value,
        )
        for one in checks
    ]
    return judge(GATE, measurements, settings=settings)


def _at_most(name: str, section: str, value: float, limit: float, detail: str) -> Check:
    # Written so that NaN fails.
    status = Status.PASSED if value <= limit else Status.FAILED
    return Check(name, section, OVERALL, status.value, value, limit, "at most", detail)


def _at_least_ranked(name: str, values: Floats, found: tuple[float, int], limit: float, detail: str) -> Check:
    value, kept = found
    if kept < MIN_COLUMNS:
        total = f"{kept} of {len(values)} columns carry 1 % or more"
        return _unknown(name, IMPORTANCE, f"{total}, and an order can be compared from {MIN_COLUMNS} on")
    status = Status.PASSED if value >= limit else Status.FAILED
    return Check(name, IMPORTANCE, OVERALL, status.value, value, limit, "at least", detail)


def _unknown(name: str, section: str, why: str, where: str = OVERALL) -> Check:
    return Check(name, section, where, Status.UNKNOWN.value, None, None, "", f"Not tested: {why}.")


def _or_zero(value: float) -> float:
    """A model that answers the same to all rows keeps nothing of the true contributions."""
    return 0.0 if np.isnan(value) else value


def _said(value: float) -> str:
    return "none (one of them has no order)" if np.isnan(value) else f"{value:.2f}"
