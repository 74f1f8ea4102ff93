import json

import pytest

from models.plan import TrainingPlan
from schemas.errors import SettingsError


def test_absent_keys_keep_their_defaults():
    assert TrainingPlan.from_json('{"epochs": 3, "layers": [8]}') == TrainingPlan(epochs=3, layers=(8,))


def test_an_unknown_key_gets_a_suggestion():
    with pytest.raises(SettingsError, match="did you mean epochs"):
        TrainingPlan.from_json('{"epoch": 3}')


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("epochs", 0), ("batch_size", 1.5), ("members", 0), ("layers", [0]), ("dropout", 1.0), ("learning_rate", 0),
        ("weight_decay", -1), ("patience", 0), ("seed", -1), ("max_knots", 1), ("vocabulary_size", 0),
        ("min_category_rows", 0), ("threshold", 1.1), ("threshold", "best"), ("mitigation", "fair"),
        ("mitigation_goal", "equal"), ("mitigation_strength", 1.5), ("mitigation_thresholds", "two"),
    ],
)  # fmt: skip
def test_every_value_out_of_range_is_refused(key, value):
    with pytest.raises(SettingsError, match=f"training.{key}"):
        TrainingPlan.from_json(json.dumps({key: value}))


def test_all_problems_are_named_together():
    with pytest.raises(SettingsError) as caught:
        TrainingPlan.from_json('{"epochs": 0, "dropout": 2}')
    assert len(caught.value.problems) == 2


def test_layers_may_be_text_as_the_tuner_writes_them():
    assert TrainingPlan().with_values({"layers": "64-32"}).layers == (64, 32)
    assert TrainingPlan().with_values({"layers": ""}).layers == ()


@pytest.mark.parametrize(("rows", "width"), [(20, 32), (200, 64), (1_200, 144), (2_300, 192), (1_000_000, 192)])
def test_the_width_follows_the_rows_where_nothing_else_is_said(rows, width):
    for plan in (
        TrainingPlan(),
        TrainingPlan.from_json('{"layers": "auto"}'),
        TrainingPlan.from_json('{"layers": null}'),
    ):
        assert plan.layers is None
        assert plan.sized(rows).layers == (width, width)
    assert TrainingPlan(layers=(192, 192)).sized(rows).layers == (192, 192)
    assert TrainingPlan(layers=()).sized(rows).layers == ()
