"""The model as everything here sees it: a plain function of raw columns, asked in large batches, and never twice."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sluicegate.explanation.table import Codes, EncodedTable, Floats

#: Raw columns, (n,) each, to (n, width) scores: one per class, the positive one last, or one value.
Score = Callable[[Mapping[str, npt.NDArray[Any]]], npt.NDArray[Any]]
#: (m, width) scores and the numbers of the rows they belong to, (m,), to the one number that is looked at, (m,).
Outcome = Callable[[Floats, npt.NDArray[np.int64]], Floats]
ROWS_PER_CALL = 8192
SECONDS_BETWEEN_LINES = 1.0


class EvaluationProgress:
    """A line at most once a second.  clock : seconds, such as time.monotonic."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._last, self.part = clock, clock(), ""

    def __call__(self, questions: int) -> None:
        now = self._clock()
        if now - self._last >= SECONDS_BETWEEN_LINES:
            self._last = now
            logging.info("ExplanationReport: %s, %d rows asked so far.", self.part, questions)


@dataclass(eq=False)
class ModelEvaluator:
    """Answers for codes of `table`; equal rows of one request are asked once, and known ones not at all.

    questions : rows that the model was asked for so far.
    """

    score: Score
    table: EncodedTable
    progress: EvaluationProgress | None = None
    questions: int = 0

    def __post_init__(self) -> None:
        # A random 64-bit number per value, summed over a row, stands for the row: among 10 million different rows two
        # share a sum with a chance of 3 in a million. The seed is fixed, so a run asks the same questions each time.
        rng = np.random.default_rng(0)
        self._keys = [rng.integers(0, 2**64, max(len(c.values), 1), np.uint64) for c in self.table.columns]
        self._known = np.empty(0, np.uint64)
        self._answers: Floats | None = None

    def remember(self, codes: Codes) -> Floats:
        """The answers to these rows, (n, width), kept for as long as this object lives."""
        answers = self(codes)
        known, first = np.unique(self._hashes(codes), return_index=True)
        self._known, self._answers = known, answers[first]
        return answers

    def __call__(self, codes: Codes) -> Floats:
        """(m, k) codes to (m, width) scores."""
        hashes, first, back = np.unique(self._hashes(codes), return_index=True, return_inverse=True)
        is_known, where = self._look_up(hashes)
        asked = self._ask(codes[first[~is_known]])
        answers = np.empty((len(hashes), asked.shape[1]), np.float64)
        answers[~is_known] = asked
        if self._answers is not None and is_known.any():
            answers[is_known] = self._answers[where[is_known]]
        return answers[back]

    def _look_up(self, hashes: npt.NDArray[np.uint64]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
        if not len(self._known):
            return np.zeros(len(hashes), bool), np.zeros(len(hashes), np.int64)
        where = np.minimum(np.searchsorted(self._known, hashes), len(self._known) - 1)
        return self._known[where] == hashes, where

    def _hashes(self, codes: Codes) -> npt.NDArray[np.uint64]:
        total = np.zeros(len(codes), np.uint64)
        for j, key in enumerate(self._keys):
            total += key[codes[:, j]]
        return total

    def _ask(self, codes: Codes) -> Floats:
        width = 1 if self._answers is None else self._answers.shape[1]
        if not len(codes):
            return np.empty((0, width))
        parts = []
        for start in range(0, len(codes), ROWS_PER_CALL):
            part = codes[start : start + ROWS_PER_CALL]
            parts.append(np.asarray(self.score(self.table.raw(part)), np.float64).reshape(len(part), -1))
            self.questions += len(part)
            if self.progress is not None:
                self.progress(self.questions)
        return np.concatenate(parts)
