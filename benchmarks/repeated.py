"""Every table over splits by chance, ours and scikit-learn's boosting on the same rows, and the difference with an interval.

Splits share rows, so their differences are less apart than those of new tables would be: the interval is Nadeau & Bengio's
(2003, Machine Learning 52:239), whose variance is that of the splits times 1/splits + test rows/rows to learn from.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from rich.console import Console
from rich.table import Table

from benchmarks.arrays import Dealt, scores
from benchmarks.tables import Named, load
from models.plan import TrainingPlan

#: Below it a table is small, and judged by its interval; above it by the mean difference.
SMALL_ROWS = 5000
SPLITS_OF_LARGE = 3
MAX_DROP = 0.002
METRIC = {"binary": "AUC", "multiclass": "AUC", "regression": "r2"}


@dataclass(frozen=True, eq=False)
class Pairs:
    """By split.  seconds : of fitting, ours and theirs."""

    table: Named
    ours: npt.NDArray[np.float64]
    theirs: npt.NDArray[np.float64]
    seconds: tuple[float, float]

    @property
    def difference(self) -> tuple[float, float, float]:
        """Mean, low and high end of 95 %."""
        from scipy import stats

        apart, n = self.ours - self.theirs, len(self.ours)
        if n < 2:
            return float(apart.mean()), float("nan"), float("nan")
        error = float(np.sqrt(apart.var(ddof=1) * (1 / n + 0.2 / 0.8)))
        half = float(stats.t.ppf(0.975, n - 1)) * error
        return float(apart.mean()), float(apart.mean()) - half, float(apart.mean()) + half

    @property
    def is_reached(self) -> bool:
        """A small table: not shown to be below. A large one: not below by more than MAX_DROP."""
        mean, _, high = self.difference
        return high >= 0 if len(self.table.frame) < SMALL_ROWS else mean >= -MAX_DROP


def compare(name: str, splits: int, training: Mapping[str, Any]) -> Pairs:
    """One table."""
    table = load(name)
    count = splits if len(table.frame) < SMALL_ROWS else min(SPLITS_OF_LARGE, splits)
    ours, theirs, seconds = [], [], np.zeros(2)
    for seed in range(count):
        dealt = table.dealt(seed)
        label = dealt.target(dealt.test)
        found, took = scores(dealt, TrainingPlan().with_values({"seed": seed, **training}))
        ours.append(quality(dealt, found, label))
        start = time.monotonic()
        theirs.append(quality(dealt, boosted(dealt, seed), label))
        seconds += [took, time.monotonic() - start]
    return Pairs(table, np.array(ours), np.array(theirs), (seconds[0] / count, seconds[1] / count))


def quality(dealt: Dealt, found: npt.NDArray[Any], label: npt.NDArray[Any]) -> float:
    """AUC (several classes: the mean of one against the rest) or r2."""
    from sklearn import metrics

    if dealt.task == "regression":
        return float(metrics.r2_score(label, found.reshape(-1)))
    if dealt.task == "binary":
        return float(metrics.roc_auc_score(label, found[:, 1]))
    present = np.unique(label)
    return float(np.mean([metrics.roc_auc_score(label == place, found[:, place]) for place in present]))


def boosted(dealt: Dealt, seed: int) -> npt.NDArray[np.float64]:
    """Scores by scikit-learn's boosting as it comes, from all rows but the test's; it stops early where it does so by itself."""
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder

    learn, texts = pd.concat([dealt.train, dealt.held_out]), dealt.texts
    kind = HistGradientBoostingRegressor if dealt.task == "regression" else HistGradientBoostingClassifier
    # It takes 255 values of a category at most.
    few = [place for place, name in enumerate(texts) if learn[name].nunique() <= 255]
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    steps = make_column_transformer((codes, texts), remainder="passthrough")
    model = make_pipeline(steps, kind(random_state=seed, categorical_features=few))
    model.fit(learn[dealt.columns], learn[dealt.label])
    if dealt.task == "regression":
        return np.asarray(model.predict(dealt.test[dealt.columns]))
    places = [dealt.classes.index(name) for name in model.classes_]
    whole = np.zeros((len(dealt.test), len(dealt.classes)))
    whole[:, places] = model.predict_proba(dealt.test[dealt.columns])
    return whole


def report(names: Sequence[str], splits: int, training: Mapping[str, Any]) -> None:
    """A line to each table once it is measured, then the whole table."""
    found, console = [], Console()
    for name in names:
        start = time.monotonic()
        found.append(compare(name, splits, training))
        mean, low, high = found[-1].difference
        console.print(f"{name}: {mean:+.4f} ({low:+.4f} to {high:+.4f}), {time.monotonic() - start:.0f} s")
    table = Table(title="Splits by chance: 64 % train, 16 % stop training, 20 % test")
    for heading in (
        "table",
        "rows",
        "splits",
        "metric",
        "ours",
        "boosting",
        "difference",
        "95 % interval",
        "to reach",
        "s",
        "s",
    ):
        table.add_column(heading, justify="left" if heading in ("table", "metric", "to reach") else "right")
    for one in found:
        mean, low, high = one.difference
        figures = [f"{one.ours.mean():.4f}", f"{one.theirs.mean():.4f}", f"{mean:+.4f}", f"{low:+.4f} to {high:+.4f}"]
        table.add_row(
            one.table.name,
            f"{len(one.table.frame):,}",
            str(len(one.ours)),
            METRIC[one.table.task],
            *figures,
            "reached" if one.is_reached else "NOT reached",
            *(f"{s:.1f}" for s in one.seconds),
        )
    console.print(table)
    console.print(
        f"to reach: under {SMALL_ROWS:,} rows not shown to be below; else at most {MAX_DROP} below. Seconds: of one fit, ours and boosting's."
    )
