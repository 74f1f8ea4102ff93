"""Numbers as people write them, "1.471,46" or "$1,471.46": recognised here, read by sluicegate/tables/cells.py."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from schemas.reading import NumberFormat
from sluicegate.tables.cells import are_numbers, unformatted
from sluicegate.tables.encoded import EncodedColumn

_FORMATS = (
    NumberFormat(),
    NumberFormat(".", ","),
    NumberFormat(",", ""),
    NumberFormat(",", "."),
    NumberFormat(".", " "),
    NumberFormat(",", " "),
    NumberFormat(".", "'"),
    NumberFormat(",", "'"),
    NumberFormat(".", "_"),
)
"""From the plainest: of formats that read the same, the first is taken."""
MIN_SHARE = 0.95
SAMPLE = 200
MIN_GROUPED = 20
"""Distinct numbers such as 2.229 that it takes to ask whether they are thousands; fewer may be so by chance."""
_GROUPED = r"^[+-]?[1-9][0-9]{0,2}\.[0-9]{3}$"
_BARE = r"^[+-]?[0-9]{1,3}$"
_CODES = frozenset(
    [
        "AED",
        "ARS",
        "AUD",
        "BGN",
        "BRL",
        "CAD",
        "CHF",
        "CLP",
        "CNY",
        "COP",
        "CZK",
        "DKK",
        "EGP",
        "EUR",
        "GBP",
        "HKD",
        "HUF",
        "IDR",
        "ILS",
        "INR",
        "ISK",
        "JPY",
        "KES",
        "KRW",
        "MAD",
        "MXN",
        "MYR",
        "NGN",
        "NOK",
        "NZD",
        "PEN",
        "PHP",
        "PKR",
        "PLN",
        "RON",
        "RUB",
        "SAR",
        "SEK",
        "SGD",
        "THB",
        "TRY",
        "TWD",
        "UAH",
        "USD",
        "VND",
        "ZAR",
    ]
)
"""ISO 4217's currencies that tables are kept in; any three capital letters would make a number of the flight LAX747."""
_SIGN = re.compile(r"[A-Z]{3}|%|[^\W\d_]+|[^\w\s.,'+()\u2019\u2212-]")


@dataclass(frozen=True)
class Guess:
    """Texts that are numbers in a format.

    formats : all that fit and read different numbers, the plainest first; one, or nobody can tell which is meant.
    share : of the rows with a value that are written so, 1 for all.
    example : one of the texts.
    """

    formats: tuple[NumberFormat, ...]
    share: float
    example: str

    @property
    def form(self) -> NumberFormat | None:
        """The one format that fits all rows, or None."""
        return self.formats[0] if len(self.formats) == 1 and self.share == 1 else None


def setting(name: str, form: NumberFormat) -> str:
    """As in: `numbers: {amount: {decimal: ",", thousands: "."}}` under `columns:`"""
    return f"`numbers: {{{name}: {in_braces(form)}}}` under `columns:`"


def in_braces(form: NumberFormat) -> str:
    thousands = f', thousands: "{form.thousands}"' if form.thousands else ""
    return f'{{decimal: "{form.decimal}"{thousands}}}'


def guessed(column: EncodedColumn) -> Guess | None:
    """What the column's texts look like as numbers; None where they are plain numbers, or none in any format."""
    import pyarrow as pa
    import pyarrow.compute as pc

    values = column.values
    if not pa.types.is_string(values.type) or not len(values):
        return None
    if not _may_be_numbers(values[:SAMPLE]):
        return _thousands(values)
    counts, numbers = column.counts(), are_numbers(values)
    read = {form: _read(values, form) for form in _FORMATS}
    shares = {form: float(counts[_are_there(found)].sum() / counts.sum()) for form, found in read.items()}
    best = max(shares.values())
    written = pc.and_(pc.invert(numbers), pc.is_valid(read[max(shares, key=lambda form: shares[form])]))
    if best < MIN_SHARE or not pc.any(written).as_py() or not _have_one_sign(values):
        return None
    different: list[NumberFormat] = []
    for form in _FORMATS:
        is_new = not any(read[form].equals(read[other]) for other in different)
        if shares[form] == best and is_new and _is_likely(values, form):
            different.append(form)
    return Guess(tuple(different), best, values.filter(written)[0].as_py()) if different else None


