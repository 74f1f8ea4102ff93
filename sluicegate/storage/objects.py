"""`s3://` and `az://` through obstore. Credentials: its own chain, which begins with the environment (docs/storage.md)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import obstore
from obstore import exceptions
from obstore.store import AzureStore, S3Store

from sluicegate.storage.place import (
    LARGEST,
    CloudFolder,
    Entry,
    NotFound,
    Stored,
    changed,
    exists,
    not_allowed,
    not_found,
    too_large,
    unreachable,
)

_ENDPOINTS = {
    "s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    "az": ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
}
_REMEDIES = {
    "s3": "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role; AWS_SKIP_SIGNATURE=true reads public buckets",
    "az": "set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or give the machine an identity",
}
_CHUNK_BYTES = 8 * 2**20
#: What obstore says where it asked a cloud machine for credentials, and there is none.
_NO_CREDENTIALS = (
    "169.254.",
    "credential",
    "metadata token",
    "must be specified",
    "AccessDenied",
    "InvalidAccessKeyId",
)


class ObjectFolder(CloudFolder):
    """Tags are the store's ETags."""

    def __init__(self, scheme: str, bucket: str, prefix: str) -> None:
        self.uri = "/".join(filter(None, (f"{scheme}://{bucket}", prefix)))
        self._scheme = scheme
        with self._told(""):
            self._store = _store(scheme, bucket, prefix)

    def read(self, name: str, largest: int = LARGEST) -> Stored:
        with self._told(name):
            found = obstore.get(self._store, name)
            if found.meta["size"] > largest:
                raise too_large(self.where(name), found.meta["size"], largest)
            return Stored(bytes(found.bytes()), _tag(found.meta))

    def entries(self, below: str = "") -> list[Entry]:
        with self._told(below):
            listed = obstore.list(self._store, f"{below.strip('/')}/" if below else None)
            found = [Entry(meta["path"], meta["size"], _tag(meta)) for chunk in listed for meta in chunk]
        return sorted(found, key=lambda entry: entry.name)

    def about(self, name: str) -> Entry | None:
        with suppress(NotFound), self._told(name):
            meta = obstore.head(self._store, name)
            return Entry(name, meta["size"], _tag(meta))
        return None

    def delete(self, name: str) -> None:
        with suppress(NotFound), self._told(name):
            obstore.delete(self._store, name)

    def upload(self, file: Path, name: str) -> None:
        with self._told(name):
            obstore.put(self._store, name, file)

    def download(self, name: str, file: Path) -> None:
        with self._told(name), file.open("wb") as target:
            for chunk in obstore.get(self._store, name).stream(min_chunk_size=_CHUNK_BYTES):
                target.write(chunk)

    def _write(self, name: str, content: bytes, tag: str | None, mark: Mapping[str, str]) -> str:
        mode: Any = "create" if tag is None else {"e_tag": tag}
        with self._told(name):
            return _tag(obstore.put(self._store, name, content, mode=mode, attributes=dict(mark), use_multipart=False))

    def _marked(self, name: str) -> tuple[str, Mapping[str, str]] | None:
        with suppress(NotFound), self._told(name):
            stands = obstore.get(self._store, name)
            return _tag(stands.meta), dict(stands.attributes)
        return None

    @contextmanager
    def _told(self, name: str) -> Iterator[None]:
        """What obstore raises, in our four parts."""
        where = self.where(name)
        try:
            yield
        except (FileNotFoundError, exceptions.NotFoundError):
            raise not_found(where) from None
        except exceptions.AlreadyExistsError:
            raise exists(where) from None
        except exceptions.PreconditionError:
            raise changed(where) from None
        except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError) as error:
            raise not_allowed(where, error, _REMEDIES[self._scheme]) from None
        except exceptions.BaseError as error:
            if any(word in str(error) for word in _NO_CREDENTIALS):
                raise not_allowed(where, error, _REMEDIES[self._scheme]) from None
            raise unreachable(where, error) from None


def _store(scheme: str, bucket: str, prefix: str) -> Any:
    endpoint = next((os.environ[name] for name in _ENDPOINTS[scheme] if os.environ.get(name)), "")
    given: dict[str, Any] = {
        "prefix": prefix or None,
        # An address without TLS is a server of one's own: whoever names it, means it.
        "client_options": {"timeout": "300 s", "connect_timeout": "5 s", "allow_http": endpoint.startswith("http://")},
        "retry_config": {"max_retries": 4, "retry_timeout": timedelta(seconds=20)},
    }
    if scheme == "az":
        return AzureStore(container_name=bucket, **given)
    if endpoint:
        given["endpoint"] = endpoint
    return S3Store(bucket, **given)


def _tag(meta: Any) -> str:
    return str(meta["e_tag"] or "")
