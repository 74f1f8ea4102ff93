"""FairnessReport through its executor, on predictions as Score writes them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from components.fairness_report.component import FairnessReport
from pipeline.settings.declaration import section as settings_section
from schemas import fairness_evidence, scored_rows
from schemas.artifacts import FairnessEvidence, GateVerdict, Predictions
from schemas.document import to_text
from schemas.errors import DataError
from schemas.verdict import Status, Verdict, read
from sluicegate.fairness.policy import Fairness
from tests.components.through_executor import artifact, run
from tests.sluicegate.fairness import adult

PARITY = {"measure": "demographic_parity_difference", "of": ["sex"], "at_most": 0.1}
RISE = {"measure": "equal_opportunity_difference", "of": ["sex"], "max_rise": 0.1}


def scored(folder: Path, table: pd.DataFrame, about: dict[str, Any]) -> Path:
    base = {"split": "test", "ids": [], "weight": None, "threshold": 0.5, "baseline_version": None}
    content = pa.Table.from_pandas(table, preserve_index=False)
    folder.mkdir()
    parquet.write_table(
        content.replace_schema_metadata({"sluicegate": json.dumps({**base, **about})}), folder / "predictions.parquet"
    )
    return folder


def census(folder: Path, **about: Any) -> Path:
    source = adult.test_rows()
    classes = np.array(adult.CLASSES, object)
    table = pd.DataFrame({
        "row": np.arange(len(source)), "label": classes[source["label"]], "decision": classes[source["decision"]],
        "score_<=50K": (1 - source["score"]).astype("float32"), "score_>50K": source["score"].astype("float32"),
        "weight": source["fnlwgt"].astype(float), "group_sex": source["sex"],
        "group_race": source["race"].where(source["race"] != "Other", None), "group_age": source["age"].astype(float),
    })  # fmt: skip
    table.loc[:9, "group_age"] = np.nan
    if about.get("baseline_version"):
        table["baseline_decision"] = classes[source["baseline_decision"]]
        table["baseline_score_<=50K"] = (1 - source["baseline_score"]).astype("float32")
        table["baseline_score_>50K"] = source["baseline_score"].astype("float32")
    if about.get("cluster"):
        # Rows of one sex, in the order of their scores, are alike: eight of them are one household's.
        order = np.lexsort((source["score"], source["sex"]))
        table["cluster"] = np.empty(len(source), np.int64)
        table.loc[order, "cluster"] = np.arange(len(source)) // 8 * 1_000_003
    kind = {"task": "binary", "classes": list(adult.CLASSES), "sensitive": ["sex", "race", "age"]}
    return scored(folder / "predictions", table, {**kind, **about})


def judged(folder: Path, predictions: Path, **section: Any) -> tuple[Verdict, fairness_evidence.FairnessEvidence]:
    verdict, report = artifact(GateVerdict, folder / "verdict"), artifact(FairnessEvidence, folder / "report")
    policy = to_text(settings_section(Fairness, **{"draws": 1000, **section}))
    inputs = {"predictions": artifact(Predictions, predictions)}
    run(FairnessReport, inputs, {"verdict": verdict, "report": report}, policy_json=policy)
    found = read(verdict.uri)
    assert verdict.get_int_custom_property("passed") == int(found.passed)
    return found, fairness_evidence.read(report.uri)


def test_adult_with_text_numbers_missing_and_a_released_model(tmp_path: Path) -> None:
    verdict, evidence = judged(
        tmp_path, census(tmp_path, baseline_version=4),
        sensitive=["sex", "race", {"column": "age", "bins": [25, 40, 60]}], depth=3, limits=[PARITY, RISE],
    )  # fmt: skip
    assert [m.status for m in verdict.measurements] == [Status.FAILED, Status.PASSED]
    assert [m.setting for m in verdict.measurements] == ["fairness.limits.0.at_most", "fairness.limits.1.max_rise"]
    assert (evidence.rows, evidence.weighted, evidence.baseline_version) == (15_060, False, 4)
    titles = [g.title for g in evidence.audits[0].groupings]
    assert titles == ["sex", "race", "age", "sex x race", "sex x age", "race x age", "sex x race x age"]
    ages = {g.name: g.rows for g in evidence.audits[0].groupings[2].groups}
    assert ages["age=missing"] == 10
    assert set(ages) == {"age=<25", "age=25-40", "age=40-60", "age=>=60", "age=missing"}
    assert evidence.table.unknown == {"sex": 0, "race": 122, "age": 10}
    assert evidence.audits[0].groupings[2].left_out == ("age=missing",)
    assert sum(g.rows for g in evidence.audits[0].groupings[-1].groups) == 15_060
    assert {row.of for row in evidence.proof} >= {("sex",), ("race",), ("sex", "race")}
    assert all(row.false_refusals <= row.highest_allowed for row in evidence.proof)


@pytest.mark.parametrize(
    "about", [{"released_version": 4}, {}], ids=["as Score writes it", "a file from before released_version"]
)
def test_a_released_model_that_could_not_answer_is_no_first_model(tmp_path: Path, about: dict[str, Any]) -> None:
    note = "the released model cannot answer: ValueError: Signature mismatch"
    verdict, _ = judged(tmp_path, census(tmp_path, baseline_note=note, **about), sensitive=["sex"], limits=[RISE])
    [m] = verdict.measurements
    assert (verdict.status, verdict.bootstrap, m.reason) == (Status.UNKNOWN, False, "baseline_missing")
    assert note in m.detail


def test_a_first_model_is_a_bootstrap(tmp_path: Path) -> None:
    predictions = census(tmp_path, baseline_note=scored_rows.NO_RELEASE, released_version=None)
    verdict, _ = judged(tmp_path, predictions, sensitive=["sex"], limits=[RISE])
    assert (verdict.status, verdict.bootstrap, verdict.measurements[0].reason) == (Status.PASSED, True, "bootstrap")


@pytest.mark.parametrize(
    ("column", "rows", "value", "said"),
    [
        ("score_>50K", [3, 8], np.nan, "2 of 15,060 rows hold no finite number, first row 3"),
        ("score_<=50K", [5], np.inf, "1 of 15,060 rows hold no finite number, first row 5"),
        ("weight", [0], np.nan, "1 of 15,060 rows are negative or no finite number, first row 0"),
        ("weight", [4, 9], -1.0, "2 of 15,060 rows are negative"), ("weight", slice(None), 0.0, "0 in every row"),
    ],
)  # fmt: skip
def test_what_is_no_number_to_reckon_with_is_refused_by_name(
    tmp_path: Path, column: str, rows: Any, value: float, said: str
) -> None:
    predictions = spoilt(census(tmp_path, weight="fnlwgt"), column, rows, value)
    with pytest.raises(DataError) as refused:
        judged(tmp_path, predictions, sensitive=["sex"], limits=[PARITY])
    [problem] = refused.value.problems
    assert problem.place == f"the scored rows of split 'test', column {column!r}"
    assert said in problem.got
    assert ("'fnlwgt'" in problem.remedy) == (column == "weight")


@pytest.mark.parametrize(("column", "value"), [("value", np.inf), ("value", np.nan), ("label", -np.inf)])
def test_a_regression_without_a_finite_answer_is_refused(tmp_path: Path, column: str, value: float) -> None:
    with pytest.raises(DataError, match=rf"column '{column}'\n.*1 of 4,000 rows"):
        judged(tmp_path, spoilt(regression(tmp_path), column, [7], value), sensitive=["sex"], limits=[PARITY])


def test_a_released_model_without_finite_scores_has_not_answered(tmp_path: Path) -> None:
    predictions = spoilt(census(tmp_path, baseline_version=4, released_version=4), "baseline_score_>50K", [7], np.nan)
    verdict, evidence = judged(tmp_path, predictions, sensitive=["sex"], limits=[RISE])
    [m] = verdict.measurements
    assert (m.status, m.reason, evidence.baseline_version) == (Status.UNKNOWN, "baseline_missing", None)
    assert "its column 'baseline_score_>50K' has 1 of 15,060 rows hold no finite number" in m.detail


def test_weights_are_used_where_the_table_has_them(tmp_path: Path) -> None:
    verdict, evidence = judged(tmp_path, census(tmp_path, weight="fnlwgt"), sensitive=["sex"], limits=[PARITY])
    source = adult.test_rows()
    rates = [np.average(of["decision"], weights=of["fnlwgt"]) for _, of in source.groupby("sex")]
    assert verdict.measurements[0].value == pytest.approx(max(rates) - min(rates), abs=1e-9)
    assert evidence.weighted


def test_nothing_declared_and_nothing_scored(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert judged(tmp_path, tmp_path / "empty")[0].reason == "not_configured"
    assert judged(tmp_path, tmp_path / "empty", sensitive=["sex"])[0].reason == "no_rows"
    assert judged(tmp_path, tmp_path / "empty", enabled=False)[0].reason == "off"


def test_a_column_of_numbers_without_bins_has_too_many_groups(tmp_path: Path) -> None:
    predictions = spoilt(census(tmp_path), "group_age", slice(0, 300), np.arange(300) + 0.5)
    with pytest.raises(
        DataError, match=r"3\d\d groups\n.*at most 200\n.*give it bins: {column: age, bins: \[\.\.\.\]}"
    ):
        judged(tmp_path, predictions, sensitive=["sex", "age"], limits=[PARITY])


def test_a_column_that_was_not_scored_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no group column for region"):
        judged(tmp_path, census(tmp_path), sensitive=["region"])


def spoilt(folder: Path, column: str, rows: Any, value: float) -> Path:
    """The same predictions with this value in these rows of a column."""
    path = folder / "predictions.parquet"
    table = parquet.read_table(path)
    values = table.column(column).to_numpy().copy()
    values[rows] = value
    place = table.schema.names.index(column)
    parquet.write_table(table.set_column(place, table.schema.field(place), pa.array(values)), path)
    return folder


def regression(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    label = rng.normal(10, 2, 4000)
    table = pd.DataFrame({
        "row": np.arange(4000), "label": label, "value": (label + rng.normal(0, 1, 4000)).astype("float32"),
        "weight": 1.0, "group_sex": np.where(np.arange(4000) % 3 == 0, "f", "m"),
    })  # fmt: skip
    table.loc[0, "label"] = np.nan
    return scored(folder / "predictions", table, {"task": "regression", "classes": [], "sensitive": ["sex"]})


def test_regression(tmp_path: Path) -> None:
    folder = regression(tmp_path)
    limits = [{"measure": m, "of": ["sex"], "at_most": 0.6} for m in ("error_difference", "score_difference", "abcc")]
    verdict, evidence = judged(tmp_path, folder, sensitive=["sex"], limits=limits)
    assert verdict.passed
    group = evidence.audits[0].groupings[0].groups[0]
    assert set(group.rates) == {"mean_score", "mean_error", "mean_signed_error"}
    assert evidence.table.rate == "scoring rate"


def test_rows_of_one_key_make_the_interval_wider_and_the_evidence_says_so(tmp_path):
    (tmp_path / "keyed").mkdir()
    section = {"sensitive": [{"column": "sex"}], "limits": [PARITY]}
    [alone] = judged(tmp_path, census(tmp_path), **section)[0].measurements
    verdict, evidence = judged(tmp_path / "keyed", census(tmp_path / "keyed", cluster=["household"]), **section)
    [keyed] = verdict.measurements
    assert keyed.value == alone.value
    # Eight rows that are nearly one: the width grows by the root of about eight.
    assert 2.4 < (keyed.high - keyed.low) / (alone.high - alone.low) < 3.2
    assert any("the same household are not independent" in note for note in evidence.notes)
