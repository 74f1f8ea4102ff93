"""Writes a run's report: ten pages from `result.json` and the evidence beside it, each whole in itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from schemas import evidence, explanation_evidence, fairness_evidence, fairness_history, records, score_evidence
from schemas.gates import Gate
from schemas.output_folder import evidence_of, output_of, report_of
from schemas.score_evidence import ScoreEvidence
from sluicegate.history.differences import flat
from sluicegate.reports import (
    charts,
    column_cards,
    explanation_page,
    fairness_page,
    graph_layout,
    latency,
    score_charts,
    slice_plots,
    story,
    timeline,
)
from sluicegate.reports.drawing import Chart
from sluicegate.reports.moved_charts import moved_charts
from sluicegate.reports.renderer import write_page

#: File, title; the order of the navigation.
PAGES = (
    ("index.html", "Overview"),
    ("verdicts.html", "Verdicts"),
    ("evaluation.html", "Evaluation"),
    ("fairness.html", "Fairness"),
    ("explanation.html", "Explanation"),
    ("training.html", "Training"),
    ("serving.html", "Serving"),
    ("data.html", "Data"),
    ("schema.html", "Schema"),
    ("graph.html", "Graph"),
)


def build(run_folder: Path, gates: Sequence[Gate], *, settings_lines: Mapping[str, str] = {}) -> Path:
    """Writes `run_folder/reports/*.html` and returns the path of its index.

    Evidence may be absent: the page then says which step did not bring it, and why. A run folder inside a folder
    called `runs` links to `runs/index.html`, which `run_index.build_index` writes.

    gates : the declarations of all gates; their pages are titled by them.
    settings_lines : where a settings key stands, "quality_gate.limits.0.at_least" -> "configs/census.yaml:31".
    Raises FileNotFoundError (no result.json), ValueError (another format version).
    """
    output = output_of(Path(run_folder))
    result = records.read_result(run_folder)
    # The pages travel with the folder, so they name its files as seen from there.
    result = records.seen_from(result, output.root) if output else result
    folder = evidence_of(Path(run_folder))
    found = {
        "data": evidence.read(evidence.DataEvidence, folder),
        "schema": evidence.read(evidence.SchemaEvidence, folder),
        "training": evidence.read(evidence.TrainingEvidence, folder),
        "evaluation": evidence.read(evidence.EvaluationEvidence, folder),
        "scores": score_evidence.read_if_there(folder),
        "serving": evidence.read(evidence.ServingEvidence, folder),
        "fairness": _fairness(folder),
        "explanation": explanation_evidence.read(folder),
    }
    pages = titled(gates)
    common = {
        "result": result,
        "headline": story.headline(result),
        "pages": pages,
        "runs": "../../index.html" if output else None,
        "lines": settings_lines,
        "found": found,
        "missing": {
            page: story.why_missing(result, page, steps)
            for page, steps in story.producers(gates).items()
            if found[page] is None
        },
    }
    index = report_of(Path(run_folder))
    contexts = _contexts(result, found, fairness_history.read(folder))
    for (name, title), own in zip(pages, contexts, strict=True):
        write_page(f"{name}.j2", index.parent / name, title=title, this=name, **common, **own)
    return index


def titled(gates: Sequence[Gate]) -> tuple[tuple[str, str], ...]:
    """PAGES, with the gates' own titles."""
    titles = {f"{gate.page}.html": gate.title for gate in gates if gate.page}
    return tuple((file, titles.get(file, title)) for file, title in PAGES)


def _fairness(folder: Path) -> fairness_evidence.FairnessEvidence | None:
    return fairness_evidence.read(folder) if (folder / fairness_evidence.FILE_NAME).exists() else None


def _contexts(
    result: records.RunResult, found: Mapping[str, Any], history: fairness_history.FairnessHistory | None
) -> Iterator[Mapping[str, Any]]:
    """What each of PAGES needs beyond the common things, in their order."""
    data, schema, training, evaluation = (found[k] for k in ("data", "schema", "training", "evaluation"))
    yield {"bars": timeline.bars(result.steps), "settings": tuple(flat(result.settings))}
    yield {"plots": [slice_plots.of_verdict(gate) for gate in result.gates]}
    yield {
        "charts": tuple(_evaluation_charts(evaluation, found["scores"])) if evaluation else (),
        "parts": score_charts.parts(found["scores"], records.label_of(result)) if found["scores"] else (),
        "metrics": slice_plots.of_metrics(evaluation.metrics) if evaluation else (),
        "overall": tuple(m for m in evaluation.metrics if m.slice == slice_plots.OVERALL) if evaluation else (),
    }
    yield fairness_page.context(found["fairness"], history, result)
    yield explanation_page.context(found["explanation"], records.label_of(result))
    yield {"curves": charts.training_curves(training) if training else ()}
    yield {"latencies": tuple(map(latency.of_way, found["serving"].ways)) if found["serving"] else ()}
    cards = column_cards.cards(data, schema.anomalies if schema else ()) if data else ()
    drift = sorted(((c.column, d) for c in cards for d in c.column.drift), key=lambda x: column_cards.severity(x[1]))
    yield {
        "cards": cards, "shown": column_cards.shown(cards), "drift": drift[::-1], "is_over": column_cards.is_over,
        "moved": moved_charts(data.moved) if data else (),
    }  # fmt: skip
    yield {}
    yield {
        "drawing": graph_layout.draw(result.steps),
        "edges": graph_layout.edges(result.steps),
        "box_size": (graph_layout.BOX_WIDTH, graph_layout.BOX_HEIGHT),
    }


def _evaluation_charts(found: evidence.EvaluationEvidence, scores: ScoreEvidence | None) -> Iterator[Chart]:
    """The charts whose points the evaluation has."""
    yield from score_charts.curves(scores or score_charts.of_evaluation(found))
    if found.residuals:
        yield charts.predicted_against_true(found)
        yield charts.residual_histogram(found)
