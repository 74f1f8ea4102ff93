"""The report's curves and histograms are exact: scikit-learn's at every point that is kept, with weights and ties."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics

from pipeline.run.evidence import scores
from schemas import score_evidence, scored_rows
from schemas.scored_rows import About, ScoredRows, Texts

ROWS = 5000


def binary(folder, seed=0, *, baseline=True, ties=False):
    """A binary split in `folder`; every 50th label is unknown."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, ROWS)
    places = 1 if ties else 6
    score, before = (np.clip(rng.normal(0.4 + 0.2 * label, 0.2), 0, 1).round(places) for _ in range(2))
    label[::50] = -1
    about = About(
        "binary", ("no", "yes"), 0.45, 0.5, sensitive=("sex", "age"), baseline_version=3 if baseline else None
    )
    columns = {
        "row": np.arange(ROWS),
        "label": label,
        "decision": (score >= 0.45).astype(int),
        "score_no": (1 - score).astype(np.float32),
        "score_yes": score.astype(np.float32),
        "weight": rng.uniform(0.5, 2, ROWS),
        "group_sex": Texts.of([("F", "M", None)[n % 3] for n in range(ROWS)]),
        "group_age": rng.integers(18, 80, ROWS).astype(float),
    }
    if baseline:
        columns |= {
            "baseline_decision": (before >= 0.5).astype(int),
            "baseline_score_no": (1 - before).astype(np.float32),
            "baseline_score_yes": before.astype(np.float32),
        }
    rows = ScoredRows(about, columns)
    scored_rows.save(rows, folder)
    return rows


def known(rows, prefix=""):
    mask = rows.label >= 0
    return rows.label[mask], rows[f"{prefix}score_yes"][mask].astype(float), rows.weight[mask]


@pytest.mark.parametrize("ties", [False, True])
def test_every_point_of_the_curves_is_scikit_learns(tmp_path, ties):
    rows = binary(tmp_path, ties=ties)
    found = scores.read(tmp_path, {"age": (30, 60)})
    for curves, prefix in ((found.curves, ""), (found.released, "baseline_")):
        label, score, weight = known(rows, prefix)
        fpr, tpr, _ = metrics.roc_curve(label, score, sample_weight=weight, drop_intermediate=False)
        exact = {(round(x, 9), round(y, 9)) for x, y in zip(fpr, tpr, strict=True)}
        assert {(round(x, 9), round(y, 9)) for x, y in curves.roc} <= exact
        assert curves.roc[0] == (0.0, 0.0)
        assert curves.roc[-1] == pytest.approx((1.0, 1.0))
        area = metrics.auc(*zip(*curves.roc, strict=True))
        assert area == pytest.approx(metrics.roc_auc_score(label, score, sample_weight=weight), abs=1e-4)
        precision, recall, _ = metrics.precision_recall_curve(label, score, sample_weight=weight)
        exact = {(round(r, 9), round(p, 9)) for r, p in zip(recall, precision, strict=True)}
        assert {(round(r, 9), round(p, 9)) for r, p in curves.pr} <= exact
        assert len(curves.roc) <= scores.MOST_POINTS


def test_thresholds_say_what_each_would_do_and_hold_the_chosen_one(tmp_path):
    rows = binary(tmp_path)
    found = scores.read(tmp_path)
    label, score, weight = known(rows)
    assert found.threshold in [t.threshold for t in found.thresholds]
    for one in found.thresholds[::7]:
        said = score >= one.threshold
        options = {"sample_weight": weight, "zero_division": np.nan}
        assert one.recall == pytest.approx(metrics.recall_score(label, said, **options))
        if one.precision is not None:
            assert one.precision == pytest.approx(metrics.precision_score(label, said, **options))
        assert one.accuracy == pytest.approx(metrics.accuracy_score(label, said, sample_weight=weight))
        assert one.said == pytest.approx(np.average(said, weights=weight))


