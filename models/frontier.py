"""A sweep over the strength of a mitigation: the scores that each model would serve, for whoever draws the frontier."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from models import decision, fitting
from models.network import NetworkAnswer
from models.plan import TrainingPlan
from models.rows import ModelRows
from models.vocabulary import Vocabulary


@dataclass(frozen=True)
class Splits:
    """All with their groups. judged : rows that nothing is fitted on."""

    train: ModelRows
    held_out: ModelRows
    judged: ModelRows


@dataclass(frozen=True)
class FrontierPoint:
    """One model of the sweep.

    scores : (n_rows, 2) as served, of the judged rows in their order.  threshold : from which a row counts as positive.
    """

    plan: TrainingPlan
    scores: npt.NDArray[np.float32]
    threshold: float

    @property
    def is_selected(self) -> npt.NDArray[np.bool_]:
        """(n_rows,) the decisions."""
        return self.scores[:, 1].astype(np.float64) >= self.threshold


def sweep(
    splits: Splits, vocabulary: Vocabulary, answer: NetworkAnswer, plan: TrainingPlan, strengths: Iterable[float]
) -> Iterator[FrontierPoint]:
    """One binary model per strength of the plan's mitigation, each as the Trainer would make it.

    Thresholds are fitted on the scores of one and the same network, which is trained once.
    """
    fitted = None
    for strength in strengths:
        one = replace(plan, mitigation_strength=strength)
        if fitted is None or plan.mitigation != "thresholds":
            fitted = fitting.fit(splits.train, splits.held_out, vocabulary, answer, one)
        decided = decision.fit(fitting.score(fitted.model, splits.held_out, answer), splits.held_out, one)
        scores = fitting.score(fitted.model, splits.judged, answer)
        if decided.of_group:
            scores = decided.served(tf.constant(scores), tf.constant(splits.judged.group_keys)).numpy()
        yield FrontierPoint(one, scores, decided.threshold)
