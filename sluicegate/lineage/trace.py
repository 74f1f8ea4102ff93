"""What made a model version, and what became of some data or code: walks over plain records, without ML Metadata."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from schemas.errors import Problem, UsageError
from schemas.records import RunResult
from schemas.refusals import standing_of
from schemas.release import Release

PUSHED_MODEL = "PushedModel"
SCHEMA = "Schema"
#: States of an execution that did the work itself instead of finding it done.
DONE = "COMPLETE"


@dataclass(frozen=True)
class Artifact:
    """One artifact of ML Metadata.  properties : TFX's and ours, as plain values."""

    id: int
    type: str
    uri: str
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Execution:
    """One execution of ML Metadata.

    step : node id.  run_id : of the run it belongs to.  state : MLMD's name ("COMPLETE", "CACHED", "FAILED", ...).
    code : digest of the step's own code, "" for TFX's.  data : digest of the table, for ExampleGen.
    """

    id: int
    step: str
    run_id: str
    state: str
    code: str = ""
    data: str = ""


@dataclass(frozen=True)
class Event:
    """An execution read (or wrote) an artifact under `key`."""

    execution: int
    artifact: int
    is_output: bool
    key: str

    @property
    def is_condition(self) -> bool:
        """TFX records what a condition read as an input whose key starts with an underscore; no data flow there."""
        return self.key.startswith("_")


@dataclass(frozen=True)
class LineageGraph:
    """All executions and artifacts of one pipeline, by id."""

    executions: Mapping[int, Execution]
    artifacts: Mapping[int, Artifact]
    events: tuple[Event, ...]

    def producer(self, artifact: int) -> Execution | None:
        """The execution that really made it; those that found it in the cache come later and carry another state."""
        makers = sorted(e.execution for e in self._of_artifact.get(artifact, ()) if e.is_output)
        found = [self.executions[m] for m in makers if m in self.executions]
        return next((e for e in found if e.state == DONE), found[0] if found else None)

    def inputs(self, execution: int) -> tuple[Event, ...]:
        return tuple(e for e in self._of_execution.get(execution, ()) if not e.is_output and not e.is_condition)

    def outputs(self, execution: int) -> tuple[Event, ...]:
        return tuple(e for e in self._of_execution.get(execution, ()) if e.is_output)

    def readers(self, artifact: int) -> tuple[int, ...]:
        found = self._of_artifact.get(artifact, ())
        return tuple(e.execution for e in found if not e.is_output and not e.is_condition)

    @cached_property
    def _of_execution(self) -> Mapping[int, list[Event]]:
        found: dict[int, list[Event]] = {}
        for event in self.events:
            found.setdefault(event.execution, []).append(event)
        return found

    @cached_property
    def _of_artifact(self) -> Mapping[int, list[Event]]:
        found: dict[int, list[Event]] = {}
        for event in self.events:
            found.setdefault(event.artifact, []).append(event)
        return found


@dataclass(frozen=True)
class Known:
    """Everything the answers are drawn from.

    runs : run id to its record; a run whose folder is gone is missing here and still in the graph.
    """

    name: str
    graph: LineageGraph
    runs: Mapping[str, RunResult]
    release: Release


@dataclass(frozen=True)
class StepOrigin:
    """One step that a version is made by.  run_id, commit : of the run that really ran it.  outputs : key to URI."""

    step: str
    execution_id: int
    run_id: str
    commit: str
    code_digest: str
    outputs: Mapping[str, str]


