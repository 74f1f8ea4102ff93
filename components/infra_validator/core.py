"""Does a real server answer with this model as the model itself does, in time and in memory?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace

from components.infra_validator.asked import Limits
from components.infra_validator.gate import ID
from schemas.evidence import ServingEvidence, WayOfAsking
from schemas.verdict import Measurement, Status, Verdict, judge

OVERALL = "overall"
PLATFORMS = ("process", "docker", "kubernetes")
#: Largest distance of a served score from the model called directly, as a share of the value or of 1 if that is larger:
#: one row and a batch of rows are summed in another order, which float32 shows in the seventh digit.
MAX_DIFFERENCE = 1e-5
#: File names and property values by which TFX's InfraValidator blesses and its Pusher obeys.
FILE_NAMES = {True: "INFRA_BLESSED", False: "INFRA_NOT_BLESSED"}
BLESSED_PROPERTY, HAS_MODEL_PROPERTY = "blessed", "has_model"


@dataclass(frozen=True)
class Checks:
    """One serving check: where, how much, and within which limits.

    platform : one of PLATFORMS.  requests : per protocol and signature, one row each.
    warm_up : the pushed model is to bring along some of the requests.
    """

    platform: str
    requests: int
    load_timeout_s: float
    limits: Limits = Limits()
    warm_up: bool = False


def rows_to_send(rows: int, requests: int) -> tuple[int, ...]:
    """Which row each request carries: all rows in turn, and from the first again where there are fewer.

    >>> rows_to_send(2, 5)
    (0, 1, 0, 1, 0)
    >>> rows_to_send(0, 5)
    ()
    """
    return tuple(n % rows for n in range(requests)) if rows else ()


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least `share` of the values do not exceed (nearest rank); None without values.

    >>> percentile([4.0, 1.0, 3.0, 2.0], 0.5), percentile([4.0, 1.0, 3.0, 2.0], 0.99), percentile([], 0.5)
    (2.0, 4.0, None)
    """
    if not values:
        return None
    return sorted(values)[max(math.ceil(share * len(values)) - 1, 0)]


def decide(checks: Checks, found: ServingEvidence) -> Verdict:
    """The serving check's verdict; a server that never had the model is judged on that alone."""
    measurements = [_loads(checks, found)]
    if found.load_seconds is not None:
        measurements += _served(checks, found)
    return judge(ID, measurements, detail=f"{found.server}, {found.rows} rows", settings=asdict(checks))


def broken(checks: Checks, problem: str, reason: str = "check_failed") -> Verdict:
    """The verdict where the check itself could not be made: no daemon, no cluster, no image."""
    failed = Measurement("loads", OVERALL, Status.ERROR, reason=reason, detail=problem, setting=f"{ID}.platform")
    return judge(ID, [failed], reason=reason, detail=problem, settings=asdict(checks))


def _loads(checks: Checks, found: ServingEvidence) -> Measurement:
    m = Measurement(
        "load_time", OVERALL, Status.PASSED, found.load_seconds, limit=checks.load_timeout_s, direction="at most",
        unit="s", setting=f"{ID}.load_timeout_s",
    )  # fmt: skip
    if found.load_seconds is None:
        return replace(m, status=Status.FAILED, reason="does_not_load", detail=found.load_problem)
    return m


def _served(checks: Checks, found: ServingEvidence) -> Iterator[Measurement]:
    if not found.ways:
        status = Status.FAILED if found.load_problem else Status.UNKNOWN
        detail = found.load_problem or "No request could be made of the examples."
        yield Measurement("requests_answered", OVERALL, status, rows=found.rows, reason="no_requests", detail=detail)
    for way in found.ways:
        yield from _of_way(checks, way, min(found.rows, way.requests))
    yield from _bad_requests(found)
    yield _memory(checks, found)


