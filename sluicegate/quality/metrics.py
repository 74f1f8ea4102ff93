"""Every metric of the quality gate, exact, from the scored rows: what scikit-learn gives for them, with what each row adds.

    binary      auc, auc_pr, accuracy, log_loss, brier, precision, recall, f1, calibration_ratio
    multiclass  accuracy, log_loss, macro_auc
    regression  r2, rmse, mae, mse

A metric that is not defined on the rows (nobody called positive, a class missing) is NaN and never 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from sluicegate.quality.estimates import Floats, Ints, MetricEstimate, mean, undefined
from sluicegate.quality.names import LOWER_IS_BETTER
from sluicegate.quality.ranks import Mask, Ranked, auc, average_precision

#: Probabilities are kept this far from 0 and 1 before a logarithm, as TFMA and Keras do.
EPSILON = 1e-7


@dataclass(frozen=True, eq=False)
class ScoredSample:
    """Rows with a known label, as one model answered them.

    label : (n,) int64 place in the classes; float64 of a regression.  scores : (n, classes), or (n, 1) values.
    decision : (n,) int64 place in the classes; None of a regression.  weight : (n,) float64.
    cluster : (n,) int64 from 0, number of the group whose rows stay together; None: each row by itself.
    """

    label: npt.NDArray[Any]
    scores: npt.NDArray[np.floating]
    decision: Ints | None
    weight: Floats
    cluster: Ints | None = None

    def __len__(self) -> int:
        return len(self.label)

    def only(self, rows: npt.NDArray[Any]) -> ScoredSample:
        """These rows alone.  rows : a mask or places."""
        cluster = None if self.cluster is None else np.unique(self.cluster[rows], return_inverse=True)[1]
        decision = None if self.decision is None else self.decision[rows]
        return ScoredSample(self.label[rows], self.scores[rows], decision, self.weight[rows], cluster)

    @property
    def is_positive(self) -> Mask:
        """(n,) of a binary task."""
        return np.asarray(self.label == 1)

    @property
    def is_said_positive(self) -> Mask:
        return np.asarray(self.decision == 1)

    @cached_property
    def score(self) -> Floats:
        """(n,) of the positive class, or the value."""
        return self.scores[:, -1].astype(np.float64)

    @cached_property
    def ranked(self) -> Ranked:
        return Ranked.of(self.is_positive, self.scores[:, -1], self.weight, self.cluster)

    def mean(self, values: npt.ArrayLike) -> MetricEstimate:
        return mean(values, self.weight)


def _binary_log_loss(s: ScoredSample) -> MetricEstimate:
    of_label = np.where(s.is_positive, s.score, 1 - s.score)
    return s.mean(-np.log(np.clip(of_label, EPSILON, 1 - EPSILON)))


def _hits(s: ScoredSample) -> MetricEstimate:
    return s.mean(s.is_positive & s.is_said_positive)


def _f1(s: ScoredSample) -> MetricEstimate:
    positives = s.mean(s.is_positive)
    if not positives.value > 0:
        return undefined(len(s))
    both = s.mean(s.is_positive.astype(np.float64) + s.is_said_positive)
    return _hits(s).times(2).over(both)


def _class_log_loss(s: ScoredSample) -> MetricEstimate:
    of_label = np.take_along_axis(s.scores, s.label[:, None], 1)[:, 0].astype(np.float64)
    return s.mean(-np.log(np.clip(of_label, EPSILON, 1 - EPSILON)))


def _macro_auc(s: ScoredSample) -> MetricEstimate:
    """Plain mean of the one-against-rest areas, and only where every class occurs."""
    classes = s.scores.shape[1]
    parts = [auc(Ranked.of(s.label == one, s.scores[:, one], s.weight, s.cluster)) for one in range(classes)]
    influence = np.mean([p.influence for p in parts], axis=0)
    return MetricEstimate(float(np.mean([p.value for p in parts])), influence, min(p.few for p in parts))


def _squared_error(s: ScoredSample) -> MetricEstimate:
    return s.mean((s.score - s.label) ** 2)


def _r2(s: ScoredSample) -> MetricEstimate:
    """1 - mse / variance of the label on the same rows: no squared correlation, so that a shifted prediction loses."""
    variance, error = variance_and_error(s)
    return error.over(variance).times(-1).shifted(1)


def variance_and_error(s: ScoredSample) -> tuple[MetricEstimate, MetricEstimate]:
    """The label's variance, and the mean squared error."""
    return s.mean((s.label - s.mean(s.label).value) ** 2), _squared_error(s)


METRICS: Mapping[str, Mapping[str, Callable[[ScoredSample], MetricEstimate]]] = {
    "binary": {
        "auc": lambda s: auc(s.ranked),
        "auc_pr": lambda s: average_precision(s.ranked),
        "accuracy": lambda s: s.mean(s.decision == s.label),
        "log_loss": _binary_log_loss,
        "brier": lambda s: s.mean((s.score - s.is_positive) ** 2),
        "precision": lambda s: _hits(s).over(s.mean(s.is_said_positive)),
        "recall": lambda s: _hits(s).over(s.mean(s.is_positive)),
        "f1": _f1,
        "calibration_ratio": lambda s: s.mean(s.score).over(s.mean(s.is_positive)),
    },
    "multiclass": {
        "accuracy": lambda s: s.mean(s.decision == s.label),
        "log_loss": _class_log_loss,
        "macro_auc": _macro_auc,
    },
    "regression": {
        "r2": _r2,
        "rmse": lambda s: _squared_error(s).root(),
        "mae": lambda s: s.mean(np.abs(s.score - s.label)),
        "mse": _squared_error,
    },
}


def measure(metric: str, task: str, sample: ScoredSample) -> MetricEstimate:
    """One metric of a task; not defined without rows."""
    return METRICS[task][metric](sample) if len(sample) else undefined(0)


def worsening(metric: str, candidate: MetricEstimate, before: MetricEstimate) -> MetricEstimate:
    """How much worse the candidate is, above 0: in the metric's direction; a calibration ratio is the worse the further it is from 1."""
    if metric == "calibration_ratio":
        return _away_from_one(candidate).minus(_away_from_one(before))
    return candidate.minus(before) if metric in LOWER_IS_BETTER else before.minus(candidate)


def _away_from_one(ratio: MetricEstimate) -> MetricEstimate:
    return ratio.shifted(-1.0).times(1.0 if ratio.value >= 1 else -1.0)


def majority_share(sample: ScoredSample) -> MetricEstimate:
    """Weighted share of the most frequent class: what a constant decision reaches."""
    if not len(sample):
        return undefined(0)
    counts = np.bincount(sample.label, sample.weight)
    return sample.mean(sample.label == counts.argmax())


def advantages(sample: ScoredSample, cost_ratio: float) -> tuple[MetricEstimate, MetricEstimate]:
    """Net benefit over deciding always yes, and over always no, in hits per row (Vickers & Elkin 2006, Med. Decis. Making 26:565).

    Net benefit is TP/n - FP/n c. Calling all positive has P/n - N/n c, calling none has 0.
    cost_ratio : c, how many hits a false alarm costs; at a threshold t it is t / (1 - t).
    """
    positive, said = sample.is_positive, sample.is_said_positive
    over_all = sample.mean(np.where(said, 0.0, np.where(positive, -1.0, cost_ratio)))
    over_none = sample.mean(np.where(said, np.where(positive, 1.0, -cost_ratio), 0.0))
    return over_all, over_none
