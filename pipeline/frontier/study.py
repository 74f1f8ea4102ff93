"""Accuracy against the gap for a sweep over mitigations: the pipeline's own data, models as its Trainer would make them.

The judged rows are a fixed fifth of the train rows. To choose a strength on the test split would spoil the fairness gate's later
look at it, so that split is not read at all.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from pipeline import gates
from pipeline.environment import check_runs_here
from pipeline.local import killed, noise, table, temporary
from pipeline.local.console import Console, Plain
from pipeline.local.lock import only_run_in
from pipeline.local.run import Job, build_graph, connect, launch_steps
from pipeline.local.run_words import show_seconds
from pipeline.run.folders import cannot_write, make
from pipeline.run.outcome import gates_of, verdict_of
from pipeline.settings.file import LoadedSettings, load
from pipeline.settings.types import Settings
from pipeline.steps import steps
from schemas.errors import EXIT_DONE, EXIT_REFUSED, Problem, SettingsError, SluicegateError, StepFailed
from schemas.file_names import split_folder
from schemas.output_folder import OutputFolder, log_of
from schemas.records import State, StepRecord
from schemas.refusals import standing
from schemas.roles import Roles

if TYPE_CHECKING:
    from models.frontier import Splits
    from models.plan import TrainingPlan
    from models.rows import ModelRows
    from models.vocabulary import Vocabulary
    from pipeline.frontier.judging import Judge
    from pipeline.local.launch import Graph
    from schemas.sensitive import SensitiveColumn
    from sluicegate.reports.frontier import Frontier, FrontierDot

FOLDER = "frontier"
#: One train row in so many is judged on, and this seed says which.
ONE_IN, SEED = 5, 0
_LAST_STEP = "Transform"
_NO_FRONTIER = "There is no frontier to draw."


@dataclass(frozen=True)
class Sweep:
    """What is asked for.  methods : of training.mitigation, without "none".  strengths : above 0 to 1, rising.

    The model that nothing is done about is always part of it: strength 0 of every method is that model, and all prices are against it.
    """

    config: str
    overrides: tuple[str, ...]
    output: str | None
    methods: tuple[str, ...]
    strengths: tuple[float, ...]
    environment: str = "local"


@dataclass(frozen=True)
class _Prepared:
    """What Transform left, ready to train on.  about : the columns whose groups the mitigation is about."""

    splits: Splits
    vocabulary: Vocabulary
    plan: TrainingPlan
    roles: Roles
    about: tuple[SensitiveColumn, ...]


def draw(wanted: Sweep, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> int:
    """Runs the pipeline up to Transform, sweeps, writes frontier.json and frontier.html, and returns the exit code (0 or 2).

    Raises SettingsError where no mitigation is possible, and any SluicegateError that stops a run.
    """
    # With a mitigation in the settings Transform keeps every row's group.
    aims = next((method for method in wanted.methods if method != "reweigh"), wanted.methods[0])
    loaded = load(wanted.config, (*wanted.overrides, f"training.mitigation={aims}"), wanted.environment)
    check_runs_here(loaded)
    settings = loaded.settings
    folder = OutputFolder(Path(wanted.output or settings.output_folder).resolve(), settings.name)
    check_groups(settings)
    profile = table.look_at(settings)
    check_methods(settings, profile.roles, wanted.methods)
    batch = table.batch_digest(settings, profile)
    make(folder)
    home = folder.frontier
    try:
        home.mkdir(exist_ok=True)
    except OSError as error:
        raise cannot_write(home, error) from None
    with only_run_in(folder.root):
        started = clock()
        job = Job(loaded, folder, profile, f"{FOLDER}-{started:%Y%m%d-%H%M%S}", "", started, batch)
        if killed.is_any_in(folder):
            killed.close(folder, settings.metadata)
        (home / killed.FRONTIER_RUN).write_text(job.run_id, encoding="utf-8")
        try:
            with temporary.of_run(home), noise.into(log_of(home)) as terminal:
                return _draw(job, wanted, home, terminal)
        finally:
            (home / killed.FRONTIER_RUN).unlink()


def check_groups(settings: Settings) -> None:
    """Raises SettingsError where the settings declare no groups: there is no gap then. Reads no data."""
    fairness = settings.fairness
    if fairness.enabled and fairness.sensitive:
        return
    place, got = ("key fairness.sensitive", "no sensitive column") if fairness.enabled else ("key fairness", "off")
    raise SettingsError(_NO_FRONTIER, Problem(
        place, got, "at least one sensitive column",
        "name the column whose groups are to be treated alike, such as `fairness: {sensitive: [sex]}`",
    ))  # fmt: skip


def check_methods(settings: Settings, roles: Roles, methods: tuple[str, ...]) -> None:
    """Raises SettingsError where the task has no yes-or-no decisions, or a method lacks what it needs."""
    from models import mitigation
    from models.plan import TrainingPlan

    if roles.task != "binary":
        raise SettingsError(_NO_FRONTIER, Problem(
            f"label column '{roles.label}'", f"task {roles.task}", "task binary",
            "the frontier weighs yes-or-no decisions; for another task train with each mitigation and compare the runs' reports",
        ))  # fmt: skip
    training = settings.training
    plan = TrainingPlan(
        mitigation_of=training.mitigation_of,
        mitigation_thresholds=training.mitigation_thresholds,
        threshold=settings.evaluation.threshold,
    )
    declared = settings.fairness.sensitive
    for method in methods:
        mitigation.columns(plan.with_values({"mitigation": method}), roles, declared)


def _draw(job: Job, wanted: Sweep, home: Path, terminal: TextIO) -> int:
    console = Plain(terminal)
    graph = build_graph(job, connect(job))
    done = _run_steps(job, graph, console, home)
    verdicts = gates_of(done)
    refused = standing(verdict_of(done, verdicts), verdicts).refused
    if refused:
        for gate in refused:
            console.refusal(gate, job.loaded.where)
        terminal.write(f"\n{gates.guard().step} refused this data, so nothing was trained and there is no frontier.\n")
        return EXIT_REFUSED
    frontier = _sweep(job, _prepare(graph, done), wanted, terminal)
    _show(frontier, home, terminal)
    return EXIT_DONE


def _run_steps(job: Job, graph: Graph, console: Console, home: Path) -> list[StepRecord]:
    names = [step.name for step in steps(job.loaded.settings)]
    names, log = names[: names.index(_LAST_STEP) + 1], log_of(home)
    console.run_started(job.run_id, names, str(log))
    done: list[StepRecord] = []
    launch_steps(job, graph, console, done, only=names)
    broken = next((record for record in done if record.state is State.FAILED), None)
    if broken:
        raise StepFailed(
            "The data could not be made ready, so there is no frontier.",
            Problem(f"step {broken.step}", "it failed", "", f"the traceback is in {log}"),
        )
    return done


def _prepare(graph: Graph, done: list[StepRecord]) -> _Prepared:
    import tensorflow_transform as tft

    from models import mitigation, rows, sensitive
    from models.features import from_dtypes
    from models.frontier import Splits
    from models.plan import TrainingPlan
    from models.training import read_vocabulary

    config = _trainer_config(graph)
    roles, plan = Roles.from_json(config["roles"]), TrainingPlan.from_json(config["training"])
    uris = {artifact.key: artifact.uri for record in done if record.step == _LAST_STEP for artifact in record.outputs}
    transform = tft.TFTransformOutput(uris["transform_graph"])
    dtypes = {name: spec.dtype.name for name, spec in transform.raw_feature_spec().items()}
    vocabulary = read_vocabulary(from_dtypes(dtypes, roles), transform, plan)
    train, held_out = (
        rows.read(
            [f"{uris['transformed_examples']}/{split_folder(split)}/*"], transform.transformed_feature_spec(), split
        )
        for split in ("train", "eval")
    )
    aside = np.zeros(len(train), bool)
    aside[np.random.default_rng(SEED).permutation(len(train))[: len(train) // ONE_IN]] = True
    splits = Splits(_only(train, ~aside), held_out, _only(train, aside))
    about = mitigation.columns(plan, roles, sensitive.from_json(config["sensitive"]))
    return _Prepared(splits, vocabulary, plan, roles, about)


def _trainer_config(graph: Graph) -> dict[str, str]:
    """What this graph's Trainer would be given."""
    trainer = next(node for node in graph.nodes if node.node_info.id == "Trainer")
    config: dict[str, str] = json.loads(trainer.parameters.parameters["custom_config"].field_value.string_value)
    return config


