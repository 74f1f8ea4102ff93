"""How a served score decides: one threshold for every row, into which thresholds per group are folded.

Where groups have thresholds of their own, a row's log-odds move by the difference between the common threshold's log-odds
and its group's. A row then reaches the common threshold exactly where its own score reached its group's, so that whoever
reads `scores` and one threshold decides as the plan says: clients, the Evaluator, batch scoring. Within a group the order
of rows stays as it was; the score of a group that moved is no longer a calibrated probability.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from models import curves, penalty, thresholds
from models.groups import ModelGroups
from models.plan import TrainingPlan
from models.rows import ModelRows

_LEAST_SCORE = 1e-6


@dataclass(frozen=True)
class DecisionRule:
    """threshold : score of the positive class, as served, from which a row counts as positive.

    of_group : key of a group (group_keys.py) to the threshold of its unmoved scores; other groups have `threshold`.
    """

    threshold: float
    of_group: Mapping[bytes, float] = field(default_factory=dict)

    def shift_of(self, key: bytes) -> float:
        """What a group's log-odds move by; below 0 where its threshold is above the common one."""
        return _log_odds(self.threshold) - _log_odds(self.of_group[key]) if key in self.of_group else 0.0

    def served(self, scores: tf.Tensor, group: tf.Tensor) -> tf.Tensor:
        """(n, 2) scores as they are served.

        scores : (n, 2), of the network.  group : (n,) string, keys.
        """
        keys = list(self.of_group)
        shifts = tf.constant([self.shift_of(key) for key in keys], tf.float32)
        shift = tf.linalg.matvec(tf.cast(group[:, None] == tf.constant(keys)[None, :], tf.float32), shifts)
        tiny = np.finfo(np.float32).tiny
        odds = tf.math.log(tf.maximum(scores[:, 1], tiny)) - tf.math.log(tf.maximum(scores[:, 0], tiny)) + shift
        moved = tf.stack([tf.sigmoid(-odds), tf.sigmoid(odds)], axis=1)
        return tf.where(shift[:, None] == 0.0, scores, moved)


def fit(scores: npt.NDArray[np.float32], held_out: ModelRows, plan: TrainingPlan) -> DecisionRule:
    """The decision of a binary model with these scores of its held-out rows, (n_rows, 2).

    Raises
    ------
    DataError : fewer than two groups have enough held-out rows for thresholds of their own.
    """
    code = np.zeros(len(held_out), np.int64)
    weight = held_out.weight.astype(np.float64)
    rows = thresholds.HeldOutRows(scores[:, 1].astype(np.float64), held_out.label == 1, weight, code)
    common = _common(rows, plan)
    if plan.mitigation != "thresholds":
        return DecisionRule(common)
    groups = ModelGroups.told_apart(held_out, "eval")
    rows, how = replace(rows, code=groups.codes(held_out)), (plan.mitigation_goal, plan.mitigation_strength, common)
    if plan.mitigation_thresholds == "one":
        return DecisionRule(thresholds.one_for_all(rows, *how))
    return DecisionRule(common, dict(zip(groups.keys, thresholds.per_group(rows, *how), strict=True)))


def _common(rows: thresholds.HeldOutRows, plan: TrainingPlan) -> float:
    """The plan's threshold, or for "auto" the one with the highest accuracy on the eval split."""
    if plan.threshold != "auto":
        return float(plan.threshold)
    if plan.mitigation == "constrained" and plan.mitigation_strength > 0:
        # Between the thresholds at which the loss has held the groups together; beyond them they may be far apart.
        base_rate = float(np.average(rows.is_positive, weights=rows.weight))
        return thresholds.most_accurate(rows, min(penalty.SHARES) * base_rate, max(penalty.SHARES) * base_rate)
    return curves.best_threshold(rows.score, rows.is_positive, rows.weight)


def _log_odds(score: float) -> float:
    inside = min(max(score, _LEAST_SCORE), 1 - _LEAST_SCORE)
    return float(np.log(inside) - np.log1p(-inside))
