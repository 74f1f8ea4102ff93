"""Whole tables through ingest and the gate's judgement: honest ones pass, and what really moved or leaks is named (issue 12)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.data_gate import comparing, leaks
from components.data_gate.core import Released
from components.data_gate.policy import Policy
from pipeline.settings.file import load
from pipeline.settings.source import source_of
from schemas.distributions import SplitDistributions
from schemas.pbtxt import read_pbtxt
from schemas.verdict import Measurement, Status
from sluicegate.tables.columns.distributions import distributions_of
from sluicegate.tables.columns.inspection import examine
from sluicegate.tables.columns.leaks import alone
from sluicegate.tables.inspecting import Source, SplitRule

ROOT = Path(__file__).parents[3]
RELEASED = Released(7, "r1", is_comparable=True)
LIMIT = 0.1


def like_insurance(rows: int, seed: int) -> pd.DataFrame:
    """Counts, codes and skewed amounts, rows drawn independently (case 37): TFDV's bins told such splits apart."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 65, rows),
            "children": rng.poisson(1.1, rows),
            "visits": rng.geometric(0.2, rows),
            "rating": rng.choice([1, 2, 3, 4, 5, 99], rows, p=[0.1, 0.2, 0.3, 0.2, 0.19, 0.01]),
            "late_fee": np.where(rng.random(rows) < 0.85, 0, np.round(np.exp(rng.normal(2, 1, rows)), 2)),
            "spend": np.round(np.exp(rng.normal(7, 1.2, rows)), 2),
            "plan": rng.zipf(1.7, rows).clip(max=200).astype(str),
            "y": np.where(rng.random(rows) < 0.3, "yes", "no"),
        }
    )


def kept(frame: pd.DataFrame, folder: Path, **rule: object) -> dict[str, SplitDistributions]:
    frame.to_csv(folder / "t.csv", index=False)
    source = Source(str(folder / "t.csv"), "y", split=SplitRule(**rule))
    return distributions_of(examine(source), source)


def of_every_pair(splits: dict[str, SplitDistributions], limits: dict[str, float] | None = None) -> list[Measurement]:
    limits = limits or dict.fromkeys(splits["train"].columns, LIMIT)
    asked = [question for pair in comparing.skew(splits) for question in comparing.questions(pair, limits)]
    return comparing.judged(asked, Policy())


def drift(new: SplitDistributions, old: SplitDistributions) -> list[Measurement]:
    """What failed, heaviest first."""
    asked = comparing.questions(comparing.drift(new, old, RELEASED), dict.fromkeys(new.columns, LIMIT))
    return [m for m in comparing.judged(asked, Policy()) if m.status is Status.FAILED]


@pytest.mark.parametrize("rows", [400, 1338, 5000])
def test_no_alarm_between_given_splits_of_one_sample(tmp_path: Path, rows: int) -> None:
    frame = like_insurance(rows, seed=rows)
    split = np.random.default_rng(1).choice(["train", "eval", "test"], rows, p=[0.8, 0.1, 0.1])
    found = of_every_pair(kept(frame.assign(split=split), tmp_path, column="split"))
    assert len([m for m in found if m.value is not None]) >= 2 * 8
    assert not [m for m in found if m.status is Status.FAILED]


@pytest.mark.parametrize("rows", [400, 1338, 5000])
def test_no_alarm_on_another_sample_of_the_same_world_or_the_same_data_split_otherwise(
    tmp_path: Path, rows: int
) -> None:
    first = kept(like_insurance(rows, seed=1), tmp_path)["train"]
    assert not drift(kept(like_insurance(rows, seed=2), tmp_path)["train"], first)
    assert not drift(kept(like_insurance(rows, seed=1), tmp_path, columns=("age", "spend"))["train"], first)


