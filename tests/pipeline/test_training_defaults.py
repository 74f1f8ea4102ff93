"""The YAML's training section and the model's plan say the same: same keys, same defaults."""

import json

import pytest
from pydantic import ValidationError

from models.plan import TrainingPlan
from pipeline.settings.quality_gate import Evaluation
from pipeline.settings.training import Training


def test_the_settings_and_the_plan_agree():
    settings = {**Training().model_dump(), "threshold": Evaluation().threshold}
    assert TrainingPlan.from_json(json.dumps(settings)) == TrainingPlan()


def test_layers_are_auto_or_a_list():
    assert Training(layers="auto") == Training()
    assert Training(layers=[192, 192]).layers == (192, 192)
    with pytest.raises(ValidationError):
        Training(layers="wide")
