"""What a model's own folder says about how its scores become decisions."""

from __future__ import annotations

import json
from pathlib import Path

#: Written by models.signatures beside the SavedModel.
DESCRIPTION = "assets.extra/model.json"


def decision_threshold(model_folder: str | Path) -> float | None:
    """The score from which the model in `model_folder` calls a row positive; None where it does not say."""
    path = Path(model_folder) / DESCRIPTION
    if not path.is_file():
        return None
    threshold = json.loads(path.read_text(encoding="utf-8")).get("threshold")
    return None if threshold is None else float(threshold)
