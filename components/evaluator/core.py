"""What models' own folders say about their scores and how these become decisions."""

from __future__ import annotations

import json
from pathlib import Path

from schemas.file_names import MODEL_DESCRIPTION
from schemas.predictions import answers_of


def decision_threshold(model_folder: str | Path) -> float | None:
    """The score from which the model in `model_folder` calls a row positive; None where it does not say."""
    path = Path(model_folder) / MODEL_DESCRIPTION
    if not path.is_file():
        return None
    threshold = json.loads(path.read_text(encoding="utf-8")).get("threshold")
    return None if threshold is None else float(threshold)


def answer_alike(model_folder: str | Path, baseline_folder: str | Path) -> bool:
    """Whether two models have the same task and classes, in one order; True where one of them does not say.

    Score says in words why the released model is not compared.
    """
    try:
        ours, theirs = answers_of(model_folder), answers_of(baseline_folder)
    except (OSError, KeyError):
        return True
    return (ours.task, ours.classes) == (theirs.task, theirs.classes)
