"""The rows of a split with what the model, and the released one, answered: written once by Score, read by all that judges.

`predictions.parquet` holds one line per row of the split, in the split's order:

    row               int64     number of the row in the split, from 0
    id_<name>         as it is  one per ids column
    label             text      the class, null where unknown; float64 for a regression
    decision          text      ] the columns of schemas/predictions.py
    score_<class>     float32   ] one per class, the positive one last
    value             float64   ] a regression has this one instead
    weight            float64   1.0 where the table has none, or the cell is missing
    cluster           int64     the same number in all rows of one key (`split.key`); only where rows have keys; null where
                                a row has none. The numbers say nothing else
    group_<column>    text      one per sensitive column; float64 where the column holds numbers; null where missing
    slice_<column>    text      one per column of evaluation.slices, as written; null where missing
    baseline_...      as above  the released model's decision and scores (or value), where there is one to compare with

Its metadata (key `sluicegate`) is `About` as JSON. In memory all of it is plain numpy, and text stands as codes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.document import from_text, to_text
from schemas.predictions import DECISION, SCORE, VALUE, Answers

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

FILE_NAME = "predictions.parquet"
METADATA_KEY = b"sluicegate"
ROW, LABEL, WEIGHT, CLUSTER = "row", "label", "weight", "cluster"
ID, GROUP, SLICE, BASELINE = "id_", "group_", "slice_", "baseline_"
#: Kinds of an ids or a sensitive column, and the arrow types they are written in.
KINDS = ("text", "int", "float")
#: `baseline_note` of a file that was written before any model was released.
NO_RELEASE = "no model was released yet"
_UNKNOWN = -1


@dataclass(frozen=True)
class About:
    """What the whole file says about itself.

    task : "binary", "multiclass" or "regression".
    classes : the positive one last; () for regression.
    threshold, baseline_threshold : score from which a binary row counts as positive.
    split : which split was scored.
    sensitive, ids, slices : names of the columns, as in the table.
    weight : name of the weight's column, or None.
    baseline_version : of the released model that answered, too; None where none did, and then
    baseline_note : says why.
    released_version : of the released model, whether it answered or not; None where none was released yet.
    cluster : names of the columns whose equal values make rows of one key, which intervals must resample together; () where
        the rows are taken as independent.
    caution : why a comparison with the released model on these rows may favour it (another split rule), or "".
    """

    task: str
    classes: tuple[str, ...] = ()
    threshold: float | None = None
    baseline_threshold: float | None = None
    split: str = "test"
    sensitive: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    weight: str | None = None
    baseline_version: int | None = None
    baseline_note: str = ""
    released_version: int | None = None
    cluster: tuple[str, ...] = ()
    caution: str = ""
    slices: tuple[str, ...] = ()

    @property
    def answers(self) -> Answers:
        """What the model's scores stand for."""
        return Answers(self.task, self.classes, self.threshold)

    @property
    def baseline_answers(self) -> Answers:
        """What the released model's scores stand for."""
        return Answers(self.task, self.classes, self.baseline_threshold)

    @property
    def has_baseline(self) -> bool:
        return self.baseline_version is not None

    @property
    def has_release(self) -> bool:
        """Whether a model was released, which may not have answered. Files without `released_version` say it by their note."""
        return self.released_version is not None or self.has_baseline or self.baseline_note not in ("", NO_RELEASE)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the file's columns, in its order."""
        answers = self.answers.columns
        ids, groups = [ID + name for name in self.ids], [GROUP + name for name in self.sensitive]
        baseline = [BASELINE + name for name in answers] if self.has_baseline else []
        cluster, slices = [CLUSTER] if self.cluster else [], [SLICE + name for name in self.slices]
        return (ROW, *ids, LABEL, *answers, WEIGHT, *cluster, *groups, *slices, *baseline)

    def to_json(self) -> str:
        return to_text(self)

    @classmethod
    def from_json(cls, text: str) -> About:
        """Reads what `to_json` wrote, of earlier versions, too."""
        return from_text(cls, text)


@dataclass(frozen=True, eq=False)
class Texts:
    """A column of text.

    codes : (n,) int32, places in `values`; -1 = missing.
    values : distinct texts, in the order in which they first occur.
    """

    codes: npt.NDArray[np.int32]
    values: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.codes)

    def texts(self) -> npt.NDArray[Any]:
        """(n,) objects: the texts, None where missing."""
        import numpy as np

        return np.array([*self.values, None], object)[self.codes]

    @classmethod
    def of(cls, texts: Iterable[str | None]) -> Texts:
        """A column from its cells, None or '' where missing."""
        import numpy as np

        places: dict[str, int] = {}
        codes = [places.setdefault(text, len(places)) if text else _UNKNOWN for text in texts]
        return cls(np.array(codes, np.int32), tuple(places))


