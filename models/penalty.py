"""The constrained loss: what a step pays for groups of which different shares would be selected.

    penalty = PRICE * strength * entropy of the label * mean over groups of ((rate - rate of all) / rate of all) ** 2

A rate is the share of rows (parity) or of positive rows (equal opportunity) whose served score reaches the threshold. A
threshold has no slope: the gap is that of the decisions, and the way down it is that of a soft step in their place
(Cotter et al., "Optimization with Non-Differentiable Constraints", JMLR 20, 2019; a soft step alone was tried and left
the decisions apart). Gaps are relative and the price is in the unit of the loss, so that the same strength means much
the same where few rows are positive as where half of them are.

A batch holds too few rows of a group to tell its rate, and the square of a noisy gap would punish the noise. The gap is
therefore taken from sums that look back over LOOK_BACK steps, and only its slope from the batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from models import network
from models.groups import Groups
from models.network import Answer
from models.plan import TrainingPlan
from models.rows import Rows

PRICE = 5.0
SOFTNESS = 0.5
LOOK_BACK = 20
#: Share of the base rate below which a rate is not divided by: a network that selects nobody yet has no relative gap.
_FLOOR = 0.1


@dataclass(frozen=True)
class Terms:
    """What the penalty is made of.

    price : nats per unit of squared relative gap.  threshold : the score that decides.  least_rate : _FLOOR's.
    """

    groups: Groups
    goal: str
    price: float
    threshold: float
    least_rate: float

    @classmethod
    def of(cls, train: Rows, answer: Answer, plan: TrainingPlan) -> Terms:
        """The plan's penalty on these train rows.

        Raises
        ------
        DataError : fewer than two groups have enough rows.
        """
        share = np.exp(answer.start.astype(np.float64))
        entropy = float(-(share / share.sum() * np.log(share / share.sum())).sum())
        threshold = 0.5 if plan.threshold == "auto" else float(plan.threshold)
        price = PRICE * plan.mitigation_strength * entropy
        least = _FLOOR * float(np.average(train.label == 1, weights=train.weight))
        return cls(Groups.told_apart(train, "train"), plan.mitigation_goal, price, threshold, least)

    def shares(self, rows: Rows) -> npt.NDArray[np.float32]:
        """(n_rows, groups): the row's weight in its own group's rate, 0 elsewhere and for rows that no rate is of."""
        codes = self.groups.codes(rows)[:, None]
        own = (codes == np.arange(len(self.groups.keys))) * rows.weight[:, None]
        return (own * (rows.label == 1)[:, None] if self.goal == "equal_opportunity" else own).astype(np.float32)

    def soft_decision(self, positive: tf.Tensor) -> tf.Tensor:
        """(n,) served scores of the positive class to 0 to 1, a half at the threshold."""
        inside = tf.clip_by_value(positive, 1e-6, 1 - 1e-6)
        edge = np.float32(np.log(self.threshold) - np.log1p(-self.threshold))
        return tf.sigmoid((tf.math.log(inside) - tf.math.log1p(-inside) - edge) / SOFTNESS)

    def of_scores(self, scores: npt.NDArray[np.float32], rows: Rows) -> float:
        """The penalty of whole rows, in nats."""
        shares = self.shares(rows).astype(np.float64)
        selected, counted = (scores[:, 1] >= self.threshold) @ shares, shares.sum(0)
        of_all = selected.sum() / max(counted.sum(), 1e-9)
        if of_all < self.least_rate:
            # Who selects hardly anybody treats nobody alike: else such an early epoch would be the best one.
            return self.price
        # A group that the held-out rows lack has no gap there.
        rate = np.where(counted > 0, selected / np.maximum(counted, 1e-9), of_all)
        return float(self.price * ((rate / of_all - 1) ** 2).mean())


class Penalty:
    """Adds its slope to a step of training; its sums live in the graph of the epoch."""

    def __init__(self, terms: Terms, train: Rows, answer: Answer, batch: int) -> None:
        self._terms, self._answer = terms, answer
        shares = terms.shares(train)
        self._shares = tf.constant(shares)
        # As if every group had the rate of all: what is not known yet pulls nowhere.
        counted = shares.mean(0) * batch
        rate = float(train.weight @ (train.label == 1) / train.weight.sum())
        self._counted = tf.Variable(counted, trainable=False)
        self._selected = tf.Variable(counted * rate, trainable=False)
        self._softly = tf.Variable(counted * rate, trainable=False)

    def __call__(self, logits: tf.Tensor, picked: tf.Tensor) -> tf.Tensor:
        """A scalar with the penalty's value and slope.

        logits : (n, members, 2) of the rows `picked`, (n,) places in the train split.
        """
        shares = tf.gather(self._shares, picked)
        decision = self._terms.soft_decision(network.scores(logits, self._answer)[:, 1])
        softly = tf.linalg.matvec(shares, decision, transpose_a=True)
        selected = tf.linalg.matvec(shares, tf.cast(decision >= 0.5, tf.float32), transpose_a=True)
        for sums, of_batch in (
            (self._counted, tf.reduce_sum(shares, 0)),
            (self._selected, selected),
            (self._softly, tf.stop_gradient(softly)),
        ):
            sums.assign_add((of_batch - sums) / LOOK_BACK)
        counted, soft_rate = tf.convert_to_tensor(self._counted), self._softly / self._counted
        of_all = tf.reduce_sum(self._selected) / tf.reduce_sum(counted)
        gap = (self._selected / counted - of_all) / tf.maximum(of_all, self._terms.least_rate)
        # Of soft rate / soft rate of all: a slope that has nothing to gain from selecting more or fewer of everybody.
        soft_of_all = tf.reduce_sum(self._softly) / tf.reduce_sum(counted)
        soft_gap = (softly / counted - soft_rate * tf.reduce_sum(softly) / tf.reduce_sum(self._softly)) / soft_of_all
        slope = tf.reduce_mean(2.0 * gap * soft_gap)
        return self._terms.price * (tf.reduce_mean(tf.square(gap)) + slope - tf.stop_gradient(slope))
