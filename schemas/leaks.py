"""How well each column alone predicts the label: `leaks.json`, which ExampleGen writes beside the examples and DataGate judges."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.document import Document

FILE_NAME = "leaks.json"
#: What is measured, by task.
AUC, RANK_R2 = "auc", "rank_r2"


@dataclass(frozen=True)
class Alone:
    """One column as the only feature.

    measure : AUC of a classification (of several classes: their mean, each against the rest, by their rows) or RANK_R2 of a
        regression, the explained part of the variance of the label's ranks; both on rows that the prediction has not seen.
    value : 1 is perfect.  center, error : from which its lower end is taken, at any level; see fairness.leaks.
    flawless : effective rows if the column is the label in other words, else 0: it has few values and each goes with one class
        and each class with one value; of a regression: it orders the labels without an error.
    """

    column: str
    measure: str
    value: float
    center: float
    error: float
    rows: int
    flawless: float = 0.0


@dataclass(frozen=True)
class Leaks:
    columns: tuple[Alone, ...] = ()


FILE = Document(Leaks, FILE_NAME)
read, write, to_json = FILE.read, FILE.write, FILE.to_json