def _only(rows: ModelRows, kept: np.ndarray) -> ModelRows:
    arrays: dict[str, Any] = {name: value[kept] for name, value in vars(rows).items() if value is not None}
    return replace(rows, **arrays)


def _judge(settings: Settings, prepared: _Prepared) -> Judge:
    from pipeline.frontier.judging import Judge, limit_about, parts_of
    from sluicegate.fairness.policy import Policy

    policy = Policy.of(settings.fairness)
    columns = [one.column for one in prepared.about]
    judged = prepared.splits.judged
    weight = judged.weight.astype(np.float64)
    # One order of the columns for the groups and for the limit, whatever order the settings name them in.
    about = sorted(prepared.about, key=lambda one: [s.column for s in policy.sensitive].index(one.column))
    parts = {part.columns[0]: part for part in parts_of(judged.group_keys, prepared.about)}
    return Judge(
        prepared.roles.classes,
        judged.label,
        None if (weight == 1).all() else weight,
        tuple(parts[one.column] for one in about),
        limit_about(columns, policy, prepared.plan.mitigation_goal),
        policy,
    )


def _sweep(job: Job, prepared: _Prepared, wanted: Sweep, terminal: TextIO) -> Frontier:
    from sluicegate.fairness.gaps import MEASURES
    from sluicegate.reports.frontier import Frontier

    settings, splits = job.loaded.settings, prepared.splits
    judge = _judge(settings, prepared)
    limit = judge.limit
    points, notes = [], [*_notes(settings, wanted)]
    number = 1 + len(wanted.methods) * len(wanted.strengths)
    for point in _points(prepared, judge, wanted, notes):
        points.append(point)
        terminal.write(f"  {len(points):>2}/{number}  {_in_words(point)}\n")
        terminal.flush()
    bound = limit.at_least if limit.at_least is not None else limit.at_most
    direction = "at least" if limit.at_least is not None else "at most"
    return Frontier(
        settings.name, job.started.isoformat(timespec="seconds"), limit.measure, judge.columns, MEASURES[limit.measure].convention,
        prepared.plan.mitigation_goal, MEASURES[limit.measure].is_ratio, bound, direction if bound is not None else "",
        _place(job.loaded, limit.setting) if bound is not None else "", len(splits.judged), len(splits.train), len(splits.held_out), SEED,
        judge.policy.confidence, tuple(points), tuple(notes),
    )  # fmt: skip


