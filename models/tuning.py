"""The Tuner step: a few short trainings, and the best of them handed to the Trainer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import keras_tuner
import tensorflow_transform as tft
from keras_tuner.engine import trial as trials
from tfx.components.trainer.fn_args_utils import FnArgs
from tfx.components.tuner.component import TunerFnResult

from models import fitting
from models.features import from_dtypes
from models.network import NetworkAnswer
from models.plan import TrainingPlan, Tuning
from models.rows import ModelRows
from models.training import read_splits, read_vocabulary, tuned
from models.vocabulary import Vocabulary
from schemas import progress
from schemas.roles import Roles

OBJECTIVE = "val_loss"
LAYERS = ("96", "192-96", "192-192", "256-128-64")


@dataclass(frozen=True, kw_only=True)
class TuningPlan(Tuning):
    """The first trial is the plan itself.  seed : of the draw, that of the training."""

    seed: int = 20


@dataclass(frozen=True)
class Task:
    """What every trial shares: the two splits, the ids of categories, the answer, and the plan that trials vary."""

    train: ModelRows
    held_out: ModelRows
    vocabulary: Vocabulary
    answer: NetworkAnswer
    plan: TrainingPlan


def tuner_fn(fn_args: FnArgs) -> TunerFnResult:
    """Random search over layers, dropout, learning rate and weight decay, by the eval split's loss.

    custom_config : "roles", "training", and "tuning" (JSON of TuningPlan).
    """
    roles = Roles.from_json(fn_args.custom_config["roles"])
    tuning = TuningPlan(**json.loads(fn_args.custom_config.get("tuning", "{}")))
    plan = replace(TrainingPlan.from_json(fn_args.custom_config.get("training", "{}")), epochs=tuning.epochs)
    transform = tft.TFTransformOutput(fn_args.transform_graph_path or fn_args.transform_output)
    features = from_dtypes({name: spec.dtype.name for name, spec in transform.raw_feature_spec().items()}, roles)
    train, held_out = read_splits(fn_args, transform)
    answer = NetworkAnswer.fitted(roles.task, len(roles.classes), train)
    plan = plan.sized(len(train))
    task = Task(train, held_out, read_vocabulary(features, transform, plan), answer, plan)
    tuner = QuietSearch(task, tuning, fn_args.working_dir)
    return TunerFnResult(tuner=tuner, fit_kwargs={"verbose": 0})


class PlanFirst(keras_tuner.oracles.RandomSearchOracle):
    """Random search whose first trial is the untuned plan, so that tuning cannot pick what is worse than it on eval."""

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        if not self.start_order:
            return {"status": trials.TrialStatus.RUNNING, "values": dict(self.hyperparameters.values)}
        drawn: dict[str, Any] = super().populate_space(trial_id)
        return drawn


class QuietSearch(keras_tuner.Tuner):
    """Trials run by our own fit, in memory. TFX prints summaries unasked; the results are in its artifacts instead."""

    def __init__(self, task: Task, tuning: TuningPlan, folder: str | None) -> None:
        self.task, self.trials, self.begun = task, tuning.trials, 0
        oracle = PlanFirst(
            objective=keras_tuner.Objective(OBJECTIVE, "min"),
            max_trials=tuning.trials,
            seed=tuning.seed,
            hyperparameters=search_space(task.plan),
        )
        super().__init__(oracle=oracle, directory=folder, project_name="tuning", overwrite=True)

    def run_trial(self, trial: trials.Trial, *_: Any, **__: Any) -> Mapping[str, float]:
        """The lowest eval loss of one training."""
        task = self.task
        plan = tuned(task.plan, trial.hyperparameters.get_config())
        self.begun += 1
        with progress.one_of(self.begun, self.trials):
            fitted = fitting.fit(task.train, task.held_out, task.vocabulary, task.answer, plan)
        # Of a constrained loss the penalty counts, too: without it the search would undo the constraint.
        penalty = fitted.history.get("val_penalty", [0.0] * len(fitted.history[OBJECTIVE]))
        return {OBJECTIVE: min(map(sum, zip(fitted.history[OBJECTIVE], penalty, strict=True)))}

    def search_space_summary(self, extended: bool = False) -> None:
        """Prints nothing."""

    def results_summary(self, num_trials: int = 10) -> None:
        """Prints nothing."""


def search_space(plan: TrainingPlan) -> keras_tuner.HyperParameters:
    """What may vary, each with the plan's own value as its default."""
    space = keras_tuner.HyperParameters()
    own = "auto" if plan.layers is None else "-".join(map(str, plan.layers))
    space.Choice("layers", sorted({*LAYERS, own}), default=own)
    space.Choice("dropout", sorted({0.0, 0.15, 0.3, 0.45, plan.dropout}), default=plan.dropout)
    space.Choice("learning_rate", sorted({1e-3, 3e-3, 6e-3, plan.learning_rate}), default=plan.learning_rate)
    space.Choice("weight_decay", sorted({0.0, 0.01, 0.05, 0.2, plan.weight_decay}), default=plan.weight_decay)
    return space
