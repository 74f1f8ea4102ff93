"""The graph: read `create_pipeline` as the table of contents. Why it has this shape: docs/adr/0003-gates-succeed.md."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
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
from tfx.proto import bulk_inferrer_pb2, example_gen_pb2, pusher_pb2, trainer_pb2, transform_pb2
from tfx.types.standard_artifacts import InfraBlessing

from components.direct_release.component import DirectRelease
from components.evaluator.eval_config import eval_config
from components.evaluator.executor import Executor as EvaluatorExecutor
from components.example_gen.component import TableExampleGen
from components.example_gen.executor import BATCH_SPLIT, BatchExecutor, batch_config, custom_config
from components.example_gen.executor import Executor as ExampleGenExecutor
from components.model_card.component import ModelCard
from components.model_card.facts import Facts
from components.predictions_table.component import PredictionsTable
from components.pusher.executor import Executor as PusherExecutor
from components.release_gate.component import ReleaseGate
from components.released_model.component import ReleasedModel
from components.released_statistics.component import ReleasedStatistics
from components.score.component import Score
from models import mitigation
from models.features import settle
from models.plan import TrainingPlan
from pipeline import gates
from pipeline.environment import RUN_ID, Environment
from pipeline.resources import give_resources
from pipeline.settings.settled import stated_roles
from pipeline.settings.source import batch_source, source_of
from pipeline.settings.types import Settings
from pipeline.wiring import Nodes, add_gate
from schemas import release_metrics
from schemas.gates import RELEASE_STEP, VERDICT, leaving, to_json
from schemas.pbtxt import read_pbtxt
from schemas.roles import SPLITS, Roles
from sluicegate.tables.columns.unlabelled import readings_of
from sluicegate.tables.files.files import file_pattern
from sluicegate.tables.source import Source


def create_pipeline(settings: Settings, environment: Environment) -> tfx_pipeline.Pipeline:
    """The whole pipeline, the same on every runner, built without a look at the data (docs/adr/0024).

    settings : that leave nothing open (pipeline/settings/settled.py). The steps find what is new in each run: the table's
    digest (ExampleGen's driver, before the cache is asked) and the run's name (`RUN_ID`).
    """
    roles = stated_roles(settings)
    nodes: Nodes = {}
    _ingest(nodes, settings)
    _check_data(nodes, settings, environment, roles)
    with conditional.Cond(nodes[gates.guard().step].outputs[VERDICT].future()[0].custom_property("passed") == 1):
        _train(nodes, settings, roles)
        _evaluate(nodes, settings, environment, roles)
        _judge(nodes, settings, roles)
        _release(nodes, settings, environment, roles)
        if batch := batch_source(settings):
            _score_batch(nodes, batch, roles)
    give_resources(nodes, environment.resources)
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


def _check_data(nodes: Nodes, settings: Settings, environment: Environment, roles: Roles) -> None:
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
    add_gate(nodes, gates.guard(), settings, _known(roles))


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


def _score(nodes: Nodes, settings: Settings, roles: Roles) -> None:
    """Every gate and report that looks at single rows reads the one table that Score writes."""
    fairness, slices = settings.fairness, settings.evaluation.slices
    nodes["Score"] = Score(
        examples=nodes["ExampleGen"].outputs["examples"],
        model=nodes["Trainer"].outputs["model"],
        baseline=nodes["ReleasedModel"].outputs["baseline"],
        split="test",
        sensitive_json=json.dumps([asdict(one) for one in fairness.sensitive if fairness.enabled]),
        roles_json=roles.to_json(),
        split_json=source_of(settings).split_record.to_json(),
        slices_json=json.dumps(list(dict.fromkeys(column for group in slices for column in group))),
    )


def _judge(nodes: Nodes, settings: Settings, roles: Roles) -> None:
    for gate in gates.behind_the_guard():
        if gates.in_pipeline(gate, settings):
            add_gate(nodes, gate, settings, _known(roles))


def _known(roles: Roles) -> dict[str, str]:
    """What a gate may be handed that no setting says."""
    return {"roles": roles.to_json()}


def _release(nodes: Nodes, settings: Settings, environment: Environment, roles: Roles) -> None:
    there = [gate for gate in gates.GATES if gate.step in nodes]
    missing = [gate.id for gate in gates.GATES if gate.is_asked and gate not in there]
    nodes[RELEASE_STEP] = ReleaseGate(
        gates_json=to_json(gates.GATES),
        verdicts={gate.verdict_input: nodes[gate.step].outputs[VERDICT] for gate in there if gate.is_asked},
        allow_unknown_json=json.dumps({"not_configured": missing} if missing else {}),
        overrides_json=json.dumps([asdict(one) for one in settings.overrides]),
    )
    nodes["ModelCard"] = _model_card(nodes, settings, environment, roles)
    nodes["Pusher"] = Pusher(
        model=nodes["Trainer"].outputs["model"],
        model_blessing=nodes[RELEASE_STEP].outputs["blessing"],
        infra_blessing=_infra_blessing([nodes[gate.step] for gate in there]),
        push_destination=pusher_pb2.PushDestination(
            filesystem=pusher_pb2.PushDestination.Filesystem(base_directory=environment.serving_folder)
        ),
        custom_executor_spec=executor_spec.ExecutorClassSpec(PusherExecutor),
    )
    nodes["DirectRelease"] = DirectRelease(
        pushed=nodes["Pusher"].outputs["pushed_model"],
        examples=nodes["ExampleGen"].outputs["examples"],
        statistics=nodes["StatisticsGen"].outputs["statistics"],
        verdict=nodes[RELEASE_STEP].outputs["verdict"],
        quality=_left(nodes, release_metrics.FILE_NAME),
        mode=settings.release.mode,
        run_id=data_types.RuntimeParameter(RUN_ID, str),
        split_json=source_of(settings).split_record.to_json(),
    )


def _infra_blessing(nodes: Iterable[Any]) -> Any:
    """Of the step that tried a server, which the Pusher obeys beside the release gate; None where no gate gives one."""
    channels = [channel for node in nodes for channel in node.outputs.values()]
    return next((channel for channel in channels if channel.type is InfraBlessing), None)


def _left(nodes: Nodes, file: str) -> Any:
    """The output in which a gate leaves that file."""
    gate, output = leaving(gates.GATES, file)
    return nodes[gate.step].outputs[output]


def _model_card(nodes: Nodes, settings: Settings, environment: Environment, roles: Roles) -> Any:
    """For a refused model, too: what it was, and why it was not released."""
    there = [gate for gate in gates.GATES if gate.step in nodes]
    return ModelCard(
        model=nodes["Trainer"].outputs["model"],
        model_run=nodes["Trainer"].outputs["model_run"],
        examples=nodes["ExampleGen"].outputs["examples"],
        statistics=nodes["StatisticsGen"].outputs["statistics"],
        schema=_schema(nodes),
        evaluation=nodes["Evaluator"].outputs["evaluation"],
        release_verdict=nodes[RELEASE_STEP].outputs[VERDICT],
        left={key: nodes[gate.step].outputs[output] for gate in there for key, output in gate.card_inputs.items()},
        facts_json=_facts(settings, environment, roles).to_json(),
        gates_json=to_json(gates.GATES),
    )


def _facts(settings: Settings, environment: Environment, roles: Roles) -> Facts:
    return Facts(
        name=settings.name,
        roles=roles,
        intention=settings.model_card,
        data_source=settings.data.path,
        seeds={"training": settings.training.seed},
        overrides=settings.overrides,
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
        model_blessing=nodes[RELEASE_STEP].outputs["blessing"],
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
    return {**shared, "training": json.dumps({"min_category_rows": settings.training.min_category_rows})}


def _model_config(settings: Settings, roles: Roles) -> dict[str, str]:
    training = {**asdict(settings.training), "threshold": settings.evaluation.threshold}
    if settings.training.mitigation == "none":
        # What a mitigation would be made of must not train an unmitigated model anew.
        training = {key: value for key, value in training.items() if not key.startswith("mitigation")}
    roles = settle(read_pbtxt(settings.schema_file), roles) if settings.schema_file else roles
    config = {"roles": roles.to_json(), "training": json.dumps(training, sort_keys=True)}
    declared = settings.fairness.sensitive if settings.fairness.enabled else ()
    about = mitigation.columns(TrainingPlan.from_json(config["training"]), roles, declared)
    if about:
        config["sensitive"] = json.dumps([asdict(one) for one in about])
    if settings.tuning.enabled:
        tuning = {"trials": settings.tuning.trials, "epochs": settings.tuning.epochs, "seed": settings.training.seed}
        config["tuning"] = json.dumps(tuning, sort_keys=True)
    return config
