"""The name by which a model serves a column: letters that TensorFlow takes, and of the column's own name alone.

So the names of a client's inputs stay when other columns come or go. Pure: no TensorFlow.
"""

from __future__ import annotations

import hashlib
import keyword
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
#: What TensorFlow's own functions call an argument of theirs.
_TAKEN = frozenset({"self"})
_LONGEST_STEM = 40
_HASH_LETTERS = 8


def served_names(names: Iterable[str]) -> tuple[str, ...]:
    """One name per column, in the same order: ASCII letters, digits and underscores, no Python keyword, each once.

    A name that is one already stays, and a hyphen becomes an underscore. All others end in eight letters of their
    SHA-256, because what they lose could make two of them alike. TensorFlow knows no case: so `A_b` and `a-b`, which
    keep their letters alone, end so beside a column `a_b`, and beside each other.

    >>> served_names(["age", "hours-per-week", "marital status", "2nd", "Größe", "年齢", "class"])
    ('age', 'hours_per_week', 'marital_status_c577fb22', 'x2nd_c21365c7', 'Grosse_aedc3f80', 'column_18a91230', 'class_0889113e')
    """
    names = tuple(names)
    wanted = Counter(name.replace("-", "_").lower() for name in dict.fromkeys(names))
    return tuple(_served(name, wanted) for name in names)


def _served(name: str, wanted: Counter[str]) -> str:
    plain = name.replace("-", "_")
    if is_plain(plain) and (name == plain.lower() or wanted[plain.lower()] == 1):
        return plain
    latin = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^0-9A-Za-z]+", "_", latin).strip("_")[:_LONGEST_STEM] or "column"
    stem = stem if stem[0].isalpha() else f"x{stem}"
    return f"{stem}_{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:_HASH_LETTERS]}"


def is_plain(name: str) -> bool:
    """Whether TensorFlow takes the name as an argument's."""
    return _PLAIN.fullmatch(name) is not None and not keyword.iskeyword(name) and name not in _TAKEN
