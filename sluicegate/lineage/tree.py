"""A tree of lines, drawn with the usual branches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Branch:
    """One line and what hangs below it."""

    text: str
    children: tuple[Branch, ...] = ()


def draw(root: Branch) -> str:
    """The tree as text.

    >>> print(draw(Branch("a", (Branch("b", (Branch("c"),)), Branch("d")))))
    a
    ├─ b
    │  └─ c
    └─ d
    """
    return "\n".join([root.text, *_below(root, "")])


def _below(branch: Branch, indent: str) -> Iterator[str]:
    for index, child in enumerate(branch.children):
        last = index == len(branch.children) - 1
        yield f"{indent}{'└─' if last else '├─'} {child.text}"
        yield from _below(child, indent + ("   " if last else "│  "))
