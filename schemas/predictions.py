"""What is made of a model's scores: the decision, and the columns that predictions have wherever they are written.

    decision       the class, as text: by the model's threshold (binary) or the highest score (multiclass)
    score_<class>  one column per class, float32; those of a row sum to 1

A regression has the one column `value`, in the label's unit; float64 where the label needs it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.file_names import MODEL_DESCRIPTION

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

DECISION, SCORE, VALUE = "decision", "score_", "value"
#: Feature of an Example that is only to be scored: its row's number in the table, from 1.
ROW = "sluicegate_row"
#: Written by models.signatures beside the SavedModel; a model of another origin has none.
_HALF = 0.5


@dataclass(frozen=True)
class Answers:
    """What a model's scores stand for.

    task : "binary", "multiclass" or "regression".
    classes : one per column of scores, the positive one last; () for regression.
    threshold : score from which a binary row counts as positive; None: a half.
    is_double : whether a regression answers float64, because its label needs it.
    """

    task: str
    classes: tuple[str, ...] = ()
    threshold: float | None = None
    is_double: bool = False

    @property
    def width(self) -> int:
        """Columns of scores."""
        return max(len(self.classes), 1)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that predictions have."""
        return (DECISION, *(SCORE + name for name in self.classes)) if self.classes else (VALUE,)

    def decide(self, scores: npt.NDArray[np.floating]) -> npt.NDArray[Any]:
        """A class per row, or a regression's values.

        scores : (n, width) float32.
        """
        import numpy as np

        if not self.classes:
            return scores[:, 0]
        if self.task == "binary":
            threshold = _HALF if self.threshold is None else self.threshold
            chosen = (scores[:, -1].astype(np.float64) >= threshold).astype(np.int64)
        else:
            chosen = scores.argmax(axis=1)
        return np.array(self.classes, object)[chosen]

    def fields(self) -> list[tuple[str, Any]]:
        """Name and arrow type of `columns`."""
        import pyarrow as pa

        number = pa.float64() if self.is_double else pa.float32()
        return [(name, pa.string() if name == DECISION else number) for name in self.columns]

    def arrays(self, scores: npt.NDArray[np.floating]) -> list[Any]:
        """The arrow arrays of `columns`."""
        import numpy as np
        import pyarrow as pa

        if not self.classes:
            return [pa.array(np.ascontiguousarray(scores[:, 0]))]
        decided = pa.array(self.decide(scores), pa.string())
        return [decided, *(pa.array(np.ascontiguousarray(column)) for column in scores.T)]


def answers_of(model: str | Path) -> Answers:
    """What the scores of the model in this folder stand for. Raises FileNotFoundError, KeyError."""
    content = json.loads((Path(model) / MODEL_DESCRIPTION).read_text(encoding="utf-8"))
    return answers_in(content)


def answers_in(description: Mapping[str, Any]) -> Answers:
    """As `answers_of`, of a model.json that was read already. Raises KeyError."""
    classes, is_double = tuple(description["classes"]), description.get("score_dtype") == "float64"
    return Answers(description["task"], classes, description["threshold"], is_double)


def clashes(names: Sequence[str], answers: Answers) -> list[str]:
    """Which of these names the predictions need for themselves."""
    return [name for name in names if name in answers.columns]
