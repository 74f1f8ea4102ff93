"""The test rows' scores as histograms, curves and thresholds, from Score's rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas import scored_rows
from schemas.score_evidence import AtThreshold, Counted, Curves, Histograms, ScoreEvidence
from schemas.scored_rows import CLUSTER, ID, ROW, SLICE, ScoredRows, Texts
from sluicegate.fairness import groups

Floats = npt.NDArray[np.float64]
BINS = 40
CALIBRATION_BINS = 10
#: More points than these no drawing of this size can show.
MOST_POINTS = 400
#: Parts of a column beyond these, and smaller ones, are counted and not drawn.
MOST_PARTS = 12
LEAST_ROWS = 10
WHAT = {"binary": "score", "multiclass": "confidence", "regression": "error"}
#: Of the errors of a regression, the share on each side that is drawn in the outermost bin.
TAIL = 0.005


@dataclass(frozen=True)
class _Rows:
    """The rows with a known label.

    value : (n,) what is counted.  predicted : (n,) what a calibration is of.  came_true : (n,) what it promises.
    said : (n,) decided for the positive class, or rightly; None of a regression.
    """

    label: npt.NDArray[Any]
    weight: Floats
    value: Floats
    predicted: Floats
    came_true: Floats
    said: npt.NDArray[np.bool_] | None


def read(predictions: Path, bins: Mapping[str, Sequence[float]] | None = None) -> ScoreEvidence | None:
    """What `predictions`, the folder of Score's artifact, holds; None where no row has a known label.

    bins : of the sensitive columns that hold numbers, as the settings give them.
    """
    about = scored_rows.read_about(predictions)
    # Names of rows are not read, and slices only where there are no sensitive columns to part the rows by.
    unused = (ID, ROW, CLUSTER, SLICE) if about.sensitive else (ID, ROW, CLUSTER)
    wanted = [name for name in about.columns if not name.startswith(unused)]
    rows = scored_rows.read(predictions, wanted)
    known = np.isfinite(rows.label) if about.task == "regression" else rows.label >= 0
    known &= np.isfinite(rows.scores).all(axis=1)
    if not (known.any() and rows.weight[known].sum() > 0):
        return None
    mine = _part(rows, known, rows.scores, None if about.task == "regression" else rows.decision)
    released = None
    if rows.has_baseline:
        decided = None if about.task == "regression" else rows.baseline_decision
        answered = known & np.isfinite(rows.baseline_scores).all(axis=1)
        if rows.weight[answered].sum() > 0:
            released = _curves(about.task, _part(rows, answered, rows.baseline_scores, decided))
    is_binary = about.task == "binary"
    return ScoreEvidence(
        task=about.task,
        rows=int(known.sum()),
        what=WHAT[about.task],
        curves=_curves(about.task, mine),
        released=released,
        released_version=about.baseline_version,
        positives=float((mine.weight * mine.came_true).sum() / mine.weight.sum()) if is_binary else None,
        threshold=about.threshold,
        thresholds=tuple(_thresholds(mine, about.threshold)) if is_binary else (),
        histograms=tuple(_histograms(rows, known, mine, bins or {})),
    )


def _part(rows: ScoredRows, known: npt.NDArray[np.bool_], scores: Any, decision: Any) -> _Rows:
    """One model's answers to the rows with a known label."""
    label, weight, scores = rows.label[known], rows.weight[known], scores[known].astype(np.float64)
    if rows.about.task == "regression":
        predicted = scores[:, 0]
        return _Rows(label, weight, predicted - label, predicted, label, None)
    decided = decision[known]
    if rows.about.task == "binary":
        positive = len(rows.about.classes) - 1
        score = scores[:, -1]
        return _Rows(label, weight, score, score, (label == positive).astype(float), decided == positive)
    confidence, right = scores[np.arange(len(label)), decided], decided == label
    return _Rows(label, weight, confidence, confidence, right.astype(float), right)


def _curves(task: str, rows: _Rows) -> Curves:
    calibration = tuple(_calibration(rows, by_rank=task == "regression"))
    if task != "binary":
        return Curves(calibration=calibration)
    order = np.argsort(-rows.predicted, kind="stable")
    score, weight, truth = rows.predicted[order], rows.weight[order], rows.came_true[order]
    last = np.flatnonzero(np.append(score[1:] != score[:-1], True))
    hits, alarms = np.cumsum(weight * truth)[last], np.cumsum(weight * (1 - truth))[last]
    positives, negatives, said = hits[-1], alarms[-1], hits + alarms
    roc = pr = np.zeros((0, 2))
    if positives > 0 and negatives > 0:
        roc = np.stack([alarms / negatives, hits / positives], axis=1)
        roc = np.concatenate([[[0.0, 0.0]], roc])
    if positives > 0:
        some = said > 0
        pr = np.stack([hits[some] / positives, hits[some] / said[some]], axis=1)
    return Curves(_drawn(roc), _drawn(pr), calibration)


