"""A pushed model as a function of a Python program: `sluicegate.load(path).predict(rows)`; neither TFX nor a server."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas import release
from schemas.errors import DataError, ModelError, Problem
from schemas.file_names import MODEL_DESCRIPTION, SAVED_MODEL_GRAPH
from schemas.predictions import Answers, answers_in
from sluicegate.delivery.versions import BucketVersion
from sluicegate.serving import readings
from sluicegate.serving import rows as row_reading
from sluicegate.serving.config import ModelConfig
from sluicegate.serving.engine.saved_model import SavedModel
from sluicegate.serving.rows import Input, Place
from sluicegate.serving.signature import RAW_SIGNATURE
from sluicegate.serving.status import ServingError
from sluicegate.serving.versions.folder import look
from sluicegate.storage.opening import at, is_remote, split_name
from sluicegate.storage.place import StorageFolder

SCORES = "scores"
FORMAT_VERSION = 1
BATCH_ROWS = 4096
_UNUSABLE = "This model cannot be used as a library."


@dataclass(frozen=True, eq=False)
class Predictions:
    """One answer per row, in the rows' order.

    scores : (n, classes) float32, (n, 1) for a regression, float64 where its label needs it.
    classes : names of the columns of `scores`, the positive one last; () for a regression.
    decisions : (n,) the class of each row as text, by the model's own threshold or the highest score; a regression's
        values.
    """

    scores: npt.NDArray[np.floating]
    answers: Answers

    @property
    def classes(self) -> tuple[str, ...]:
        return self.answers.classes

    @cached_property
    def decisions(self) -> npt.NDArray[Any]:
        return self.answers.decide(self.scores)

    def __len__(self) -> int:
        return len(self.scores)

    def to_arrow(self) -> Any:
        """A pyarrow Table: `decision` and `score_<class>` per class, or `value`."""
        return pa.table(self.answers.arrays(self.scores), names=list(self.answers.columns))

    def to_pylist(self) -> list[dict[str, Any]]:
        """The same as a dict per row."""
        found: list[dict[str, Any]] = self.to_arrow().to_pylist()
        return found


class Predictor:
    """A loaded version. Any thread may call `predict`, and several at once.

    path : its folder.  version : its number, None where the folder's name is none.
    inputs : the columns it takes.  answers : what its scores stand for.

    missing : words for no value beside those that the model learned.  unsaid : those of a model that does not say which.
    """

    def __init__(self, path: Path, missing: Sequence[str] = (), unsaid: Sequence[str] = ()) -> None:
        described = _described(path)
        self.path = path
        self.version = int(path.name) if path.name.isdigit() else None
        self.answers = answers_in(described)
        self.inputs = readings.inputs_of(path, described["inputs"], missing, unsaid)
        try:
            self._model = SavedModel(path)
        except ServingError as error:
            raise ModelError(
                _UNUSABLE, Problem(str(path), error.message.splitlines()[0], "a complete SavedModel", "copy it again")
            ) from None
        self._signature = _signature(self._model, self.inputs, path)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns it takes."""
        return tuple(one.name for one in self.inputs)

    def predict(self, rows: Any, *, allow_missing: bool = False, place: Place = row_reading.in_memory) -> Predictions:
        """Scores rows, thousands at a time.

        A cell is read as it was in training: its words for no value, booleans in any case, whole numbers written as 39.0,
        dates, numbers in the column's own format. None, NaN, '' and a key that a row lacks are missing values; columns that
        the model does not take are ignored.

        Parameters
        ----------
        rows : a list of dicts, a pandas DataFrame, a pyarrow Table or RecordBatch, or a dict of columns.
        allow_missing : whether a column that no row has counts as missing everywhere, instead of being refused.
        place : how an error names a row (from 0) and a column.

        Raises
        ------
        DataError : columns are absent, or a cell is not what its column takes.
        """
        columns = row_reading.read(rows, self.columns)
        problems = row_reading.absent(self.inputs, columns.names) if columns.rows and not allow_missing else []
        if problems:
            raise DataError(row_reading.HEADLINE, *problems)
        scores = [np.empty((0, self.answers.width), np.float64 if self.answers.is_double else np.float32)]
        for start, arrays in columns.batches(BATCH_ROWS):
            count = min(BATCH_ROWS, columns.rows - start)
            scores.append(self._run(arrays, count, partial(_later, place, start)))
        return Predictions(np.concatenate(scores), self.answers)

    def close(self) -> None:
        """Frees the model's memory; no `predict` may be under way."""
        self._model.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _run(self, arrays: dict[str, Any], count: int, place: Place) -> npt.NDArray[np.floating]:
        tensors = row_reading.tensors(self.inputs, arrays, count, place)
        try:
            return self._model.run(self._signature, tensors, (SCORES,))[SCORES]
        except ServingError as error:
            raise ModelError(
                "The model failed on these rows.",
                Problem(str(self.path), error.message.splitlines()[0], "", "try another version"),
            ) from None


