"""The component as a part of TFX: its contract, a run by TFX's own launcher, and Kubeflow's compiler."""

import json
from pathlib import Path

import numpy as np
import pytest
from tfx.dsl.components.common.importer import Importer
from tfx.orchestration import metadata
from tfx.orchestration import pipeline as tfx_pipeline
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.types import standard_artifacts

from components.score.component import Score, ScoreSpec
from schemas.artifacts import Predictions
from schemas.predictions import Answers
from schemas.roles import Roles
from schemas.scored_rows import read
from tests.components.score.world import IN_MEMORY, table_of, tiny

ROLES = Roles("y", "binary", ("no", "yes"))
SENSITIVE = '["sex", {"column": "x", "bins": [0]}]'


def nodes(folder: Path, with_baseline: bool):
    """The component and what feeds it."""
    examples = Importer(
        source_uri=str(folder / "examples"),
        artifact_type=standard_artifacts.Examples,
        properties={"split_names": '["test"]'},
    ).with_id("Examples")
    models = {
        name: Importer(
            source_uri=str(folder / name), artifact_type=standard_artifacts.Model, custom_properties={"version": 9}
        ).with_id(name)
        for name in ("model", *(["baseline"] if with_baseline else []))
    }
    channels = {name: node.outputs["result"] for name, node in models.items()}
    score = Score(examples=examples.outputs["result"], roles_json=ROLES.to_json(), sensitive_json=SENSITIVE, **channels)
    return [examples, *models.values(), score]


@pytest.mark.parametrize("with_baseline", [True, False])
def test_tfxs_launcher_runs_it(tmp_path, with_baseline):
    x = np.linspace(-3, 3, 40).tolist()
    table_of(tmp_path / "examples", x=x, y=["no", "yes"] * 20, sex=["F", None] * 20)
    tiny(tmp_path / "model", Answers("binary", ROLES.classes, 0.4))
    tiny(tmp_path / "baseline", Answers("binary", ROLES.classes, 0.6), 0.5)
    pipeline = tfx_pipeline.Pipeline(
        pipeline_name="p",
        pipeline_root=str(tmp_path / "root"),
        components=nodes(tmp_path, with_baseline),
        metadata_connection_config=metadata.sqlite_metadata_connection_config(str(tmp_path / "metadata.db")),
        beam_pipeline_args=IN_MEMORY,
    )
    LocalDagRunner().run(pipeline)
    [found] = (tmp_path / "root" / "Score" / "predictions").iterdir()
    rows = read(found)
    assert len(rows) == 40
    assert rows.group("x").tolist() == pytest.approx(x)
    assert rows.about.baseline_version == (9 if with_baseline else None)


def test_other_bins_do_not_change_what_the_cache_sees():
    first, second = (
        Score(
            examples=_channel(standard_artifacts.Examples),
            model=_channel(standard_artifacts.Model),
            roles_json=ROLES.to_json(),
            sensitive_json=json.dumps(["sex", {"column": "age", "bins": bins}]),
        )
        for bins in ([30], [25, 40])
    )
    assert first.exec_properties == second.exec_properties
    assert "30" not in first.exec_properties["sensitive_json"]


def test_the_contract():
    assert {name: one.optional for name, one in ScoreSpec.INPUTS.items()} == {
        "examples": False,
        "model": False,
        "baseline": True,
    }
    assert ScoreSpec.OUTPUTS["predictions"].type is Predictions
    assert set(ScoreSpec.PARAMETERS) == {"split", "sensitive_json", "roles_json", "split_json", "slices_json"}


@pytest.mark.parametrize("with_baseline", [True, False])
def test_kubeflows_compiler_takes_it(tmp_path, with_baseline):
    from tfx.orchestration.kubeflow.v2 import kubeflow_v2_dag_runner

    pipeline = tfx_pipeline.Pipeline("p", str(tmp_path / "root"), components=nodes(tmp_path, with_baseline))
    config = kubeflow_v2_dag_runner.KubeflowV2DagRunnerConfig(default_image="image")
    runner = kubeflow_v2_dag_runner.KubeflowV2DagRunner(config, str(tmp_path), "pipeline.json")
    compiled = runner.run(pipeline)["pipelineSpec"]
    assert "Score" in str(compiled["components"])
    assert "schemas.Predictions" in json.dumps(compiled)


def _channel(kind):
    from tfx.types import Channel

    return Channel(type=kind)
