"""DataGate through its executor, on statistics and anomalies that TFDV and ExampleValidator really wrote."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.components.example_validator.executor import Executor as ExampleValidatorExecutor
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import ExampleAnomalies, Examples, ExampleStatistics, Schema

from components.data_gate.component import DataGate
from pipeline.settings.types import Settings
from schemas import distributions, leaks
from schemas.artifacts import GateVerdict
from schemas.leaks import Alone
from schemas.verdict import Measurement, Status, Verdict, read
from tests.components.data_gate.frames import kept
from tests.components.through_executor import artifact, run

SPLITS = ("train", "eval", "test")


def table(rows: int = 400, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.integers(17, 90, rows),
            "hours per week": rng.normal(40, 10, rows),
            "größe": rng.choice(["klein", "groß"], rows, p=[0.7, 0.3]),
        }
    )


class Data:
    """Three tables on their way to the gate.

    drawn : splits that our own hash drew.  is_kept : False as before ExampleGen and releases kept distributions.
    """

    def __init__(
        self,
        folder: Path,
        tables: dict[str, pd.DataFrame],
        edit_schema: Any = None,
        drawn: tuple[str, ...] = (),
        is_kept: bool = True,
    ) -> None:
        self.folder, self.is_kept = folder, is_kept
        self.examples = artifact(Examples, folder / "examples")
        (folder / "examples").mkdir()
        for split, frame in tables.items() if is_kept else ():
            content = distributions.to_bytes(kept(frame, is_drawn=split in drawn))
            (folder / "examples" / distributions.file_name(split)).write_bytes(content)
        stats = {split: tfdv.generate_statistics_from_dataframe(frame) for split, frame in tables.items()}
        schema = tfdv.infer_schema(tfdv.generate_statistics_from_dataframe(table()))
        if edit_schema:
            edit_schema(schema)
        self.statistics = artifact(ExampleStatistics, folder / "statistics")
        self.statistics.split_names = artifact_utils.encode_split_names(list(tables))
        for split, one in stats.items():
            path = folder / "statistics" / f"Split-{split}" / "FeatureStats.pb"
            path.parent.mkdir(parents=True)
            path.write_bytes(one.SerializeToString())
        self.schema = artifact(Schema, folder / "schema")
        (folder / "schema").mkdir()
        text = text_format.MessageToString(schema, as_utf8=True)
        (folder / "schema" / "schema.pbtxt").write_text(text, encoding="utf-8")
        self.anomalies = artifact(ExampleAnomalies, folder / "anomalies")
        inputs = {"statistics": [self.statistics], "schema": [self.schema]}
        ExampleValidatorExecutor().Do(inputs, {"anomalies": [self.anomalies]}, {"exclude_splits": "[]"})

    def released(self, before: pd.DataFrame | None, **properties: int | str) -> ExampleStatistics:
        """As ReleasedStatistics hands it over; `before` None: marked empty."""
        known = {"version": 0, "run_id": "", "reason": "", "empty": int(before is None), **properties}
        made = artifact(ExampleStatistics, self.folder / "released", **known)
        made.split_names = artifact_utils.encode_split_names(["train"])
        if before is not None:
            path = self.folder / "released" / "Split-train" / "FeatureStats.pb"
            path.parent.mkdir(parents=True)
            path.write_bytes(tfdv.generate_statistics_from_dataframe(before).SerializeToString())
            if self.is_kept:
                file = self.folder / "released" / distributions.file_name("train")
                file.write_bytes(distributions.to_bytes(kept(before)))
        return made

    def judged(self, released: ExampleStatistics | None = None, **gate: Any) -> Verdict:
        self.verdict = artifact(GateVerdict, self.folder / "verdict")
        inputs = {"statistics": self.statistics, "schema": self.schema, "anomalies": self.anomalies}
        inputs |= {"examples": self.examples}
        inputs["released"] = released or self.released(None)
        every = {"name": "t", "data": "t.csv", "label": "y", "schema": "s.pbtxt", "data_gate": gate}
        policy = Settings(**every).data_policy_json
        run(DataGate, inputs, {"verdict": self.verdict}, policy_json=policy)
        found = read(self.verdict.uri)
        assert self.verdict.get_int_custom_property("passed") == int(found.passed)
        assert self.verdict.get_string_custom_property("status") == found.status.value
        return found

    def proposal(self) -> schema_pb2.Schema:
        text = (self.folder / "verdict" / "proposed_schema.pbtxt").read_text(encoding="utf-8")
        return text_format.Parse(text, schema_pb2.Schema())


def three(**other: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {split: other.get(split, table(seed=i)) for i, split in enumerate(SPLITS)}


def test_clean_data_passes_and_proposes_nothing(tmp_path: Path) -> None:
    data = Data(tmp_path, three())
    verdict = data.judged()
    assert verdict.passed
    gating = [(m.slice, m.rows) for m in verdict.measurements if m.gates]
    assert gating == [("train", 400), ("eval", 400), ("test", 400)]
    assert [path.name for path in (tmp_path / "verdict").iterdir()] == ["verdict.json"]


def test_bad_data_is_refused_and_the_proposed_schema_would_accept_it(tmp_path: Path) -> None:
    bad = table().assign(größe=lambda t: t["größe"].where(t.index % 4 > 0, "riesig"))
    data = Data(tmp_path, three(eval=bad))
    verdict = data.judged()
    assert verdict.status is Status.FAILED
    refusal = verdict.refusals[0]
    assert (refusal.name, refusal.slice) == ("enum_type_unexpected_string_values", "eval: größe")
    assert "riesig" in refusal.detail
    stats = tfdv.generate_statistics_from_dataframe(bad)
    assert not tfdv.validate_statistics(stats, data.proposal()).anomaly_info
    diff = (tmp_path / "verdict" / "schema.diff").read_text(encoding="utf-8")
    assert "=== column 'größe': changed" in diff
    assert '+value: "riesig"' in diff
    assert "age" not in diff


def test_a_column_with_blanks_that_is_missing_is_named_without_quotes(tmp_path: Path) -> None:
    verdict = Data(tmp_path, three(test=table().drop(columns="hours per week"))).judged()
    assert [m.slice for m in verdict.refusals] == ["test: hours per week"]


def test_a_new_column_only_warns_and_is_proposed(tmp_path: Path) -> None:
    data = Data(tmp_path, three(train=table().assign(color="red")))
    verdict = data.judged()
    assert verdict.passed
    assert ("schema_new_column", "train: color") in [(m.name, m.slice) for m in verdict.measurements if not m.gates]
    assert "color" in [feature.name for feature in data.proposal().feature]


def test_an_ignored_anomaly_is_not_proposed(tmp_path: Path) -> None:
    data = Data(tmp_path, three(train=table().assign(color="red")))
    assert data.judged(policy={"schema_new_column": "ignore"}).passed
    assert not (tmp_path / "verdict" / "proposed_schema.pbtxt").exists()


def test_a_split_without_rows_cannot_tell(tmp_path: Path) -> None:
    data = Data(tmp_path, three())
    empty = tfdv.load_stats_binary(str(tmp_path / "statistics" / "Split-test" / "FeatureStats.pb"))
    empty.datasets[0].num_examples = 0
    del empty.datasets[0].features[:]
    (tmp_path / "statistics" / "Split-test" / "FeatureStats.pb").write_bytes(empty.SerializeToString())
    verdict = data.judged()
    assert verdict.status is Status.UNKNOWN
    assert [(m.slice, m.reason) for m in verdict.refusals] == [("test", "no_rows")]


def limit(kind: str, schema: Any) -> None:
    """0.1 for every column, in the measure that its type has."""
    for feature in schema.feature:
        comparator = getattr(feature, kind)
        if feature.name == "größe":
            comparator.infinity_norm.threshold = 0.1
        else:
            comparator.jensen_shannon_divergence.threshold = 0.1


skew_comparators = partial(limit, "skew_comparator")
drift_comparators = partial(limit, "drift_comparator")


def of_kind(verdict: Verdict, side: str) -> dict[str, Measurement]:
    """The distances of one comparison by slice; what was found besides stands under its kind, too."""
    mine = [m for m in verdict.measurements if m.name.startswith(f"{side}_")]
    return {m.slice: m for m in mine if m.name.endswith(("numbers", "categories"))}


def test_distances_between_given_splits_are_reported_and_pass(tmp_path: Path) -> None:
    verdict = Data(tmp_path, three(), skew_comparators).judged()
    assert verdict.passed
    near = of_kind(verdict, "skew")
    assert set(near) == {f"{s}: {c}" for s in ("eval", "test") for c in table().columns}
    assert all(m.low == 0 and m.low <= m.value <= m.high for m in near.values())
    assert all("these rows would show 0.2" in m.detail for m in near.values())


def test_a_given_split_that_differs_from_train_is_refused_with_the_distance(tmp_path: Path) -> None:
    other = table().assign(age=lambda t: t["age"] // 3 + 17, größe="groß")
    verdict = Data(tmp_path, three(test=other), skew_comparators).judged()
    far = {m.slice: m for m in verdict.refusals if m.name in ("skew_numbers", "skew_categories")}
    assert set(far) == {"test: age", "test: größe"}
    share = (table()["größe"] == "groß").mean()
    assert far["test: größe"].value == pytest.approx(1 - share)
    assert far["test: größe"].name == "skew_categories"
    assert "between test and train is" in far["test: age"].detail


def test_a_split_that_our_hash_drew_differs_by_chance_and_is_not_refused(tmp_path: Path) -> None:
    verdict = Data(
        tmp_path, three(test=table().assign(größe="groß")), skew_comparators, drawn=("eval", "test")
    ).judged()
    assert verdict.passed
    far = of_kind(verdict, "skew")["test: größe"]
    assert (far.status, far.gates, far.reason) == (Status.FAILED, False, "by_chance")


@pytest.mark.parametrize("kind", ["comparator_l_infty_high", "skew_categories", "skew"])
def test_skew_can_be_let_off_by_its_kind_by_its_former_name_and_as_a_whole(tmp_path: Path, kind: str) -> None:
    other = table(2000, seed=3).assign(größe=lambda t: np.where(t.index % 2, "groß", "klein"))
    data = Data(tmp_path, {"train": table(2000), "eval": table(2000, seed=1), "test": other}, skew_comparators)
    verdict = data.judged(policy={kind: "warn"})
    assert verdict.passed
    assert of_kind(verdict, "skew")["test: größe"].reason == "warned"
    assert not (tmp_path / "verdict" / "proposed_schema.pbtxt").exists()


def shifted() -> pd.DataFrame:
    return table(seed=9).assign(age=lambda t: t["age"] // 3 + 17, größe="groß")


def test_the_first_model_has_nothing_to_drift_from_and_the_verdict_says_so(tmp_path: Path) -> None:
    verdict = Data(tmp_path, three(), drift_comparators).judged()
    assert verdict.passed
    assert verdict.bootstrap
    [note] = [m for m in verdict.measurements if m.name == "drift"]
    assert (note.slice, note.reason, note.gates, note.value) == ("train", "bootstrap", False, None)
    assert "no released model yet" in note.detail


@pytest.mark.parametrize("is_kept", [True, False], ids=["distributions", "an older release"])
def test_drift_from_the_released_train_data_is_refused_with_distance_limit_and_version(
    tmp_path: Path, is_kept: bool
) -> None:
    data = Data(tmp_path, three(), drift_comparators, is_kept=is_kept)
    verdict = data.judged(data.released(shifted(), version=7, run_id="r1"))
    assert verdict.status is Status.FAILED
    assert not verdict.bootstrap
    far = {m.slice: m for m in verdict.refusals if not m.name.endswith("turnover")}
    assert list(far) == ["train: größe", "train: age"]
    texts, numbers = far["train: größe"], far["train: age"]
    assert texts.value == pytest.approx((table()["größe"] == "klein").mean())
    assert (texts.name, numbers.name) == ("drift_categories", "drift_numbers")
    assert (texts.limit, texts.direction, texts.setting) == (0.1, "at most", "data_gate.default")
    assert texts.low > 0.5
    assert "the train data of released version 7 (run r1) is 0.6875" in texts.detail
    assert "'groß' 100.0% before, 31.2% now" in texts.detail
    assert "mean 34.89 before, 54.78 now" in numbers.detail
    assert "--set data_gate.policy.drift=warn" in verdict.refusals[0].detail
    assert not (tmp_path / "verdict" / "proposed_schema.pbtxt").exists()


def test_data_as_they_were_pass_with_every_distance(tmp_path: Path) -> None:
    data = Data(tmp_path, three(), drift_comparators)
    verdict = data.judged(data.released(table(seed=5), version=7))
    assert verdict.passed
    near = of_kind(verdict, "drift")
    assert set(near) == {f"train: {column}" for column in table().columns}
    assert near["train: age"].value > 0
    [told] = [m for m in verdict.measurements if m.name == "drift"]
    assert "questions of 3 columns" in told.detail
    assert "The smallest distance that these rows could show is 0.2" in told.detail


@pytest.mark.parametrize(("before", "passes"), [(table(seed=5), True), (shifted(), False)], ids=["honest", "shifted"])
def test_a_release_that_kept_only_tfdvs_statistics_is_compared_with_what_is_kept_now(
    tmp_path: Path, before: pd.DataFrame, passes: bool
) -> None:
    data = Data(tmp_path, three(), drift_comparators)
    data.is_kept = False
    assert data.judged(data.released(before, version=7)).passed is passes


def test_a_new_default_code_in_one_row_of_twenty_is_refused_though_the_distance_is_small(tmp_path: Path) -> None:
    coded = table(1500, seed=5).assign(age=lambda t: t["age"].where(t.index % 20 > 0, -999))
    data = Data(tmp_path, three(train=coded), drift_comparators)
    verdict = data.judged(data.released(table(1500, seed=6), version=7))
    assert [(m.name, m.slice) for m in verdict.refusals] == [("drift_turnover", "train: age")]
    assert "'-999' 0.0% before, 5.0% now" in verdict.refusals[0].detail
    assert of_kind(verdict, "drift")["train: age"].value < 0.1


def test_one_line_lets_drift_pass_once(tmp_path: Path) -> None:
    data = Data(tmp_path, three(), drift_comparators)
    verdict = data.judged(data.released(shifted(), version=7), policy={"drift": "warn"})
    assert verdict.passed
    assert {m.reason for m in verdict.measurements if m.status is Status.FAILED} == {"warned"}


def test_drift_has_policies_of_its_own_beside_skew_also_by_their_former_names(tmp_path: Path) -> None:
    data = Data(tmp_path, three(), drift_comparators)
    drift = {"drift_l_infty_high": "warn", "drift_jensen_shannon_divergence_high": "ignore"}
    verdict = data.judged(data.released(shifted(), version=7), policy=drift)
    assert verdict.passed
    reasons = {m.name: m.reason for m in verdict.measurements if m.status is Status.FAILED and "turnover" not in m.name}
    assert reasons == {"drift_categories": "warned", "drift_numbers": "ignored"}


def test_a_schema_without_drift_comparators_judges_no_drift(tmp_path: Path) -> None:
    data = Data(tmp_path, three(), skew_comparators)
    verdict = data.judged(data.released(shifted(), version=7))
    assert verdict.passed
    assert not [m for m in verdict.measurements if m.name.startswith("drift")]


def test_columns_the_released_data_lack_are_told_and_refuse_nothing(tmp_path: Path) -> None:
    before = table(seed=5).drop(columns="age").assign(**{"hours per week": "many"})
    data = Data(tmp_path, three(), drift_comparators)
    verdict = data.judged(data.released(before, version=7))
    assert verdict.passed
    told = {m.slice: m for m in verdict.measurements if m.name == "drift_not_measured"}
    assert set(told) == {"train: age", "train: hours per week"}
    assert all((m.status, m.gates) == (Status.UNKNOWN, False) for m in told.values())


def test_a_released_model_without_statistics_cannot_tell(tmp_path: Path) -> None:
    data = Data(tmp_path, three(), drift_comparators)
    verdict = data.judged(data.released(None, version=7, reason="version 7 is stable, but its file is gone"))
    assert verdict.status is Status.UNKNOWN
    [refusal] = verdict.refusals
    assert (refusal.name, refusal.slice, refusal.reason) == ("drift_baseline_missing", "train", "baseline_missing")
    assert "its file is gone" in refusal.detail


def test_a_missing_baseline_can_be_let_off(tmp_path: Path) -> None:
    data = Data(tmp_path, three(), drift_comparators)
    assert data.judged(data.released(None, version=7), policy={"drift_baseline_missing": "warn"}).passed


def leaking(folder: Path, value: float, error: float = 0.001) -> Data:
    data = Data(folder, three())
    alone = [Alone("age", "auc", 0.7, 0.7, 0.02, 400), Alone("outcome", "auc", value, value, error, 400)]
    leaks.write(leaks.Leaks(tuple(alone)), folder / "examples")
    return data


def test_a_column_that_alone_predicts_the_label_is_refused(tmp_path: Path) -> None:
    verdict = leaking(tmp_path, 0.998).judged()
    [refusal] = verdict.refusals
    assert (refusal.name, refusal.slice, refusal.value) == ("leak_suspected", "all splits: outcome", 0.998)
    for word in ("add outcome to columns.leave_out", "--set data_gate.policy.leak_suspected=warn"):
        assert word in refusal.detail


@pytest.mark.parametrize(("value", "error"), [(0.985, 0.001), (0.998, 0.02)], ids=["near", "too few rows to show it"])
def test_from_098_on_it_is_told_and_not_refused(tmp_path: Path, value: float, error: float) -> None:
    verdict = leaking(tmp_path, value, error).judged()
    assert verdict.passed
    [told] = [m for m in verdict.measurements if m.name == "leak_suspected"]
    assert (told.status, told.gates, told.reason) == (Status.UNKNOWN, False, "warned")


def test_where_leaks_begin_is_a_setting(tmp_path: Path) -> None:
    assert leaking(tmp_path, 0.998).judged(leaks={"fail_at": 0.999}).passed


def test_a_leak_can_be_let_off(tmp_path: Path) -> None:
    assert leaking(tmp_path, 0.998).judged(policy={"leak_suspected": "warn"}).passed
