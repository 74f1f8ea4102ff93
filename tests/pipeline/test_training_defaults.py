"""The YAML's training section is what the model's plan is made of: same keys, same defaults, same ranges."""

import pytest
from pydantic import ValidationError

from models.plan import Training, TrainingPlan
from pipeline.settings.declaration import section
from pipeline.settings.evaluation import Evaluation
from schemas.document import to_text
from schemas.errors import SettingsError


def test_the_settings_and_the_plan_agree():
    assert TrainingPlan.from_json(to_text(section(Training))) == TrainingPlan()
    assert TrainingPlan().threshold == Evaluation().threshold


@pytest.mark.parametrize(("key", "value"), [("epochs", 10_001), ("dropout", 0.96), ("seed", 2**31), ("members", 65)])
def test_the_file_and_the_step_have_one_range(key, value):
    with pytest.raises(ValidationError):
        section(Training, **{key: value})
    with pytest.raises(SettingsError, match=f"training.{key}"):
        TrainingPlan().with_values({key: value})


def test_layers_are_auto_or_a_list():
    assert section(Training, layers="auto") == Training()
    assert section(Training, layers=[192, 192]).layers == (192, 192)
    with pytest.raises(ValidationError):
        section(Training, layers="wide")
