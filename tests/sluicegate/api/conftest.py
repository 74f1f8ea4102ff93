"""An output folder with two finished runs and one that was killed, whose tables are there; no TFX is needed to make it."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from schemas import records, scored_rows
from schemas.records import State
from schemas.scored_rows import About, ScoredRows, Texts
from tests.sluicegate.reports import run_folders

FIRST, LATEST, KILLED = "20251121-040000", "20251122-040000", "20251123-040000"
ROWS = 6
#: run_folders calls gates by their steps; real runs do not.
REAL_NAMES = {"DataGate": "data_gate", "QualityGate": "quality_gate", "ReleaseGate": "release_gate"}


def place(output: Path, run_id: str, started_at: str, make: Callable[[Path], Path]) -> Path:
    """A run folder of run_folders under this id, whose artifacts lie in `output`."""
    folder = output / "runs" / run_id
    make(folder)
    result = records.result_from_json((folder / "result.json").read_text())
    steps = tuple(replace(one, outputs=tuple(_moved(output, a) for a in one.outputs)) for one in result.steps)
    gates = tuple(replace(one, gate=REAL_NAMES.get(one.gate, one.gate)) for one in result.gates)
    result = replace(result, run_id=run_id, started_at=started_at, steps=steps, gates=gates)
    (folder / "result.json").write_text(records.to_json(result))
    page = folder / "reports" / "index.html"
    page.parent.mkdir()
    page.write_text(f"<p>run {run_id} &amp; more</p>")
    (page.parent / "fairness.html").write_text("<p>fairness</p>")
    return folder


def _moved(output: Path, artifact: Any) -> Any:
    return replace(artifact, uri=str(output / "artifacts" / artifact.uri.removeprefix("output/")))


def save_scored_rows(folder: Path) -> None:
    about = About("binary", ("<=50K", ">50K"), 0.5, sensitive=("sex",))
    score = np.linspace(0.1, 0.9, ROWS).astype(np.float32)
    columns = {
        "row": np.arange(ROWS),
        "label": np.arange(ROWS) % 2,
        "decision": (score > 0.5).astype(int),
        "score_<=50K": 1 - score,
        "score_>50K": score,
        "weight": np.ones(ROWS),
        "group_sex": Texts.of(["Male", "Female"] * (ROWS // 2)),
    }
    scored_rows.save(ScoredRows(about, columns), folder)


@pytest.fixture(scope="session")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("api") / "output" / "census"
    place(root, FIRST, "2025-11-21T04:00:00+00:00", run_folders.refused_by_quality)
    latest = place(root, LATEST, "2025-11-22T04:00:00+00:00", run_folders.passed)
    result = records.read_result(latest)
    [scored] = [step.output("predictions") for step in result.steps if step.step == "Score"]
    assert scored is not None
    save_scored_rows(Path(scored.uri))
    killed = root / "runs" / KILLED
    killed.mkdir()
    told = replace(result, run_id=KILLED, started_at="2025-11-23T04:00:00+00:00", verdict="ERROR",
                   steps=(records.StepRecord("Trainer", State.FAILED),))  # fmt: skip
    (killed / "unfinished.json").write_text(json.dumps(json.loads(records.to_json(told))))
    return root