@dataclass(frozen=True, eq=False)
class ScoredRows:
    """The columns that were read, or are to be written.

    columns : by their name in the file, (n,) each.
        row int64 · label, decision, baseline_decision: int64 place in `about.classes`, -1 = unknown (label of a
        regression: float64, NaN = unknown) · score_<class>: float32 · value, weight: float64 ·
        cluster: int64 from 0, each row without a key in one of its own ·
        group_<column>: `Texts`, or float64 with NaN = missing · slice_<column>: `Texts` · id_<name>: objects (str, int or float; None = missing)

    The properties raise KeyError, with what to do, for a column that was not read.
    """

    about: About
    columns: Mapping[str, Any]

    def __len__(self) -> int:
        return max((len(column) for column in self.columns.values()), default=0)

    def __getitem__(self, name: str) -> Any:
        if name not in self.columns:
            what = "was not read: name it in `columns`" if name in self.about.columns else "is not in the file"
            raise KeyError(f"The column {name!r} of the scored rows {what}.")
        return self.columns[name]

    @property
    def label(self) -> npt.NDArray[Any]:
        """(n,) int64 place in the classes, -1 = unknown; float64 with NaN for a regression."""
        found: npt.NDArray[Any] = self[LABEL]
        return found

    @property
    def decision(self) -> npt.NDArray[np.int64]:
        """(n,) int64 place in the classes. A regression has none."""
        found: npt.NDArray[np.int64] = self[DECISION]
        return found

    @property
    def scores(self) -> npt.NDArray[np.floating]:
        """(n, classes) float32, or (n, 1) float64 values of a regression."""
        return self._scores("")

    @property
    def weight(self) -> npt.NDArray[np.float64]:
        """(n,) float64."""
        found: npt.NDArray[np.float64] = self[WEIGHT]
        return found

    @property
    def cluster(self) -> npt.NDArray[np.int64] | None:
        """(n,) int64 from 0: which rows go together when rows are resampled; None where each is its own."""
        return self[CLUSTER] if self.about.cluster else None

    @property
    def has_baseline(self) -> bool:
        """Whether the released model's answers are in the file."""
        return self.about.has_baseline

    @property
    def baseline_decision(self) -> npt.NDArray[np.int64]:
        """As `decision`, of the released model."""
        found: npt.NDArray[np.int64] = self[BASELINE + DECISION]
        return found

    @property
    def baseline_scores(self) -> npt.NDArray[np.floating]:
        """As `scores`, of the released model."""
        return self._scores(BASELINE)

    def group(self, column: str) -> Texts | npt.NDArray[np.float64]:
        """A sensitive column: `Texts`, or (n,) float64 with NaN = missing."""
        found: Texts | npt.NDArray[np.float64] = self[GROUP + column]
        return found

    def ids(self, column: str) -> npt.NDArray[Any]:
        """(n,) objects: str, int or float; None = missing."""
        found: npt.NDArray[Any] = self[ID + column]
        return found

    def _scores(self, prefix: str) -> npt.NDArray[np.floating]:
        import numpy as np

        names = [SCORE + name for name in self.about.classes] or [VALUE]
        return np.stack([self[prefix + name] for name in names], axis=1)


def arrow_schema(about: About, id_kinds: Mapping[str, str], group_kinds: Mapping[str, str]) -> Any:
    """The pyarrow schema of the file, `about` in its metadata.

    id_kinds, group_kinds : one of KINDS for each ids and each sensitive column; text where it is not named.
    """
    import pyarrow as pa

    types = {"text": pa.string(), "int": pa.int64(), "float": pa.float64()}
    special = {
        ROW: pa.int64(),
        CLUSTER: pa.int64(),
        LABEL: pa.string() if about.classes else pa.float64(),
        WEIGHT: pa.float64(),
    }
    special |= {ID + name: types[id_kinds.get(name, "text")] for name in about.ids}
    special |= {GROUP + name: types[group_kinds.get(name, "text")] for name in about.sensitive}
    special |= {SLICE + name: pa.string() for name in about.slices}
    answers = {name: pa.float64() if name == VALUE else kind for name, kind in about.answers.fields()}
    special |= answers | {BASELINE + name: kind for name, kind in answers.items()}
    fields = [pa.field(name, special[name]) for name in about.columns]
    return pa.schema(fields, metadata={METADATA_KEY: about.to_json().encode()})


