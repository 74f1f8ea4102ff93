"""What `init` says about keys, repeats and the split of a table seen for the first time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.splits import looked_at, made_up
from sluicegate.tables.inspecting import SplitRule, advise, first_look, propose_split
from sluicegate.tables.proposal.split_proposal import SplitProposal
from sluicegate.tables.source import Source


def proposed(folder: Path, frame: pd.DataFrame) -> SplitProposal:
    frame.to_csv(folder / "t.csv", index=False)
    source = Source(str(folder / "t.csv"), "y")
    return propose_split(first_look(source), source)


def visits(seed: int = 0) -> pd.DataFrame:
    """600 patients with four visits each on average; sex, birth and region are a patient's own."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(600), rng.poisson(3, 600) + 1)
    own = {
        "sex": rng.choice(["f", "m"], 600),
        "birth": 1930 + rng.integers(0, 70, 600),
        "region": rng.choice(list("abcdefgh"), 600),
    }
    frame = pd.DataFrame(
        {"patient_id": [f"P{one:05d}" for one in who], **{name: cells[who] for name, cells in own.items()}}
    )
    frame["pressure"] = np.round(120 + rng.normal(0, 12, len(who)))
    frame["y"] = rng.choice(["ill", "well"], len(who))
    return frame.sample(frac=1, random_state=seed)


def sales(seed: int = 0) -> pd.DataFrame:
    """Independent rows; zip has many values with several rows each, and is no key."""
    rng = np.random.default_rng(seed)
    area = rng.zipf(1.3, 4000) % 400
    return pd.DataFrame(
        {
            "zip": 10_000 + area,
            "city": [f"c{one // 10}" for one in area],
            "age": rng.integers(18, 90, 4000),
            "sex": rng.choice(["f", "m"], 4000),
            "amount": rng.lognormal(3, 1, 4000).round(2),
            "y": rng.choice(["a", "b"], 4000),
        }
    )


def test_a_patients_rows_are_kept_together_with_the_reason(tmp_path: Path) -> None:
    found = proposed(tmp_path, visits())
    assert found.rule.key == ("patient_id",)
    assert found.rule.columns == ("sex", "birth", "region", "pressure")
    assert found.why[0].startswith("600 values in 2,")
    assert "agree in 'sex', 'birth', 'region'" in found.why[0]


def test_what_only_looks_like_a_key_is_left_to_a_person(tmp_path: Path) -> None:
    found = proposed(tmp_path, visits().rename(columns={"patient_id": "column_1"}))
    assert found.rule.key == ()
    assert [value for key, value, _ in found.perhaps if key == "key"] == ["column_1"]


def test_few_keys_are_left_to_a_person(tmp_path: Path) -> None:
    frame = visits()
    few = frame[frame.patient_id.isin(sorted(frame.patient_id.unique())[:60])]
    found = proposed(tmp_path, few)
    assert found.rule.key == ()
    assert ("key", "patient_id") in [one[:2] for one in found.perhaps]


def test_settings_without_the_key_are_told_of_it_and_those_with_it_are_not(tmp_path: Path) -> None:
    visits().to_csv(tmp_path / "t.csv", index=False)
    said = [str(one) for one in advise(Source(str(tmp_path / "t.csv"), "y")) if one.key == "split.key"]
    assert len(said) == 1
    assert said[0].startswith("split.key: patient_id, because 600 values")
    keyed = Source(str(tmp_path / "t.csv"), "y", split=SplitRule(key=("patient_id",)))
    assert not [one for one in advise(keyed) if one.key.startswith("split")]


@pytest.mark.parametrize("seed", range(5))
def test_categories_with_many_values_are_no_keys(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = proposed(tmp_path, sales(seed).assign(product_id=rng.integers(0, 300, 4000)))
    assert found.rule.key == ()
    assert not [one for one in found.perhaps if one[0] == "key"]


def test_a_number_of_shops_that_only_says_their_town_is_left_to_a_person(tmp_path: Path) -> None:
    shop = np.random.default_rng(2).integers(0, 200, 4000)
    frame = sales().drop(columns="zip").assign(shop_no=shop, city=[f"c{one // 10}" for one in shop])
    found = proposed(tmp_path, frame)
    assert found.rule.key == ()
    assert [value for key, value, _ in found.perhaps if key == "key"] == ["shop_no"]


def test_counters_are_not_hashed_and_a_key_of_each_row_may_be_taken(tmp_path: Path) -> None:
    frame = sales().assign(
        application=[f"A-{one:08x}" for one in np.random.default_rng(1).permutation(4000)], nr=range(4000)
    )
    found = proposed(tmp_path, frame)
    assert "nr" not in found.rule.columns
    assert ("key", "application") in [one[:2] for one in found.perhaps]
    assert (found.rule.key, found.rule.repeats) == ((), "apart")


def test_a_column_that_says_train_and_test_is_named(tmp_path: Path) -> None:
    found = proposed(tmp_path, sales().assign(part=["train", "test", "train", "train"] * 1000))
    assert ("column", "part") in [one[:2] for one in found.perhaps]


def test_copies_of_records_stay_together_and_coarse_features_do_not(tmp_path: Path) -> None:
    frame = sales()
    copied = pd.concat([frame, frame.sample(frac=0.3, random_state=1)]).sample(frac=1, random_state=2)
    found = proposed(tmp_path, copied)
    assert found.rule.repeats == "together"
    assert "look like copies of one record" in found.why[0]
    assert "combinations never seen" in found.why[0]
    coarse = frame[["city", "sex", "y"]].assign(age=frame.age // 10)
    found = proposed(tmp_path, coarse)
    assert found.rule.repeats == "apart"
    [(_, value, why)] = [one for one in found.perhaps if one[0] == "repeats"]
    assert value == "together"
    assert "as coarse features do" in why


@pytest.mark.parametrize("label", ["function", "noisy", "rare"])
@pytest.mark.parametrize("dependent", [0.0, 0.7, 2.0])
def test_coarse_features_are_never_taken_for_copies_even_where_they_decide_the_label(
    dependent: float, label: str
) -> None:
    found = [looked_at(*made_up(seed, rows, dependent, label)) for seed in range(12) for rows in (400, 3000)]
    assert not [one for one in found if one.are_copies]


@pytest.mark.parametrize("label", ["function", "noisy"])
def test_a_third_of_the_records_copied_is_found(label: str) -> None:
    found = []
    for seed in range(12):
        columns, labels = made_up(seed, 1000, 0.7, label)
        places = np.random.default_rng(seed).permutation(np.concatenate([np.arange(1000), np.arange(0, 1000, 3)]))
        found.append(looked_at([column[places] for column in columns], labels[places]))
    assert sum(one.are_copies for one in found) >= 10


def test_copies_with_other_labels_are_no_copies_of_one_record() -> None:
    columns, _ = made_up(0, 1000, 0.7, "noisy")
    places = np.concatenate([np.arange(1000), np.arange(1000)])
    labels = np.random.default_rng(1).integers(0, 2, 2000)
    found = looked_at([column[places] for column in columns], labels)
    assert found.beyond_chance > 4
    assert not found.are_copies
