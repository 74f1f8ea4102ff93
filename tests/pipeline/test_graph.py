"""Every config's graph is built and linted without running anything."""

import importlib
import inspect
import json
from pathlib import Path

import pytest

from pipeline import lint
from pipeline.settings.file import load
from pipeline.steps import steps

PROJECT = Path(__file__).resolve().parents[2]
CONFIGS = sorted(str(path.relative_to(PROJECT)) for path in (PROJECT / "configs").glob("*.yaml"))


def names(ir):
    return [node.pipeline_node.node_info.id for node in ir.nodes]


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize(
    "overrides",
    [
        (),
        ("tuning.enabled=true",),
        ("serving_check.platform=skip",),
        ("batch_scoring.path=*",),
        ("fairness=off",),
        ("fairness=off", "explanation=off"),
    ],
    ids=["plain", "tuner", "no server", "batch", "no groups", "no rows"],
)
def test_every_config_compiles_and_passes_lint(compiled, config, overrides):
    """* : the config's own table."""
    table = load(PROJECT / config).settings.data.path
    overrides = tuple(one.replace("*", table) for one in overrides)
    ir = compiled(config, *overrides)
    lint.check(ir)
    planned = [step.name for step in steps(load(PROJECT / config, overrides).settings)]
    assert sorted(names(ir)) == sorted(planned)


def test_steps_and_graph_agree_on_what_stands_behind_the_gate(compiled):
    ir = compiled("configs/census.yaml")
    behind = {n.pipeline_node.node_info.id for n in ir.nodes if n.pipeline_node.inputs.conditionals}
    assert behind == {step.name for step in steps(load(PROJECT / "configs/census.yaml").settings) if step.gated}


def node(ir, name):
    return next(n.pipeline_node for n in ir.nodes if n.pipeline_node.node_info.id == name)


def producers(node, key):
    return {(c.producer_node_query.id, c.output_key) for c in node.inputs.inputs[key].channels}


def test_drift_is_measured_from_what_a_release_keeps(census_graph):
    """The baseline reaches the gate before the condition; what the next baseline is comes from this run's statistics."""
    assert not node(census_graph, "ReleasedStatistics").inputs.conditionals
    assert producers(node(census_graph, "DataGate"), "released") == {("ReleasedStatistics", "statistics")}
    assert producers(node(census_graph, "DirectRelease"), "statistics") == {("StatisticsGen", "statistics")}


def test_the_release_state_is_in_the_cache_key_of_the_step_that_reads_it():
    read = {step.name: step.reads for step in steps(load(PROJECT / "configs/census.yaml").settings) if step.reads}
    assert read == {"ImportSchemaGen": "schema", "ReleasedStatistics": "release"}


@pytest.mark.parametrize(
    ("config", "key"), [("census", "data_gate.default"), ("penguins", "data_gate.default_if_inferred")]
)
def test_the_gate_knows_the_users_own_key(compiled, config, key):
    policy = node(compiled(f"configs/{config}.yaml"), "DataGate").parameters.parameters["policy_json"]
    assert json.loads(policy.field_value.string_value)["default_setting"] == key


def test_the_fairness_gate_knows_which_lever_is_pulled_already(compiled):
    ir = compiled("configs/census_strict.yaml", "training.mitigation=constrained", "training.mitigation_strength=0.5")
    training = node(ir, "FairnessReport").parameters.parameters["training_json"].field_value.string_value
    assert json.loads(training) == {
        "mitigation": "constrained", "mitigation_of": [], "mitigation_goal": "parity", "mitigation_strength": 0.5
    }  # fmt: skip


def test_a_table_is_scored_by_blessed_models_only(compiled):
    ir = compiled("configs/census.yaml", "batch_scoring.path=data/census/adult.csv")
    scoring = node(ir, "BulkInferrer")
    assert producers(scoring, "examples") == {("BatchExamples", "examples")}
    assert producers(scoring, "model_blessing") == {("ReleaseGate", "blessing")}
    assert producers(scoring, "model") == {("Trainer", "model")}
    assert producers(node(ir, "PredictionsTable"), "inference_result") == {("BulkInferrer", "inference_result")}