def _later(place: Place, start: int, row: int, column: str) -> str:
    """The place of a row of a batch that begins at row `start`."""
    return place(start + row, column)


def load(path: str | Path, *, missing: Sequence[str] = ()) -> Predictor:
    """The model in `path`, ready to predict.

    Parameters
    ----------
    path : a version's folder; or a folder of versions, of which release.json's stable one is taken, else the newest. Either may
        be s3://, gs:// or az:// (docs/storage.md).
    missing : texts that mean "no value" beside '' and those of the table that the model learned from. A model of an older
        release does not say those: pass the settings' `data.missing`.

    Raises
    ------
    ModelError : there is no model, or none of ours.
    """
    return Predictor(chosen(path), missing)


def chosen(path: str | Path | StorageFolder, version: int | None = None) -> Path:
    """The version's folder that `path` stands for, fetched from where it lies.  version : one of a folder of versions."""
    here = Path(at(path).uri)
    if is_remote(path):
        found = _version_in(*_split_version(at(path), version))
    elif (here / SAVED_MODEL_GRAPH).is_file() and version is None:
        return here
    else:
        found = _version_in(here, version)
    return found if isinstance(found, Path) else found.fetched()


def _split_version(place: StorageFolder, version: int | None) -> tuple[StorageFolder, int | None]:
    """s3://bucket/census/1700000000 names a version, as a version's folder does."""
    above, name = split_name(place.uri)
    if version is None and name.isascii() and name.isdigit():
        return at(above), int(name)
    return place, version


def _version_in(path: Path | StorageFolder, version: int | None) -> Path | BucketVersion:
    try:
        seen = look(ModelConfig(split_name(path.uri)[1] if isinstance(path, StorageFolder) else path.name, path))
    except ServingError as error:
        said = "no such folder" if isinstance(path, Path) and not path.is_dir() else error.message
        raise ModelError(
            "There is no model here.",
            Problem(str(path), said, "a version's folder, or a folder of versions", "correct the path"),
        ) from None
    known = ", ".join(map(str, sorted(seen.versions)[-5:])) or f"no {SAVED_MODEL_GRAPH} and no version"
    if not seen.versions:
        remedy = "name the folder that a run pushed to: output/<name>/serving/<name>"
        raise ModelError(
            "There is no model here.", Problem(str(path), known, "a version's folder, or a folder of versions", remedy)
        )
    stable = seen.release.stable if seen.release else None
    number = version if version is not None else stable if stable is not None else max(seen.versions)
    if number not in seen.versions:
        why = f"version {number}" + (f", which {release.FILE_NAME} calls stable," if version is None else "")
        raise ModelError(
            "There is no such version.", Problem(str(path), f"{why} is not there", known, "name one that is there")
        )
    return seen.versions[number]


def _described(path: Path) -> dict[str, Any]:
    """The model's own model.json."""
    file = path / MODEL_DESCRIPTION
    remedy = "only models that this project trained and pushed can be loaded so; serve others with `python -m sluicegate.serving`"
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        got = f"no {MODEL_DESCRIPTION}, which says what columns the model takes"
        raise ModelError(_UNUSABLE, Problem(str(path), got, "a model of this project", remedy)) from None
    except (OSError, ValueError) as error:
        raise ModelError(_UNUSABLE, Problem(str(file), str(error), "what the Trainer wrote", "copy it again")) from None
    lacking = [key for key in ("task", "classes", "threshold", "inputs") if key not in content]
    if content.get("format_version") != FORMAT_VERSION or lacking:
        got = f"format version {content.get('format_version')}" + (f", without {', '.join(lacking)}" if lacking else "")
        raise ModelError(_UNUSABLE, Problem(str(file), got, f"format version {FORMAT_VERSION}", remedy))
    return dict(content)


def _signature(model: SavedModel, inputs: Sequence[Input], path: Path) -> Any:
    signature = model.signatures.get(RAW_SIGNATURE)
    if signature is None or SCORES not in signature.outputs or {one.key for one in inputs} != set(signature.inputs):
        model.close()
        has = ", ".join(sorted(model.signatures)) or "none"
        remedy = "train and push it again: its model.json and its signatures do not belong together"
        allowed = f"{RAW_SIGNATURE}, with the inputs of model.json and an output {SCORES!r}"
        raise ModelError(_UNUSABLE, Problem(str(path), f"signatures: {has}", allowed, remedy))
    return signature
