"""What the server says about a model: the status of its versions, and its signatures."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from sluicegate.serving.status import Code


@dataclass(frozen=True, slots=True)
class VersionStatus:
    """How one version stands.

    state : "START", "LOADING", "AVAILABLE", "UNLOADING" or "END".
    code, message : why it is there, if it failed.
    """

    version: int
    state: str
    code: Code = Code.OK
    message: str = ""


def model_status(versions: Iterable[VersionStatus]) -> dict[str, Any]:
    """The answer to GET /v1/models/NAME, newest version first."""
    newest_first = sorted(versions, key=lambda status: status.version, reverse=True)
    return {
        "model_version_status": [
            {
                "version": str(status.version),
                "state": status.state,
                "status": {"error_code": status.code.name, "error_message": status.message},
            }
            for status in newest_first
        ]
    }


def model_metadata(name: str, version: int, signatures: Message) -> dict[str, Any]:
    """The answer to GET /v1/models/NAME/metadata.

    signatures : a tensorflow.serving.SignatureDefMap; all its fields are told, those with default values too.
    """
    return {
        "model_spec": {"name": name, "signature_name": "", "version": str(version)},
        "metadata": {
            "signature_def": MessageToDict(
                signatures, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
            )
        },
    }


def render(document: dict[str, Any]) -> bytes:
    """The document's JSON, with a space for each level, as protocol buffers are printed."""
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "surrogateescape")
