"""The digest that says whether two model folders hold the same model."""

from __future__ import annotations

import hashlib
from pathlib import Path

CHUNK_BYTES = 1 << 20
#: Property of ExampleGen's examples: SHA-256 of the table that they were read from.
DATA_DIGEST = "data_digest"


def model_digest(folder: str | Path) -> str:
    """SHA-256 over the relative paths (sorted) and bytes of every file in `folder`, as 64 hex digits.

    Times, owners and empty folders do not count. Raises FileNotFoundError where `folder` is no folder.
    """
    root = Path(folder)
    if not root.is_dir():
        raise FileNotFoundError(f"{root} is not a folder")
    digest = hashlib.sha256()
    files = sorted((path.relative_to(root).as_posix(), path) for path in root.rglob("*") if path.is_file())
    for name, path in files:
        # Lengths before contents: moving bytes from a name into a file must change the digest.
        digest.update(f"{len(name.encode())}:{name}:{path.stat().st_size}:".encode())
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
    return digest.hexdigest()
