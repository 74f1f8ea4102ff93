"""Which of the project's files decide what a step does: its modules and all that they import, read off the import lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

#: `from a.b import c, d` or `import a.b`, wherever it stands: much is imported inside functions.
_IMPORT = re.compile(r"^[ \t]*(?:from ([\w.]+) import (\([^)]*\)|[^\n]*)|import ([\w., ]+))", re.M)
_NAME = re.compile(r"\w+")
#: What only a type checker reads, and comments.
_NOT_RUN = re.compile(r"^if TYPE_CHECKING:\n(?:[ \t]+[^\n]*\n|\n)*|#[^\n]*", re.M)
#: What is read beside a module of the same folder, such as the templates of a page.
_BESIDE = ("*.j2", "*.css", "*.html", "*.js", "templates/*")


def sources(modules: Iterable[str], project: Path) -> tuple[Path, ...]:
    """Every file below `project` that these modules load, sorted; what stands elsewhere (TFX, numpy) is not looked at."""
    waiting, seen = list(modules), set[str]()
    files = set[Path]()
    while waiting:
        name = waiting.pop()
        path = None if name in seen else _file_of(name, project)
        seen.add(name)
        if path is None:
            continue
        files.add(path)
        files.update(beside for pattern in _BESIDE for beside in path.parent.glob(pattern))
        waiting += [package for package in _packages_of(name) if package not in seen]
        waiting += [found for found in imported(path.read_text(encoding="utf-8")) if found not in seen]
    return tuple(sorted(files))


def imported(source: str) -> Iterator[str]:
    """Names of what may be a module: `from a import b` may mean a's content or the module a.b.

    >>> list(imported("from a import b as c"))
    ['a', 'a.b', 'a.as', 'a.c']
    """
    for package, names, plain in _IMPORT.findall(_NOT_RUN.sub("", source)):
        if package:
            yield package
            yield from (f"{package}.{name}" for name in _NAME.findall(names))
        yield from (name.split(" as ")[0].strip() for name in plain.split(",") if name)


def _packages_of(module: str) -> Iterator[str]:
    """The packages around it, whose __init__ an import runs too.

    >>> list(_packages_of("a.b.c"))
    ['a', 'a.b']
    """
    parts = module.split(".")
    yield from (".".join(parts[:end]) for end in range(1, len(parts)))


def _file_of(module: str, project: Path) -> Path | None:
    path = project.joinpath(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)