def _drawn(points: Floats) -> tuple[tuple[float, float], ...]:
    """The points without those that no drawing could tell from their neighbours; each kept one is exact."""
    if len(points) <= MOST_POINTS:
        return tuple((float(x), float(y)) for x, y in points)
    walked = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(points, axis=0)).max(axis=1))])
    cell = np.floor(walked / walked[-1] * (MOST_POINTS - 2))
    keep = np.append(cell[1:] != cell[:-1], True)
    keep[0] = True
    return tuple((float(x), float(y)) for x, y in points[keep])


def _calibration(rows: _Rows, *, by_rank: bool) -> Iterator[tuple[float, float, float]]:
    """Bins of equal width between 0 and 1, or of equal weight in the order of the predictions."""
    if by_rank:
        order = np.argsort(rows.predicted, kind="stable")
        mass = np.cumsum(rows.weight[order])
        cell = np.empty(len(order), int)
        cell[order] = np.minimum((mass - rows.weight[order] / 2) / mass[-1] * CALIBRATION_BINS, CALIBRATION_BINS - 1)
    else:
        cell = np.clip(rows.predicted * CALIBRATION_BINS, 0, CALIBRATION_BINS - 1).astype(int)
    weight, mean, true = (
        np.bincount(cell, rows.weight * values, CALIBRATION_BINS) for values in (1.0, rows.predicted, rows.came_true)
    )
    for w, m, t in zip(weight, mean, true, strict=True):
        if w > 0:
            yield float(m / w), float(t / w), float(w)


def _thresholds(rows: _Rows, chosen: float | None) -> Iterator[AtThreshold]:
    """At every hundredth, and at the chosen one."""
    order = np.argsort(rows.predicted, kind="stable")
    score = rows.predicted[order]
    # Sums over the rows from each place on, and 0 behind the last.
    said = np.append(np.cumsum(rows.weight[order][::-1])[::-1], 0.0)
    hits = np.append(np.cumsum((rows.weight * rows.came_true)[order][::-1])[::-1], 0.0)
    every, positives = said[0], hits[0]
    for at in sorted({*np.round(np.arange(0, 1.001, 0.01), 2).tolist(), *([chosen] if chosen is not None else [])}):
        place = int(np.searchsorted(score, at, "left"))
        yes, right = said[place], hits[place]
        yield AtThreshold(
            threshold=float(at),
            precision=float(right / yes) if yes > 0 else None,
            recall=float(right / positives) if positives > 0 else float("nan"),
            said=float(yes / every),
            accuracy=float((right + (every - positives) - (yes - right)) / every),
        )


def _histograms(
    rows: ScoredRows, known: npt.NDArray[np.bool_], mine: _Rows, bins: Mapping[str, Sequence[float]]
) -> Iterator[Histograms]:
    edges = _edges(rows.about.task, mine)
    if rows.about.classes:
        names, codes = rows.about.classes, mine.label.astype(int)
    else:
        names, codes = ("all rows",), np.zeros(len(mine.label), int)
    yield _counted("", names, codes, edges, mine, least=1)
    for column in rows.about.sensitive or rows.about.slices:
        found = rows.group(column) if rows.about.sensitive else rows[SLICE + column]
        if isinstance(found, Texts):
            parts = groups.of_texts(column, found.codes[known], found.values)
        else:
            parts = groups.of_numbers(column, found[known], bins.get(column, ()))
        order = sorted(range(len(parts.values)), key=lambda n: parts.order[0].index(parts.values[n][0]))
        place = np.empty(len(order), int)
        place[order] = np.arange(len(order))
        yield _counted(column, [parts.values[n][0] for n in order], place[parts.codes], edges, mine, LEAST_ROWS)


def _edges(task: str, rows: _Rows) -> Floats:
    if task != "regression":
        return np.linspace(0.0, 1.0, BINS + 1)
    low, high = np.quantile(rows.value, [TAIL, 1 - TAIL])
    middle, half = (low + high) / 2, max((high - low) / 2, abs(low) * 1e-6, 1e-9)
    return np.linspace(middle - half, middle + half, BINS + 1)


def _counted(
    by: str, names: Sequence[str], codes: npt.NDArray[Any], edges: Floats, rows: _Rows, least: int
) -> Histograms:
    """Each part's weight per bin; of too many parts the largest, in their own order."""
    sizes = np.bincount(codes, minlength=len(names))
    largest = set(sorted(range(len(names)), key=lambda n: -sizes[n])[:MOST_PARTS])
    shown = [n for n in range(len(names)) if n in largest and sizes[n] >= least and rows.weight[codes == n].sum() > 0]
    width = edges[1] - edges[0]
    cell = np.clip(np.floor((rows.value - edges[0]) / width), 0, len(edges) - 2).astype(int)
    parts = []
    for n in shown:
        mine = codes == n
        weight = rows.weight[mine]
        counts = np.bincount(cell[mine], weight, len(edges) - 1)
        said = None if rows.said is None else float((weight * rows.said[mine]).sum() / weight.sum())
        mean = float((weight * rows.value[mine]).sum() / weight.sum())
        parts.append(Counted(names[n], int(sizes[n]), tuple(counts.tolist()), mean, said))
    return Histograms(by, tuple(edges.tolist()), tuple(parts), int((sizes > 0).sum()) - len(shown))
