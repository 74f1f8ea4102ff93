"""TFX adapter: a Beam pipeline over the shards of a split, whose pieces become one Parquet file."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import apache_beam as beam
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.score.columns import Columns, dtypes_in, wanted
from components.score.core import candidate_in, read_sensitive, refuse_absent, refuse_words, unread, why_no_baseline
from components.score.shards import Piece, Plan, Scorer, joined, records
from schemas.predictions import answers_of
from schemas.roles import Roles
from schemas.scored_rows import FILE_NAME, About, arrow_schema, write
from schemas.split_record import SplitRecord, caution

Artifacts = dict[str, list[Any]]
PIECES = "pieces"


class Executor(BaseBeamExecutor):
    """Scores each row of a split once, with the trained model and with the released one."""

    def Do(self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]) -> None:
        """Leaves predictions.parquet; `rows`, and `baseline_version` where there is one, as properties.

        Raises
        ------
        SettingsError : a sensitive column is not in the examples.
        DataError : a sensitive column with bins holds words.
        ModelError : the trained model is of another task or classes than the table.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        split = exec_properties["split"]
        shards = _shards(input_dict["examples"], split)
        plan = _plan(input_dict, exec_properties, shards)
        predictions = artifact_utils.get_single_instance(output_dict["predictions"])
        folder = Path(predictions.uri)
        pieces = folder / PIECES
        pieces.mkdir(parents=True, exist_ok=True)
        work = [(shard, str(pieces / f"{place:05d}.parquet")) for place, shard in enumerate(shards)]
        with self._make_beam_pipeline() as pipeline:
            _ = (
                pipeline
                | "Shards" >> beam.Create(work)
                # Without it a runner may fuse the list with its scoring, and one worker does it all.
                | "Spread" >> beam.Reshuffle()
                | "Score" >> beam.ParDo(ScoreShard(plan))
            )
        about, rows = _join(plan, [Path(path) for _, path in work], folder)
        shutil.rmtree(pieces)
        predictions.set_int_custom_property("rows", rows)
        if about.baseline_version is not None:
            predictions.set_int_custom_property("baseline_version", about.baseline_version)


class ScoreShard(beam.DoFn):
    """Takes (shard, piece) paths."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._scorer: Scorer | None = None

    def setup(self) -> None:
        self._scorer = Scorer(self._plan)

    def process(self, element: tuple[str, str]) -> None:
        assert self._scorer is not None  # noqa: S101 - Beam's contract: setup comes first
        shard, piece = element
        self._scorer.score(shard, Path(piece))


def _plan(input_dict: Artifacts, exec_properties: dict[str, Any], shards: list[str]) -> Plan:
    roles = Roles.from_json(exec_properties["roles_json"])
    sensitive = read_sensitive(exec_properties["sensitive_json"])
    model = _serving_path(artifact_utils.get_single_instance(input_dict["model"]))
    candidate = candidate_in(model, roles)
    dealt = SplitRecord.from_json(exec_properties.get("split_json") or "")
    cluster = _cluster(dealt, candidate.inputs)
    slices = tuple(json.loads(exec_properties.get("slices_json") or "[]"))
    names = wanted(roles, sensitive, (*cluster, *slices))
    dtypes, seen = dtypes_in(records(shards), names) if shards else ({}, set())
    there = seen | set(dtypes) | candidate.inputs | set(roles.ids)
    if seen:
        refuse_absent(sensitive, there)
    about = About(
        roles.task,
        roles.classes,
        candidate.answers.threshold,
        split=exec_properties["split"],
        sensitive=tuple(one.column for one in sensitive),
        ids=roles.ids,
        weight=roles.weight,
        # A key that columns.leave_out names never reached the examples; part of a key would tie rows that have nothing to do.
        cluster=cluster if set(cluster) <= there else (),
        slices=slices,
    )
    baselines = [b for b in input_dict.get("baseline") or [] if b.get_int_custom_property("empty") != 1]
    folder = _serving_path(baselines[0]) if baselines else None
    note = why_no_baseline(candidate.answers, folder)
    if folder is not None:
        about = replace(about, released_version=baselines[0].get_int_custom_property("version"))
        about = replace(about, caution=_caution(dealt, baselines[0]))
        if not note:
            lacking = unread(folder, there, baselines[0].get_int_custom_property("version")) if seen else ""
            about = replace(about, caution=" ".join(filter(None, [about.caution, lacking])))
            threshold = answers_of(folder).threshold
            about = replace(about, baseline_version=about.released_version, baseline_threshold=threshold)
    columns = Columns(roles, sensitive, dtypes, about.cluster, slices)
    return Plan(model, None if note else folder, columns, replace(about, baseline_note=note))


def _cluster(dealt: SplitRecord | None, inputs: frozenset[str]) -> tuple[str, ...]:
    """Columns whose equal values make rows of one key. Equal rows that go together without named columns are equal in all features."""
    if dealt is None:
        return ()
    return dealt.cluster or (tuple(sorted(inputs)) if dealt.repeats == "together" and not dealt.key else ())


def _caution(dealt: SplitRecord | None, baseline: Any) -> str:
    if dealt is None:
        return ""
    record = json.loads(baseline.get_string_custom_property("record") or "{}")
    released = SplitRecord.of(record["split"]) if "split" in record else None
    return caution(dealt, released, baseline.get_int_custom_property("version"))


def _join(plan: Plan, paths: list[Path], folder: Path) -> tuple[About, int]:
    """What the file says about itself, and its rows, after the pieces were joined."""
    pieces = [Piece.read(path) for path in paths]
    words: dict[str, tuple[str, int]] = {}
    for piece in pieces:
        for name, (first, count) in piece.words.items():
            words[name] = (words.get(name, (first, 0))[0], words.get(name, (first, 0))[1] + count)
    refuse_words(words, plan.about.split)
    about = plan.about
    if note := next((piece.baseline_note for piece in pieces if piece.baseline_note), ""):
        about = replace(about, baseline_version=None, baseline_threshold=None, baseline_note=note)
    schema = arrow_schema(about, plan.columns.id_kinds, plan.columns.group_kinds)
    return about, write(joined(paths, schema), schema, folder / FILE_NAME)


def _shards(examples: list[Any], split: str) -> list[str]:
    folder = Path(artifact_utils.get_split_uri(examples, split))
    return sorted(str(path) for path in folder.iterdir() if path.is_file())


def _serving_path(model: Any) -> str:
    return str(path_utils.serving_model_path(model.uri, path_utils.is_old_model_artifact(model)))
