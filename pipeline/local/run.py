"""One run on this machine, from the settings to the report."""

from __future__ import annotations

import gc
import hashlib
import os
import sys
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import gates
from pipeline.environment import check_runs_here, here
from pipeline.local import killed, noise, serving_platform, temporary
from pipeline.local.console import Console, for_stream
from pipeline.local.interrupt import Interrupt
from pipeline.local.lock import only_run_in
from pipeline.local.request import Request
from pipeline.local.table import batch_digest, look_at
from pipeline.run import fingerprint
from pipeline.run.folders import cannot_write, make, point_latest_at, serving_place
from pipeline.run.outcome import released_after
from pipeline.run.schema_in_force import with_schema_in_force
from pipeline.settings.file import LoadedSettings
from pipeline.settings.settled import settle
from pipeline.settings.table import check_with_table
from pipeline.settings.types import Settings
from pipeline.steps import steps
from schemas import progress, records, release_metrics, unfinished
from schemas import release as releases
from schemas.errors import EXIT_DONE, EXIT_ERROR, EXIT_REFUSED
from schemas.output_folder import OutputFolder, evidence_of, log_of, report_of
from schemas.records import RunResult, State, StepRecord
from schemas.refusals import standing_of
from schemas.table import TableProfile
from schemas.whole_file import write_whole
from sluicegate.delivery.kept import kept
from sluicegate.delivery.release_state import current
from sluicegate.delivery.versions import is_there
from sluicegate.storage.place import StorageError

if TYPE_CHECKING:
    from pipeline.local.launch import Graph

EXIT_CODES = {"PASSED": EXIT_DONE, "REFUSED": EXIT_REFUSED, "ERROR": EXIT_ERROR}


@dataclass(frozen=True)
class Job:
    """One run's fixed facts.  batch_digest : of the table of batch_scoring; "" without one."""

    loaded: LoadedSettings
    folder: OutputFolder
    profile: TableProfile
    run_id: str
    fingerprint: str
    started: datetime
    batch_digest: str = ""

    @property
    def home(self) -> Path:
        return self.folder.run(self.run_id)

    @property
    def serving(self) -> str:
        """A path or URI."""
        return serving_place(self.loaded, self.folder)


