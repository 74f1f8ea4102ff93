"""The constrained loss: what a step pays for groups of which different shares would be selected.

    penalty = PRICE * strength * entropy of the label * mean over groups of ((rate - rate of all) / rate of all) ** 2

A rate is the share of rows (parity) or of positive rows (equal opportunity) whose served score reaches a threshold. Where
the threshold will stand is not known before the scores are: the penalty is the mean over thresholds that select SHARES of
as many rows as are positive, and the model's own is then chosen between them. A fixed one would be no harm to a network
that selects nobody, and on a table with few positives training went there. Gaps are relative and the price is in the unit
of the loss, so that the same strength means much the same where few rows are positive as where half of them are.

A threshold has no slope: the gap is that of the decisions, and the way down it is that of a soft step in their place
(Cotter et al., "Optimization with Non-Differentiable Constraints", JMLR 20, 2019; a soft step alone was tried and left
the decisions apart). A batch holds too few rows of a group to tell its rate, and the square of a noisy gap would punish
the noise: rates come from sums that look back over LOOK_BACK steps, and only the slope is the batch's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from models import network, thresholds
from models.groups import ModelGroups
from models.network import NetworkAnswer
from models.plan import TrainingPlan
from models.rows import ModelRows

PRICE = 5.0
SHARES = (0.5, 0.75, 1.0)
SOFTNESS = 0.5
LOOK_BACK = 20
#: Log-odds per step that a threshold follows the scores by, at most.
_PACE = 0.1
#: Share of the base rate below which a rate is not divided by: with a threshold of the user's, nobody may be selected.
_FLOOR = 0.1


@dataclass(frozen=True)
class Terms:
    """What the penalty is made of.

    price : nats per unit of squared relative gap.  base_rate : weighted share of positive train rows.
    threshold : the user's; None: those that select SHARES of the base rate.
    """

    groups: ModelGroups
    goal: str
    price: float
    base_rate: float
    threshold: float | None

    @classmethod
    def of(cls, train: ModelRows, answer: NetworkAnswer, plan: TrainingPlan) -> Terms:
        """The plan's penalty on these train rows.

        Raises
        ------
        DataError : fewer than two groups have enough rows.
        """
        share = np.exp(answer.start.astype(np.float64))
        entropy = float(-(share / share.sum() * np.log(share / share.sum())).sum())
        base_rate = float(np.average(train.label == 1, weights=train.weight))
        threshold = None if plan.threshold == "auto" else float(plan.threshold)
        price = PRICE * plan.mitigation_strength * entropy
        return cls(ModelGroups.told_apart(train, "train"), plan.mitigation_goal, price, base_rate, threshold)

    @property
    def targets(self) -> npt.NDArray[np.float32]:
        """(n_thresholds,) share of all rows that each threshold is to select."""
        return np.array(SHARES if self.threshold is None else (1.0,), np.float32) * np.float32(self.base_rate)

    def counted(self, rows: ModelRows) -> npt.NDArray[np.float32]:
        """(n_rows, groups): the row's weight in its own group's rate, 0 elsewhere and for rows that no rate is of."""
        codes = self.groups.codes(rows)[:, None]
        own = (codes == np.arange(len(self.groups.keys))) * rows.weight[:, None]
        return (own * (rows.label == 1)[:, None] if self.goal == "equal_opportunity" else own).astype(np.float32)

    def of_scores(self, scores: npt.NDArray[np.float32], rows: ModelRows) -> float:
        """The penalty of whole rows in nats, of each gap only what exceeds its standard error: the rest may be chance.

        scores : (n_rows, 2), as served.
        """
        counted = self.counted(rows).astype(np.float64)
        score = scores[:, 1].astype(np.float64)
        cuts = (
            [self.threshold] if self.threshold is not None else thresholds.selecting(self.targets, score, rows.weight)
        )
        return float(np.mean([self._of_decision(score >= cut, counted) for cut in cuts]))

    def _of_decision(self, is_selected: npt.NDArray[np.bool_], counted: npt.NDArray[np.float64]) -> float:
        # A group that the held-out rows lack has no gap there.
        counted = counted[:, counted.sum(0) > 0]
        of_all = is_selected @ counted.sum(1) / max(counted.sum(), 1e-9)
        if of_all < _FLOOR * self.base_rate:
            # Who selects hardly anybody treats nobody alike: else such an early epoch would be the best one.
            return self.price
        gap = is_selected @ counted / counted.sum(0) / of_all - 1
        size = counted.sum(0) ** 2 / (counted**2).sum(0)
        error = np.sqrt((1 - of_all) / (of_all * size))
        return float(self.price * (np.maximum(np.abs(gap) - error, 0) ** 2).mean())


class Penalty:
    """Adds its slope to a step of training; its sums live in the graph of the epoch."""

    def __init__(self, terms: Terms, train: ModelRows, answer: NetworkAnswer, batch: int) -> None:
        self._terms, self._answer = terms, answer
        counted = terms.counted(train)
        self._in_groups, self._weight = tf.constant(counted), tf.constant(train.weight)
        start = terms.base_rate if terms.threshold is None else terms.threshold
        self._targets = tf.constant(terms.targets)
        self._edges = tf.Variable(np.full(len(terms.targets), np.log(start) - np.log1p(-start), np.float32))
        # As if every group had the rate of all: what is not known yet pulls nowhere.
        usual = counted.mean(0)[:, None] * batch
        self._counted = tf.Variable(usual)
        self._selected, self._softly = tf.Variable(usual * terms.targets), tf.Variable(usual * terms.targets)

    def __call__(self, logits: tf.Tensor, picked: tf.Tensor) -> tf.Tensor:
        """A scalar with the penalty's value and slope.

        logits : (n, members, 2) of the rows `picked`, (n,) places in the train split.
        """
        counted = tf.gather(self._in_groups, picked)
        positive = tf.clip_by_value(network.scores(logits, self._answer)[:, 1], 1e-6, 1 - 1e-6)
        above = (tf.math.log(positive) - tf.math.log1p(-positive))[:, None] - self._edges
        is_selected = tf.cast(above >= 0.0, tf.float32)
        softly = tf.matmul(counted, tf.sigmoid(above / SOFTNESS), transpose_a=True)
        self._look_back(counted, is_selected, tf.stop_gradient(softly))
        if self._terms.threshold is None:
            self._follow(is_selected, tf.gather(self._weight, picked))
        return self._with_slope(softly)

    def _look_back(self, counted: tf.Tensor, is_selected: tf.Tensor, softly: tf.Tensor) -> None:
        for sums, of_batch in (
            (self._counted, tf.reduce_sum(counted, 0)[:, None]),
            (self._selected, tf.matmul(counted, is_selected, transpose_a=True)),
            (self._softly, softly),
        ):
            sums.assign_add((of_batch - sums) / LOOK_BACK)

    def _follow(self, is_selected: tf.Tensor, weight: tf.Tensor) -> None:
        """Moves each threshold towards the share it is to select."""
        share = tf.linalg.matvec(is_selected, weight, transpose_a=True) / tf.reduce_sum(weight)
        self._edges.assign_add(_PACE * tf.clip_by_value(share / self._targets - 1.0, -1.0, 1.0))

    def _with_slope(self, softly: tf.Tensor) -> tf.Tensor:
        counted = tf.convert_to_tensor(self._counted)
        of_all = tf.reduce_sum(self._selected, 0) / tf.reduce_sum(counted)
        gap = (self._selected / counted - of_all) / tf.maximum(of_all, _FLOOR * self._terms.base_rate)
        # Of soft rate / soft rate of all: a slope that has nothing to gain from selecting more or fewer of everybody.
        soft_of_all = tf.reduce_sum(self._softly, 0) / tf.reduce_sum(counted)
        drift = self._softly / counted * tf.reduce_sum(softly, 0) / tf.reduce_sum(self._softly, 0)
        slope = tf.reduce_mean(2.0 * gap * (softly / counted - drift) / soft_of_all)
        return self._terms.price * (tf.reduce_mean(tf.square(gap)) + slope - tf.stop_gradient(slope))
