"""Paths of what lies in an output folder: written as they are seen from the folder, read as it lies now (adr/0025).

Records before that decision, and ML Metadata, hold absolute paths; where those name a folder that is not this one, the output folder
was moved or copied, and what lay below the old place lies below this one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from schemas.output_folder import ARTIFACTS

#: Properties of an artifact that hold a path in the output folder.
PROPERTIES = ("pushed_destination", "serving_folder")
#: Where TFX puts an artifact: <output folder>/artifacts/<step>/<key>/<execution>, and a value in a file below.
_ARTIFACT = re.compile(rf"(/.+)/{ARTIFACTS}/[^/]+/[^/]+/\d+(?:/.*)?")


def seen_from(root: Path, path: str) -> str:
    """The path from `root` on; as it is where it lies elsewhere.

    >>> seen_from(Path("/out/census"), "/out/census/serving/census/3"), seen_from(Path("/out/census"), "/out/census2/a")
    ('serving/census/3', '/out/census2/a')
    """
    return path.removeprefix(f"{root}/")


def now_at(root: Path, path: str, old: str = "") -> str:
    """Where a path that was written there lies now.

    old : the place of the output folder when an absolute path was written; "" for `root` itself.

    >>> now_at(Path("/new"), "serving/census/3"), now_at(Path("/new"), "/old/artifacts/a", "/old")
    ('/new/serving/census/3', '/new/artifacts/a')
    >>> now_at(Path("/new"), "s3://bucket/census/3", "/old"), now_at(Path("/new"), "/older/a", "/old")
    ('s3://bucket/census/3', '/older/a')
    """
    if old and (path == old or path.startswith(f"{old}/")):
        return f"{root}{path[len(old) :]}"
    is_relative = path and not path.startswith("/") and "://" not in path
    return f"{root}/{path}" if is_relative else path


def old_place(uris: Iterable[str], root: Path) -> str:
    """The other output folder that these artifacts' paths name; "" where they name this one, or none.

    >>> (
    ...     old_place(["/old/artifacts/Trainer/model/9"], Path("/new")),
    ...     old_place(["/new/artifacts/Trainer/model/9"], Path("/new")),
    ... )
    ('/old', '')
    """
    found = (_ARTIFACT.fullmatch(uri) for uri in uris)
    return next((match[1] for match in found if match and match[1] != str(root)), "")