def _points(prepared: _Prepared, judge: Judge, wanted: Sweep, notes: list[str]) -> Iterator[FrontierDot]:
    """The unmitigated model first. A method that these rows or the goal do not allow is left out, and a note says why."""
    from models import mitigation
    from models.frontier import sweep
    from models.network import NetworkAnswer
    from pipeline.frontier.judging import Scored
    from sluicegate.reports.frontier import NONE, FrontierDot

    splits, nothing = prepared.splits, float("nan")
    answer = NetworkAnswer.fitted(prepared.roles.task, len(prepared.roles.classes), splits.train)
    for method in (NONE, *wanted.methods):
        plan = prepared.plan.with_values({"mitigation": method})
        strengths = (0.0,) if method == NONE else wanted.strengths
        began = time.monotonic()
        try:
            mitigation.columns(plan, prepared.roles, prepared.about)
            for one in sweep(splits, prepared.vocabulary, answer, plan, strengths):
                shell = FrontierDot(
                    method, one.plan.mitigation_strength, one.threshold, time.monotonic() - began, nothing, nothing, nothing, None, None
                )  # fmt: skip
                yield judge.point(Scored(one.scores, one.is_selected), shell)
                began = time.monotonic()
        except SluicegateError as error:
            why = " ".join(str(problem.got) for problem in error.problems)
            notes.append(f"{method} is left out. {error.headline} {why}".strip())


def _notes(settings: Settings, wanted: Sweep) -> Iterator[str]:
    yield (
        "Trained on the rest of the train rows, stopped and decided on eval. The set aside rows' columns, not their labels, were seen by "
        "Transform's knots and vocabularies. With all train rows, as `sluicegate run` trains, the model is a little different."
    )
    yield (
        "Strength 0 of every method is the model `none`. The points are chosen among on the same rows, so the best looks a little better "
        "than it is: what counts is the gate's own look at the test split."
    )
    if settings.split.key or settings.split.repeats == "together":
        yield (
            "Intervals here take row by row, and the set aside rows are chosen so: rows of one key (or equal rows) stand on both sides. The gate "
            "counts them as what they tell together."
        )
    if settings.tuning.enabled:
        yield "The Tuner was not run: every point has the hyperparameters of the settings."
    if "thresholds" in wanted.methods and settings.training.mitigation_thresholds == "per_group":
        yield "thresholds, per group, need the sensitive columns in every request."


def _place(loaded: LoadedSettings, setting: str) -> str:
    """Where the limit stands; a profile is one setting and has no line per limit."""
    if not setting.startswith("fairness.limits"):
        return setting
    places = (loaded.where(f"{setting}.{bound}") for bound in ("at_least", "at_most"))
    return next((place for place in places if place != "default"), setting)


def _in_words(point: FrontierDot) -> str:
    gap = "not defined" if point.gap is None else f"{point.gap:.3f}"
    return f"{point.name:<17} gap {gap:>7}   accuracy {point.accuracy:.4f}   {show_seconds(point.seconds):>7}  {point.status}".rstrip()


def _show(frontier: Frontier, home: Path, terminal: TextIO) -> None:
    from pipeline.frontier.table import print_frontier
    from sluicegate.reports.frontier import write

    _, page = write(frontier, home)
    print_frontier(frontier, page, terminal)
