"""The REST API as an OpenAPI document: for clients that are generated, and for tests that try everything it allows."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]
_ERROR: Schema = {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}
_VALUE: Schema = {"description": 'a number, a text, a truth value, {"b64": text}, or lists of them'}


def openapi() -> Schema:
    """The document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "TensorFlow Serving's REST API v1, as Sluicegate answers it", "version": "1"},
        "paths": {
            **{
                f"/v1/models/{{model}}{where}:{call}": {"post": _post(call, where)}
                for where in _WHERE
                for call in _BODIES
            },
            **{f"/v1/models/{{model}}{where}": {"get": _get(where)} for where in _WHERE},
            **{f"/v1/models/{{model}}{where}/metadata": {"get": _get(where)} for where in _WHERE},
            "/healthz": {"get": {"responses": {"200": {"description": "alive"}}}},
            "/readyz": {
                "get": {"responses": {"200": {"description": "ready"}, "503": {"description": "why it is not"}}}
            },
            "/state.json": {"get": {"responses": {"200": {"description": "models, versions, counters"}}}},
        },
    }


_WHERE = {
    "": [],
    "/versions/{version}": [("version", {"type": "integer", "minimum": 0, "maximum": 2**63 - 1})],
    "/labels/{label}": [("label", {"type": "string", "minLength": 1})],
}
_SIGNATURE = {"signature_name": {"type": "string"}}
_EXAMPLES: Schema = {
    "type": "object",
    "properties": {
        **_SIGNATURE,
        "context": {"type": "object"},
        "examples": {"type": "array", "items": {"type": "object"}},
    },
    "required": ["examples"],
}
_BODIES: dict[str, Schema] = {
    "predict": {
        "oneOf": [
            {
                "type": "object",
                "properties": {**_SIGNATURE, "instances": {"type": "array", "items": _VALUE, "minItems": 1}},
                "required": ["instances"],
            },
            {"type": "object", "properties": {**_SIGNATURE, "inputs": _VALUE}, "required": ["inputs"]},
        ]
    },
    "classify": _EXAMPLES,
    "regress": _EXAMPLES,
}


def _post(call: str, where: str) -> Schema:
    return {
        "operationId": f"{call}{where}",
        "parameters": _parameters(where),
        "requestBody": {"required": True, "content": {"application/json": {"schema": _BODIES[call]}}},
        "responses": _responses(400, 404, 429, 501, 504),
    }


def _get(where: str) -> Schema:
    return {"parameters": _parameters(where), "responses": _responses(400, 404)}


def _parameters(where: str) -> list[Schema]:
    named = [("model", {"type": "string", "minLength": 1}), *_WHERE[where]]
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name, schema in named]


def _responses(*refusals: int) -> Schema:
    refused = {"description": "what is wrong", "content": {"application/json": {"schema": _ERROR}}}
    answered = {"description": "the answer", "content": {"application/json": {"schema": {"type": "object"}}}}
    return {"200": answered, **{str(status): refused for status in refusals}}
