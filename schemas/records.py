"""What a run leaves behind for people and tools: one record per step, and `result.json` for the run."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from schemas import places
from schemas.document import Document, text_of
from schemas.output_folder import output_of
from schemas.verdict import Verdict
from schemas.whole_file import write_whole

RESULT_NAME = "result.json"
FORMAT_VERSION = 1


class State(enum.StrEnum):
    """How a step ended."""

    DONE = "DONE"
    CACHED = "CACHED"
    SKIPPED = "SKIPPED"  # a gate before it refused
    FAILED = "FAILED"
    NOT_RUN = "NOT_RUN"  # a step before it failed, or the run was interrupted


@dataclass(frozen=True)
class ArtifactRecord:
    """One artifact of a step.

    key : name of the step's input or output.  id : the artifact's id in ML Metadata.
    properties : its custom properties there, such as "passed", "digest", "pushed_version".
    """

    key: str
    type: str
    id: int
    uri: str
    properties: Mapping[str, str | int | float] = field(default_factory=dict)


@dataclass(frozen=True)
class StepRecord:
    """One step of one run.  started_at : ISO 8601, UTC.  seconds : wall time.  error : the traceback of a failed step."""

    step: str
    state: State
    seconds: float = 0.0
    started_at: str = ""
    execution_id: int | None = None
    inputs: tuple[ArtifactRecord, ...] = ()
    outputs: tuple[ArtifactRecord, ...] = ()
    error: str = ""

    def output(self, key: str) -> ArtifactRecord | None:
        """The first output artifact called `key`, or None."""
        return next((a for a in self.outputs if a.key == key), None)

    @property
    def problem(self) -> str:
        """The line of `error` that says what went wrong: the last of a traceback that is not indented; "" without one."""
        lines = [line for line in self.error.strip().splitlines() if line and not line.startswith((" ", "\t"))]
        return lines[-1] if lines else self.error.strip()


@dataclass(frozen=True)
class RunResult:
    """`result.json`: everything about one run that can be said without opening an artifact.

    In the file, paths in the output folder are written from it on (places.py); here they are whole.

    verdict : "PASSED" (released, or the same model is released already), "REFUSED" (a gate said no), "ERROR".
    pushed_path : folder of the pushed version, or None.
    fingerprint : digest of all that decides the outcome (settings, data, code, schema); equal means unchanged.
    notes : what a reader must know besides; where a run ended without a failed step, the last says why.
    """

    run_id: str
    name: str
    verdict: str
    exit_code: int
    started_at: str
    seconds: float
    steps: tuple[StepRecord, ...] = ()
    gates: tuple[Verdict, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    pushed_path: str | None = None
    pushed_version: int | None = None
    data_digest: str = ""
    settings_digest: str = ""
    code_digest: str = ""
    fingerprint: str = ""
    git_commit: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def label_of(result: RunResult) -> str:
    """Name of the label's column; "" where the settings do not tell."""
    label = result.settings.get("label")
    return str(label.get("column") or "") if isinstance(label, Mapping) else ""


FILE = Document(RunResult, RESULT_NAME, FORMAT_VERSION, indent=1)
STEP_FILE = Document(StepRecord, "step.json", FORMAT_VERSION, indent=1)


def to_json(record: StepRecord | RunResult, root: Path | None = None) -> str:
    """Root : the output folder, which paths are written from; None writes them as they are."""
    told = record
    if root is not None:
        told = seen_from(record, root) if isinstance(record, RunResult) else step_seen_from(record, root)
    return FILE.to_json(told) if isinstance(told, RunResult) else STEP_FILE.to_json(told)


def result_from_json(text: str, root: Path | None = None) -> RunResult:
    """Reads what `to_json` wrote. Raises RecordError.

    root : the output folder as it lies now, which paths are told from; None leaves them as they are.
    """
    result = FILE.from_json(text)
    if root is None:
        return result
    old = places.old_place((a.uri for step in result.steps for a in step.outputs), root)
    return _with_paths(result, lambda path: places.now_at(root, path, old))


def read_result(run_folder: str | Path, file_name: str = RESULT_NAME) -> RunResult:
    """The `result.json` in `run_folder`, every path where it lies now. Raises FileNotFoundError, RecordError."""
    output = output_of(Path(run_folder))
    text = text_of(Path(run_folder) / file_name)
    return result_from_json(text, output.root if output else None)


def write_result(result: RunResult, run_folder: Path, file_name: str = RESULT_NAME) -> Path:
    """Writes `result.json` into `run_folder`, with paths seen from its output folder. Raises OSError."""
    output = output_of(run_folder)
    return write_whole(run_folder / file_name, to_json(result, output.root if output else None).encode())


def seen_from(result: RunResult, root: Path) -> RunResult:
    """The record with paths seen from the output folder: the same wherever it lies."""
    return _with_paths(result, lambda path: places.seen_from(root, path))


def step_seen_from(record: StepRecord, root: Path) -> StepRecord:
    """As `seen_from`, of one step."""
    return _step(record, lambda path: places.seen_from(root, path))


def _with_paths(result: RunResult, change: Callable[[str], str]) -> RunResult:
    pushed = change(result.pushed_path) if result.pushed_path else result.pushed_path
    return replace(result, steps=tuple(_step(step, change) for step in result.steps), pushed_path=pushed)


def _step(record: StepRecord, change: Callable[[str], str]) -> StepRecord:
    inputs, outputs = (tuple(_artifact(a, change) for a in side) for side in (record.inputs, record.outputs))
    return replace(record, inputs=inputs, outputs=outputs)


def _artifact(artifact: ArtifactRecord, change: Callable[[str], str]) -> ArtifactRecord:
    properties = {
        key: change(value) if key in places.PROPERTIES and isinstance(value, str) else value
        for key, value in artifact.properties.items()
    }
    return replace(artifact, uri=change(artifact.uri), properties=properties)