def run(loaded: LoadedSettings, request: Request, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> int:
    """Runs the pipeline of these settings and returns the exit code (0, 1 or 2).

    Raises SluicegateError for what stops a run before it starts; the output folder is then as it was.
    """
    check_runs_here(loaded)
    settings = loaded.settings
    folder = OutputFolder(Path(request.output or settings.output_folder).resolve(), settings.name)
    profile = look_at(settings)
    check_with_table(loaded, profile.roles)
    if request.console != "quiet":
        _warn(profile.notes)
    batch = batch_digest(settings, profile)
    make(folder)
    with only_run_in(folder.root):
        _close_killed(folder, settings, is_quiet=request.console != "live")
        mark = _fingerprint(loaded, profile, batch)
        earlier = None if request.again else _unchanged(folder, serving_place(loaded, folder), mark)
        if earlier:
            return _answer_from(earlier, folder)
        serving_platform.check(settings.serving_check)
        started = clock()
        job = Job(loaded, folder, profile, _run_id(folder, started), mark, started, batch)
        return _run(job, request)


def _close_killed(folder: OutputFolder, settings: Settings, *, is_quiet: bool) -> None:
    """Before this run looks at anything: what a killed run left open would be taken for a run at work for ever."""
    if not killed.is_any_in(folder):
        return
    for found in killed.close(folder, settings.metadata):
        if not is_quiet:
            print(f"Put in order: {found}.", file=sys.stderr)


def _warn(notes: Sequence[str]) -> None:
    """Notes that a person should act on, before anything takes time; all notes stand in the report."""
    for note in notes:
        if note.startswith("WARNING"):
            print(note, file=sys.stderr)


def _answer_from(earlier: RunResult, folder: OutputFolder) -> int:
    """Says how the earlier run of the same fingerprint ended, and ends the same way."""
    print(f"Unchanged since run {earlier.run_id}, which ended as {earlier.verdict}. Use --again to run all the same.")
    print(f"report: {report_of(folder.run(earlier.run_id))}")
    return earlier.exit_code


def _run_id(folder: OutputFolder, started: datetime) -> str:
    base = started.strftime("%Y%m%d-%H%M%S")
    taken = sum(1 for _ in folder.runs.glob(f"{base}*"))
    return f"{base}-{taken + 1}" if taken else base


def _fingerprint(loaded: LoadedSettings, profile: TableProfile, batch: str) -> str:
    """Digest of all that decides the outcome, but for the release state: that is compared by `_unchanged`."""
    return fingerprint.digest(
        {
            "settings": loaded.digest,
            "data": profile.digest,
            "batch": batch,
            "schema": _schema_digest(loaded.settings.schema_file),
            "code": fingerprint.code_digest(),
            "versions": fingerprint.package_versions(),
        }
    )


def _schema_digest(file: str | None) -> str:
    return fingerprint.digest({"schema": Path(file).read_text(encoding="utf-8")}) if file else ""


def _release_digest(serving: str) -> str:
    """Of the version that is stable and of what was kept at its release."""
    try:
        release = current(serving).release
    except (ValueError, StorageError):
        return "unreadable"  # the step that reads it says why
    version = release.stable or 0
    names = (
        releases.statistics_name(version),
        releases.distributions_name(version),
        releases.record_name(version),
        release_metrics.name_of(version),
    )
    found = (kept(serving, name) for name in names)
    digests = ["" if content is None else hashlib.sha256(content).hexdigest() for content in found]
    return fingerprint.digest({"stable": release.stable, "model": release.stable_digest, "kept": digests})


def _unchanged(folder: OutputFolder, serving: str, mark: str) -> RunResult | None:
    """The latest run, if it was of the same fingerprint, came to a verdict, and the release is as it left it."""
    try:
        latest = records.read_result(folder.latest)
        stable = current(serving).release.stable
        stands = latest.pushed_version is None or is_there(serving, latest.pushed_version)
    except (FileNotFoundError, ValueError, StorageError):
        return None
    stands = stands and released_after(latest.steps) == stable
    return latest if latest.fingerprint == mark and latest.verdict != "ERROR" and stands else None


def _run(job: Job, request: Request) -> int:
    connection = connect(job)
    try:
        job.home.mkdir(parents=True)
    except OSError as error:
        raise cannot_write(job.home, error) from None
    log = log_of(job.home)
    with temporary.of_run(job.home), noise.into(log) as terminal:
        done: list[StepRecord] = []
        unfinished.write(_should_it_die(job, done, (), ()), job.home)
        console = for_stream(terminal, quiet=request.console == "quiet", as_json=request.console == "json")
        console.run_started(job.run_id, [s.name for s in steps(job.loaded.settings)], str(log))
        began = time.monotonic()
        try:
            _steps(job, connection, console, done)
            result, report = _concluded(job, done, time.monotonic() - began)
        except BaseException as error:
            _leave_broken(job, done, time.monotonic() - began, error)
            raise
        unfinished.remove(job.home)
        for gate in standing_of(result).refused:
            console.refusal(gate, job.loaded.where)
        console.run_ended(result, str(report))
    return result.exit_code


def _concluded(job: Job, done: list[StepRecord], seconds: float) -> tuple[RunResult, Path]:
    try:
        result = _conclude(job, done, seconds)
        return result, _report(job, result)
    except OSError as error:
        raise cannot_write(job.home, error) from None


def connect(job: Job) -> object:
    """The connection to ML Metadata, tried, which knows where the folder lies now. Raises MachineError where there is none."""
    from pipeline.local import moved
    from pipeline.run import metadata
    from sluicegate.lineage.connection import connection

    found = connection(job.loaded.settings.metadata, job.folder.metadata_db)
    with noise.into(Path(os.devnull)):
        metadata.check(found)
    if moved.tell(found, job.folder, job.loaded.settings.metadata):
        print(
            f"This output folder was elsewhere before; its artifacts are known in {job.folder.root} now.",
            file=sys.stderr,
        )
    return found


def _steps(job: Job, connection: object, console: Console, done: list[StepRecord]) -> None:
    graph = build_graph(job, connection)
    names, told = [node.node_info.id for node in graph.nodes], _overrides(job.serving)
    launch_steps(
        job, graph, console, done, beginning=lambda: unfinished.write(_should_it_die(job, done, names, told), job.home)
    )


def _should_it_die(job: Job, done: Sequence[StepRecord], names: Sequence[str], overrides: Sequence[str]) -> RunResult:
    """The run's result, should its process die in the first step of `names` that is not done; before any, without names."""
    rest = [StepRecord(name, State.NOT_RUN) for name in names[len(done) :]]
    if rest:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        rest[0] = replace(rest[0], state=State.FAILED, started_at=now, error=unfinished.KILLED)
    result = _result(job, [*done, *rest], (datetime.now(UTC) - job.started).total_seconds(), overrides)
    notes = result.notes if rest else (*result.notes, "before its first step")
    return replace(result, verdict="ERROR", exit_code=EXIT_ERROR, notes=notes)


def launch_steps(
    job: Job,
    graph: Graph,
    console: Console,
    done: list[StepRecord],
    only: Collection[str] | None = None,
    beginning: Callable[[], None] = lambda: None,
) -> None:
    """Launches the graph node by node into `done`; after a failure the rest is recorded as not run.

    only : names of the steps to run; None for all. An interrupt leaves ML Metadata without a running execution, and is raised.
    beginning : called before each step that runs.
    """
    from pipeline.run import executions

    nodes = [node for node in graph.nodes if only is None or node.node_info.id in only]
    interrupt = Interrupt()
    try:
        for node in nodes:
            interrupt.check()
            name = node.node_info.id
            if any(record.state is State.FAILED for record in done):
                done.append(StepRecord(name, State.NOT_RUN))
            else:
                beginning()
                console.step_started(name)
                with progress.listening(partial(console.step_progress, name)):
                    done.append(_launch(job, graph, node))
            console.step_ended(done[-1])
        interrupt.check()
    except KeyboardInterrupt:
        executions.close(
            graph.connection, job.folder.name, {job.run_id}, executions.CANCELED, "The run was interrupted."
        )
        done += [StepRecord(node.node_info.id, State.NOT_RUN) for node in nodes[len(done) :]]
        raise
    finally:
        interrupt.forget()


@contextmanager
def _objects_that_stay() -> Iterator[None]:
    """No garbage is looked for while hundreds of thousands of objects that live to the end are made: a sixth of the import's time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if was_on:
            gc.enable()


def build_graph(job: Job, connection: object) -> Graph:
    """The compiled graph of this job, checked and ready to launch."""
    with _objects_that_stay():
        from tfx.dsl.compiler import compiler

        from pipeline import lint
        from pipeline.graph import create_pipeline
        from pipeline.local import launch

    settings = with_schema_in_force(settle(job.loaded.settings, job.profile), job.folder.root)
    plan = steps(settings)
    environment = here(job.loaded, str(job.folder.artifacts), job.serving, connection)
    ir = compiler.Compiler().compile(create_pipeline(settings, environment))
    lint.check(ir)
    # TFX keys a step by its parameters, and would go on answering with the schema, or the release, as it was.
    outside = {"schema": _schema_digest(settings.schema_file), "release": _release_digest(job.serving)}
    code = {step.name: fingerprint.step_digest(step.code, outside.get(step.reads, "")) for step in plan}
    looked_at = {"ExampleGen": job.profile.digest, "BatchExamples": job.batch_digest}
    uncached = {step.name for step in plan if not step.cached}
    return launch.prepare(ir, job.run_id, connection, code, uncached, looked_at)


def _launch(job: Job, graph: Graph, node: object) -> StepRecord:
    from pipeline.local import launch

    record = launch.launch(graph, node)
    if record.error:
        print(record.error, flush=True)
    if record.execution_id:
        beside = job.folder.artifacts / record.step / "records" / f"{record.execution_id}.json"
        write_whole(beside, records.to_json(record, job.folder.root).encode())
    return record


def _leave_broken(job: Job, done: list[StepRecord], seconds: float, error: BaseException) -> None:
    """A result that says what happened, unless there is one. Where the disk lets us not even do that, the next run finds us killed."""
    interrupted = isinstance(error, KeyboardInterrupt)
    why = "The run was interrupted." if interrupted else f"The run ended with an error: {error or type(error).__name__}"
    with suppress(OSError):
        if not (job.home / records.RESULT_NAME).exists():
            result = _result(job, done, seconds, _overrides(job.serving))
            said = (*result.notes, why.splitlines()[0])
            _write(job, replace(result, verdict="ERROR", exit_code=EXIT_ERROR, notes=said))
        unfinished.remove(job.home)


def _conclude(job: Job, done: list[StepRecord], seconds: float) -> RunResult:
    from pipeline.run.evidence.collect import collect

    # First without metrics: what the steps did must be on record even if their artifacts cannot be read.
    told = _overrides(job.serving)
    _write(job, _result(job, done, seconds, told))
    collect(job.loaded.settings, job.profile, done, evidence_of(job.home))
    result = _result(job, done, seconds, told)
    _write(job, result)
    point_latest_at(job.folder, job.run_id)
    return result


def _result(job: Job, done: list[StepRecord], seconds: float, overrides: Sequence[str]) -> RunResult:
    """Overrides : what people ever let pass, of `_overrides`: a read of release.json, which may lie in a bucket."""
    from pipeline.run.outcome import gates_of, metrics_of, pushed_of, verdict_of

    verdicts = gates_of(done)
    verdict = verdict_of(done, verdicts)
    path, version = pushed_of(done)
    return RunResult(
        run_id=job.run_id,
        name=job.loaded.settings.name,
        verdict=verdict,
        exit_code=EXIT_CODES[verdict],
        started_at=job.started.isoformat(timespec="seconds"),
        seconds=round(seconds, 2),
        steps=tuple(done),
        gates=verdicts,
        metrics=metrics_of(evidence_of(job.home)),
        pushed_path=path,
        pushed_version=version,
        data_digest=job.profile.digest,
        settings_digest=job.loaded.digest,
        code_digest=fingerprint.code_digest(),
        fingerprint=job.fingerprint,
        git_commit=fingerprint.git_commit(),
        versions=fingerprint.package_versions(),
        settings=job.loaded.settings.model_dump(mode="json", by_alias=True),
        notes=(*job.profile.notes, *overrides),
    )


def _overrides(serving: str) -> list[str]:
    """What people ever let pass; said in every report from then on, whoever answers now."""
    try:
        release = current(serving).release
    except (ValueError, StorageError):
        return []
    return [
        f"Version {version}{', which answers requests,' if version == release.stable else ''} was released by an override: {told}"
        for version, told in releases.overrides_ever(release)
    ]


def _write(job: Job, result: RunResult) -> None:
    records.write_result(result, job.home)


def _report(job: Job, result: RunResult) -> Path:
    from sluicegate.reports.build import build
    from sluicegate.reports.run_index import build_index

    keys = {m.setting for gate in result.gates for m in gate.measurements if m.setting}
    page = build(job.home, gates.GATES, settings_lines={key: job.loaded.where(key) for key in keys})
    build_index(job.folder.root)
    return page
