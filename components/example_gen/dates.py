"""Which texts are ISO dates or timestamps. They stay text; what a model sees of them is up to models/features.py."""

from __future__ import annotations

from typing import Any

_ISO = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?( ?(Z|[+-][0-9]{2}(:?[0-9]{2})?))?)?$"
)


def are_dates(values: Any) -> Any:
    """A pyarrow boolean array: is this text an ISO 8601 date or timestamp of a day that exists."""
    import pyarrow.compute as pc

    shaped = pc.match_substring_regex(values, _ISO)
    if not pc.any(shaped).as_py():
        return shaped
    days = pc.utf8_slice_codeunits(pc.if_else(shaped, values, None), 0, 10)
    read = pc.strptime(days, format="%Y-%m-%d", unit="s", error_is_null=True)
    # strptime takes 30 February for 1 March; written back it differs.
    return pc.fill_null(pc.equal(pc.strftime(read, format="%Y-%m-%d"), days), False)