@pytest.mark.parametrize("name", ["census", "penguins", "taxi", "taxi_tips"])
def test_no_shipped_table_alarms_between_its_splits_or_has_a_leak(name: str) -> None:
    settings = load(ROOT / "configs" / f"{name}.yaml").settings
    source = source_of(settings)
    schema = read_pbtxt(settings.schema_file) if settings.schema_file else None
    examined = examine(source, schema)
    found = of_every_pair(distributions_of(examined, source), comparing.limits_of(schema, "skew") if schema else None)
    assert not [m for m in found if m.status is Status.FAILED]
    told = leaks.judged(alone(examined, source, 1.0), Policy())
    assert [(m.status, m.gates) for m in told] == [(Status.PASSED, False)]


def moved(frame: pd.DataFrame, what: str) -> pd.DataFrame:
    third, twentieth = frame.index % 3 == 0, frame.index % 20 == 0
    changes = {
        "a third of a column times 100": {"spend": frame["spend"].where(~third, frame["spend"] * 100)},
        "a new default code": {"age": frame["age"].where(~twentieth, -999)},
        "a vanished category": {"plan": frame["plan"].where(frame["plan"] != "2", "1")},
        "a column of another year": {"visits": frame["visits"] + 3},
        "half of a column missing": {"rating": frame["rating"].where(frame.index % 2 == 0)},
    }
    return frame.assign(**changes[what])


@pytest.mark.parametrize(
    ("what", "column", "kind"),
    [
        ("a third of a column times 100", "spend", "drift_numbers"),
        ("a new default code", "age", "drift_turnover"),
        ("a vanished category", "plan", "drift_turnover"),
        ("a column of another year", "visits", "drift_numbers"),
        ("half of a column missing", "rating", "drift_missing"),
    ],
)
def test_real_drift_is_found_and_named(tmp_path: Path, what: str, column: str, kind: str) -> None:
    before = kept(like_insurance(2500, seed=1), tmp_path)["train"]
    found = drift(kept(moved(like_insurance(2500, seed=2), what), tmp_path)["train"], before)
    assert {m.slice for m in found} == {f"train: {column}"}
    assert kind in {m.name for m in found}
    assert "before" in found[0].detail
    assert found[0].detail.endswith("--set data_gate.policy.drift=warn")


def test_the_heaviest_column_is_named_first(tmp_path: Path) -> None:
    before = kept(like_insurance(2500, seed=1), tmp_path)["train"]
    now = like_insurance(2500, seed=2).assign(age=lambda t: t["age"] + 8, spend=lambda t: t["spend"] * 100)
    distances = [m for m in drift(kept(now, tmp_path)["train"], before) if m.name == "drift_numbers"]
    assert [m.slice for m in distances] == ["train: spend", "train: age"]


def judged(frame: pd.DataFrame, folder: Path) -> dict[str, Measurement]:
    frame.to_csv(folder / "t.csv", index=False)
    source = Source(str(folder / "t.csv"), "y")
    return {
        m.slice.removeprefix("all splits: "): m for m in leaks.judged(alone(examine(source), source, 1.0), Policy())
    }


def test_the_counter_of_a_sorted_export_and_an_outcome_are_refused_by_name(tmp_path: Path) -> None:
    frame = like_insurance(1200, seed=3).sort_values("y", kind="stable").reset_index(drop=True)
    noise = np.random.default_rng(4).normal(size=1200)
    frame = frame.assign(row=range(1200), refund=lambda t: (t["y"] == "yes") * 4.1 + noise)
    found = judged(frame, tmp_path)
    assert {name for name, m in found.items() if m.gates} == {"row", "refund"}
    assert "add row to columns.leave_out" in found["row"].detail


def test_a_table_without_a_leak_says_which_column_is_best(tmp_path: Path) -> None:
    frame = like_insurance(1200, seed=3)
    frame["y"] = np.where(frame["age"] + np.random.default_rng(5).normal(0, 8, 1200) > 40, "yes", "no")
    [told] = judged(frame, tmp_path).values()
    assert (told.status, told.gates) == (Status.PASSED, False)
    assert "the best is age" in told.detail
