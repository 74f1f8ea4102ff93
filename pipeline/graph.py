"""The graph: read `create_pipeline` as the table of contents. Why it has this shape: docs/adr/0003-gates-succeed.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tfx.components import (
    BulkInferrer,
    Evaluator,
    ExampleValidator,
    Pusher,
    SchemaGen,
    StatisticsGen,
    Trainer,
    Transform,
    Tuner,
)
from tfx.components.schema_gen.import_schema_gen.component import ImportSchemaGen
from tfx.dsl.components.base import executor_spec
from tfx.dsl.experimental.conditionals import conditional
from tfx.orchestration import data_types
from tfx.orchestration import pipeline as tfx_pipeline
from tfx.proto import bulk_inferrer_pb2, example_gen_pb2, infra_validator_pb2, pusher_pb2, trainer_pb2, transform_pb2

from components.data_gate.component import DataGate
from components.direct_release.component import DirectRelease
from components.evaluator.eval_config import eval_config
from components.evaluator.executor import Executor as EvaluatorExecutor
from components.example_gen.component import TableExampleGen
from components.example_gen.executor import BATCH_SPLIT, BatchExecutor, batch_config, custom_config
from components.example_gen.executor import Executor as ExampleGenExecutor
from components.explanation_report.component import ExplanationReport
from components.fairness_report.component import FairnessReport
from components.infra_validator.component import InfraValidator
from components.infra_validator.core import Limits as ServingLimits
from components.model_card.component import ModelCard
from components.model_card.facts import Facts
from components.model_card.facts import Override as CardOverride
from components.predictions_table.component import PredictionsTable
from components.pusher.executor import Executor as PusherExecutor
from components.quality_gate.component import QualityGate
from components.release_gate.component import ReleaseGate
from components.released_model.component import ReleasedModel
from components.released_statistics.component import ReleasedStatistics
from components.score.component import Score
from models import mitigation
from models.features import settle
from models.plan import TrainingPlan
from models.sensitive import SensitiveColumn
from pipeline.environment import RUN_ID, Environment
from pipeline.settings.settled import stated_roles
from pipeline.settings.source import batch_source, source_of
from pipeline.settings.types import Settings
from schemas.model_card import Intention
from schemas.pbtxt import read_pbtxt
from schemas.roles import SPLITS, Roles
from sluicegate.tables.columns.unlabelled import readings_of
from sluicegate.tables.files.files import file_pattern
from sluicegate.tables.source import Source

Nodes = dict[str, Any]


def create_pipeline(settings: Settings, environment: Environment) -> tfx_pipeline.Pipeline:
    """The whole pipeline, the same on every runner, built without a look at the data (docs/adr/0024).

    settings : that leave nothing open (pipeline/settings/settled.py). The steps find what is new in each run: the table's
    digest (ExampleGen's driver, before the cache is asked) and the run's name (`RUN_ID`).
    """
    roles = stated_roles(settings)
    nodes: Nodes = {}
    _ingest(nodes, settings)
    _check_data(nodes, settings, environment)
    with conditional.Cond(nodes["DataGate"].outputs["verdict"].future()[0].custom_property("passed") == 1):
        _train(nodes, settings, roles)
        _evaluate(nodes, settings, environment, roles)
        _report_on_rows(nodes, settings)
        _check_serving(nodes, settings)
        _release(nodes, settings, environment, roles)
        if batch := batch_source(settings):
            _score_batch(nodes, batch, roles)
    return tfx_pipeline.Pipeline(
        pipeline_name=settings.name,
        pipeline_root=environment.pipeline_root,
        components=list(nodes.values()),
        enable_cache=True,
        metadata_connection_config=environment.metadata,
        beam_pipeline_args=list(environment.beam_arguments),
    )


def _ingest(nodes: Nodes, settings: Settings) -> None:
    source = source_of(settings)
    base, patterns = file_pattern(source)
    splits = [example_gen_pb2.Input.Split(name=name, pattern=pattern) for name, pattern in patterns.items()]
    nodes["ExampleGen"] = TableExampleGen(
        input_base=base,
        input_config=example_gen_pb2.Input(splits=splits),
        output_config=_three_splits() if list(patterns) == ["single_split"] else None,
        custom_config=custom_config(source, _schema_text(settings)),
        custom_executor_spec=executor_spec.BeamExecutorSpec(ExampleGenExecutor),
    ).with_id("ExampleGen")


def _three_splits() -> example_gen_pb2.Output:
    """Names the splits for TFX; which row goes where is our executor's rule, so the buckets only need to be there."""
    splits = [example_gen_pb2.SplitConfig.Split(name=name, hash_buckets=1) for name in SPLITS]
    return example_gen_pb2.Output(split_config=example_gen_pb2.SplitConfig(splits=splits))


def _check_data(nodes: Nodes, settings: Settings, environment: Environment) -> None:
    nodes["StatisticsGen"] = StatisticsGen(examples=nodes["ExampleGen"].outputs["examples"])
    statistics = nodes["StatisticsGen"].outputs["statistics"]
    if settings.schema_file:
        nodes["ImportSchemaGen"] = ImportSchemaGen(schema_file=str(Path(settings.schema_file).resolve()))
    else:
        # A fixed shape would make Transform fail on the first missing value that train happens not to have.
        nodes["SchemaGen"] = SchemaGen(
            statistics=statistics, exclude_splits=["eval", "test"], infer_feature_shape=False
        )
    nodes["ExampleValidator"] = ExampleValidator(statistics=statistics, schema=_schema(nodes))
    nodes["ReleasedStatistics"] = ReleasedStatistics(serving_folder=environment.serving_folder)
    nodes["DataGate"] = DataGate(
        examples=nodes["ExampleGen"].outputs["examples"],
        statistics=statistics,
        schema=_schema(nodes),
        anomalies=nodes["ExampleValidator"].outputs["anomalies"],
        released=nodes["ReleasedStatistics"].outputs["statistics"],
        policy_json=settings.data_policy_json,
    )


def _train(nodes: Nodes, settings: Settings, roles: Roles) -> None:
    examples, custom = nodes["ExampleGen"].outputs["examples"], _model_config(settings, roles)
    nodes["Transform"] = Transform(
        examples=examples,
        schema=_schema(nodes),
        preprocessing_fn="models.preprocessing.preprocessing_fn",
        splits_config=transform_pb2.SplitsConfig(analyze=["train"], transform=["train", "eval"]),
        disable_statistics=True,
        disable_analyzer_cache=True,
        custom_config=_transform_config(settings, custom),
    )
    fit = {
        "examples": nodes["Transform"].outputs["transformed_examples"],
        "transform_graph": nodes["Transform"].outputs["transform_graph"],
        "schema": _schema(nodes),
        "train_args": trainer_pb2.TrainArgs(splits=["train"]),
        "eval_args": trainer_pb2.EvalArgs(splits=["eval"]),
        "custom_config": custom,
    }
    if settings.tuning.enabled:
        nodes["Tuner"] = Tuner(tuner_fn="models.tuning.tuner_fn", **fit)
        fit["hyperparameters"] = nodes["Tuner"].outputs["best_hyperparameters"]
    nodes["Trainer"] = Trainer(run_fn="models.training.run_fn", **fit)


def _evaluate(nodes: Nodes, settings: Settings, environment: Environment, roles: Roles) -> None:
    nodes["ReleasedModel"] = ReleasedModel(serving_folder=environment.serving_folder)
    _score(nodes, settings, roles)
    nodes["Evaluator"] = Evaluator(
        examples=nodes["ExampleGen"].outputs["examples"],
        model=nodes["Trainer"].outputs["model"],
        baseline_model=nodes["ReleasedModel"].outputs["baseline"],
        example_splits=["test"],
        eval_config=eval_config(roles, settings.evaluation.slices),
    )
    nodes["Evaluator"].executor_spec = executor_spec.BeamExecutorSpec(EvaluatorExecutor)
    nodes["QualityGate"] = QualityGate(
        predictions=nodes["Score"].outputs["predictions"],
        baseline=nodes["ReleasedModel"].outputs["baseline"],
        gate_json=settings.quality_gate.model_dump_json(),
        roles_json=roles.to_json(),
        slices_json=json.dumps(settings.evaluation.slices),
    )


def _score(nodes: Nodes, settings: Settings, roles: Roles) -> None:
    """Every gate and report that looks at single rows reads the one table that Score writes."""
    fairness, slices = settings.fairness, settings.evaluation.slices
    nodes["Score"] = Score(
        examples=nodes["ExampleGen"].outputs["examples"],
        model=nodes["Trainer"].outputs["model"],
        baseline=nodes["ReleasedModel"].outputs["baseline"],
        split="test",
        sensitive_json=json.dumps([one.model_dump() for one in fairness.sensitive if fairness.enabled]),
        roles_json=roles.to_json(),
        split_json=source_of(settings).split_record.to_json(),
        slices_json=json.dumps(list(dict.fromkeys(column for group in slices for column in group))),
    )


def _report_on_rows(nodes: Nodes, settings: Settings) -> None:
    fairness, explanation = settings.fairness, settings.explanation
    predictions = nodes["Score"].outputs["predictions"]
    if fairness.enabled:
        nodes["FairnessReport"] = FairnessReport(
            predictions=predictions, policy_json=fairness.model_dump_json(), training_json=_mitigation_json(settings)
        )
    if explanation.enabled:
        nodes["ExplanationReport"] = ExplanationReport(
            examples=nodes["ExampleGen"].outputs["examples"],
            model=nodes["Trainer"].outputs["model"],
            predictions=predictions,
            explanation_json=explanation.model_dump_json(),
            fairness_json=fairness.model_dump_json(),
            seed=settings.training.seed,
        )


def _mitigation_json(settings: Settings) -> str:
    """What a refusal of the fairness gate must know to name a lever that is not pulled yet."""
    return settings.training.model_dump_json(
        include={"mitigation", "mitigation_of", "mitigation_goal", "mitigation_strength"}
    )


def _check_serving(nodes: Nodes, settings: Settings) -> None:
    check = settings.serving_check
    if check.platform == "skip":
        return
    nodes["InfraValidator"] = InfraValidator(
        model=nodes["Trainer"].outputs["model"],
        examples=nodes["ExampleGen"].outputs["examples"],
        serving_spec=_serving_spec(settings),
        request_spec=infra_validator_pb2.RequestSpec(
            tensorflow_serving=infra_validator_pb2.TensorFlowServingRequestSpec(),
            split_name="test",
            num_examples=check.requests,
            make_warmup=check.warm_up,
        ),
        # Tries only what could not be tried, so once is enough where a person looks at it.
        validation_spec=infra_validator_pb2.ValidationSpec(max_loading_time_seconds=check.load_timeout_s, num_tries=1),
        limits=ServingLimits(check.max_latency_p50_ms, check.max_latency_p99_ms, check.max_memory_mb),
    )


def _serving_spec(settings: Settings) -> infra_validator_pb2.ServingSpec:
    """TFX's proto knows no process: a spec without a platform means that to our executor."""
    spec = infra_validator_pb2.ServingSpec(model_name=settings.name)
    if settings.serving_check.platform == "process":
        return spec
    image = settings.serving_check.image or ""
    name, at, digest = image.partition("@")
    tag = "" if at else name.rpartition(":")[2]
    spec.tensorflow_serving.image_name = name if at else name.rpartition(":")[0]
    (spec.tensorflow_serving.digests if at else spec.tensorflow_serving.tags).append(digest or tag)
    if settings.serving_check.platform == "docker":
        spec.local_docker.SetInParent()
    else:
        spec.kubernetes.SetInParent()
    return spec


def _release(nodes: Nodes, settings: Settings, environment: Environment, roles: Roles) -> None:
    served, fair = nodes.get("InfraValidator"), nodes.get("FairnessReport")
    missing = [name for name, node in (("serving_check", served), ("fairness", fair)) if not node]
    nodes["ReleaseGate"] = ReleaseGate(
        data_verdict=nodes["DataGate"].outputs["verdict"],
        quality_verdict=nodes["QualityGate"].outputs["verdict"],
        allow_unknown_json=json.dumps({"not_configured": missing} if missing else {}),
        overrides_json=json.dumps([one.model_dump() for one in settings.overrides]),
        **({"fairness_verdict": fair.outputs["verdict"]} if fair else {}),
        **({"serving_verdict": served.outputs["verdict"]} if served else {}),
    )
    nodes["ModelCard"] = _model_card(nodes, settings, environment, roles)
    nodes["Pusher"] = Pusher(
        model=nodes["Trainer"].outputs["model"],
        model_blessing=nodes["ReleaseGate"].outputs["blessing"],
        infra_blessing=served.outputs["blessing"] if served else None,
        push_destination=pusher_pb2.PushDestination(
            filesystem=pusher_pb2.PushDestination.Filesystem(base_directory=environment.serving_folder)
        ),
        custom_executor_spec=executor_spec.ExecutorClassSpec(PusherExecutor),
    )
    nodes["DirectRelease"] = DirectRelease(
        pushed=nodes["Pusher"].outputs["pushed_model"],
        examples=nodes["ExampleGen"].outputs["examples"],
        statistics=nodes["StatisticsGen"].outputs["statistics"],
        verdict=nodes["ReleaseGate"].outputs["verdict"],
        quality=nodes["QualityGate"].outputs["verdict"],
        mode=settings.release.mode,
        run_id=data_types.RuntimeParameter(RUN_ID, str),
        split_json=source_of(settings).split_record.to_json(),
    )


def _model_card(nodes: Nodes, settings: Settings, environment: Environment, roles: Roles) -> Any:
    """For a refused model, too: what it was, and why it was not released."""
    optional = {
        "fairness_verdict": ("FairnessReport", "verdict"),
        "fairness_report": ("FairnessReport", "report"),
        "explanation_verdict": ("ExplanationReport", "verdict"),
        "explanation": ("ExplanationReport", "report"),
        "serving_verdict": ("InfraValidator", "verdict"),
    }
    return ModelCard(
        model=nodes["Trainer"].outputs["model"],
        model_run=nodes["Trainer"].outputs["model_run"],
        examples=nodes["ExampleGen"].outputs["examples"],
        statistics=nodes["StatisticsGen"].outputs["statistics"],
        schema=_schema(nodes),
        evaluation=nodes["Evaluator"].outputs["evaluation"],
        data_verdict=nodes["DataGate"].outputs["verdict"],
        quality_verdict=nodes["QualityGate"].outputs["verdict"],
        release_verdict=nodes["ReleaseGate"].outputs["verdict"],
        facts_json=_facts(settings, environment, roles).to_json(),
        **{key: nodes[node].outputs[output] for key, (node, output) in optional.items() if node in nodes},
    )


def _facts(settings: Settings, environment: Environment, roles: Roles) -> Facts:
    return Facts(
        name=settings.name,
        roles=roles,
        intention=Intention(**settings.model_card.model_dump()),
        data_source=settings.data.path,
        seeds={"training": settings.training.seed},
        overrides=tuple(CardOverride(**one.model_dump()) for one in settings.overrides),
        **asdict(environment.provenance),
    )


def _score_batch(nodes: Nodes, source: Source, roles: Roles) -> None:
    base, patterns = file_pattern(source)
    splits = [example_gen_pb2.Input.Split(name=BATCH_SPLIT, pattern=pattern) for pattern in patterns.values()]
    nodes["BatchExamples"] = TableExampleGen(
        input_base=base,
        input_config=example_gen_pb2.Input(splits=splits),
        custom_config=batch_config(source, readings_of(roles)),
        custom_executor_spec=executor_spec.BeamExecutorSpec(BatchExecutor),
    ).with_id("BatchExamples")
    nodes["BulkInferrer"] = BulkInferrer(
        examples=nodes["BatchExamples"].outputs["examples"],
        model=nodes["Trainer"].outputs["model"],
        model_blessing=nodes["ReleaseGate"].outputs["blessing"],
        model_spec=bulk_inferrer_pb2.ModelSpec(model_signature_name=["serving_default"]),
    )
    nodes["PredictionsTable"] = PredictionsTable(
        inference_result=nodes["BulkInferrer"].outputs["inference_result"],
        model=nodes["Trainer"].outputs["model"],
        ids_json=json.dumps(source.ids),
    )


def _schema(nodes: Nodes) -> Any:
    return (nodes.get("ImportSchemaGen") or nodes["SchemaGen"]).outputs["schema"]


def _schema_text(settings: Settings) -> str:
    return Path(settings.schema_file).read_text(encoding="utf-8") if settings.schema_file else ""


def _transform_config(settings: Settings, custom: Mapping[str, str]) -> dict[str, str]:
    """Only what the preprocessing reads, so that another seed or layer answers from Transform's cache."""
    shared = {key: custom[key] for key in ("roles", "sensitive") if key in custom}
    return {**shared, "training": settings.training.model_dump_json(include={"min_category_rows"})}


def _model_config(settings: Settings, roles: Roles) -> dict[str, str]:
    training = {**settings.training.model_dump(), "threshold": settings.evaluation.threshold}
    if settings.training.mitigation == "none":
        # What a mitigation would be made of must not train an unmitigated model anew.
        training = {key: value for key, value in training.items() if not key.startswith("mitigation")}
    roles = settle(read_pbtxt(settings.schema_file), roles) if settings.schema_file else roles
    config = {"roles": roles.to_json(), "training": json.dumps(training, sort_keys=True)}
    declared = [
        SensitiveColumn(one.column, one.bins) for one in settings.fairness.sensitive if settings.fairness.enabled
    ]
    about = mitigation.columns(TrainingPlan.from_json(config["training"]), roles, declared)
    if about:
        config["sensitive"] = json.dumps([{"column": one.column, "bins": list(one.bins)} for one in about])
    if settings.tuning.enabled:
        tuning = {"trials": settings.tuning.trials, "epochs": settings.tuning.epochs, "seed": settings.training.seed}
        config["tuning"] = json.dumps(tuning, sort_keys=True)
    return config