def write(batches: Iterable[Any], schema: Any, path: str | Path) -> int:
    """Writes pyarrow tables or record batches as one row group each; returns the rows. One batch is in memory at a time.

    schema : of `arrow_schema`, which every batch has.
    """
    import pyarrow as pa
    from pyarrow import parquet

    rows = 0
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in batches:
            table = pa.Table.from_batches([batch]) if isinstance(batch, pa.RecordBatch) else batch
            # The metadata of a piece says less than that of the whole.
            writer.write_table(table.replace_schema_metadata(schema.metadata))
            rows += table.num_rows
    return rows


def save(rows: ScoredRows, folder: str | Path) -> Path:
    """Writes rows that are in memory as `predictions.parquet` into `folder`, and returns its path."""
    path = Path(folder) / FILE_NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    table = to_table(rows)
    write([table], table.schema, path)
    return path


def to_table(rows: ScoredRows) -> Any:
    """The pyarrow table of rows that have all columns."""
    import pyarrow as pa

    arrays = {name: _to_arrow(name, rows[name], rows.about) for name in rows.about.columns}
    metadata = {METADATA_KEY: rows.about.to_json().encode()}
    return pa.table(arrays).replace_schema_metadata(metadata)


def read_about(folder: str | Path) -> About:
    """What the file in `folder` says about itself, without its rows. Raises FileNotFoundError."""
    from pyarrow import parquet

    return _about_in(parquet.read_schema(Path(folder) / FILE_NAME))


def read(folder: str | Path, columns: Collection[str] | None = None) -> ScoredRows:
    """The rows in `folder`.

    columns : names in the file, such as ["label", "weight", "group_sex"]; None: all of them.

    Raises FileNotFoundError; KeyError for a column that is not in the file.
    """
    from pyarrow import parquet

    path = Path(folder) / FILE_NAME
    schema = parquet.read_schema(path)
    wanted = [name for name in schema.names if columns is None or name in columns]
    absent = sorted(set(columns or ()) - set(wanted))
    if absent:
        raise KeyError(f"The scored rows have no column {', '.join(absent)}; they have {', '.join(schema.names)}.")
    texts = [name for name in wanted if _is_coded(name, schema)]
    about = _about_in(schema)
    table = parquet.read_table(path, columns=wanted, read_dictionary=texts)
    return ScoredRows(about, {name: _to_numpy(name, table.column(name), about) for name in wanted})


def _about_in(schema: Any) -> About:
    return About.from_json((schema.metadata or {})[METADATA_KEY].decode())


def _is_class(name: str, about: About) -> bool:
    return bool(about.classes) and name in (LABEL, DECISION, BASELINE + DECISION)


def _is_coded(name: str, schema: Any) -> bool:
    import pyarrow as pa

    return pa.types.is_string(schema.field(name).type) and not name.startswith(ID)


def _to_arrow(name: str, column: Any, about: About) -> Any:
    import pyarrow as pa

    if isinstance(column, Texts):
        return pa.array(column.texts(), pa.string())
    if _is_class(name, about):
        import numpy as np

        return pa.array(np.array([*about.classes, None], object)[column], pa.string())
    return pa.array(column, from_pandas=True)


def _to_numpy(name: str, column: Any, about: About) -> Any:
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        found = _texts(column)
        return _places(found, about.classes) if _is_class(name, about) else found
    if name.startswith(ID):
        return _objects(column)
    return _clusters(column) if name == CLUSTER else column.to_numpy()


def _clusters(column: Any) -> npt.NDArray[np.int64]:
    import numpy as np
    import pyarrow as pa

    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    present = array.is_valid().to_numpy(zero_copy_only=False)
    codes = np.empty(len(array), np.int64)
    keys, codes[present] = np.unique(array.drop_null().to_numpy(zero_copy_only=False), return_inverse=True)
    codes[~present] = len(keys) + np.arange(len(array) - int(present.sum()))
    return codes


def _texts(column: Any) -> Texts:
    import numpy as np

    array = column.combine_chunks()
    if not len(array):
        return Texts(np.empty(0, np.int32), ())
    codes = array.indices.fill_null(_UNKNOWN).to_numpy(zero_copy_only=False).astype(np.int32)
    return Texts(codes, tuple(array.dictionary.to_pylist()))


def _places(column: Texts, classes: tuple[str, ...]) -> npt.NDArray[np.int64]:
    import numpy as np

    places = [classes.index(text) if text in classes else _UNKNOWN for text in column.values]
    return np.array([*places, _UNKNOWN], np.int64)[column.codes]


def _objects(column: Any) -> npt.NDArray[Any]:
    import numpy as np

    found = np.empty(len(column), object)
    found[:] = column.to_pylist()
    return found
