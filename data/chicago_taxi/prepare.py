"""Adds `big_tip` to the taxi table as TFX ships it: python data/chicago_taxi/prepare.py ORIGINAL.csv"""

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
SHARE = 0.2


def with_big_tip(rows: Iterable[Mapping[str, str]]) -> Iterator[dict[str, str]]:
    """Each row with `big_tip`: "yes" where the tip is more than a fifth of the fare, else "no".

    Where either is not known it is "no", as in TFX's own taxi example.
    """
    for row in rows:
        known = row["fare"] and row["tips"]
        yield {**row, "big_tip": "yes" if known and float(row["tips"]) > SHARE * float(row["fare"]) else "no"}


def main(original: str) -> None:
    with Path(original).open(newline="", encoding="utf-8") as file:
        rows = list(with_big_tip(csv.DictReader(file)))
    with (HERE / "chicago_taxi.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main(sys.argv[1])
