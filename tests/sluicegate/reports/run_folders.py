"""Run folders as the pipeline leaves them, made up for tests: every ending a run can have, and every kind of task."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from components.release_gate import core as release_gate
from schemas import evidence as ev
from schemas import explanation_evidence, fairness_evidence, fairness_history, records, score_evidence
from schemas.explanation_evidence import ExplanationEvidence
from schemas.fairness_evidence import FairnessEvidence
from schemas.fairness_history import FairnessHistory, PastGap
from schemas.override import Override
from schemas.records import ArtifactRecord, RunResult, State, StepRecord
from schemas.score_evidence import AtThreshold, Counted, Curves, Histograms, ScoreEvidence
from schemas.verdict import Measurement, Status, Verdict, judge
from tests.sluicegate.reports import measured

SPLITS = {"train": 26_049, "eval": 3_256, "test": 16_281}
LINES = {
    "quality_gate.limits.0.at_least": "configs/census.yaml:31",
    "quality_gate.limits.1.max_drop": "configs/census.yaml:34",
    "data_gate.policy.number_out_of_range": "configs/census.yaml:22",
}
NUMBERS = {
    "age": (38.6, 13.7, 17, 90),
    "fnlwgt": (189_778.0, 105_550.0, 12_285, 1_484_705),
    "education_num": (10.1, 2.6, 1, 16),
    "capital_gain": (1077.6, 7385.3, 0, 99_999),
    "capital_loss": (87.3, 403.0, 0, 4356),
    "hours_per_week": (40.4, 12.3, 1, 99),
}
CATEGORIES = {
    "workclass": (
        "Private",
        "Self-emp-not-inc",
        "Local-gov",
        "State-gov",
        "Self-emp-inc",
        "Federal-gov",
        "Never-worked",
    ),
    "education": ("HS-grad", "Some-college", "Bachelors", "Masters", "Assoc-voc", "11th", "Assoc-acdm", "10th"),
    "marital_status": ("Married-civ-spouse", "Never-married", "Divorced", "Separated", "Widowed"),
    "occupation": ("Prof-specialty", "Craft-repair", "Exec-managerial", "Adm-clerical", "Sales", "Other-service"),
    "relationship": ("Husband", "Not-in-family", "Own-child", "Unmarried", "Wife", "Other-relative"),
    "race": ("White", "Black", "Asian-Pac-Islander", "Amer-Indian-Eskimo", "Other"),
    "sex": ("Male", "Female"),
    "native_country": ("United-States", "Mexico", "Philippines", "Germany", "Canada", "Puerto-Rico", "India"),
    "income": ("<=50K", ">50K"),
}
#: step, (input key, step it comes from) ..., output key -> type
GRAPH: tuple[tuple[str, tuple[tuple[str, str], ...], tuple[tuple[str, str], ...], float], ...] = (
    ("TableExampleGen", (), (("examples", "Examples"),), 4.1),
    ("StatisticsGen", (("examples", "TableExampleGen"),), (("statistics", "ExampleStatistics"),), 7.9),
    ("ImportSchemaGen", (), (("schema", "Schema"),), 0.4),
    (
        "ExampleValidator",
        (("statistics", "StatisticsGen"), ("schema", "ImportSchemaGen")),
        (("anomalies", "ExampleAnomalies"),),
        1.2,
    ),
    (
        "DataGate",
        (("anomalies", "ExampleValidator"), ("statistics", "StatisticsGen")),
        (("verdict", "GateVerdict"),),
        0.6,
    ),
    (
        "Transform",
        (("examples", "TableExampleGen"), ("schema", "ImportSchemaGen")),
        (("transform_graph", "TransformGraph"), ("transformed_examples", "Examples")),
        21.4,
    ),
    (
        "Trainer",
        (("examples", "Transform"), ("transform_graph", "Transform"), ("schema", "ImportSchemaGen")),
        (("model", "Model"),),
        48.7,
    ),
    ("ReleasedModel", (), (("model", "Model"),), 0.3),
    (
        "Evaluator",
        (("examples", "TableExampleGen"), ("model", "Trainer"), ("baseline_model", "ReleasedModel")),
        (("evaluation", "ModelEvaluation"),),
        16.2,
    ),
    ("QualityGate", (("evaluation", "Evaluator"),), (("verdict", "GateVerdict"),), 0.9),
    (
        "Score",
        (("examples", "TableExampleGen"), ("model", "Trainer"), ("baseline", "ReleasedModel")),
        (("predictions", "Predictions"),),
        6.2,
    ),
    ("FairnessReport", (("predictions", "Score"),), (("verdict", "GateVerdict"), ("report", "FairnessEvidence")), 2.9),
    (
        "ExplanationReport",
        (("examples", "TableExampleGen"), ("model", "Trainer"), ("predictions", "Score")),
        (("verdict", "GateVerdict"), ("report", "ExplanationEvidence")),
        17.1,
    ),
    ("InfraValidator", (("model", "Trainer"), ("examples", "TableExampleGen")), (("blessing", "InfraBlessing"),), 11.8),
    (
        "ReleaseGate",
        (("quality", "QualityGate"), ("data", "DataGate"), ("fairness", "FairnessReport"), ("infra", "InfraValidator")),
        (("blessing", "ModelBlessing"),),
        0.5,
    ),
    (
        "Pusher",
        (("model", "Trainer"), ("model_blessing", "ReleaseGate"), ("infra_blessing", "InfraValidator")),
        (("pushed", "PushedModel"),),
        0.8,
    ),
)


def steps(states: dict[str, State] | None = None) -> tuple[StepRecord, ...]:
    """All steps DONE, but for those in `states`; a step that did not start has no artifacts and no time."""
    made: dict[str, list[ArtifactRecord]] = {}
    found, clock, artifact_id = [], 0.0, 0
    for number, (name, reads, writes, took) in enumerate(GRAPH):
        state = (states or {}).get(name, State.DONE)
        if state in (State.SKIPPED, State.NOT_RUN):
            found.append(StepRecord(name, state))
            continue
        inputs = []
        for key, source in reads:
            kept = [a for a in made.get(source, []) if a.key == key] or made.get(source, [])[:1]
            inputs += [replace(a, key=key) for a in kept]
        made[name] = []
        for key, kind in writes if state is not State.FAILED else ():
            artifact_id += 1
            made[name].append(ArtifactRecord(key, kind, artifact_id, f"output/{name}/{key}/{number + 1}"))
        seconds = 0.1 if state is State.CACHED else took
        start = f"2025-11-21T04:{int(clock // 60):02d}:{clock % 60:06.3f}+00:00"
        error = (
            "ValueError: Input to reshape is a tensor with 255 values\n  File trainer.py, line 88"
            if state is State.FAILED
            else ""
        )
        found.append(StepRecord(name, state, seconds, start, number + 1, tuple(inputs), tuple(made[name]), error))
        clock += seconds
    return tuple(found)


def number_column(name: str, shape: tuple[float, float, float, float], role: str = "feature") -> ev.ColumnProfile:
    """A column with a bell-shaped or, when its mean is far below its spread, a steeply falling histogram."""
    mean, std, low, high = shape
    edges = np.linspace(low, high, 21)
    centres = (edges[1:] + edges[:-1]) / 2
    weight = np.exp(-(centres - low) / max(mean, 1e-9)) if std > mean else np.exp(-(((centres - mean) / std) ** 2) / 2)
    splits = {}
    for split, rows in SPLITS.items():
        wave = 1 + 0.1 * np.sin(np.arange(20) + len(split))
        counts = np.round(weight * wave / (weight * wave).sum() * rows)
        bins = tuple((float(a), float(b), float(n)) for a, b, n in zip(edges, edges[1:], counts, strict=False))
        splits[split] = ev.ColumnInSplit(
            rows, 0, int(min(high - low + 1, 9999)), mean, std, low, mean * 0.95, high, bins
        )
    drift = (
        ev.Drift("eval", "train", "jensen_shannon", 0.0021, 0.05),
        ev.Drift("test", "train", "jensen_shannon", 0.0043, 0.05),
    )
    return ev.ColumnProfile(name, "number", role, splits, drift)


def category_column(name: str, values: Sequence[str], role: str = "feature", missing: float = 0.0) -> ev.ColumnProfile:
    """A column whose values halve in number, a little differently in every split."""
    splits = {}
    for split, rows in SPLITS.items():
        absent = round(rows * missing)
        weights = [0.55**i * (1 + 0.03 * math.sin(i + len(split))) for i in range(len(values))]
        top = tuple((v, float(round((rows - absent) * w / sum(weights)))) for v, w in zip(values, weights, strict=True))
        splits[split] = ev.ColumnInSplit(rows, absent, len(values), top=top)
    return ev.ColumnProfile(name, "category", role, splits, (ev.Drift("test", "train", "l_infinity", 0.0117, 0.03),))


def census_data() -> ev.DataEvidence:
    numbers = tuple(number_column(name, shape) for name, shape in NUMBERS.items())
    texts = tuple(
        category_column(
            n, v, "label" if n == "income" else "feature", 0.0564 if n in ("workclass", "occupation") else 0.0
        )
        for n, v in CATEGORIES.items()
    )
    notes = ("'?' was read as missing in 3 columns.", "24 rows that appear twice were kept.")
    return ev.DataEvidence(SPLITS, numbers + texts, "data/census/adult.csv", "sha256:5d1f0c", notes)


def census_schema(anomalies: Sequence[ev.AnomalyRow] = ()) -> ev.SchemaEvidence:
    rows = [
        ev.SchemaRow(n, "FLOAT" if n == "fnlwgt" else "INT", "required", f"{s[2]} to {s[3]}", "0.05")
        for n, s in NUMBERS.items()
    ]
    rows += [ev.SchemaRow(n, "BYTES", "optional", ", ".join(v), "0.03") for n, v in CATEGORIES.items()]
    return ev.SchemaEvidence(tuple(rows), tuple(anomalies), "schemas/census/schema.pbtxt")


def census_training() -> ev.TrainingEvidence:
    epochs = np.arange(18)
    history = {
        "loss": tuple(map(float, 0.305 + 0.22 * np.exp(-epochs / 2.2))),
        "val_loss": tuple(map(float, 0.312 + 0.19 * np.exp(-epochs / 2.0) + 0.0009 * np.maximum(epochs - 11, 0))),
        "auc": tuple(map(float, 0.921 - 0.09 * np.exp(-epochs / 2.4))),
        "val_auc": tuple(map(float, 0.915 - 0.08 * np.exp(-epochs / 2.2) - 0.0006 * np.maximum(epochs - 11, 0))),
    }
    same = (
        "the data (sha256:5d1f0c) and its split",
        "tensorflow 2.21.0 and tfx 1.21.0",
        "a CPU with AVX2; another kind may differ in the last digits",
    )
    return ev.TrainingEvidence(
        history, 12, 41.7, 1, 48_321, {"layers": [128, 64], "dropout": 0.1, "learning_rate": 0.001}, same
    )


def slice_rows(name: str, overall: float, spread: float = 0.02) -> tuple[ev.MetricRow, ...]:
    groups = [
        ("overall", 16_281),
        ("sex=Female", 5421),
        ("sex=Male", 10_860),
        ("race=White", 13_946),
        ("race=Black", 1561),
    ]
    groups += [
        ("race=Asian-Pac-Islander", 480),
        ("race=Other", 135),
        ("sex=Female, race=Black", 748),
        ("sex=Female, race=Other", 45),
    ]
    found = []
    for i, (group, rows) in enumerate(groups):
        value = overall + (spread * math.sin(2.3 * i) if i else 0.0)
        half = 1.1 / math.sqrt(rows)
        known = rows >= 100
        numbers = (value, value - half, min(value + half, 1.0), value - 0.004) if known else (None, None, None, None)
        found.append(ev.MetricRow(name, group, numbers[0], rows, *numbers[1:]))
    return tuple(found)


def census_evaluation() -> ev.EvaluationEvidence:
    x = np.linspace(0, 1, 201)
    roc = tuple((float(a), float(a**0.13)) for a in x)
    pr = tuple((float(a), float(1 - 0.1 * a - 0.66 * a**9)) for a in x)
    centres = np.linspace(0.05, 0.95, 10)
    calibration = tuple(
        (float(c), float(c + 0.03 * math.sin(6 * c)), float(6000 * math.exp(-4 * c) + 300)) for c in centres
    )
    metrics = slice_rows("auc", 0.9132) + slice_rows("accuracy", 0.8561) + slice_rows("log_loss", 0.3127, 0.05)
    return ev.EvaluationEvidence(
        "binary",
        16_281,
        metrics,
        ("<=50K", ">50K"),
        0.4312,
        roc,
        pr,
        calibration,
        ((11_432.0, 1003.0), (1340.0, 2506.0)),
    )


def census_scores() -> ScoreEvidence:
    """With a released model, three ways of parting the rows, and a group with a long name."""
    found = census_evaluation()
    edges = tuple(np.linspace(0, 1, 41).tolist())

    def parts(by: str, names: Sequence[str], hidden: int = 0) -> Histograms:
        falls = [np.exp(-edge * (n + 1) * 2) * 900 for n in range(len(names)) for edge in edges[:-1]]
        counts = [tuple(float(v) for v in falls[n * 40 : n * 40 + 40]) for n in range(len(names))]
        made = [Counted(name, 700 - 60 * n, counts[n], 0.3 / (n + 1), 0.2) for n, name in enumerate(names)]
        return Histograms(by, edges, tuple(made), hidden)

    thresholds = [n / 100 for n in range(101)] + [0.4312]
    at = tuple(AtThreshold(t, 0.24 + 0.7 * t if t < 1 else None, 1 - t, 1 - t, 0.5 + t / 3) for t in sorted(thresholds))
    roc = tuple((float(a), float(a**0.2)) for a in np.linspace(0, 1, 101))
    return ScoreEvidence(
        "binary", 16_281, "score", Curves(found.roc, found.pr, found.calibration),
        Curves(roc, found.pr, found.calibration), 1_795_812_212, 0.24, 0.4312, at,
        (parts("", ("<=50K", ">50K")), parts("sex", ("Female", "Male")),
         parts("race", ("Amer-Indian-Eskimo", "Asian-Pac-Islander", "Black", "Other", "White"), 3)),
    )  # fmt: skip


def census_serving() -> ev.ServingEvidence:
    """gRPC well, REST with a difference and a lost answer."""
    quick = tuple(1.5 + n / 100 for n in range(100))
    return ev.ServingEvidence(
        "process",
        "a server process (python -m sluicegate.serving)",
        7.4,
        rows=100,
        ways=(
            ev.WayOfAsking("gRPC", "serving_default", 100, 100, quick, 1.2e-8),
            ev.WayOfAsking("REST", "serving_raw", 100, 99, quick[:99], 0.25, 2, "Row 3: 0.25, and the model says 0.5."),
        ),
        bad_requests=(
            ev.BadRequest("gRPC", "an unknown model", "NOT_FOUND", refused=True),
            ev.BadRequest("REST", "no instances", "500 Internal Server Error", refused=False),
        ),
        well_after=True,
        memory_mb=612.5,
        log="E something <b>happened</b>",
    )


def data_verdict() -> Verdict:
    return judge(
        "DataGate",
        [
            Measurement(
                "anomalies",
                "train",
                Status.PASSED,
                0.0,
                limit=0.0,
                direction="at most",
                unit="columns",
                rows=26_049,
                setting="data_gate.default",
            ),
            Measurement(
                "schema_new_column",
                "test: comment",
                Status.FAILED,
                1.0,
                unit="columns",
                gates=False,
                reason="warn",
                detail="The schema does not know this column.",
            ),
        ],
    )


def quality_verdict(auc: float = 0.9132, limit: float = 0.9) -> Verdict:
    """A limit on AUC that `auc` keeps or misses, two limits that are kept, and a slice too small to tell."""
    status = Status.PASSED if auc >= limit else Status.FAILED
    reason = "" if status is Status.PASSED else "below_limit"
    overall = Measurement("auc", "overall", status, auc, auc - 0.0061, auc + 0.0058, limit, "at least", rows=16_281)
    fixed = replace(overall, baseline=0.9101, reason=reason, setting="quality_gate.limits.0.at_least")
    drop = replace(fixed, status=Status.PASSED, limit=0.7, reason="", setting="quality_gate.limits.1.max_drop")
    loss = Measurement("log_loss", "overall", Status.PASSED, 0.3127, 0.3051, 0.3204, 0.5523, "at most", rows=16_281)
    small = Measurement("auc", "sex=Female, race=Other", Status.UNKNOWN, limit=0.85, direction="at least", rows=45)
    why = "45 rows, and 100 are needed to tell."
    unknown = replace(small, reason="too_few_rows", detail=why, setting="quality_gate.min_slice_rows", gates=False)
    return judge("QualityGate", [fixed, drop, replace(loss, setting="quality_gate.beat_constant"), unknown])


def result(verdict: str, gates: Sequence[Verdict], ran: Sequence[StepRecord], **more: object) -> RunResult:
    code = {"PASSED": 0, "REFUSED": 2, "ERROR": 1}[verdict]
    settings = {
        "settings_version": 1,
        "name": "census",
        "data": {"path": "data/census/adult.csv", "missing": ["", "?"]},
        "label": {"column": "income"},
        "quality_gate": {"beat_constant": True, "limits": [{"metric": "auc", "at_least": 0.9}], "min_slice_rows": 100},
        "release": {"mode": "direct"},
    }
    base = RunResult(
        "20251121-040000-7c2f",
        "census",
        verdict,
        code,
        "2025-11-21T04:00:00+00:00",
        sum(s.seconds for s in ran),
        tuple(ran),
        tuple(gates),
        data_digest="sha256:5d1f0c",
        settings_digest="sha256:77aa",
        code_digest="sha256:0b1c",
        fingerprint="sha256:e3b0",
        git_commit="9f1c2d3e4b5a",
        settings=settings,
        versions={"python": "3.11.7", "tfx": "1.21.0", "tensorflow": "2.21.0", "sluicegate": "0.1.0"},
    )
    return replace(base, **more)  # type: ignore[arg-type]


Found = ev.Evidence | ScoreEvidence | FairnessEvidence | FairnessHistory | ExplanationEvidence


def write(folder: Path, run: RunResult, *found: Found) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / records.RESULT_NAME).write_text(records.to_json(run), encoding="utf-8")
    for one in found:
        if isinstance(one, FairnessEvidence):
            fairness_evidence.write(one, folder / "evidence")
        elif isinstance(one, ScoreEvidence):
            score_evidence.write(one, folder / "evidence")
        elif isinstance(one, FairnessHistory):
            fairness_history.write(one, folder / "evidence")
        elif isinstance(one, ExplanationEvidence):
            explanation_evidence.write(one, folder / "evidence")
        else:
            ev.write(one, folder / "evidence")
    return folder


def passed(folder: Path) -> Path:
    """Everything ran; a bootstrap comparison, two cached steps."""
    release = judge(
        "ReleaseGate",
        [Measurement("gates", "overall", Status.PASSED, 3.0, limit=3.0, direction="at least", unit="count")],
        bootstrap=True,
    )
    states = {"ImportSchemaGen": State.CACHED, "StatisticsGen": State.CACHED}
    metrics = {"auc": 0.9132, "accuracy": 0.8561, "log_loss": 0.3127}
    more = {"metrics": metrics, "pushed_version": 3, "pushed_path": "serving/census/3"}
    run = result("PASSED", [data_verdict(), quality_verdict(), release], steps(states), **more)
    return write(folder, run, census_data(), census_schema(), census_training(), census_evaluation(), census_serving())


def refused_by_data(folder: Path) -> Path:
    """DataGate said no: everything after it was skipped."""
    after = [name for name, *_ in GRAPH[5:] if name != "ReleasedModel"]
    far = (
        ev.Drift("test", "train", "jensen_shannon", 0.0871, 0.05),
        ev.Drift("train", "released version 3", "jensen_shannon", 0.2345, 0.05, 3),
    )
    drift = replace(census_data().columns[0], drift=far)
    moved = ev.Moved(
        "age",
        "age moved",
        "FAILED",
        ("17 to 40", "40 to 90"),
        (0.6, 0.4),
        (0.9, 0.1),
        "released version 3",
        "train now",
    )
    data = replace(census_data(), columns=(drift, *census_data().columns[1:]), released_version=3, moved=(moved,))
    anomaly = ev.AnomalyRow(
        "train",
        "age",
        "number_out_of_range",
        "Out-of-range values",
        "Value 412 is above the domain's 120 (37 rows).",
        "fail",
    )
    gate = judge(
        "DataGate",
        [
            Measurement(
                "number_out_of_range",
                "train: age",
                Status.FAILED,
                0.00142,
                limit=0.0,
                direction="at most",
                unit="share of rows",
                rows=26_049,
                reason="anomaly",
                detail="Column 'age' has values above 120 (37 rows, the highest is 412).",
                setting="data_gate.policy.number_out_of_range",
            ),
            Measurement(
                "jensen_shannon",
                "test: age",
                Status.FAILED,
                0.0871,
                limit=0.05,
                direction="at most",
                reason="above_limit",
                setting="data_gate.default",
            ),
            *data_verdict().measurements,
        ],
    )
    return write(
        folder, result("REFUSED", [gate], steps(dict.fromkeys(after, State.SKIPPED))), data, census_schema([anomaly])
    )


def refused_by_quality(folder: Path) -> Path:
    """The model was trained and is not good enough."""
    run = result("REFUSED", [data_verdict(), quality_verdict(0.8871)], steps(), metrics={"auc": 0.8871})
    return write(folder, run, census_data(), census_schema(), census_training(), census_evaluation(), census_scores())


def refused_by_fairness(folder: Path) -> Path:
    """Women are selected half as often as men; the model was trained, explained, and not released."""
    gate, found = measured.fairness()
    explained, answer = measured.explanation()
    run = result("REFUSED", [data_verdict(), quality_verdict(), gate, answer, release_verdict(gate)], steps())
    return write(folder, run, census_data(), census_evaluation(), found, measured.history(found), explained)


def overridden(folder: Path) -> Path:
    """The same refusal, and a person who lets it pass; the explanation does not hold, and nobody asks it for a release."""
    gate, found = measured.fairness()
    explained, answer = measured.explanation(is_broken=True)
    release = release_verdict(gate, (Override("fairness", "Ada L.", "Only a rehearsal on last year's rows."),))
    asked = [replace(data_verdict(), gate="data_gate"), replace(quality_verdict(), gate="quality_gate")]
    gates = [*asked, gate, answer, release]
    run = result("PASSED", gates, steps(), pushed_version=4)
    return write(folder, run, census_data(), census_evaluation(), found, explained)


def not_configured(folder: Path) -> Path:
    """No sensitive column is declared, which refuses; `explanation: off` took the step out."""
    gate, found = measured.unfit("not_configured")
    ran = tuple(s for s in steps() if s.step != "ExplanationReport")
    run = result("REFUSED", [data_verdict(), quality_verdict(), gate, release_verdict(gate)], ran)
    settings = {**run.settings, "explanation": {"enabled": False}}
    return write(folder, replace(run, settings=settings), census_data(), census_evaluation(), found)


def selects_nobody(folder: Path) -> Path:
    """No gap is defined between groups of which nobody is selected."""
    gate, found = measured.unfit("nobody")
    return write(folder, result("REFUSED", [gate, release_verdict(gate)], steps()), census_data(), found)


def release_verdict(fairness: Verdict, overrides: Sequence[Override] = ()) -> Verdict:
    passed = {name: judge(name, [Measurement("a", "overall", Status.PASSED)]) for name in ("data_gate", "quality_gate")}
    served = {"serving_check": judge("serving_check", [Measurement("a", "overall", Status.PASSED)])}
    return release_gate.decide({**passed, "fairness": fairness, **served}, overrides=overrides)


def failed(folder: Path) -> Path:
    """Trainer raised; what stands after it did not run."""
    names = [name for name, *_ in GRAPH]
    states = {**dict.fromkeys(names[7:], State.NOT_RUN), "Trainer": State.FAILED}
    return write(folder, result("ERROR", [data_verdict()], steps(states)), census_data(), census_schema())


def multiclass(folder: Path) -> Path:
    classes = ("Adelie", "Chinstrap", "Gentoo")
    metrics = tuple(
        ev.MetricRow(n, s, v, r, v - 0.03, min(v + 0.02, 1.0))
        for n, s, v, r in (
            ("accuracy", "overall", 0.9712, 69),
            ("accuracy", "island=Biscoe", 0.9811, 33),
            ("macro_f1", "overall", 0.9644, 69),
        )
    )
    found = ev.EvaluationEvidence(
        "multiclass", 69, metrics, classes, confusion=((29.0, 1.0, 0.0), (1.0, 13.0, 0.0), (0.0, 0.0, 25.0))
    )
    fairness, explained = measured.fairness("multiclass")[1], measured.explanation("multiclass")[0]
    run = result("PASSED", [data_verdict()], steps(), metrics={"accuracy": 0.9712})
    return write(folder, run, census_data(), found, fairness, explained)


def regression(folder: Path) -> Path:
    random = np.random.default_rng(7)
    true = random.gamma(2.0, 6.0, 4000)
    pairs = tuple((float(t), float(p)) for t, p in zip(true, true * 0.93 + random.normal(0.8, 1.9, 4000), strict=True))
    metrics = tuple(
        ev.MetricRow(n, "overall", v, 4000, v * 0.97, v * 1.03)
        for n, v in (("rmse", 2.1044), ("mae", 1.5123), ("r2", 0.9312))
    )
    run = result("PASSED", [quality_verdict()], steps(), metrics={"rmse": 2.1044, "mae": 1.5123})
    return write(
        folder,
        run,
        census_data(),
        ev.EvaluationEvidence("regression", 4000, metrics, residuals=pairs),
        census_training(),
        measured.fairness("regression")[1],
        measured.explanation("regression")[0],
    )


def wide(folder: Path) -> Path:
    """200 columns."""
    columns = tuple(number_column(f"sensor_{i:03d}", (50.0 + i, 9.0, 0, 200 + i)) for i in range(150))
    columns += tuple(category_column(f"code_{i:03d}", [f"value {j}" for j in range(12)]) for i in range(49))
    columns += (category_column("broken", ("no", "yes"), "label"),)
    return write(
        folder, result("PASSED", [data_verdict()], steps()), ev.DataEvidence(SPLITS, columns, "data/wide.parquet")
    )


HOSTILE = "<script>alert('x')</script>"
LONG = "a_column_name_without_any_place_to_break_" * 6
BROKEN = '"><img src=http://evil.example/x.png onerror=alert(1)>'


def hostile(folder: Path) -> Path:
    """Names and values that try to become markup, layout or formulas."""
    columns = (
        category_column(HOSTILE, (HOSTILE, BROKEN, "", "   ", "\u202egnp.exe", "half HALF pair")),
        number_column(BROKEN, (1.0, 5.0, -3, 40)),
        number_column(LONG, (0.0, 1.0, 0, 0)),
        category_column("$\\frac{1}{0}$ {{ 7 * 7 }}", ("{% raw %}", "Ω" * 300), "label"),
    )
    anomaly = ev.AnomalyRow("train", HOSTILE, "unexpected_string", BROKEN, HOSTILE * 3, "fail")
    schema = ev.SchemaEvidence((ev.SchemaRow(HOSTILE, "BYTES", "optional", BROKEN),), (anomaly,), BROKEN, HOSTILE)
    rows = tuple(replace(r, slice=r.slice.replace("sex", HOSTILE)) for r in slice_rows("auc", 0.9))
    found = replace(census_evaluation(), metrics=rows, classes=(HOSTILE, BROKEN))
    gate = judge(
        "DataGate",
        [
            Measurement(
                "unexpected_string", f"train: {HOSTILE}", Status.FAILED, 1.0, detail=BROKEN, setting="data_gate.default"
            )
        ],
    )
    run = result(
        "REFUSED", [gate], steps(), name=HOSTILE, notes=(BROKEN, "x" * 400), settings={"name": HOSTILE, LONG: BROKEN}
    )
    training = replace(census_training(), deterministic_given=(HOSTILE,), hyperparameters={HOSTILE: BROKEN})
    fairness, explained = _hostile_fairness(), _hostile_explanation()
    history = FairnessHistory(2, (PastGap(HOSTILE, BROKEN, 1, "impact_ratio", "sex", 0.5, 0.4, 0.6, "FAILED", "x"),))
    written = write(
        folder, run, ev.DataEvidence(SPLITS, columns, BROKEN), schema, training, found, fairness, explained, history
    )
    data = written / "evidence" / "data.json"
    data.write_text(data.read_text(encoding="utf-8").replace("HALF", r"\ud83d"), encoding="utf-8")
    return written


def _hostile_fairness() -> FairnessEvidence:
    """Columns, groups and classes under names that try to become markup."""
    text = fairness_evidence.to_json(measured.fairness()[1])
    for plain, bad in (("Female", HOSTILE), ("race", LONG), ("White", BROKEN), (">50K", HOSTILE)):
        text = text.replace(plain, json.dumps(bad)[1:-1])
    return fairness_evidence.from_json(text)


def _hostile_explanation() -> ExplanationEvidence:
    text = explanation_evidence.to_json(measured.explanation(is_broken=True)[0])
    for plain, bad in (("Female", HOSTILE), ("school", LONG), ("smith", BROKEN), (">50K", HOSTILE)):
        text = text.replace(plain, json.dumps(bad)[1:-1])
    return explanation_evidence.from_json(text)


ALL = {
    "passed": passed,
    "refused_by_data": refused_by_data,
    "refused_by_quality": refused_by_quality,
    "refused_by_fairness": refused_by_fairness,
    "overridden": overridden,
    "not_configured": not_configured,
    "selects_nobody": selects_nobody,
    "failed": failed,
    "multiclass": multiclass,
    "regression": regression,
    "wide": wide,
    "hostile": hostile,
}
