"""The threshold is the model's own word."""

import json
from pathlib import Path

import pytest

from components.evaluator.core import answer_alike, decision_threshold
from schemas.file_names import MODEL_DESCRIPTION


def described(folder: Path, **content: object) -> Path:
    path = folder / MODEL_DESCRIPTION
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(content))
    return folder


def test_the_threshold_is_read_from_the_model(tmp_path: Path) -> None:
    assert decision_threshold(described(tmp_path, threshold=0.37)) == 0.37


@pytest.mark.parametrize("content", [{"threshold": None}, {}])
def test_a_model_that_does_not_say_has_none(tmp_path: Path, content: dict[str, object]) -> None:
    assert decision_threshold(described(tmp_path, **content)) is None


def test_a_model_without_a_description_has_none(tmp_path: Path) -> None:
    assert decision_threshold(tmp_path) is None


@pytest.mark.parametrize(
    ("released", "alike"),
    [
        ({"task": "multiclass", "classes": ["a", "b", "c"], "threshold": None}, True),
        ({"task": "multiclass", "classes": ["a", "b"], "threshold": None}, False),
        ({"task": "multiclass", "classes": ["b", "a", "c"], "threshold": None}, False),
        ({"task": "regression", "classes": [], "threshold": None}, False),
        ({"origin": "elsewhere"}, True),
    ],
)
def test_a_released_model_of_other_classes_is_not_compared(
    tmp_path: Path, released: dict[str, object], alike: bool
) -> None:
    ours = described(tmp_path / "ours", task="multiclass", classes=["a", "b", "c"], threshold=None)
    assert answer_alike(ours, described(tmp_path / "theirs", **released)) is alike
