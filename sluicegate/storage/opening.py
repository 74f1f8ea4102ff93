"""From a path or URI to its place."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from schemas.errors import Problem, UsageError
from sluicegate.storage.local import LocalFolder
from sluicegate.storage.place import StorageFolder

_URI = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<bucket>[^/]*)(?P<rest>/.*)?", re.DOTALL)
SCHEMES = ("s3", "gs", "az")
ALLOWED = "a path, file:///..., s3://BUCKET/..., gs://BUCKET/... or az://CONTAINER/..."


def is_remote(place: str | Path | StorageFolder) -> bool:
    """Whether it is a URI of a cloud's storage. Raises UsageError for a URI that cannot be used."""
    if isinstance(place, StorageFolder):
        return not isinstance(place, LocalFolder)
    return not isinstance(place, Path) and _parts(place) is not None


def at(place: str | Path | StorageFolder) -> StorageFolder:
    """The place that a path or URI names; nothing is asked of it yet.

    Raises UsageError for a URI of another scheme, or with credentials in it; NotAllowed where the environment's do not make sense.
    """
    if isinstance(place, StorageFolder):
        return place
    parts = None if isinstance(place, Path) else _parts(place)
    return _remote(*parts) if parts else LocalFolder(local_path(place))


def local_path(place: str | Path) -> Path:
    """Raises UsageError for a URI that is none of this machine."""
    text = str(place)
    if isinstance(place, Path) or not text.startswith("file://"):
        return Path(place)
    if not text.startswith("file:///"):
        raise _unusable(text, "a file URI with a host")
    return Path(unquote(text.removeprefix("file://")))


def absolute(path: str) -> str:
    """A path as one that does not depend on where the process runs; a URI as it is."""
    return path if is_remote(path) else str(local_path(path).resolve())


def split_name(uri: str) -> tuple[str, str]:
    """A file's URI as its folder's and its name; the name is "" for a whole bucket.

    >>> split_name("s3://tables/2026/census.csv")
    ('s3://tables/2026', 'census.csv')
    """
    parts = _parts(uri)
    if parts is None:
        raise _unusable(uri, "no URI")
    scheme, bucket, prefix = parts
    above, _, name = prefix.rpartition("/")
    return "/".join(filter(None, (f"{scheme}://{bucket}", above))), name


def _parts(text: str) -> tuple[str, str, str] | None:
    """Scheme, bucket and prefix; None for a path of this machine."""
    found = _URI.fullmatch(text)
    if found is None or found["scheme"].lower() == "file":
        return None
    scheme, bucket, prefix = found["scheme"].lower(), found["bucket"], (found["rest"] or "").strip("/")
    if "@" in bucket or "?" in text or "#" in text:
        # Not repeated in the message: it may be a key.
        raise _unusable(f"{scheme}://...", "a URI with credentials or a query in it")
    if scheme not in SCHEMES:
        raise _unusable(text, f"the scheme {scheme}")
    if not bucket or ".." in prefix.split("/"):
        raise _unusable(text, "no bucket" if not bucket else "a way up (..)")
    return scheme, bucket, prefix


def _remote(scheme: str, bucket: str, prefix: str) -> StorageFolder:
    if scheme == "gs":
        from sluicegate.storage.google import GoogleFolder

        return GoogleFolder(bucket, prefix)
    from sluicegate.storage.objects import ObjectFolder

    return ObjectFolder(scheme, bucket, prefix)


def _unusable(where: str, got: str) -> UsageError:
    return UsageError(
        "This place cannot be used.", Problem(where, got, ALLOWED, "correct it; credentials come from the environment")
    )
