"""The `fairness` section of the settings that `init` writes: off, with the columns that often tell groups of people apart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sluicegate_cli.yaml_scalar import scalar

if TYPE_CHECKING:
    from sluicegate.tables.inspecting import Column, TableProfile

#: Words in names of columns, by what they tell (docs/your-table.md lists them). A name is cut at blanks, signs and capitals.
WORDS = {
    "age": "age alter edad idade eta leeftijd dob birth birthdate birthday birthyear yob geburtsjahr agegroup",
    "sex": "sex gender male female geschlecht sexe sexo genero geslacht kon",
    "origin": "race ethnic ethnicity ethnie etnia raza nationality nationalitaet citizenship citizen foreign foreigner immigrant migrant "
    "native birthplace origin caste tribe skin hispanic latino hispan nonwhite minority",
    "faith": "religion religious faith church confession konfession",
    "family": "marital married spouse familienstand civil pregnant pregnancy children parental",
    "health": "disabled disability handicap behinderung veteran",
    "love": "orientation lgbt",
    "language": "language mothertongue muttersprache",
}
#: Names of origins, which tables have as columns of yes and no. With more values such a column may tell a colour or a region.
ORIGINS = frozenset({"asian", "african", "black", "white", "latina", "indigenous"})
_OF = {word: what for what, words in WORDS.items() for word in words.split()}
#: More distinct numbers than this are a quantity, and want bins; fewer are codes such as 1 and 2.
MAX_CODES = 10
AGE_BINS = "[25, 40, 60]"


def kind_of_group(name: str) -> str | None:
    """What the column's name says that it tells of people; None for nothing.

    >>> [kind_of_group(one) for one in ("PersonAge", "applicant_gender", "SEX", "average", "sussex", "page_views")]
    ['age', 'sex', 'sex', None, None, None]
    """
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    words = [word.lower() for word in re.split(r"[\W_\d]+", parted) if word]
    return next((_OF[word] for word in words if word in _OF), None)


def _group_of(column: Column) -> str | None:
    is_one_origin = column.name.lower() in ORIGINS and column.distinct == 2
    return kind_of_group(column.name) or ("origin" if is_one_origin else None)


def fairness_section(profile: TableProfile) -> list[str]:
    """Off, and said so: which groups of people a model may not be worse for is nobody's guess but yours."""
    found = [c for c in profile.columns if c.role in ("feature", "id") and _group_of(c)]
    names = ", ".join(map(_sensitive, found)) or "a_column"
    # A limit on sex is the one that most people begin with; on others it is as good an example.
    likely = sorted((c for c in found if not _wants_bins(c)), key=lambda c: _group_of(c) != "sex") or found
    first = scalar(likely[0].name if likely else "a_column")
    measure = "error_difference" if profile.roles.task == "regression" else "equal_opportunity_difference"
    why = [f"#   {c.name}: its name says {_group_of(c)}, its values are {_shown(c)}" for c in found]
    return [
        "# No group of rows is compared with another, and the release gate records that you said so.",
        "fairness: off",
        "# In its place, if your rows stand for people (docs/fairness.md):",
        *why,
        "# fairness:",
        f"#   sensitive: [{names}]",
        "#   limits:",
        f"#     - measure: {measure}",
        f"#       of: [{first}]",
        "#       at_most: 0.1",
    ]


def _sensitive(column: Column) -> str:
    name = scalar(column.name)
    if not _wants_bins(column):
        return name
    # Only years of age are known to be cut so; of another quantity the middle is at least its own.
    if _group_of(column) == "age" and column.high is not None and 30 <= column.high <= 130:
        return f"{{column: {name}, bins: {AGE_BINS}}}"
    middle = f"{((column.low or 0) + (column.high or 0)) / 2:g}"
    return f"{{column: {name}, bins: [{middle}]}}"


def _wants_bins(column: Column) -> bool:
    return column.kind == "number" and column.distinct > MAX_CODES


def _shown(column: Column) -> str:
    if column.values:
        return ", ".join(column.values[:6])
    codes = "codes" if column.kind == "number" and not _wants_bins(column) else "numbers"
    return f"{codes} from {column.low:g} to {column.high:g}" if column.low is not None else "many"
