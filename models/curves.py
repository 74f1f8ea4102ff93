"""What is drawn per epoch, and the decision threshold: plain arithmetic on scores."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.network import NetworkAnswer
from models.rows import ModelRows

Floats = npt.NDArray[np.floating]


def of_epoch(scores: Floats, rows: ModelRows, answer: NetworkAnswer) -> dict[str, float]:
    """Held-out curves of the served scores, shape (n_rows, units), each weighted by row.

    val_loss : log loss in nats, or the mean squared error over the label's variance.
    val_auc : binary.  val_accuracy : binary and multiclass, at the highest score.
    val_rmse : regression, in label units.
    """
    if answer.task == "regression":
        mse = float(np.average((scores[:, 0] - rows.label) ** 2, weights=rows.weight))
        return {"val_loss": mse / answer.scale**2, "val_rmse": mse**0.5}
    chosen = scores[np.arange(len(rows)), rows.label].astype(np.float64)
    loss = float(np.average(-np.log(np.clip(chosen, 1e-7, None)), weights=rows.weight))
    curves = {"val_loss": loss, "val_accuracy": float(np.average(scores.argmax(1) == rows.label, weights=rows.weight))}
    if answer.task == "binary":
        curves["val_auc"] = auc(scores[:, 1], rows.label == 1, rows.weight)
    return curves


def auc(score: Floats, is_positive: npt.NDArray[np.bool_], weight: Floats) -> float:
    """Area under the ROC curve: the weighted chance that a positive outscores a negative, ties counted half.

    0.5 where a class is absent, because a report needs a number in every epoch.
    """
    value, place = np.unique(score, return_inverse=True)
    positive = np.bincount(place, weights=weight * is_positive, minlength=len(value))
    negative = np.bincount(place, weights=weight * ~is_positive, minlength=len(value))
    if not positive.sum() or not negative.sum():
        return 0.5
    below = np.cumsum(negative) - negative / 2
    return float(positive @ below / (positive.sum() * negative.sum()))


def best_threshold(score: Floats, is_positive: npt.NDArray[np.bool_], weight: Floats) -> float:
    """The threshold with the highest accuracy (score >= threshold is positive); of equals the one nearest to 0.5.

    Candidates are 0.5 and the midpoints between neighbouring scores.
    """
    value, place = np.unique(score.astype(np.float64), return_inverse=True)
    gain = np.bincount(place, weights=np.where(is_positive, weight, -weight), minlength=len(value))
    # Moving the threshold above value i turns its rows negative: what was right becomes wrong by `gain`.
    right = gain.sum() - np.concatenate([[0.0], np.cumsum(gain)])
    cuts = np.concatenate([[0.0], (value[1:] + value[:-1]) / 2, [1.0]])
    cuts = np.concatenate([cuts, [0.5]])
    right = np.concatenate([right, [right[np.searchsorted(value, 0.5)]]])
    best = cuts[right >= right.max() - 1e-9]
    return float(best[np.abs(best - 0.5).argmin()])
