"""What a run leaves behind for people and tools: one record per step, and `result.json` for the run."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schemas.document import Document
from schemas.verdict import Verdict

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


def to_json(record: StepRecord | RunResult) -> str:
    return FILE.to_json(record) if isinstance(record, RunResult) else STEP_FILE.to_json(record)


def result_from_json(text: str) -> RunResult:
    """Reads what `to_json` wrote. Raises RecordError."""
    return FILE.from_json(text)


def read_result(run_folder: str | Path) -> RunResult:
    """The `result.json` in `run_folder`. Raises FileNotFoundError, RecordError."""
    return FILE.read(run_folder)
