"""Is the explanation itself to be trusted? Each test of it as a Check, and all of them as the gate's verdict.

The limits come from what a right and a worthless explanation would score, not from a table (docs/explanation.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from schemas.explanation_evidence import GATE_ID, Check
from schemas.verdict import Measurement, Status, Verdict, judge
from sluicegate.explanation.association import correlation, rank
from sluicegate.explanation.fidelity import Changes, active_columns
from sluicegate.explanation.measures import half_width
from sluicegate.explanation.order import MAX_LUCK, ColumnRanking, Comparison, compare
from sluicegate.explanation.table import Floats
from sluicegate.stats import keys
from sluicegate.stats.arrays import Ints

MIN_ROWS = 30
#: Contributions are sums of differences of float64; what is lost beyond rounding is lost by a mistake.
MAX_COMPLETENESS_ERROR = 1e-6
#: Scores are float32 and come through two signatures; another row's score is further off than this.
MAX_MODEL_DIFFERENCE = 1e-3
#: 1 where the attributions do not look at the weights, around 0 where they do: half way between the two.
MAX_RANDOMISED = 0.5
#: Columns whose contributions are compared with those of shuffled weights; fewer leave a correlation too much to luck.
MIN_MOVED = 5
#: Draws of rows behind its interval.
BOOTSTRAP = 200
#: The two methods answer different questions (docs/explanation.md): of three pairs of columns, one may stand the other way.
MIN_BALANCE = 1 / 3
#: The score must move by at least so much of what the contributions claim.
LEAST_OF_CLAIM = 0.5
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


def stable(name: str, one: ColumnRanking, other: ColumnRanking) -> Check:
    """The order of the columns by two runs that differ in their random numbers alone.

    FAILED where a pair of columns is told apart in opposite orders, anywhere (order.ALPHA of honest runs); UNKNOWN where too
    few are told apart for agreement to prove something.
    """
    found = compare(one, other)
    said = f"Of {found.pairs} pairs of columns that two seeds tell apart, {found.contradict} stand in opposite orders."
    if found.contradict:
        return Check(name, IMPORTANCE, OVERALL, Status.FAILED.value, found.contradict, 0.0, "at most", said)
    if not found.is_settled:
        return _unknown(name, IMPORTANCE, _too_few(found, len(one.value)))
    return Check(name, IMPORTANCE, OVERALL, Status.PASSED.value, found.contradict, 0.0, "at most", said)


def agree(attribution: ColumnRanking, quality_loss: ColumnRanking, task: str) -> Check:
    """The order by mean |Shapley| and the order by permutation importance, where both speak of the same score."""
    if task == "multiclass":
        return _unknown("agreement", IMPORTANCE, "contributions are to one class's score, importances to all classes'")
    found = compare(attribution, quality_loss)
    if not found.is_settled:
        return _unknown("agreement", IMPORTANCE, _too_few(found, len(attribution.value)))
    said = (
        f"Of {found.pairs} pairs of columns that mean |contribution| and permutation importance both tell apart, "
        f"{found.contradict} stand in opposite orders."
    )
    status = Status.PASSED if found.balance >= MIN_BALANCE else Status.FAILED
    return Check("agreement", IMPORTANCE, OVERALL, status.value, found.balance, MIN_BALANCE, "at least", said)


def _too_few(found: Comparison, columns: int) -> str:
    return (
        f"the intervals of {columns} columns tell {found.pairs} pairs apart in both orders, and {found.luck:.0%} of random "
        f"orders would agree with these, too; it takes {MAX_LUCK:.0%} or less"
    ).replace("%", " %")


def depends_on_weights(true: Floats, randomised: Sequence[Floats], cluster: Ints | None = None) -> Check:
    """Contributions of a model whose weights were shuffled must be others (Adebayo et al. 2018, NeurIPS 31).

    true, randomised : (n, k) contributions of the same rows and references; the median over the shuffles counts.
    cluster : (n,) of fairness.keys.numbered: whole keys are drawn; None: rows.
    """
    moved = len(active_columns(true))
    if not randomised or moved < MIN_MOVED:
        why = f"only {moved} columns have a part in it" if randomised else "the model has no weights to shuffle"
        return _unknown("parameter_randomisation", IMPORTANCE, why)
    rows = np.arange(len(true))
    value, rng = _kept(true, randomised, rows), np.random.default_rng(0)
    drawn = [_kept(true, randomised, keys.drawn(len(rows), cluster, rng)) for _ in range(BOOTSTRAP)]
    low, high = np.quantile(drawn, [0.025, 0.975]).tolist()
    said = f"a rank correlation of {value:.2f} [{low:.2f}, {high:.2f}] with the true ones"
    if low <= MAX_RANDOMISED < high:
        return _unknown(
            "parameter_randomisation", IMPORTANCE, f"shuffled weights leave {said}: {MAX_RANDOMISED} is between"
        )
    detail = f"With shuffled weights the contributions keep {said}."
    return _at_most("parameter_randomisation", IMPORTANCE, value, MAX_RANDOMISED, detail)


def _kept(true: Floats, randomised: Sequence[Floats], rows: npt.NDArray[np.int64]) -> float:
    ranked = rank(true[rows].ravel())
    return float(np.median([_or_zero(correlation(ranked, rank(one[rows].ravel()))) for one in randomised]))


def faithful(changes: Mapping[str, Changes], columns: int) -> list[Check]:
    """Replacing the columns that an explanation calls strongest must move the score more than replacing others.

    changes : per group.  columns : how many columns have a part in it.
    Passed where the interval of the mean difference lies above 0: the burden of proof is the explanation's. Failed where it
    lies below half of the difference that the contributions themselves claim; between the two these rows cannot tell.
    """
    return [_faithful(name, one, columns) for name, one in changes.items()]


def _faithful(name: str, found: Changes, columns: int) -> Check:
    units = keys.units(len(found.strongest), found.cluster)
    if units < MIN_ROWS or columns < 2:
        what = "rows" if found.cluster is None else "keys"
        why = f"{units} {what}, and it takes {MIN_ROWS}" if columns >= 2 else "one column leaves no choice"
        return _unknown("fidelity", ROWS, why, name)
    apart = found.strongest - found.random
    if not np.abs(apart).max() > 0:
        return _unknown("fidelity", ROWS, "the score never moves", name)
    half = half_width(apart, found.cluster)
    low, claimed = float(apart.mean() - half), float(found.claimed.mean())
    detail = (
        f"Without the strongest columns the score moves by {found.strongest.mean():.3g}, without random ones by "
        f"{found.random.mean():.3g}; the difference is at least {low:.3g}, and the contributions claim {claimed:.3g}."
    )
    if low > 0:
        return Check("fidelity", ROWS, name, Status.PASSED.value, low, 0.0, "above", detail)
    if low + 2 * half < LEAST_OF_CLAIM * claimed:
        return Check("fidelity", ROWS, name, Status.FAILED.value, low, 0.0, "above", detail)
    return _unknown("fidelity", ROWS, f"the difference of {apart.mean():.3g} may be 0 with {len(apart)} rows", name)


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
            setting=GATE_ID,
            gates=one.status != Status.UNKNOWN.value,
        )
        for one in checks
    ]
    return judge(GATE_ID, measurements, settings=settings)


def _at_most(name: str, section: str, value: float, limit: float, detail: str) -> Check:
    # Written so that NaN fails.
    status = Status.PASSED if value <= limit else Status.FAILED
    return Check(name, section, OVERALL, status.value, value, limit, "at most", detail)


def _unknown(name: str, section: str, why: str, where: str = OVERALL) -> Check:
    return Check(name, section, where, Status.UNKNOWN.value, None, None, "", f"Not tested: {why}.")


def _or_zero(value: float) -> float:
    """A model that answers the same to all rows keeps nothing of the true contributions."""
    return 0.0 if np.isnan(value) else value
