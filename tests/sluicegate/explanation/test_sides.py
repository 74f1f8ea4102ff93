"""The gap that is explained is the one that the first limit is on, over the rows which that is over."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.settings.declaration import section
from schemas.document import to_text
from schemas.predictions import Answers
from schemas.sensitive import SensitiveColumn
from sluicegate.explanation.core import SensitiveCodes, explain
from sluicegate.explanation.sides import sides_of
from sluicegate.explanation.subject import ExplainedSplit, group_texts
from sluicegate.fairness.audit import audit
from sluicegate.fairness.gaps import MEASURES
from sluicegate.fairness.groups import of_texts
from sluicegate.fairness.policy import Fairness, Limit, Policy
from sluicegate.fairness.rows import Rows
from tests.sluicegate.explanation.worlds import BINARY, Raw, asked, people, sigmoid, two

RAW = people(3000)
#: Nurses need more school than smiths; whoever has some deserves it.
LABEL = (RAW["school"] > 0).astype(int)


def strict_with_nurses(raw: Raw) -> np.ndarray:
    bar = np.where(raw["job"] == "smith", -0.2, 0.8)
    return two(sigmoid(4 * (raw["school"] - bar)))


def sensitive(measure: str) -> SensitiveCodes:
    return SensitiveCodes({"sex": ()}, ("sex",), rates=MEASURES[measure].of)


def rates(of: np.ndarray, weight: np.ndarray | None = None) -> tuple[float, float]:
    """Share of decisions for yes among men and among women, over the rows `of`."""
    yes = strict_with_nurses(RAW)[:, 1] >= 0.5
    men = RAW["sex"] == "Male"
    weight = np.ones(len(yes)) if weight is None else weight
    first, second = (float(np.average(yes[rows & of], weights=weight[rows & of])) for rows in (men, ~men))
    return first, second


@pytest.mark.parametrize(
    ("measure", "name", "base"),
    [
        ("demographic_parity_difference", "selection rate", LABEL >= 0),
        ("impact_ratio", "selection rate", LABEL >= 0),
        ("equal_opportunity_difference", "true positive rate", LABEL == 1),
        ("fpr_difference", "false positive rate", LABEL == 0),
    ],
)
def test_the_gap_is_over_the_rows_of_its_rate(measure: str, name: str, base: np.ndarray) -> None:
    weight = np.random.default_rng(2).uniform(0.5, 2, len(LABEL))
    request = asked(RAW, strict_with_nurses, LABEL, sensitive=sensitive(measure), weight=weight)
    evidence, _ = explain(request)
    found = evidence.disparity
    assert found is not None
    men, women = rates(base, weight)
    assert found.measure == name
    assert (found.high, found.low) == ("Male", "Female")
    assert found.over_all_rows == pytest.approx(men - women, abs=1e-12)
    # All rows fit into the work, so the decomposed gap is the whole one.
    assert found.rows_high == (base & (RAW["sex"] == "Male")).sum()
    assert found.full == pytest.approx(men - women, abs=1e-12)
    assert found.efficiency_error < 1e-12
    assert "job" in found.carried[0].columns
    assert (found.carried[0].contribution.value or 0) > 0.7 * (men - women)
    assert any(f"The gap is of the {name} between Male and Female" in note for note in evidence.notes)


def test_shuffling_a_column_is_judged_by_the_same_rate() -> None:
    """Among those who deserve it, the job is what women lack; shuffled, the gap in true positive rates is gone."""
    evidence, _ = explain(asked(RAW, strict_with_nurses, LABEL, sensitive=sensitive("equal_opportunity_difference")))
    [job] = [one for one in evidence.importances if one.columns == ("job",)]
    men, women = rates(LABEL == 1)
    assert job.gap is not None
    assert (job.gap.value or 0) == pytest.approx(men - women, abs=0.1)


def split_of(label: np.ndarray, answers: Answers = BINARY, score=strict_with_nurses) -> ExplainedSplit:
    scores = np.asarray(score(RAW), float).reshape(len(label), -1)
    return ExplainedSplit(answers, scores, label, np.ones(len(label)), {"sex": group_texts(RAW["sex"])})


def test_of_two_rates_the_larger_gap_is_explained() -> None:
    equalized = sensitive("equalized_odds_difference")
    gaps = {name: np.subtract(*rates(value == LABEL)) for name, value in (("tpr", 1), ("fpr", 0))}
    found = sides_of(split_of(LABEL), equalized, 1)
    assert not isinstance(found, str)
    assert found.rate.kind == max(gaps, key=lambda name: gaps[name])
    assert found.over_all_rows == pytest.approx(max(gaps.values()))


def test_an_unknown_label_is_under_no_rate_of_labels() -> None:
    label = np.where(np.arange(len(LABEL)) % 3 == 0, -1, LABEL)
    found = sides_of(split_of(label), sensitive("equal_opportunity_difference"), 1)
    assert not isinstance(found, str)
    men, women = rates(label == 1)
    assert found.over_all_rows == pytest.approx(men - women)
    wrong = sides_of(split_of(label), sensitive("error_difference"), 1)
    assert not isinstance(wrong, str)
    assert (wrong.rate.name(split_of(label)), wrong.members(split_of(label))[0][::3].any()) == ("error rate", False)


def test_precision_has_no_shares_and_the_page_says_so() -> None:
    evidence, _ = explain(asked(RAW, strict_with_nurses, LABEL, sensitive=sensitive("predictive_parity_difference")))
    assert evidence.disparity is not None
    assert evidence.disparity.measure == "selection rate"
    assert any("on precision, whose gap has no shares" in note for note in evidence.notes)


def test_a_regressions_errors_are_compared_where_the_limit_is_on_them() -> None:
    label = 10.0 * RAW["school"] + np.where(RAW["sex"] == "Male", 0.0, 6.0)

    def score(raw: Raw) -> np.ndarray:
        return np.asarray(10.0 * raw["school"])[:, None]

    values = split_of(label, Answers("regression"), score)
    for measure, name, gap in (
        ("error_difference", "mean absolute error", 6.0),
        ("score_difference", "mean value", None),
    ):
        found = sides_of(values, sensitive(measure), 0)
        assert not isinstance(found, str)
        assert found.rate.name(values) == name
        if gap is not None:
            assert (found.high, found.low, found.over_all_rows) == ("Female", "Male", pytest.approx(gap))


def test_too_few_rows_under_the_rate_say_which_rows() -> None:
    few = np.where((RAW["sex"] == "Female") & (np.cumsum(LABEL) > 40), 0, LABEL)
    found = sides_of(split_of(few), replace(sensitive("equal_opportunity_difference"), min_positives=100), 1)
    assert found == (
        "Fewer than two groups of sex have 30 rows (fairness.min_rows) and 100 rows whose label is yes "
        "(fairness.min_positives), so no gap is explained."
    )


def judged_and_explained(
    positives: int, floors: dict[str, int], weight: np.ndarray
) -> tuple[float | None, float | None]:
    """The gap in true positive rates with so few positive women, as the gate has it and as it is explained."""
    is_woman = RAW["sex"] == "Female"
    label = np.where(is_woman & (np.cumsum(is_woman * LABEL) > positives), 0, LABEL)
    split = replace(split_of(label), weight=weight)
    sexes, codes = np.unique(RAW["sex"], return_inverse=True)
    rows = Rows(
        task="binary", classes=("no", "yes"), label=label, decision=(split.scores[:, 1] >= 0.5).astype(int),
        scores=split.scores, sensitive=(of_texts("sex", codes, sexes.tolist()),), weight=weight,
    )  # fmt: skip
    limit = Limit("equal_opportunity_difference", ("sex",), at_most=0.5, setting="fairness.limits.0")
    verdict, _ = audit(rows, Policy(sensitive=(SensitiveColumn("sex"),), limits=(limit,), draws=1000, **floors))
    gate = verdict.measurements[0].value
    found = sides_of(split, replace(sensitive("equal_opportunity_difference"), **floors), 1)
    return gate, None if isinstance(found, str) else found.over_all_rows


@pytest.mark.parametrize("positives", [5, 9, 10, 12, 29, 30])
@pytest.mark.parametrize("min_rows", [30, 1600])
def test_the_gap_is_that_of_the_groups_that_the_gate_judges(positives: int, min_rows: int) -> None:
    weight = np.random.default_rng(4).choice([0.0, 1.0, 2.0], len(LABEL))
    floors = {"min_rows": min_rows, "min_positives": 10}
    gate, explained = judged_and_explained(positives, floors, weight)
    assert (gate is None) is (positives < 10 or min_rows == 1600)
    assert explained == (None if gate is None else pytest.approx(gate))


def test_both_floors_of_the_settings_are_read() -> None:
    told = SensitiveCodes.from_json(to_text(section(Fairness, sensitive=["sex"], min_rows=50, min_positives=20)))
    assert (told.min_rows, told.min_positives) == (50, 20)


@pytest.mark.parametrize("measure", sorted(MEASURES))
def test_every_measure_of_the_settings_has_a_gap_to_explain(measure: str) -> None:
    regression = measure in ("error_difference", "score_difference")
    fairness = section(
        Fairness,
        **{"sensitive": ["sex"], "limits": [{"measure": measure, "of": ["sex"], "at_most": 0.1}]}
        if "ratio" not in measure
        else {"sensitive": ["sex"], "limits": [{"measure": measure, "of": ["sex"], "at_least": 0.8}]},
    )
    told = SensitiveCodes.from_json(to_text(fairness))
    assert told.rates == MEASURES[measure].of
    assert not isinstance(sides_of(split_of(LABEL), told, 1), str)
    if regression:
        values = split_of(LABEL.astype(float), Answers("regression"), lambda raw: raw["school"][:, None])
        assert not isinstance(sides_of(values, told, 0), str)
