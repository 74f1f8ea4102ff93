"""Settings about groups, and about whose word counts, that could only fail later, or never refuse."""

import pytest

from pipeline.settings.file import load
from pipeline.settings.table import check_with_table
from schemas.errors import SettingsError
from schemas.roles import Roles
from sluicegate.fairness.gap_bounds import OF_VALUES

GOOD = "name: x\ndata: a.csv\nlabel: y\n"
LIMIT = "limits: [{measure: demographic_parity_difference, of: [sex], at_most: 0.1}]"
FAIR = f"fairness: {{sensitive: [sex], {LIMIT}}}\n"
WORD = "overrides: [{gate: fairness, by: Ada, reason: a pilot without people}]\n"


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Writes settings to my.yaml in a folder of its own and returns its name."""
    monkeypatch.chdir(tmp_path)

    def write(more):
        start = GOOD.replace("label: y\n", "") if "label:" in more else GOOD
        (tmp_path / "my.yaml").write_text(start + more)
        return "my.yaml"

    return write


def only_problem(path, *changes):
    """The one problem, with all its four parts."""
    with pytest.raises(SettingsError) as raised:
        load(path, changes)
    [problem] = raised.value.problems
    assert raised.value.headline
    assert all((problem.place, problem.got, problem.allowed, problem.remedy))
    return problem


@pytest.mark.parametrize(
    ("key", "by", "reason"),
    [("by", '"  "', "a pilot without people"), ("reason", "Ada", f'"{" " * 12}"'), ("reason", "Ada", '"a          b"')],
)
def test_spaces_are_no_name_and_no_reason(written, key, by, reason):
    told = f"overrides: [{{gate: quality_gate, by: {by}, reason: {reason}}}]\n"
    problem = only_problem(written(told))
    assert problem.place == f"my.yaml, line 4, key overrides.0.{key}"
    assert problem.allowed.startswith("the name of a person" if key == "by" else "text of 10 characters or more")


def test_a_name_and_a_reason_are_kept_on_one_line_without_spaces_around(written):
    told = 'overrides: [{gate: quality_gate, by: " Ada ", reason: " a pilot\\n without  people "}]\n'
    [kept] = load(written(told)).settings.overrides
    assert (kept.by, kept.reason) == ("Ada", "a pilot without people")


@pytest.mark.parametrize(
    ("fairness", "word"),
    [
        ("fairness: off\n", "fairness is off"),
        ("", "no column is declared"),
        ("fairness: {sensitive: [sex]}\n", "no limits to judge by"),
        ("fairness: {sensitive: [sex], profile: ll144-table}\n", "no limits to judge by"),
    ],
)
def test_an_override_of_a_gate_that_cannot_refuse(written, fairness, word):
    problem = only_problem(written(fairness + WORD))
    assert problem.place.endswith(", key overrides.0.gate")
    assert word in problem.got


@pytest.mark.parametrize(
    "fairness",
    [FAIR, "fairness: {sensitive: [sex], profile: ugesp-4-5}\n", "fairness: {sensitive: [sex], report_only: true}\n"],
)
def test_an_override_of_a_gate_that_can(written, fairness):
    assert load(written(fairness + WORD)).settings.overrides[0].by == "Ada"


def test_an_override_is_told_once(written):
    word = WORD.replace("[{", "[{gate: fairness, by: Bo, reason: because it must}, {")
    assert only_problem(written(FAIR + word)).place.endswith(", key overrides.1.gate")


def test_the_profiles_with_limits_are_those_of_the_gate():
    from pipeline.settings.fairness_contradictions import WITH_LIMITS
    from sluicegate.fairness.profiles import PROFILES

    assert set(WITH_LIMITS) == {name for name, profile in PROFILES.items() if profile.limits}


def limited(measure, bound):
    return f"fairness: {{sensitive: [sex], limits: [{{measure: {measure}, of: [sex], {bound}}}]}}\n"


@pytest.mark.parametrize(
    ("measure", "bound"),
    [
        ("demographic_parity_difference", "at_most: 1.0"),
        ("equalized_odds_mean", "at_most: 1.5"),
        ("equalized_odds_sum", "at_most: 2.0"),
        ("equal_opportunity_difference", "max_rise: 1"),
        ("impact_ratio", "max_rise: 1"),
        ("impact_ratio", "at_least: 0"),
        ("demographic_parity_ratio", "at_least: 0.0"),
        ("error_difference", "at_most: 1.0"),
        ("score_difference", "max_rise: 1"),
        ("abcc", "at_most: 1"),
    ],
)
@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_a_limit_that_cannot_refuse(written, measure, bound, task):
    problem = only_problem(written(f"task: {task}\n" + limited(measure, bound)))
    assert problem.place.endswith(f"key fairness.limits.0.{bound.split(':')[0]}")
    assert ("raise it above 0" if "at_least" in bound else "could not refuse") in problem.remedy


@pytest.mark.parametrize(
    ("measure", "bound", "task"),
    [
        ("demographic_parity_difference", "at_most: 0.99", "binary"),
        ("equalized_odds_sum", "at_most: 1.9", "binary"),
        ("impact_ratio", "at_least: 1", "binary"),
        ("error_difference", "at_most: 5000", "regression"),
        ("abcc", "at_most: 3", "regression"),
        ("score_difference", "max_rise: 1", "auto"),
    ],
)
def test_a_limit_that_can(written, measure, bound, task):
    assert load(written(f"task: {task}\n" + limited(measure, bound))).settings.fairness.limits[0].measure == measure


@pytest.mark.parametrize(
    ("more", "key", "got"),
    [
        ("task: regression\nfairness: {sensitive: [sex], positive: high}\n", "fairness.positive", "'high', for task"),
        (
            "label: {column: y, positive: high}\ntask: binary\nfairness: {sensitive: [sex], positive: low}\n",
            "fairness.positive",
            "'low', and the positive class is 'high'",
        ),
        (
            "task: regression\n" + FAIR,
            "fairness.limits.0.measure",
            "demographic_parity_difference, for task regression",
        ),
        (
            "task: regression\nfairness: {sensitive: [sex], profile: ugesp-4-5}\n",
            "fairness.profile",
            "ugesp-4-5, for task regression",
        ),
        (limited("abcc", "max_rise: 0.1"), "fairness.limits.0.max_rise", "0.1 for abcc"),
        (limited("abcc", "at_most: 0.2, max_rise: 0.1"), "fairness.limits.0.max_rise", "0.1 for abcc"),
        ("fairness: {sensitive: [{column: age, bins: [.nan, 1]}]}\n", "fairness.sensitive.0.bins", "[nan, 1.0]"),
        ("fairness: {sensitive: [{column: age, bins: [1, .inf]}]}\n", "fairness.sensitive.0.bins", "[1.0, inf]"),
        ("fairness: {sensitive: [{column: age, bins: [40, 25]}]}\n", "fairness.sensitive.0.bins", "[40.0, 25.0]"),
        ("explanation: {immutable: [age, sex], monotone: {age: up}}\n", "explanation.monotone.age", "immutable, too"),
        (
            "training: {mitigation: reweigh, mitigation_goal: equal_opportunity}\n" + FAIR,
            "training.mitigation_goal",
            "equal_opportunity, with mitigation: reweigh",
        ),
    ],
)
def test_what_could_only_fail_later_is_refused_with_its_key(written, more, key, got):
    problem = only_problem(written(more))
    assert problem.place.startswith("my.yaml, line ")
    assert problem.place.endswith(f", key {key}")
    assert got in problem.got


@pytest.mark.parametrize(
    "more",
    [
        "label: {column: y, positive: high}\ntask: binary\nfairness: {sensitive: [sex], positive: high}\n",
        "task: binary\nfairness: {sensitive: [sex], positive: high}\n",
        "task: regression\nfairness: {sensitive: [sex], profile: ll144-table}\n",
        "task: regression\nfairness: off\n",
        "task: regression\nfairness: {enabled: false, sensitive: [sex], positive: high}\n",
        "task: multiclass\nfairness: {sensitive: [sex], positive: high}\n",
        "training: {mitigation: constrained, mitigation_goal: equal_opportunity}\n" + FAIR,
        "explanation: {immutable: [sex], monotone: {age: up}}\n",
    ],
)
def test_what_makes_sense_loads(written, more):
    assert load(written(more)).settings.name == "x"


BINARY = Roles("y", "binary", ("low", "high"))
THREE = Roles("y", "multiclass", ("low", "middle", "high"))
NUMBER = Roles("y", "regression")


@pytest.mark.parametrize(
    ("more", "roles", "key", "got"),
    [
        ("fairness: {sensitive: [sex], positive: low}\n", BINARY, "fairness.positive", "the positive class is 'high'"),
        ("fairness: {sensitive: [sex], positive: hihg}\n", THREE, "fairness.positive", "which the label never is"),
        ("fairness: {sensitive: [sex], positive: high}\n", NUMBER, "fairness.positive", "for task regression"),
        (FAIR, NUMBER, "fairness.limits.0.measure", "for task regression"),
        (limited("error_difference", "at_most: 2"), BINARY, "fairness.limits.0.at_most", "2 for error_difference"),
    ],
)
def test_what_the_table_came_to_is_held_against_the_settings_before_anything_runs(written, more, roles, key, got):
    with pytest.raises(SettingsError, match="'y', a") as raised:
        check_with_table(load(written(more)), roles)
    [problem] = raised.value.problems
    assert (problem.place.split(":")[0], problem.place.split(", ")[-1]) == ("my.yaml", f"key {key}")
    assert got in problem.got
    assert all((problem.allowed, problem.remedy))


def test_a_place_is_also_that_of_an_option(written):
    change = "fairness={sensitive: [sex], positive: low}"
    with pytest.raises(SettingsError) as raised:
        check_with_table(load(written(""), [change]), BINARY)
    assert raised.value.problems[0].place == f"--set {change}, key fairness.positive"


@pytest.mark.parametrize(
    ("more", "roles"),
    [("fairness: {sensitive: [sex], positive: high}\n", BINARY), (FAIR, THREE), ("fairness: off\n", NUMBER)],
)
def test_settings_that_fit_their_table(written, more, roles):
    check_with_table(load(written(more)), roles)


def test_the_measures_of_a_regression_are_those_that_need_no_rate():
    from sluicegate.fairness.gaps import MEASURES

    rates = {"selection_rate", "tpr", "fpr", "ppv"}
    assert {name for name, measure in MEASURES.items() if not rates & set(measure.of)} == OF_VALUES
