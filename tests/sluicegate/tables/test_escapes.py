"""Escaped quotation marks are found in a file that is read in pieces, wherever a piece ends."""

from __future__ import annotations

import pytest

from sluicegate.tables.files import escapes
from sluicegate.tables.source import Source


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
@pytest.mark.parametrize("delimiter", [",", "§"])
@pytest.mark.parametrize(
    ("text", "is_escaped"),
    [
        ('a,"he said \\"hi\\" to me"\n', True),
        ('a,"C:\\data\\",b\n', False),
        ('a,"C:\\data\\"\r\nb,"D:\\"', False),
        ('a,"he said ""hi"""\n', False),
    ],
)
def test_pieces_of_any_size_say_the_same(size: int, delimiter: str, text: str, is_escaped: bool) -> None:
    content = text.replace(",", delimiter).encode()
    blocks = (content[start : start + size] for start in range(0, len(content), size))
    assert escapes._found(blocks, Source("t.csv", "y", delimiter=delimiter)) is is_escaped
