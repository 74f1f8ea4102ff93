"""Drift from what the released model was trained on: refused, said, and not moved by refused runs; equal data stay cached."""

import json
import random

import pytest

from schemas import release
from tests.integration.conftest import UNSERVED
from tests.integration.test_bring_your_own_table import sluicegate

CONFIG = ("--config", "configs/my_table.yaml", "--quiet", "--set", "training.epochs=4", *UNSERVED)
LEARNED = ("Transform", "Trainer")


def table(path, moved=0, basic=0.4, rows=1500, seed=3):
    """moved : added to every size.  basic : share of the plan basic. What makes a customer leave stays as it is."""
    rng = random.Random(seed)
    lines = ["plan,calls,size,churn"]
    for _ in range(rows):
        plan = "basic" if rng.random() < basic else rng.choice(["plus", "pro"])
        calls, size = rng.randrange(9), rng.gauss(170, 10) + moved
        churn = "yes" if calls + 3 * (plan == "basic") + rng.gauss(0, 1) > 5 else "no"
        lines.append(f"{plan},{calls},{size:.1f},{churn}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def states(ended):
    return {step["step"]: step["state"] for step in ended.result["steps"]}


def stable(ended):
    return release.read(ended.output / "serving" / "my_table").stable


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drift")
    table(folder / "my table.csv")
    proposed = sluicegate(folder, "init", "--data", "my table.csv", "--label", "churn")
    assert proposed.code == 0, proposed.err
    return folder


@pytest.fixture(scope="module")
def first(place):
    ended = sluicegate(place, "run", *CONFIG)
    assert ended.code == 0, ended.out + ended.err
    return ended, ended.result


@pytest.fixture(scope="module")
def equal(place, first):
    """The same data again, twice: against the model that the first run released."""
    found = []
    for _ in range(2):
        ended = sluicegate(place, "run", *CONFIG, "--again")
        assert ended.code == 0, ended.out + ended.err
        found.append((states(ended), ended.gate("data_gate")))
    return found


@pytest.fixture(scope="module")
def shifted(place, equal):
    table(place / "my table.csv", moved=25, basic=0.8)
    ended = sluicegate(place, "run", *CONFIG)
    return ended, ended.result, states(ended)


def test_the_first_model_has_nothing_to_drift_from(first):
    _, result = first
    gate = next(gate for gate in result["gates"] if gate["gate"] == "data_gate")
    assert gate["bootstrap"] is True
    assert [m["reason"] for m in gate["measurements"] if m["name"] == "drift"] == ["bootstrap"]


def test_equal_data_are_judged_once_more_and_learned_from_no_more(equal):
    (after, gate), (later, _) = equal
    assert (after["ReleasedStatistics"], after["DataGate"]) == ("DONE", "DONE")
    assert {after[step] for step in (*LEARNED, "StatisticsGen", "ExampleValidator")} == {"CACHED"}
    drift = {
        m["slice"]: m["value"]
        for m in gate["measurements"]
        if m["name"].startswith("drift_") and m["value"] is not None
    }
    assert drift == {"train: plan": 0, "train: calls": 0, "train: size": 0, "train: churn": 0}
    assert {later[step] for step in ("ReleasedStatistics", "DataGate", *LEARNED)} == {"CACHED"}


def test_shifted_data_are_refused_before_anything_is_learned(shifted, first):
    ended, result, state = shifted
    assert ended.code == 2, ended.out + ended.err
    assert {state[step] for step in LEARNED} == {"SKIPPED"}
    assert stable(ended) == first[1]["pushed_version"]
    gate = next(gate for gate in result["gates"] if gate["gate"] == "data_gate")
    assert {m["slice"] for m in gate["measurements"] if m["gates"] and m["status"] == "FAILED"} == {
        "train: plan",
        "train: size",
    }


def test_the_refusal_names_column_distance_limit_version_and_setting(shifted, first):
    ended, result, _ = shifted
    found = [m for gate in result["gates"] for m in gate["measurements"] if m["slice"] == "train: size"]
    [size] = [m for m in found if m["name"] == "drift_numbers"]
    said = " ".join(ended.out.split())
    for word in (
        "train: size",
        f"{size['value']:.4g}",
        f"at most {size['limit']:.4g}",
        f"released version {first[1]['pushed_version']}",
        first[1]["run_id"],
        "data_gate.default",
        " before, ",
        "--set data_gate.policy.drift=warn",
    ):
        assert word in said, word


def test_the_report_shows_drift_beside_skew(shifted, first):
    ended, result, _ = shifted
    run = ended.output / "runs" / result["run_id"]
    evidence = json.loads((run / "evidence" / "data.json").read_text())
    judged = {
        m["slice"]: m["value"]
        for g in result["gates"]
        for m in g["measurements"]
        if m["name"] in ("drift_numbers", "drift_categories")
    }
    shown = {
        f"train: {column['name']}": distance["value"]
        for column in evidence["columns"]
        for distance in column["drift"]
        if distance["released_version"] == first[1]["pushed_version"]
    }
    assert shown == judged
    assert f"train against released version {first[1]['pushed_version']}" in (run / "reports" / "data.html").read_text()
    assert {one["column"] for one in evidence["moved"]} == {"plan", "size"}
    assert all(len(one["before"]) == len(one["now"]) == len(one["labels"]) for one in evidence["moved"])


def test_a_refused_run_does_not_move_the_baseline(place, shifted):
    again = sluicegate(place, "run", *CONFIG, "--again")
    assert again.code == 2, again.out + again.err


def test_wanted_drift_is_let_through_and_becomes_the_baseline(place, shifted, first):
    ended = sluicegate(place, "run", *CONFIG, "--set", "data_gate.policy.drift=warn")
    assert ended.code == 0, ended.out + ended.err
    assert stable(ended) == ended.result["pushed_version"] != first[1]["pushed_version"]
    assert any(m["reason"] == "warned" for m in ended.gate("data_gate")["measurements"])
    later = sluicegate(place, "run", *CONFIG, "--again")
    assert later.code == 0, later.out + later.err
    table(place / "my table.csv")
    back = sluicegate(place, "run", *CONFIG)
    assert back.code == 2, back.out + back.err
    assert f"released version {stable(back)}" in " ".join(back.out.split())
