"""`sluicegate frontier`: what it refuses before anything runs, and one real sweep over a small table."""

import json
import random
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.frontier.study import check_methods
from schemas.errors import SettingsError
from sluicegate_cli.frontier import strengths_of
from tests import warm
from tests.ended import Ended
from tests.sluicegate.reports.parsed_page import Page

ROWS = 4000
CONFIG = """\
name: bank
data: bank.csv
label: {column: hired, positive: "yes"}
training: {epochs: 6, layers: [16], members: 1, max_knots: 16}
fairness:
  sensitive: [sex]
  limits:
    - {measure: demographic_parity_ratio, of: [sex], at_least: 0.6}
"""
#: Of the two groups that the table has, it knows one.
SCHEMA = """
feature { name: "skill" type: FLOAT }
feature { name: "age" type: INT }
feature { name: "sex" type: BYTES string_domain { name: "sex" value: "Female" } }
feature { name: "hired" type: BYTES }
"""


@dataclass(frozen=True)
class Swept(Ended):
    output: Path

    @property
    def content(self):
        return json.loads((self.output / "frontier" / "frontier.json").read_text())


def write_table(folder):
    """The same skill is hired more often where it is a man's."""
    draw = random.Random(0)
    lines = ["skill,age,sex,hired"]
    for _ in range(ROWS):
        sex, skill = draw.choice(["Female", "Male"]), draw.gauss(0, 1)
        is_hired = skill + 0.9 * (sex == "Male") + draw.gauss(0, 0.7) > 0.8
        lines.append(f"{skill:.3f},{draw.randint(20, 60)},{sex},{'yes' if is_hired else 'no'}")
    (folder / "bank.csv").write_text("\n".join(lines) + "\n")
    (folder / "bank.yaml").write_text(CONFIG)


def sweep(folder, *more):
    output = folder / "out"
    words = ("frontier", "--config", "bank.yaml", "--output", output, *more)
    done = warm.call(warm.VERBS, words, folder)
    return Swept(done.returncode, done.stdout, done.stderr, output)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("frontier")
    write_table(folder)
    return folder


@pytest.fixture(scope="module")
def swept(world):
    return sweep(world, "--methods", "thresholds", "--strengths", "0,0.5,1")


def test_a_sweep_closes_the_gap_at_a_price_and_names_the_cheapest_point(swept):
    assert swept.code == 0, swept.err
    points = swept.content["points"]
    assert [(p["method"], p["strength"]) for p in points] == [("none", 0), ("thresholds", 0.5), ("thresholds", 1)]
    gaps = [p["gap"] for p in points]
    assert gaps[0] < 0.7 < gaps[2]
    assert gaps == sorted(gaps)
    assert points[0]["accuracy"] > points[2]["accuracy"]
    assert [p["status"] == "PASSED" for p in points] == [p["gap_low"] >= 0.6 for p in points]
    best = swept.content["cheapest"]
    assert best["method"] == "thresholds"
    last = swept.out.splitlines()[-1]
    assert last.startswith(str(swept.output / "frontier" / "frontier.html"))
    assert last.endswith(
        f"--set training.mitigation=thresholds --set training.mitigation_strength={best['strength']:g}"
    )


def test_a_fifth_of_the_train_rows_is_judged_and_no_test_row(swept):
    content = swept.content
    train = content["judged_rows"] + content["train_rows"]
    assert content["judged_rows"] == train // 5
    assert train + content["eval_rows"] == pytest.approx(0.9 * ROWS, rel=0.02)
    said = f"judged on {content['judged_rows']} train rows set aside; the test split was not looked at"
    assert said in swept.out
    transformed = swept.output / "artifacts" / "Transform" / "transformed_examples"
    assert sorted(path.name for path in next(transformed.iterdir()).iterdir()) == ["Split-eval", "Split-train"]


