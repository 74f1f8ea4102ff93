"""The Trainer step: transformed rows in, one SavedModel and training.json out."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow_transform as tft

from models import curves, fitting, signatures
from models.features import Feature, categories, from_dtypes
from models.fitting import Fitted
from models.network import Answer
from models.plan import TrainingPlan
from models.rows import Rows, read
from models.vocabulary import VOCABULARY, Vocabulary
from schemas import evidence
from schemas.evidence import TrainingEvidence
from schemas.roles import Roles

if TYPE_CHECKING:
    from tfx.components.trainer.fn_args_utils import FnArgs

DETERMINISTIC_GIVEN = (
    "seed",
    "training settings",
    "rows and their order in the transformed examples",
    "TensorFlow and Keras version",
    "processor type and number of cores",
)


def run_fn(fn_args: FnArgs) -> None:
    """Trains on the train split, stops early on eval, exports to `serving_model_dir`, notes in `model_run_dir`.

    custom_config : "roles" (JSON of Roles) and "training" (JSON of TrainingPlan). A Tuner's values overrule the plan.

    Raises
    ------
    DataError : a split has no row with a known label.
    SettingsError : a training setting is unknown or out of range.
    """
    roles = Roles.from_json(fn_args.custom_config["roles"])
    plan = tuned(TrainingPlan.from_json(fn_args.custom_config.get("training", "{}")), fn_args.hyperparameters)
    transform = tft.TFTransformOutput(fn_args.transform_graph_path or fn_args.transform_output)
    features = from_dtypes({name: spec.dtype.name for name, spec in transform.raw_feature_spec().items()}, roles)
    train, held_out = read_splits(fn_args, transform)
    answer = Answer.fitted(roles.task, len(roles.classes), train)
    fitted = fitting.fit(train, held_out, read_vocabulary(features, transform, plan), answer, plan)
    threshold = decision_threshold(fitted, held_out, plan) if roles.task == "binary" else None
    export = signatures.Export(fitted.model, answer, features, roles, threshold)
    signatures.save(export, transform, fn_args.serving_model_dir)
    evidence.write(_evidence(fitted, plan, threshold), fn_args.model_run_dir)


def read_splits(fn_args: FnArgs, transform: tft.TFTransformOutput) -> tuple[Rows, Rows]:
    """The train and the eval rows that the Trainer or the Tuner was given."""
    spec = transform.transformed_feature_spec()
    return read(fn_args.train_files, spec, "train"), read(fn_args.eval_files, spec, "eval")


def read_vocabulary(features: tuple[Feature, ...], transform: tft.TFTransformOutput, plan: TrainingPlan) -> Vocabulary:
    """The ids of each category column; none where the table has no such column."""
    columns = categories(features)
    lines = transform.vocabulary_by_name(VOCABULARY) if columns else []
    return Vocabulary.of_lines(lines, columns, plan.vocabulary_size)


def tuned(plan: TrainingPlan, hyperparameters: dict[str, Any] | None) -> TrainingPlan:
    """The plan with the Tuner's best values: the "values" of a keras_tuner.HyperParameters config."""
    values = (hyperparameters or {}).get("values", {})
    # keras-tuner's own bookkeeping ("tuner/epochs", ...) travels in the same mapping.
    return plan.with_values({key: value for key, value in values.items() if "/" not in key})


def decision_threshold(fitted: Fitted, held_out: Rows, plan: TrainingPlan) -> float:
    """The plan's threshold, or for "auto" the one with the highest accuracy on the eval split."""
    if plan.threshold != "auto":
        return float(plan.threshold)
    positive = fitting.score(fitted.model, held_out, fitted.answer)[:, 1]
    return curves.best_threshold(positive, held_out.label == 1, held_out.weight)


def _evidence(fitted: Fitted, plan: TrainingPlan, threshold: float | None) -> TrainingEvidence:
    chosen = {**asdict(plan), "layers": list(plan.layers)}
    if threshold is not None:
        chosen["fitted_threshold"] = threshold
    return TrainingEvidence(
        history=fitted.history,
        best_epoch=fitted.best_epoch,
        seconds=fitted.seconds,
        seed=plan.seed,
        parameters=int(sum(np.prod(v.shape) for v in fitted.model.trainable_variables)),
        hyperparameters=chosen,
        deterministic_given=DETERMINISTIC_GIVEN,
    )
