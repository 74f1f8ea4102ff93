"""The threshold is the model's own word."""

import json
from pathlib import Path

import pytest

from components.evaluator.core import DESCRIPTION, decision_threshold


def described(folder: Path, **content: object) -> Path:
    path = folder / DESCRIPTION
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


def test_the_description_lies_where_models_write_it() -> None:
    source = (Path(__file__).parents[3] / "models" / "signatures.py").read_text(encoding="utf-8")
    assert f'"{DESCRIPTION}"' in source