def for_vertex(folder, settings_file, *overrides, environment="vertex"):
    """The graph of settings that say it all, as TFX's own runner compiles it for Vertex: no table is read."""
    from tfx.orchestration.kubeflow.v2 import kubeflow_v2_dag_runner

    from pipeline.environment import elsewhere
    from pipeline.graph import create_pipeline
    from pipeline.settings.settled import check_complete

    places = (f"environment.{environment}.pipeline_root=gs://b/root", f"environment.{environment}.image=image:1")
    loaded = load(settings_file, (*places, *overrides), environment)
    check_complete(loaded)
    config = kubeflow_v2_dag_runner.KubeflowV2DagRunnerConfig(default_image="image:1", use_pipeline_spec_2_1=True)
    runner = kubeflow_v2_dag_runner.KubeflowV2DagRunner(config, str(folder), "pipeline.json")
    return runner.run(create_pipeline(loaded.settings, elsewhere(loaded)))


def test_batch_scoring_compiles_for_kubeflow(tmp_path):
    """With TFX's own runner: what it cannot build (a custom driver in a condition, say) raises here."""
    spec = for_vertex(tmp_path, PROJECT / "configs/penguins.yaml", "batch_scoring.path=data/penguins/penguins.csv")
    for name in ("BatchExamples", "BulkInferrer", "PredictionsTable"):
        assert name in json.dumps(spec)


def serving_spec(ir):
    return json.loads(node(ir, "InfraValidator").parameters.parameters["serving_spec"].field_value.string_value)


def test_a_serving_check_that_is_skipped_is_allowed_by_name(compiled):
    ir = compiled("configs/penguins.yaml", "serving_check.platform=skip")
    allowed = node(ir, "ReleaseGate").parameters.parameters["allow_unknown_json"].field_value.string_value
    assert json.loads(allowed) == {"not_configured": ["fairness", "serving_check"]}
    assert "infra_blessing" not in node(ir, "Pusher").inputs.inputs


@pytest.mark.parametrize(
    ("image", "binary"),
    [
        ("tensorflow/serving:2.19.1", {"image_name": "tensorflow/serving", "tags": ["2.19.1"]}),
        ("registry:5000/serving:a", {"image_name": "registry:5000/serving", "tags": ["a"]}),
        ("ours/serving@sha256:1f", {"image_name": "ours/serving", "digests": ["sha256:1f"]}),
    ],
)
def test_images_reach_tfxs_spec(compiled, image, binary):
    ir = compiled("configs/penguins.yaml", "serving_check.platform=docker", f"serving_check.image={image}")
    assert serving_spec(ir) == {"local_docker": {}, "model_name": "penguins", "tensorflow_serving": binary}
    lint.check(ir)


def test_a_process_is_a_spec_without_a_platform(compiled):
    assert serving_spec(compiled("configs/penguins.yaml")) == {"model_name": "penguins"}


def test_only_the_process_is_cached():
    def cached(*overrides):
        planned = steps(load(PROJECT / "configs/penguins.yaml", overrides).settings)
        return next(step.cached for step in planned if step.name == "InfraValidator")

    assert cached()
    assert not cached("serving_check.platform=docker", "serving_check.image=a:1")


def test_steps_come_in_an_order_that_can_run(compiled):
    ir = compiled("configs/census.yaml")
    seen = set()
    for node in ir.nodes:
        assert set(node.pipeline_node.upstream_nodes) <= seen
        seen.add(node.pipeline_node.node_info.id)


@pytest.mark.parametrize(
    ("path", "arguments"),
    [
        ("models.preprocessing.preprocessing_fn", 2),
        ("models.training.run_fn", 1),
        ("models.tuning.tuner_fn", 1),
    ],
)
def test_functions_named_by_path_exist(path, arguments):
    module, _, name = path.rpartition(".")
    function = getattr(importlib.import_module(module), name)
    assert len(inspect.signature(function).parameters) == arguments
    assert path in (PROJECT / "pipeline" / "graph.py").read_text()


def test_the_modules_that_steps_name_are_there():
    for step in steps(load(PROJECT / "configs/census.yaml").settings):
        for module in step.code:
            assert PROJECT.joinpath(*module.split(".")).with_suffix(".py").is_file(), f"{step.name} names {module}"