def _of_way(checks: Checks, way: WayOfAsking, rows: int) -> Iterator[Measurement]:
    where = f"{way.protocol}, {way.signature}"
    answered = Measurement(
        "requests_answered", where, Status.PASSED, way.answered, limit=way.requests, direction="at least",
        unit="requests", rows=rows, setting=f"{ID}.requests",
    )  # fmt: skip
    if way.answered < way.requests:
        detail = f"{way.requests - way.answered} of {way.requests} good requests got no answer. {way.problem}".strip()
        yield replace(answered, status=Status.FAILED, reason="not_answered", detail=detail)
    else:
        yield answered
    yield _difference(way, where, rows)
    yield _not_finite(way, where, rows)
    for name, share, limit in (
        ("p50", 0.5, checks.limits.max_latency_p50_ms),
        ("p99", 0.99, checks.limits.max_latency_p99_ms),
    ):
        yield _at_most(
            Measurement(
                f"latency_{name}", where, Status.UNKNOWN, percentile(way.latencies_ms, share), limit=limit,
                unit="ms", rows=len(way.latencies_ms), setting=f"{ID}.max_latency_{name}_ms",
            ),
            "no request was answered",
        )  # fmt: skip


def _difference(way: WayOfAsking, where: str, rows: int) -> Measurement:
    m = Measurement(
        "difference_from_model", where, Status.UNKNOWN, way.difference, limit=MAX_DIFFERENCE, rows=rows,
        setting=f"{ID}.platform",
    )  # fmt: skip
    if way.difference is not None and not math.isfinite(way.difference):
        detail = f"The server's answers cannot be laid beside the model's own. {way.problem}".strip()
        return replace(m, value=None, direction="at most", status=Status.FAILED, reason="other_answer", detail=detail)
    return _at_most(m, "no answer could be compared", reason="other_answer")


def _not_finite(way: WayOfAsking, where: str, rows: int) -> Measurement:
    m = Measurement(
        "not_finite_outputs",
        where,
        Status.PASSED,
        way.not_finite,
        limit=0,
        direction="at most",
        unit="values",
        rows=rows,
    )
    if not way.not_finite:
        return m
    detail = f"{way.not_finite} served values are NaN or infinite."
    return replace(m, status=Status.FAILED, reason="not_finite", detail=detail)


def _bad_requests(found: ServingEvidence) -> Iterator[Measurement]:
    bad = found.bad_requests
    if not bad:
        return
    let_in = [f"{b.protocol}: {b.name} was answered with {b.answer}" for b in bad if not b.refused]
    m = Measurement(
        "bad_requests_refused", OVERALL, Status.PASSED, len(bad) - len(let_in), limit=len(bad), direction="at least",
        unit="requests",
    )  # fmt: skip
    if let_in:
        detail = f"{'; '.join(let_in)}. A client's mistake must come back as one."
        m = replace(m, status=Status.FAILED, reason="not_refused", detail=detail)
    yield m
    after = Measurement(
        "well_after_bad_requests", OVERALL, Status.PASSED, float(found.well_after), limit=1, direction="at least",
        unit="requests",
    )  # fmt: skip
    if found.well_after:
        yield after
    else:
        detail = "After the bad requests a good one was no longer answered as before."
        yield replace(after, status=Status.FAILED, reason="not_well_after", detail=detail)


def _memory(checks: Checks, found: ServingEvidence) -> Measurement:
    m = Measurement(
        "memory", OVERALL, Status.UNKNOWN, found.memory_mb, limit=checks.limits.max_memory_mb, unit="MB",
        setting=f"{ID}.max_memory_mb",
    )  # fmt: skip
    if found.memory_mb is None:
        detail = f"On {found.platform} the server's memory cannot be seen from here; limit it there."
        return replace(m, direction="at most", gates=False, reason="not_measurable", detail=detail)
    return _at_most(m, "")


def _at_most(m: Measurement, nothing: str, reason: str = "above_limit") -> Measurement:
    """The measurement judged against its limit; at the limit passes.  nothing : why there may be no value."""
    m = replace(m, direction="at most")
    if m.value is None or m.limit is None:
        return replace(m, status=Status.UNKNOWN, reason="not_measured", detail=f"Not measured: {nothing}.")
    if m.value <= m.limit:
        return replace(m, status=Status.PASSED)
    unit = f" {m.unit}" if m.unit else ""
    detail = f"{m.name} is {m.value:.4g}{unit}, and must be at most {m.limit:.4g}{unit}."
    return replace(m, status=Status.FAILED, reason=reason, detail=detail)