def test_the_page_shows_the_points_of_the_sweep(swept):
    page = Page(swept.output / "frontier" / "frontier.html")
    assert [row[0].split()[0] for row in page.rows[1:]] == ["none", "thresholds", "thresholds"]
    assert "bank.yaml:8" in page.words


def test_a_sweep_leaves_no_run_and_releases_nothing(swept):
    assert not list((swept.output / "runs").iterdir())
    assert not (swept.output / "serving").exists()
    assert {path.name for path in (swept.output / "artifacts").iterdir()} == {
        "ExampleGen",
        "ReleasedStatistics",
        "StatisticsGen",
        "SchemaGen",
        "ExampleValidator",
        "DataGate",
        "Transform",
    }


def test_data_that_the_gate_refuses_has_no_frontier(world, swept):
    (world / "one.pbtxt").write_text(SCHEMA)
    before = (swept.output / "frontier" / "frontier.json").read_bytes()
    ended = sweep(world, "--set", "schema=one.pbtxt", "--set", "data_gate.default=fail")
    assert ended.code == 2, ended.err
    assert "sex" in ended.out
    assert "DataGate refused this data, so nothing was trained and there is no frontier." in ended.out
    assert (swept.output / "frontier" / "frontier.json").read_bytes() == before


@pytest.mark.parametrize(
    ("change", "place", "got"),
    [
        ("fairness=off", "key fairness", "off"),
        ("fairness={sensitive: []}", "key fairness.sensitive", "no sensitive column"),
        ("training.mitigation_of=[age]", "key training.mitigation_of", "age"),
        ("label={column: age}", "label column 'age'", "task regression"),
    ],
)
def test_where_nothing_can_be_mitigated_it_says_so_and_runs_nothing(call, here, change, place, got):
    write_table(here)
    ended = call("frontier", "--config", "bank.yaml", "--set", change)
    assert ended.code == 64
    assert f"where:   {place}" in ended.err
    assert f"got:     {got}" in ended.err
    assert "allowed: " in ended.err
    assert "do:      " in ended.err
    assert not (here / "output").exists()


@pytest.mark.parametrize(
    ("option", "text", "got"),
    [
        ("--methods", "rewiegh", "did you mean reweigh?"),
        ("--methods", "none", "got:     none"),
        ("--methods", ",", "got:     nothing"),
        ("--strengths", "0,1.5", "got:     1.5"),
        ("--strengths", "half", "got:     half"),
        ("--strengths", "nan", "got:     nan"),
        ("--strengths", "0", "one of them above 0"),
    ],
)
def test_wrong_lists_are_refused_before_the_settings_are_read(call, here, option, text, got):
    ended = call("frontier", option, text)
    assert ended.code == 64
    assert got in ended.err


def test_strengths_are_sorted_and_zero_is_left_to_the_unmitigated_model():
    assert strengths_of("1, 0,0.25,1") == (0.25, 1.0)


def test_a_threshold_by_hand_stands_against_one_threshold_for_all():
    from pipeline.settings.types import Settings
    from schemas.roles import Roles

    settings = Settings.model_validate(
        {
            "name": "t",
            "data": "t.csv",
            "label": "y",
            "fairness": {"sensitive": ["sex"]},
            "training": {"mitigation_thresholds": "one"},
            "evaluation": {"threshold": 0.3},
        }
    )
    roles = Roles(label="y", task="binary", classes=("no", "yes"))
    check_methods(settings, roles, ("reweigh", "constrained"))
    with pytest.raises(SettingsError, match=r"evaluation\.threshold"):
        check_methods(settings, roles, ("reweigh", "thresholds"))


def test_a_method_that_does_not_know_the_goal_is_left_out(world):
    goal = ("--set", "training.mitigation_goal=equal_opportunity")
    ended = sweep(world, *goal, "--methods", "reweigh,thresholds", "--strengths", "1")
    assert ended.code == 0, ended.err
    assert [p["method"] for p in ended.content["points"]] == ["none", "thresholds"]
    assert any(note.startswith("reweigh is left out.") for note in ended.content["notes"])
