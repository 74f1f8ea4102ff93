"""The YAML's training section and the model's plan are two doors to one room: same keys, same defaults."""

import json

from models.plan import TrainingPlan
from pipeline.settings import Evaluation, Training


def test_the_settings_and_the_plan_agree():
    settings = {**Training().model_dump(), "threshold": Evaluation().threshold}
    assert TrainingPlan.from_json(json.dumps(settings)) == TrainingPlan()
