"""Tables and models whose right explanation is known beforehand."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from schemas.predictions import Answers
from sluicegate.explanation.asking import ModelEvaluator, Score
from sluicegate.explanation.core import Asked, ExplainedSplit, SensitiveCodes, Subject, Wanted
from sluicegate.explanation.subject import ExplainedGrouping, group_texts
from sluicegate.explanation.table import EncodedTable, of_columns

Raw = Mapping[str, np.ndarray]
BINARY = Answers("binary", ("no", "yes"), 0.5)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-x)))


def two(positive: np.ndarray) -> np.ndarray:
    """Scores of a binary model."""
    return np.stack([1 - positive, positive], axis=1)


def numbers(rows: int, columns: int, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {f"x{j}": rng.normal(size=rows) for j in range(columns)}


def linear(weights: Mapping[str, float]) -> Score:
    """Width 1: the weighted sum of the columns."""
    return lambda raw: np.sum([weight * raw[name] for name, weight in weights.items()], axis=0)[:, None]


def asker(score: Score, raw: Raw) -> tuple[ModelEvaluator, EncodedTable]:
    table = of_columns(raw)
    return ModelEvaluator(score, table), table


def asked(raw: Raw, score: Score, label: np.ndarray, answers: Answers = BINARY, **more: Any) -> Asked:
    """A request to explain all of these rows.  more : wanted, sensitive, randomised, seed, numbers."""
    sensitive = more.get("sensitive", SensitiveCodes({}, ()))
    groups: dict[str, ExplainedGrouping] = {name: group_texts(raw[name]) for name in sensitive.columns if name in raw}
    groups |= more.get("groups", {})
    scores = np.asarray(score(raw), float).reshape(len(label), -1)
    split = ExplainedSplit(answers, scores, label, more.get("weight", np.ones(len(label))), groups)
    at_hand = more.get("numbers", np.arange(len(label)))
    subject = Subject(split, at_hand, of_columns({name: cells[at_hand] for name, cells in raw.items()}))
    wanted = more.get("wanted", Wanted(rows=600, repeats=4, references=20, shown=2))
    return Asked(subject, score, wanted, sensitive, more.get("seed", 3), ticking(), more.get("randomised"))


def ticking() -> Callable[[], float]:
    """A clock on which a second passes at each look."""
    seconds = iter(range(1_000_000))
    return lambda: float(next(seconds))


def people(rows: int = 1500, seed: int = 1) -> dict[str, np.ndarray]:
    """Sex, a job that stands for it, a school that does not, and noise."""
    rng = np.random.default_rng(seed)
    sex = rng.choice(["Female", "Male"], rows).astype(object)
    own = np.where(sex == "Male", "smith", "nurse")
    job = np.where(rng.random(rows) < 0.9, own, rng.choice(["smith", "nurse"], rows)).astype(object)
    more = {f"noise{j}": rng.normal(size=rows) for j in range(3)}
    return {"sex": sex, "job": job, "school": rng.normal(size=rows), "hours": rng.normal(size=rows), **more}
