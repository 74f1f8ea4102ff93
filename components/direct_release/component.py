"""TFX adapter: makes a pushed version the stable one in `release.json`."""

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import Examples, ExampleStatistics, PushedModel

from components.direct_release.core import Outcome, Push, decide
from schemas import distributions, release_metrics
from schemas import release as releases
from schemas.artifacts import GateVerdict, ReleaseRecord
from schemas.file_names import SPLIT_STATISTICS
from sluicegate.delivery import release_state
from sluicegate.delivery.kept import keep, keep_record

TRAIN = "train"


@component
def DirectRelease(
    pushed: InputArtifact[PushedModel],
    examples: InputArtifact[Examples],
    statistics: InputArtifact[ExampleStatistics],
    verdict: InputArtifact[GateVerdict],
    quality: InputArtifact[GateVerdict],
    mode: Parameter[str],
    run_id: Parameter[str],
    release: OutputArtifact[ReleaseRecord],
    split_json: Parameter[str] = "",
) -> None:
    """Leaves the resulting release.json in `release`; `version` (0: none), `changed` and `reason` as properties.

    examples, statistics : of the data of this run; what they tell of the train split is kept beside release.json for every pushed
        version: TFDV's statistics and our distributions.
    verdict : the release gate's, whose overrides go into the history.
    quality : the quality gate's, beside which the metrics stand that are kept for the version.
    split_json : schemas.split_record.SplitRecord, kept in the version's record beside release.json.
    """
    folder = _serving_folder(pushed)
    overrides = verdict.get_string_custom_property("overrides")
    push = _push(pushed, run_id, tuple(overrides.split("\n")) if overrides else ())
    if push:
        # First the statistics and the record: a version that release.json names always has them.
        keep(folder, releases.statistics_name(push.version), _train_statistics(statistics).read_bytes())
        kept = Path(examples.uri) / distributions.file_name(TRAIN)
        if kept.is_file():
            keep(folder, releases.distributions_name(push.version), kept.read_bytes())
        measured = Path(quality.uri) / release_metrics.FILE_NAME
        if measured.is_file():
            keep(folder, release_metrics.name_of(push.version), measured.read_bytes())
        if split_json:
            keep_record(folder, push.version, {"split": json.loads(split_json)})
    outcome = _carry_out(folder, push, mode)
    releases.write(outcome.release, release.uri)
    release.set_int_custom_property("version", outcome.release.stable or 0)
    release.set_int_custom_property("changed", int(outcome.changed))
    release.set_string_custom_property("reason", outcome.reason)


def _carry_out(folder: str, push: Push | None, mode: str) -> Outcome:
    """By compare-and-swap: an operator may move traffic at the same time."""
    now, outcomes = datetime.now(timezone.utc), []

    def after(before: releases.Release) -> releases.Release:
        outcomes.append(decide(before, push, mode, now))
        return outcomes[-1].release

    if folder and (push or release_state.current(folder).etag):
        release_state.update(folder, after)
    else:
        after(releases.Release())
    return outcomes[-1]


def _serving_folder(pushed: Any) -> str:
    """Our Pusher's own word, else the parent of the pushed version; "" when nothing was pushed by a stock Pusher."""
    destination = pushed.get_string_custom_property("pushed_destination")
    return pushed.get_string_custom_property("serving_folder") or destination.rpartition("/")[0]


def _train_statistics(statistics: Any) -> Path:
    return Path(artifact_utils.get_split_uri([statistics], TRAIN)) / SPLIT_STATISTICS


def _push(pushed: Any, run_id: str, overrides: tuple[str, ...]) -> Push | None:
    if pushed.get_int_custom_property("pushed") != 1:
        return None
    version = int(pushed.get_string_custom_property("pushed_version"))
    return Push(version, pushed.get_string_custom_property("digest"), run_id, overrides)
