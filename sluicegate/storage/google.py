"""`gs://` through google-cloud-storage, with conditions on an object's generation. Credentials: Google's own chain."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from sluicegate.storage.place import (
    LARGEST,
    CloudFolder,
    Entry,
    StorageError,
    Stored,
    changed,
    exists,
    not_allowed,
    not_found,
    too_large,
    unreachable,
)

_REMEDY = "run on a machine with a service account, set GOOGLE_APPLICATION_CREDENTIALS, or `gcloud auth application-default login`"
#: Seconds, for an answer to begin; and until nobody asks once more.
_TIMEOUT, _RETRIED = 60, 20.0


class GoogleFolder(CloudFolder):
    """Tags are generations."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self.uri = "/".join(filter(None, (f"gs://{bucket}", prefix)))
        self._name, self._prefix = bucket, f"{prefix}/" if prefix else ""

    @cached_property
    def _patience(self) -> dict[str, Any]:
        """Writes are repeated, too: a repeated write that meets itself has succeeded (place.WRITE)."""
        from google.cloud.storage.retry import DEFAULT_RETRY

        return {"timeout": _TIMEOUT, "retry": DEFAULT_RETRY.with_timeout(_RETRIED)}

    @cached_property
    def _bucket(self) -> Any:
        from google.cloud import storage

        # STORAGE_EMULATOR_HOST, which Google's own libraries read, names a server that asks for no credentials.
        anonymous = os.environ.get("STORAGE_EMULATOR_HOST")
        client = storage.Client.create_anonymous_client() if anonymous else storage.Client(project="-")
        return client.bucket(self._name)

    def read(self, name: str, largest: int = LARGEST) -> Stored:
        with self._told(name):
            blob = self._blob(name)
            content = blob.download_as_bytes(**self._patience, raw_download=True)
            if len(content) > largest:
                raise too_large(self.where(name), len(content), largest)
            return Stored(content, str(blob.generation))

    def entries(self, below: str = "") -> list[Entry]:
        prefix = self._prefix + (f"{below.strip('/')}/" if below else "")
        with self._told(below):
            found = [
                Entry(blob.name.removeprefix(self._prefix), int(blob.size or 0), str(blob.generation))
                for blob in self._bucket.list_blobs(prefix=prefix, **self._patience)
                if not blob.name.endswith("/")
            ]
        return sorted(found, key=lambda entry: entry.name)

    def about(self, name: str) -> Entry | None:
        with self._told(name):
            blob = self._bucket.get_blob(self._prefix + name, **self._patience)
        return Entry(name, int(blob.size or 0), str(blob.generation)) if blob else None

    def delete(self, name: str) -> None:
        from google.api_core.exceptions import NotFound

        with self._told(name):
            try:
                self._blob(name).delete(**self._patience)
            except NotFound:
                return

    def upload(self, file: Path, name: str) -> None:
        with self._told(name):
            self._blob(name).upload_from_filename(str(file), **self._patience)

    def download(self, name: str, file: Path) -> None:
        with self._told(name):
            self._blob(name).download_to_filename(str(file), **self._patience, raw_download=True)

    def _blob(self, name: str) -> Any:
        return self._bucket.blob(self._prefix + name)

    def _write(self, name: str, content: bytes, tag: str | None, mark: Mapping[str, str]) -> str:
        # Generation 0 is Google's word for "no such object".
        generation, where = int(tag or 0), self.where(name)
        with self._told(name, changed(where) if generation else exists(where)):
            blob = self._blob(name)
            blob.metadata = dict(mark)
            blob.upload_from_string(
                content, "application/octet-stream", if_generation_match=generation, **self._patience
            )
            return str(blob.generation)

    def _marked(self, name: str) -> tuple[str, Mapping[str, str]] | None:
        with self._told(name):
            stands = self._bucket.get_blob(self._prefix + name, **self._patience)
        return (str(stands.generation), stands.metadata or {}) if stands else None

    @contextmanager
    def _told(self, name: str, condition: StorageError | None = None) -> Iterator[None]:
        """What Google's library raises, in our four parts.  condition : what it means that one does not hold."""
        from google.api_core import exceptions as api
        from google.auth import exceptions as auth
        from requests.exceptions import RequestException

        where = self.where(name)
        try:
            yield
        except api.NotFound:
            raise not_found(where) from None
        except api.PreconditionFailed:
            raise (condition or changed(where)) from None
        except (api.Forbidden, api.Unauthorized, auth.GoogleAuthError) as error:
            raise not_allowed(where, error, _REMEDY) from None
        except (api.GoogleAPIError, RequestException, OSError) as error:
            raise unreachable(where, error) from None
