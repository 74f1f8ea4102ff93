"""Runs our Evaluator executor on a tiny model, as the pipeline does."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfx.types.standard_artifacts import Examples, Model, ModelBlessing, ModelEvaluation
from tfx.utils import proto_utils

from components.evaluator.eval_config import eval_config
from components.evaluator.executor import Executor
from tests.components.through_executor import artifact
from tests.components.tiny_model import Table, save_model, table, write_examples

#: Slope and decision threshold of the tiny models; each is judged at its own threshold.
CANDIDATE, RELEASED = (1.5, 0.4), (0.7, 0.6)
SLICES = (("sex",), ("sex", "größe in cm"))


@dataclass(frozen=True)
class Evaluated:
    table: Table
    evaluation: Any
    baseline: Any


def evaluate(folder: Path, task: str, released: bool) -> Evaluated:
    rows = table(task)
    examples = artifact(Examples, write_examples(folder / "examples", rows))
    examples.split_names = '["test"]'
    examples.set_string_custom_property("payload_format", "FORMAT_TF_EXAMPLE")
    thresholds = [one[1] if task == "binary" else None for one in (CANDIDATE, RELEASED)]
    model = artifact(Model, save_model(folder / "model", task, CANDIDATE[0], thresholds[0]))
    baseline = artifact(Model, folder / "baseline", empty=int(not released))
    if released:
        save_model(folder / "baseline", task, RELEASED[0], thresholds[1])
    evaluation = artifact(ModelEvaluation, folder / "evaluation")
    blessing = artifact(ModelBlessing, folder / "blessing")
    config = proto_utils.proto_to_json(eval_config(rows.roles, SLICES))
    Executor(Executor.Context(["--runner=DirectRunner", "--direct_running_mode=in_memory"])).Do(
        {"model": [model], "examples": [examples], "baseline_model": [baseline]},
        {"evaluation": [evaluation], "blessing": [blessing]},
        {"eval_config": config, "example_splits": '["test"]'},
    )
    assert not (folder / "blessing").exists()
    return Evaluated(rows, evaluation, baseline)