def test_histograms_part_the_rows_by_class_and_by_group(tmp_path):
    rows = binary(tmp_path, baseline=False)
    found = scores.read(tmp_path, {"age": (30, 60)})
    label, score, weight = known(rows)
    by = {one.by: one for one in found.histograms}
    assert [p.name for p in by[""].parts] == ["no", "yes"]
    assert [p.name for p in by["sex"].parts] == ["F", "M", "missing"]
    assert [p.name for p in by["age"].parts] == ["<30", "30-60", ">=60"]
    for one in found.histograms:
        assert sum(sum(p.counts) for p in one.parts) == pytest.approx(weight.sum())
        assert sum(p.rows for p in one.parts) == len(label)
    yes = by[""].parts[1]
    assert yes.mean == pytest.approx(np.average(score[label == 1], weights=weight[label == 1]))
    expected = np.histogram(score[label == 1], by[""].edges, weights=weight[label == 1])[0]
    assert sum(abs(a - b) for a, b in zip(yes.counts, expected, strict=True)) < 0.01 * weight.sum()
    assert found.released is None


def test_too_many_groups_are_counted_and_not_drawn(tmp_path):
    rows = binary(tmp_path)
    found = scores.read(tmp_path)  # no bins: every age is a group
    age = next(one for one in found.histograms if one.by == "age")
    assert len(age.parts) == scores.MOST_PARTS
    assert age.hidden == len(np.unique(rows["group_age"])) - scores.MOST_PARTS


def test_other_tasks_have_what_they_can_have(tmp_path):
    rng = np.random.default_rng(1)
    label = rng.integers(0, 3, 300)
    logits = rng.normal(0, 1, (300, 3)) + 2 * np.eye(3)[label]
    score = (np.exp(logits) / np.exp(logits).sum(1, keepdims=True)).astype(np.float32)
    columns = {f"score_{name}": score[:, n] for n, name in enumerate("abc")}
    rows = ScoredRows(
        About("multiclass", ("a", "b", "c")),
        {"row": np.arange(300), "label": label, "decision": score.argmax(1), **columns, "weight": np.ones(300)},
    )
    scored_rows.save(rows, tmp_path / "classes")
    found = scores.read(tmp_path / "classes")
    assert (found.what, found.curves.roc, found.thresholds) == ("confidence", (), ())
    right = sum(p.said * p.rows for p in found.histograms[0].parts) / 300
    assert right == pytest.approx((score.argmax(1) == label).mean())
    value = rng.normal(100, 10, 300)
    rows = ScoredRows(
        About("regression"),
        {"row": np.arange(300), "label": value, "value": (value + rng.normal(1, 2, 300)), "weight": np.ones(300)},
    )
    scored_rows.save(rows, tmp_path / "values")
    found = scores.read(tmp_path / "values")
    assert (found.what, found.histograms[0].parts[0].rows) == ("error", 300)
    assert found.histograms[0].parts[0].mean == pytest.approx(1, abs=0.5)
    assert len(found.curves.calibration) == scores.CALIBRATION_BINS
    assert score_evidence.read_if_there(score_evidence.write(found, tmp_path).parent) == found


def test_nothing_to_count_is_nothing(tmp_path):
    rows = binary(tmp_path)
    scored_rows.save(ScoredRows(rows.about, {**rows.columns, "label": np.full(ROWS, -1)}), tmp_path)
    assert scores.read(tmp_path) is None


def test_without_sensitive_columns_the_slices_part_the_rows(tmp_path):
    rows = binary(tmp_path, baseline=False)
    about = replace(rows.about, sensitive=(), slices=("city",))
    cells = Texts.of([("Rome", "Bern")[n % 2] for n in range(ROWS)])
    scored_rows.save(ScoredRows(about, {**rows.columns, "slice_city": cells}), tmp_path)
    found = scores.read(tmp_path)
    assert [(one.by, [p.name for p in one.parts]) for one in found.histograms[1:]] == [("city", ["Bern", "Rome"])]


def test_a_score_that_is_no_number_costs_its_row_and_not_the_report(tmp_path):
    rows = binary(tmp_path)
    broken = {name: rows[name].copy() for name in ("score_yes", "baseline_score_no")}
    broken["score_yes"][1], broken["baseline_score_no"][:] = np.nan, np.nan
    scored_rows.save(ScoredRows(rows.about, {**rows.columns, **broken}), tmp_path)
    found = scores.read(tmp_path)
    assert found.rows == (rows.label >= 0).sum() - 1
    assert found.released is None
