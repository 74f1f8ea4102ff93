"""Scored rows without a model: labels and scores of which everything is known."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from components.quality_gate.questions import Past
from schemas.release_metrics import MetricThen, ReleaseMetrics
from schemas.scored_rows import About, ScoredRows, Texts
from sluicegate.quality.groups import RowGroup, groups
from sluicegate.quality.metrics import ScoredSample

FIRST = Past(is_first=True)


def past(version: int = 3, **then: tuple[float, float]) -> Past:
    """A released model.  then : metric to (value, standard error) at its release."""
    kept = tuple(MetricThen(name, "overall", value, 1000, error, 999.0, 1000) for name, (value, error) in then.items())
    return Past(False, version, ReleaseMetrics("binary", kept, 0.5) if then else None)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def rows_of(
    label: np.ndarray, scores: np.ndarray, *, task: str = "binary", threshold: float = 0.5, released: np.ndarray | None = None,
    weight: np.ndarray | None = None, key: np.ndarray | None = None, slices: Mapping[str, list[Any]] | None = None,
) -> ScoredRows:  # fmt: skip
    """label : places in the classes, or numbers.  scores, released : of the positive class, per class, or values."""
    classes = (
        ()
        if task == "regression"
        else ("no", "yes")
        if task == "binary"
        else tuple(f"c{i}" for i in range(scores.shape[1]))
    )
    about = About(
        task, classes, threshold if task == "binary" else None, threshold if task == "binary" else None,
        baseline_version=3 if released is not None else None, slices=tuple(slices or ()), cluster=("k",) if key is not None else (),
    )  # fmt: skip
    columns: dict[str, Any] = {"label": label, "weight": np.ones(len(label)) if weight is None else weight}
    columns |= _answers("", scores, task, classes, threshold)
    if released is not None:
        columns |= _answers("baseline_", released, task, classes, threshold)
    columns |= {f"slice_{name}": Texts.of(cells) for name, cells in (slices or {}).items()}
    if key is not None:
        columns["cluster"] = key
    return ScoredRows(about, columns)


def _answers(prefix: str, scores: np.ndarray, task: str, classes: tuple[str, ...], threshold: float) -> dict[str, Any]:
    if task == "regression":
        return {f"{prefix}value": scores}
    table = np.stack([1 - scores, scores], 1) if task == "binary" else scores
    decision = (scores >= threshold).astype(np.int64) if task == "binary" else table.argmax(1)
    return {f"{prefix}decision": decision, **{f"{prefix}score_{name}": table[:, i] for i, name in enumerate(classes)}}


def binary(
    rng: np.random.Generator, rows: int = 1000, rate: float = 0.3, signal: float = 1.5, **more: Any
) -> ScoredRows:
    """Float32 scores of a model that knows something: two normal distributions `signal` apart."""
    label = (rng.random(rows) < rate).astype(np.int64)
    return rows_of(label, score_of(rng, label, signal, rate), **more)


def score_of(rng: np.random.Generator, label: np.ndarray, signal: float = 1.5, rate: float = 0.3) -> np.ndarray:
    x = rng.normal(size=len(label)) + signal * label
    return sigmoid(signal * x - signal**2 / 2 + np.log(rate / (1 - rate))).astype(np.float32)


def whole(rows: ScoredRows) -> RowGroup:
    return groups(rows)[0]


def sample(rows: ScoredRows) -> ScoredSample:
    return whole(rows).candidate
