"""May this table train a model? Every anomaly that TFDV found, under the policy of its kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tensorflow_metadata.proto.v0 import anomalies_pb2

from components.data_gate.gate import ID
from components.data_gate.policy import DRIFT, Policy
from schemas.verdict import Measurement, Status, Verdict, judge
from sluicegate.stats.families import RUN_LEVEL

WHOLE_TABLE = "whole table"
TRAIN = "train"
ALPHA = RUN_LEVEL
#: Kinds of what cannot be told of drift: of one column, and of all.
NOT_MEASURED, BASELINE_MISSING = "drift_not_measured", "drift_baseline_missing"
LEAK = "leak_suspected"
#: What the policy makes of a finding, as its measurement's `reason`.
REASONS = {"fail": "anomaly", "warn": "warned", "ignore": "ignored"}


@dataclass(frozen=True)
class Released:
    """The released model whose train data this run's are compared with.

    version : 0 where none was released yet.  run_id : that released it.
    is_comparable : False where the statistics of its train data are not there, and then `reason` says why.
    """

    version: int = 0
    run_id: str = ""
    is_comparable: bool = False
    reason: str = ""

    @property
    def name(self) -> str:
        """As sentences call it."""
        return f"released version {self.version}" + (f" (run {self.run_id})" if self.run_id else "")


@dataclass(frozen=True)
class Finding:
    """One anomaly, or what could not be measured.

    split : where it was found.  column : its column, or WHOLE_TABLE.
    """

    split: str
    column: str
    kind: str
    detail: str


def findings(anomalies: Any, split: str) -> tuple[Finding, ...]:
    """The anomalies of one split, one per reason.

    anomalies : tensorflow_metadata.proto.v0.anomalies_pb2.Anomalies, as ExampleValidator writes it.
    """
    infos = [(_column(name, info), info) for name, info in sorted(anomalies.anomaly_info.items())]
    if anomalies.HasField("dataset_anomaly_info"):
        infos.append((WHOLE_TABLE, anomalies.dataset_anomaly_info))
    found = [_finding(split, column, reason) for column, info in infos for reason in info.reason]
    # Without reasons TFDV fills in the descriptions alone; such an anomaly must not vanish.
    found += [_finding(split, column, info) for column, info in infos if not info.reason]
    return tuple(found)


def _finding(split: str, column: str, reason: Any) -> Finding:
    kind = anomalies_pb2.AnomalyInfo.Type.Name(reason.type).lower() if hasattr(reason, "type") else "unknown_type"
    short, long = reason.short_description.rstrip("."), reason.description
    detail = f"{short}: {long}" if short and long else short or long
    return Finding(split, column, kind, detail)


def _column(key: str, info: Any) -> str:
    """The column's name; TFDV's key has quotes around names that are no identifiers, its path has none."""
    return "/".join(info.path.step) or key


def decide(
    rows: Mapping[str, int],
    found: Iterable[Finding],
    policy: Policy,
    checked: Iterable[str],
    released: Released = Released(),
    judged: Iterable[Measurement] = (),
) -> Verdict:
    """The data gate's verdict.

    rows : number of rows per split.  checked : the splits that ExampleValidator looked at.
    judged : what skew, drift and suspicions of leaks came to (comparing.py, leaks.py).
    """
    found, checked, judged = tuple(found), tuple(checked), tuple(judged)
    measurements = [_measure(f, policy, rows.get(f.split)) for f in found]
    failing = {f.split for f in found if policy.of(f.kind) == "fail" and f.kind not in (NOT_MEASURED, BASELINE_MISSING)}
    measurements += [_of_split(s, n, s in checked) for s, n in rows.items() if s not in failing or n == 0]
    is_first = released.version == 0
    measurements += [*judged, *([_first_model(rows.get(TRAIN))] if is_first else [])]
    settings = {
        "default": policy.default, "policy": dict(policy.kinds), "alpha": ALPHA,
        "leaks": asdict(policy.leaks),
    }  # fmt: skip
    return judge(ID, measurements, bootstrap=is_first, settings=settings)


def _first_model(rows: int | None) -> Measurement:
    detail = "There is no released model yet, so there are no train data from which these could have drifted."
    return Measurement(DRIFT, TRAIN, Status.PASSED, rows=rows, reason="bootstrap", detail=detail, gates=False)


def _measure(finding: Finding, policy: Policy, rows: int | None) -> Measurement:
    decided = policy.of(finding.kind)
    if finding.kind in (NOT_MEASURED, BASELINE_MISSING):
        return _unmeasured(finding, policy, rows)
    return Measurement(
        name=finding.kind,
        slice=f"{finding.split}: {finding.column}",
        status=Status.FAILED,
        rows=rows,
        reason=REASONS[decided],
        detail=finding.detail,
        setting=policy.setting_of(finding.kind),
        gates=decided == "fail",
    )


def _unmeasured(finding: Finding, policy: Policy, rows: int | None) -> Measurement:
    """A baseline that is gone cannot tell; a column that the baseline lacks is told and refuses nothing.

    No later run could mend the latter, and what this run's column may be is the schema's to say.
    """
    is_column = finding.kind == NOT_MEASURED
    return Measurement(
        name=finding.kind,
        slice=f"{finding.split}: {finding.column}" if is_column else finding.split,
        status=Status.UNKNOWN,
        rows=rows,
        reason="not_measured" if is_column else "baseline_missing",
        detail=finding.detail,
        setting="" if is_column else policy.setting_of(finding.kind),
        gates=not is_column and policy.of(finding.kind) == "fail",
    )


def _of_split(split: str, rows: int, was_checked: bool) -> Measurement:
    """Says of a split without failing anomalies that there are none, or that nobody can tell."""
    if rows == 0:
        detail = f"The split {split} has no rows, so nothing can be said about it."
        return Measurement("anomalies", split, Status.UNKNOWN, rows=0, reason="no_rows", detail=detail)
    if not was_checked:
        detail = f"ExampleValidator did not look at the split {split}."
        return Measurement("anomalies", split, Status.UNKNOWN, rows=rows, reason="not_checked", detail=detail)
    return Measurement(
        "anomalies", split, Status.PASSED, 0.0, limit=0.0, direction="at most", unit="anomalies", rows=rows
    )


def columns_to_accept(found: Iterable[Finding], policy: Policy) -> frozenset[str]:
    """Columns whose schema would have to change: those with an anomaly that is not ignored."""
    unmeasured = (NOT_MEASURED, BASELINE_MISSING)
    return frozenset(f.column for f in found if f.kind not in unmeasured and policy.of(f.kind) != "ignore")
