"""The steps of the pipeline in order, without TFX: for `--plan`, the console, the code-aware cache and the docs.

A gate's step comes from its declaration (gates.py); another step is one more line here and one more paragraph in graph.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline import gates
from pipeline.settings.types import Settings
from schemas.gates import RELEASE_STEP, Gate


@dataclass(frozen=True)
class Step:
    """One node of the graph.

    name : the node's id in TFX.
    what : what it does, in a line.
    ours : True for a component of this project, False for TFX's own.
    code : modules that decide the step's result, besides TFX, with all that they import; an edit there makes it run again.
    cached : False for steps that read or change the world outside their inputs.
    reads : what outside its inputs decides its result and can be told beforehand ("schema", "release"); a runner that
        caches the step has it in the cache key, and one that cannot must not cache it.
    gated : True for steps that run only when the guard, the data gate, passed.
    gate : True for steps that write a verdict.
    """

    name: str
    what: str
    ours: bool = False
    code: tuple[str, ...] = ()
    cached: bool = True
    reads: str = ""
    gated: bool = True
    gate: bool = False


def steps(settings: Settings) -> tuple[Step, ...]:
    """The steps that a pipeline of these settings has, in the order in which they run."""
    return (*_before_the_gate(settings), *_behind_the_gate(settings))


def _before_the_gate(settings: Settings) -> tuple[Step, ...]:
    schema = (
        Step("ImportSchemaGen", f"takes the curated schema {settings.schema_file}", gated=False, reads="schema")
        if settings.schema_file
        else Step("SchemaGen", "infers a schema from the train split", gated=False)
    )
    return (
        Step("ExampleGen", "reads, checks and splits the table", code=("components.example_gen.component",), gated=False),
        Step("StatisticsGen", "computes statistics of every column and split", gated=False),
        schema,
        Step("ExampleValidator", "compares the statistics with the schema", gated=False),
        Step(
            "ReleasedStatistics", "fetches the train statistics of the model in production",
            ours=True, code=("components.released_statistics.component",), gated=False, reads="release",
        ),
        _gate(gates.guard(), settings),
    )  # fmt: skip


def _behind_the_gate(settings: Settings) -> tuple[Step, ...]:
    tuner = (Step("Tuner", "searches hyperparameters", code=("models.tuning",)),) if settings.tuning.enabled else ()
    return (
        Step("Transform", "turns columns into what the network takes", code=("models.preprocessing",)),
        *tuner,
        Step("Trainer", "fits the network and its decision threshold", code=("models.training",)),
        Step(
            "ReleasedModel", "fetches the model in production as the baseline",
            ours=True, code=("components.released_model.component",), cached=False,
        ),
        Step("Score", "scores each test row once, for every gate and report", ours=True, code=("components.score.component",)),
        Step("Evaluator", "measures model and baseline on the test split", code=("components.evaluator.executor", "components.evaluator.metrics",)),
        *(_gate(gate, settings) for gate in gates.behind_the_guard() if gates.in_pipeline(gate, settings)),
        Step(
            RELEASE_STEP, "makes all verdicts one blessing",
            ours=True, code=("components.release_gate.component",), cached=False, gate=True,
        ),
        Step(
            "ModelCard", "says what the model is, for whom, how good and how fair, and what nobody measured",
            ours=True, code=("components.model_card.component",),
        ),
        Step("Pusher", "copies a blessed model into the serving folder", code=("components.pusher.executor",), cached=False),
        Step(
            "DirectRelease", "makes the pushed version the one that answers",
            ours=True, code=("components.direct_release.component",), cached=False,
        ),
        *_batch_scoring(settings),
    )  # fmt: skip


def _gate(gate: Gate, settings: Settings) -> Step:
    """A gate's step, from its declaration."""
    code, cached = (gate.module, *gate.code), gates.is_repeatable(gate, settings)
    return Step(gate.step, gate.what, ours=True, code=code, cached=cached, gated=not gate.guards, gate=True)


def _batch_scoring(settings: Settings) -> tuple[Step, ...]:
    if not settings.batch_scoring.path:
        return ()
    return (
        Step("BatchExamples", f"reads {settings.batch_scoring.path}, to be scored", code=("components.example_gen.component",)),
        Step("BulkInferrer", "scores it with the model, if that is blessed"),
        Step(
            "PredictionsTable", "writes ids, decisions and scores as Parquet",
            ours=True, code=("components.predictions_table.component",),
        ),
    )  # fmt: skip
