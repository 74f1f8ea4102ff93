"""Settings that are valid one by one and make no sense together."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.settings.values import Values
from schemas.contradiction import Contradiction
from schemas.names import did_you_mean


def contradictions_in(settings: Values, metrics: Mapping[str, tuple[str, ...]]) -> list[Contradiction]:
    """All of them, across sections.  metrics : those a limit may name, by task."""
    return [
        *_column_contradictions(settings),
        *_slice_contradictions(settings),
        *_metric_contradictions(settings, metrics),
    ]


def _column_contradictions(settings: Values) -> list[Contradiction]:
    label, columns = settings.label.column, settings.columns
    split = settings.split
    roles = {
        "split.column": (split.column,),
        "split.key": split.key,
        "split.by_time": (split.by_time,),
        "columns.weight": (columns.weight,),
    }
    found = [
        Contradiction(key, f"{label!r}, which is the label", "another column", "a column has one role: name another")
        for key, names in roles.items() if label in names
    ]  # fmt: skip
    found += [
        Contradiction(f"columns.{key}", f"the label {label!r} among them", "columns that are not the label",
                      f"take {label!r} out of the list")
        for key in ("leave_out", "ids") if label in getattr(columns, key)
    ]  # fmt: skip
    needed = {"columns.weight": columns.weight, "split.column": settings.split.column}
    found += [
        Contradiction("columns.leave_out", f"{name!r}, which is {key}", "columns that nothing else names",
                      f"take {name!r} out of the list, or out of {key}")
        for key, name in needed.items() if name in columns.leave_out
    ]  # fmt: skip
    return found


def _slice_contradictions(settings: Values) -> list[Contradiction]:
    left_out = set(settings.columns.leave_out)
    found = []
    for index, group in enumerate(settings.evaluation.slices):
        key = f"evaluation.slices.{index}"
        found += [
            Contradiction(key, f"{name!r}, which columns.leave_out leaves out", "columns the pipeline sees",
                          f"take {name!r} out of one of the two (columns.ids keeps a column and trains on it never)")
            for name in group if name in left_out
        ]  # fmt: skip
        if not group or len(set(group)) < len(group):
            found.append(
                Contradiction(key, str(list(group)), "one or more columns, each once", "name each column once")
            )
    return found


def _metric_contradictions(settings: Values, metrics: Mapping[str, tuple[str, ...]]) -> list[Contradiction]:
    known = metrics.get(settings.task) or tuple(dict.fromkeys(m for group in metrics.values() for m in group))
    sliced = {frozenset(group) for group in settings.evaluation.slices}
    found = []
    for index, one in enumerate(settings.quality_gate.limits):
        key = f"quality_gate.limits.{index}"
        if one.metric not in known:
            remedy = did_you_mean(one.metric, known, "choose one of them")
            task = "" if settings.task == "auto" else f" for task {settings.task}"
            found.append(Contradiction(f"{key}.metric", repr(one.metric), f"{', '.join(known)}{task}", remedy))
        if one.slice and frozenset(one.slice) not in sliced:
            wanted = f"[{', '.join(one.slice)}]"
            remedy = f"add {wanted} to evaluation.slices: only what is measured can be judged"
            found.append(Contradiction(f"{key}.slice", wanted, "a group of columns from evaluation.slices", remedy))
    if settings.task in ("multiclass", "regression") and settings.quality_gate.costs.false_positive is not None:
        remedy = "take quality_gate.costs out: only decisions between two classes have these two costs"
        found.append(Contradiction("quality_gate.costs", f"costs with task {settings.task}", "task binary", remedy))
    if settings.task == "regression" and settings.label.positive is not None:
        got, remedy = repr(settings.label.positive), "take label.positive out, or set task to binary"
        found.append(Contradiction("label.positive", got, "nothing: a regression has no classes", remedy))
    return found
