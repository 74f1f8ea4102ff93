"""A data frame straight to the network and back, without TFX: what Transform makes of it, in NumPy.

One training takes seconds so, and a benchmark can repeat it over many splits. That Transform makes the same is the tests' business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from models import fitting
from models.network import NetworkAnswer
from models.plan import TrainingPlan
from models.rows import ModelRows
from models.vocabulary import FIRST_ID, MISSING_ID, RARE_ID, SEPARATOR, Vocabulary


@dataclass(frozen=True)
class Dealt:
    """One split of a table in three.  label : column of the frames.  classes : () for a regression."""

    train: pd.DataFrame
    held_out: pd.DataFrame
    test: pd.DataFrame
    label: str
    task: str
    classes: tuple[str, ...] = ()

    @property
    def columns(self) -> list[str]:
        return [name for name in self.train.columns if name != self.label]

    @property
    def texts(self) -> list[str]:
        return [name for name in self.columns if not pd.api.types.is_numeric_dtype(self.train[name])]

    def target(self, frame: pd.DataFrame) -> npt.NDArray[np.generic]:
        """(n,) float32 values, or places of the classes."""
        if self.task == "regression":
            return frame[self.label].to_numpy(np.float32)
        places = {name: place for place, name in enumerate(self.classes)}
        return np.array([places[value] for value in frame[self.label]], np.int64)


def scores(dealt: Dealt, plan: TrainingPlan) -> tuple[npt.NDArray[np.float32], float]:
    """(n, units) scores of the test rows, and the seconds of the fit."""
    rows, vocabulary = rows_of(dealt, plan)
    answer = NetworkAnswer.fitted(dealt.task, len(dealt.classes), rows[0])
    fitted = fitting.fit(rows[0], rows[1], vocabulary, answer, plan)
    return fitting.score(fitted.model, rows[2], answer), fitted.seconds


def rows_of(dealt: Dealt, plan: TrainingPlan) -> tuple[list[ModelRows], Vocabulary]:
    """Train, held out and test."""
    texts = dealt.texts
    numbers = [name for name in dealt.columns if name not in texts]
    mean, spread = dealt.train[numbers].mean(), dealt.train[numbers].std(ddof=0).replace(0, 1).fillna(1)
    lines = _lines(dealt.train, texts, plan.min_category_rows)
    vocabulary = Vocabulary.of_lines([line.encode() for line in lines], texts, plan.vocabulary_size)
    ids = {line: place + FIRST_ID for place, line in enumerate(lines)}

    def made(frame: pd.DataFrame) -> ModelRows:
        values = ((frame[numbers] - mean) / spread).to_numpy(np.float32)
        columns = [[_id(name, cell, ids) for cell in frame[name]] for name in texts]
        categories = np.array(columns, np.int64).reshape(len(texts), len(frame)).T
        return ModelRows(values, categories, dealt.target(frame), np.ones(len(frame), np.float32))

    return [made(frame) for frame in (dealt.train, dealt.held_out, dealt.test)], vocabulary


def _lines(train: pd.DataFrame, texts: Sequence[str], least: int) -> list[str]:
    """Column, separator, value of what is frequent enough; most frequent first."""
    counts = [(n, f"{name}{SEPARATOR}{value}") for name in texts for value, n in train[name].value_counts().items()]
    return [line for n, line in sorted(counts, key=lambda one: (-one[0], one[1])) if n >= least]


def _id(name: str, cell: object, ids: dict[str, int]) -> int:
    return MISSING_ID if pd.isna(cell) else ids.get(f"{name}{SEPARATOR}{cell}", RARE_ID)