def _thousands(values: Any) -> Guess | None:
    """Numbers such as 2.229 and 875, which read as they are and mean thousands.

    A program writes either three decimals always, or none that is a zero at the end. So 875 beside 2.230 is certain; 875 beside
    nothing but three decimals is likely, and a person must say.
    """
    import pyarrow.compute as pc

    def grouped_in(texts: Any) -> Any:
        found = pc.match_substring_regex(texts, _GROUPED)
        is_either = pc.or_(found, pc.match_substring_regex(texts, _BARE))
        return found if pc.all(is_either).as_py() else None

    grouped = None if grouped_in(values[:SAMPLE]) is None else grouped_in(values)
    if grouped is None or not MIN_GROUPED <= pc.sum(grouped).as_py() < len(values):
        return None
    texts, with_points = values.filter(grouped), NumberFormat(",", ".")
    is_sure = pc.any(pc.ends_with(texts, "0")).as_py()
    return Guess((with_points,) if is_sure else (with_points, NumberFormat()), 1.0, texts[0].as_py())


def _may_be_numbers(values: Any) -> bool:
    """A look at a few, because nine formats are tried on all."""
    import pyarrow.compute as pc

    shaped = pc.and_(
        pc.match_substring_regex(values, "[0-9]"), pc.invert(pc.match_substring_regex(values, "[A-Za-z]{4}"))
    )
    if pc.sum(shaped).as_py() < MIN_SHARE / 2 * len(values) or pc.all(are_numbers(values)).as_py():
        return False
    return bool(max(_are_there(_read(values, form)).mean() for form in _FORMATS) >= MIN_SHARE / 2)


def _are_there(values: Any) -> Any:
    import pyarrow.compute as pc

    return pc.is_valid(values).to_numpy(zero_copy_only=False)


def _read(texts: Any, form: NumberFormat) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    plain = unformatted(texts, form)
    return pc.if_else(are_numbers(pc.fill_null(plain, "")), plain, None).cast(pa.float64())


def _have_one_sign(values: Any) -> bool:
    """Whether nothing but one currency stands beside the numbers, or a percent sign beside all of them."""
    texts = values.to_pylist()
    found = [set(_SIGN.findall(text)) - {"e", "E"} for text in texts]
    signs = set().union(*found)
    if len(signs) > 1 or any(sign.isalpha() and sign not in _CODES for sign in signs):
        return False
    return "%" not in signs or all(found)


def _is_likely(values: Any, form: NumberFormat) -> bool:
    """Whether a program would write these texts so.

    Thousands: no zero before the first sign, and what stands without one is below 1,000. Decimals after the same sign that
    groups could have: either all texts have as many of them, or none ends in a zero, because programs write decimals so.
    """
    texts = [
        re.sub(r"[^0-9.,' _]", "", text.replace("\u2019", "'").replace("\u00a0", " ")) for text in values.to_pylist()
    ]
    texts = [text.strip() for text in texts]
    if form.thousands and any(form.thousands in text for text in texts):
        whole = [text.split(form.decimal)[0] for text in texts]
        grouped = [text for text in whole if form.thousands in text]
        bare = [text for text in whole if form.thousands not in text]
        if (
            whole == texts
            and not bare
            and {text.count(form.thousands) for text in texts} not in ({1}, {1, 2}, {1, 2, 3})
        ):
            return False  # 192.168.100.200 and 555 123 456
        return not any(text.startswith("0") for text in grouped) and not any(len(text.lstrip("0")) > 3 for text in bare)
    decimals = [text.split(form.decimal)[1] for text in texts if form.decimal in text]
    if form.decimal == "." or any(len(one) != 3 for one in decimals):
        return True
    return len(decimals) == len(texts) or not any(one.endswith("0") for one in decimals)