@dataclass(frozen=True)
class Origin:
    """What made one version. Empty texts and None stand for what no record tells any more.

    standing : "stable", "stable until ...", "held", ...  schema : where the schema came from.
    gates : gate to its status.  settings : as the run recorded them.
    """

    name: str
    version: int
    standing: str
    folder: str
    model_digest: str
    run_id: str
    data_digest: str
    data_path: str
    data_span: int | None
    schema: str
    commit: str
    code_digest: str
    settings_digest: str
    gates: Mapping[str, str]
    metrics: Mapping[str, float]
    steps: tuple[StepOrigin, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Fate:
    """What one run came to.  verdict : "" when its record is gone.  version : pushed, or None.  why : of a refusal."""

    run_id: str
    verdict: str
    version: int | None
    standing: str
    why: str
    commit: str
    data_digest: str


def origin(known: Known, version: int) -> Origin:
    """What made `version`. Raises UsageError for a version nobody pushed."""
    pushed = _pushed(known, version)
    steps = made_by(known.graph, pushed.id)
    run_id = steps[-1].run_id if steps else ""
    run = known.runs.get(run_id)
    data = next((s for s in steps if s.data), None)
    return Origin(
        name=known.name,
        version=version,
        standing=standing(known.release, version),
        folder=str(pushed.properties.get("pushed_destination", "")),
        model_digest=str(pushed.properties.get("digest", "")),
        run_id=run_id,
        data_digest=data.data if data else (run.data_digest if run else ""),
        data_path=str(((run.settings.get("data") or {}) if run else {}).get("path", "")),
        data_span=_span(known.graph, data),
        schema=_schema(known, steps, run),
        commit=run.git_commit if run else "",
        code_digest=run.code_digest if run else "",
        settings_digest=run.settings_digest if run else "",
        gates={gate.gate: gate.status.value for gate in run.gates} if run else {},
        metrics=dict(run.metrics) if run else {},
        steps=tuple(_step_origin(known, step) for step in steps),
        settings=dict(run.settings) if run else {},
    )


def version_of_run(known: Known, run_id: str) -> int | None:
    """The version that a run pushed, or found there already; None when it pushed nothing."""
    in_run = {e.id for e in known.graph.executions.values() if e.run_id == run_id}
    ids = {e.artifact for e in known.graph.events if e.is_output and e.execution in in_run}
    pushed = [a for a in _pushes(known.graph) if a.id in ids]
    run = known.runs.get(run_id)
    return _version(pushed[0]) if pushed else (run.pushed_version if run else None)


def fates_of_data(known: Known, digest: str) -> tuple[Fate, ...]:
    """What became of the table whose digest starts with `digest`. Raises UsageError when no run saw it."""
    steps = [e for e in known.graph.executions.values() if e.data and e.data.startswith(digest)]
    runs = {e.run_id for e in steps} | {r.run_id for r in known.runs.values() if r.data_digest.startswith(digest)}
    if not digest or not runs:
        seen = {e.data[:12] for e in known.graph.executions.values() if e.data}
        raise _unknown("data digest", digest, seen | {r.data_digest[:12] for r in known.runs.values() if r.data_digest})
    return _fates(known, runs, steps)


def fates_of_commit(known: Known, sha: str) -> tuple[Fate, ...]:
    """What became of the code at the commit that starts with `sha`, also in later runs that reused its work.

    Raises UsageError when no run was made from it.
    """
    runs = {r.run_id for r in known.runs.values() if r.git_commit.startswith(sha)}
    if not sha or not runs:
        raise _unknown("commit", sha, {r.git_commit[:12] for r in known.runs.values() if r.git_commit})
    steps = [e for e in known.graph.executions.values() if e.run_id in runs and e.state == DONE]
    return _fates(known, runs, steps)


def made_by(graph: LineageGraph, artifact: int) -> tuple[Execution, ...]:
    """The executions an artifact descends from, each once, oldest first; the one that made it stands last."""
    found: dict[int, Execution] = {}
    waiting = [artifact]
    while waiting:
        maker = graph.producer(waiting.pop())
        if maker is not None and maker.id not in found:
            found[maker.id] = maker
            waiting += [event.artifact for event in graph.inputs(maker.id)]
    return tuple(found[key] for key in sorted(found))


def descend(graph: LineageGraph, executions: Iterable[int]) -> frozenset[int]:
    """Ids of all artifacts that these executions made, or that were made from them."""
    found: set[int] = set()
    waiting = list(executions)
    seen = set(waiting)
    while waiting:
        for event in graph.outputs(waiting.pop()):
            if event.artifact in found:
                continue
            found.add(event.artifact)
            new = set(graph.readers(event.artifact)) - seen
            seen |= new
            waiting += new
    return frozenset(found)


def standing(release: Release, version: int) -> str:
    """Where a version stands, from the release history.

    >>> standing(Release(), 3)
    'pushed, never released'
    """
    moves = [change for change in release.history if change.makes_stable]
    times = [change for change in moves if change.version == version]
    if release.stable == version:
        return f"stable since {times[-1].at}" if times else "stable"
    if release.canary == version:
        return f"canary, {release.weight:.0%} of the traffic"
    if not times:
        return "pushed, never released"
    later = [change.at for change in moves if change.at >= times[-1].at and change.previous == version]
    return f"stable from {times[-1].at}" + (f" until {later[-1]}" if later else "")


def _fates(known: Known, runs: set[str], steps: Iterable[Execution]) -> tuple[Fate, ...]:
    """The runs themselves, and every later run that pushed something made from these steps."""
    made = descend(known.graph, (e.id for e in steps))
    pushed = [a.id for a in _pushes(known.graph) if a.id in made]
    pushers = {e.execution for e in known.graph.events if e.is_output and e.artifact in pushed}
    runs = runs | {known.graph.executions[p].run_id for p in pushers if p in known.graph.executions}
    return tuple(_fate(known, run_id) for run_id in sorted(runs))


def _fate(known: Known, run_id: str) -> Fate:
    run, version = known.runs.get(run_id), version_of_run(known, run_id)
    data = next((e.data for e in known.graph.executions.values() if e.run_id == run_id and e.data), "")
    return Fate(
        run_id=run_id,
        verdict=run.verdict if run else "",
        version=version,
        standing=standing(known.release, version) if version is not None else "",
        why=_why(run) if run else "the run's record is gone; ML Metadata still knows it",
        commit=run.git_commit if run else "",
        data_digest=data or (run.data_digest if run else ""),
    )


def _why(run: RunResult) -> str:
    """One line for a run that released nothing; "" for one that passed."""
    if run.verdict == "REFUSED":
        gates = standing_of(run).refused
        broken = [f"{m.name} of {m.slice}" for gate in gates[:1] for m in gate.refusals][:2]
        return f"refused by {', '.join(g.gate for g in gates)}" + (f": {', '.join(broken)}" if broken else "")
    failed = next((step for step in run.steps if step.error), None)
    return f"{failed.step} failed" if failed and run.verdict == "ERROR" else ""


def _pushes(graph: LineageGraph) -> list[Artifact]:
    """Artifacts of pushes that happened: a refused push leaves one too, marked 0."""
    found = [a for a in graph.artifacts.values() if a.type == PUSHED_MODEL and a.properties.get("pushed") == 1]
    return sorted(found, key=lambda a: a.id)


def _version(pushed: Artifact) -> int:
    return int(pushed.properties["pushed_version"])


def _pushed(known: Known, version: int) -> Artifact:
    """The first push of a version; later runs that made the same model point to the same folder."""
    pushes = {_version(a): a for a in reversed(_pushes(known.graph))}
    if version not in pushes:
        raise _unknown("version", str(version), {str(v) for v in pushes})
    return pushes[version]


def _span(graph: LineageGraph, ingest: Execution | None) -> int | None:
    if ingest is None:
        return None
    spans = [graph.artifacts[e.artifact].properties.get("span") for e in graph.outputs(ingest.id)]
    return next((int(span) for span in spans if span is not None), None)


def _schema(known: Known, steps: Iterable[Execution], run: RunResult | None) -> str:
    made = [(s, known.graph.artifacts[e.artifact]) for s in steps for e in known.graph.outputs(s.id)]
    maker, artifact = next(((s, a) for s, a in made if a.type == SCHEMA), (None, None))
    if maker is None or artifact is None:
        return ""
    curated = str((run.settings if run else {}).get("schema") or "")
    how = f"curated, from {curated or 'a file'}" if maker.step.startswith("Import") else "inferred from the train split"
    return f"{how}; {artifact.uri} (artifact {artifact.id})"


def _step_origin(known: Known, step: Execution) -> StepOrigin:
    run = known.runs.get(step.run_id)
    outputs = {event.key: known.graph.artifacts[event.artifact].uri for event in known.graph.outputs(step.id)}
    return StepOrigin(step.step, step.id, step.run_id, run.git_commit if run else "", step.code, outputs)


def _unknown(what: str, wanted: str, known: set[str]) -> UsageError:
    there = sorted(known)[-10:]
    return UsageError(
        f"No run knows this {what}.",
        Problem("the command line", f"{what} {wanted or '(empty)'}", ", ".join(there) or f"no {what} at all yet",
                "choose one of these; `sluicegate runs` lists the runs" if there else "run the pipeline first"),
    )  # fmt: skip
