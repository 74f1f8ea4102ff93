"""The Trainer step: transformed rows in, one SavedModel and training.json out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow_transform as tft

from models import decision, fitting, mitigation, sensitive, signatures
from models.decision import DecisionRule
from models.features import Feature, categories, from_dtypes, with_columns
from models.fitting import Fitted
from models.network import NetworkAnswer
from models.plan import TrainingPlan
from models.rows import ModelRows, read
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

    custom_config : "roles" (JSON of Roles), "training" (JSON of TrainingPlan) and, only with a mitigation, "sensitive"
        (JSON of the columns it is about, sensitive.py). A Tuner's values overrule the plan.

    Raises
    ------
    DataError : a split has no row with a known label, or too few rows of each group for the mitigation.
    SettingsError : a training setting is unknown, out of range or lacks what it needs.
    """
    roles = Roles.from_json(fn_args.custom_config["roles"])
    plan = tuned(TrainingPlan.from_json(fn_args.custom_config.get("training", "{}")), fn_args.hyperparameters)
    about = mitigation.columns(plan, roles, sensitive.from_json(fn_args.custom_config.get("sensitive", "[]")))
    transform = tft.TFTransformOutput(fn_args.transform_graph_path or fn_args.transform_output)
    dtypes = {name: spec.dtype.name for name, spec in transform.raw_feature_spec().items()}
    features = from_dtypes(dtypes, roles)
    train, held_out = read_splits(fn_args, transform)
    plan = plan.sized(len(train))
    answer = NetworkAnswer.fitted(roles.task, len(roles.classes), train)
    fitted = fitting.fit(train, held_out, read_vocabulary(features, transform, plan), answer, plan)
    decided = _decision(fitted, held_out, plan)
    # Thresholds per group need their columns in every request, also those that are no features.
    inputs = (
        with_columns(features, dtypes, [one.column for one in about], roles)
        if decided and decided.of_group
        else features
    )
    said = mitigation.describe(plan, about, decided)
    signatures.save(
        signatures.Export(fitted.model, answer, inputs, roles, decided, said), transform, fn_args.serving_model_dir
    )
    evidence.write(_evidence(fitted, plan, decided, said), fn_args.model_run_dir)


def read_splits(fn_args: FnArgs, transform: tft.TFTransformOutput) -> tuple[ModelRows, ModelRows]:
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


def _decision(fitted: Fitted, held_out: ModelRows, plan: TrainingPlan) -> DecisionRule | None:
    """How a binary model decides; None for other tasks."""
    if fitted.answer.task != "binary":
        return None
    return decision.fit(fitting.score(fitted.model, held_out, fitted.answer), held_out, plan)


def _evidence(
    fitted: Fitted, plan: TrainingPlan, decided: DecisionRule | None, said: Mapping[str, Any]
) -> TrainingEvidence:
    chosen = {**asdict(plan), "layers": list(plan.layers or ())}
    # What a mitigation is made of says nothing where there is none.
    chosen = {key: value for key, value in chosen.items() if not key.startswith("mitigation")} | dict(said)
    if decided is not None:
        chosen["fitted_threshold"] = decided.threshold
    return TrainingEvidence(
        history=fitted.history,
        best_epoch=fitted.best_epoch,
        seconds=fitted.seconds,
        seed=plan.seed,
        parameters=int(sum(np.prod(v.shape) for v in fitted.model.trainable_variables)),
        hyperparameters=chosen,
        deterministic_given=DETERMINISTIC_GIVEN,
    )
