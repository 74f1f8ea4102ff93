"""Paths: the cases of http_rest_api_util_test.cc and of http_rest_api_handler_test.cc's UnsupportedApiCalls."""

import pytest

from sluicegate.serving.rest.paths import HTTP_STATUS, Target, parse
from sluicegate.serving.status import Code, ServingError

RESERVED = "%21%23%24%25%26%27%28%29%2A%2B%2C%2F%3A%3B%3D%3F%40%5B%5D"
DECODED = "!#$%&'()*+,/:;=?@[]"


@pytest.mark.parametrize(
    ("method", "path", "target"),
    [
        ("GET", "/v1/models/m", Target("status", "m")),
        ("GET", f"/v1/models/m{RESERVED}", Target("status", "m" + DECODED)),
        ("GET", "/v1/models/m/versions/99", Target("status", "m", version=99)),
        ("GET", "/v1/models/m/versions/00000123", Target("status", "m", version=123)),
        ("GET", "/v1/models/m/versions/9223372036854775807", Target("status", "m", version=2**63 - 1)),
        ("GET", "/v1/models/m/labels/latest", Target("status", "m", label="latest")),
        ("GET", f"/v1/models/m/labels/l{RESERVED}", Target("status", "m", label="l" + DECODED)),
        ("GET", "/v1/models/m/metadata", Target("metadata", "m")),
        ("GET", "/v1/models/m/versions/1/metadata", Target("metadata", "m", version=1)),
        ("GET", "/v1/models/m/labels/latest/metadata", Target("metadata", "m", label="latest")),
        (
            "GET",
            f"/v1/models/m{RESERVED}/labels/l{RESERVED}/metadata",
            Target("metadata", "m" + DECODED, label="l" + DECODED),
        ),
        ("GET", "/v1/models/m/METADATA", Target("status", "m")),
        ("GET", "/v1/models/metadata", Target("status", "metadata")),
        ("POST", f"/v1/models/m{RESERVED}:predict", Target("predict", "m" + DECODED)),
        ("POST", "/v1/models/m:classify", Target("classify", "m")),
        ("POST", "/v1/models/m:regress", Target("regress", "m")),
        ("POST", "/V1/MODELS/M/VERSIONS/99:predict", Target("predict", "M", version=99)),
        ("POST", "/v1/models/m/labels/latest:predict", Target("predict", "m", label="latest")),
        (
            "POST",
            f"/v1/models/m{RESERVED}/labels/l{RESERVED}:predict",
            Target("predict", "m" + DECODED, label="l" + DECODED),
        ),
        ("POST", "/v1/models/m%:predict", Target("predict", "m%")),
        ("POST", "/v1/models/%C3%A9+%ff:predict", Target("predict", "é+\udcff")),
        ("GET", "/statuspage", None),
        ("GET", "/index", None),
        ("GET", "/v1", None),
        ("POST", "/", None),
        ("GET", "/monitoring/prometheus/metrics", None),
    ],
)
def test_a_path_names_its_target(method, path, target):
    assert parse(method, path) == target


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/foo"),
        ("POST", "/v1/foo"),
        ("GET", "/v1/models/debug/model_name"),
        ("GET", "/v1/models/"),
        ("POST", "/v1/models"),
        ("GET", "/v1/models/foo:predict"),
        ("GET", "/v1/models/foo/version/50:predict"),
        ("POST", "/v1/models/foo/version/50:predict"),
        ("POST", "/v1/models/foo/version/50:regress"),
        ("POST", "/v1/models/foo/versions/HELLO:regress"),
        ("POST", "/v1/models/foo/versions/some_label:regress"),
        ("POST", "/v1/models/foo/versions/٣:regress"),
        ("GET", "/v1/models/foo/versions/٣"),
        ("POST", "/v1/models/foo/metadata"),
        ("POST", "/v1/models/foo/label/some_label:regress"),
        ("POST", "/v1/models/foo/versions/50/labels/some_label:regress"),
        ("POST", "/v1/models/foo:PREDICT"),
        ("POST", "/v1/models/foo:explain"),
        ("POST", "/v1/models/foo:predict/"),
        ("PUT", "/v1/models/foo:predict"),
        ("DELETE", "/v1/models/foo"),
        ("HEAD", "/v1/models/foo"),
    ],
)
def test_a_path_that_is_none_of_the_api_is_malformed(method, path):
    with pytest.raises(ServingError) as refused:
        parse(method, path)
    assert (refused.value.code, refused.value.message) == (
        Code.INVALID_ARGUMENT,
        f"Malformed request: {method} {path}",
    )


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/versions/1", "/v1/models/labels/a"])
def test_the_models_are_not_listed(path):
    with pytest.raises(ServingError, match=r"^Missing model name in request\.$"):
        parse("GET", path)


@pytest.mark.parametrize("version", ["9223372036854775808", "18446744073709551615", "9" * 5000])
@pytest.mark.parametrize(("method", "call"), [("POST", ":regress"), ("POST", ":PREDICT"), ("GET", "")])
def test_a_version_has_64_bits(version, method, call):
    with pytest.raises(ServingError) as refused:
        parse(method, f"/v1/models/foo/versions/{version}{call}")
    assert refused.value.message == f"Failed to convert version: {version} to numeric."


def test_each_code_has_its_http_status():
    assert {code.name: int(status) for code, status in HTTP_STATUS.items()} == {
        "OK": 200,
        "CANCELLED": 499,
        "UNKNOWN": 500,
        "INVALID_ARGUMENT": 400,
        "DEADLINE_EXCEEDED": 504,
        "NOT_FOUND": 404,
        "ALREADY_EXISTS": 409,
        "PERMISSION_DENIED": 403,
        "RESOURCE_EXHAUSTED": 429,
        "FAILED_PRECONDITION": 400,
        "ABORTED": 409,
        "OUT_OF_RANGE": 400,
        "UNIMPLEMENTED": 501,
        "INTERNAL": 500,
        "UNAVAILABLE": 503,
        "DATA_LOSS": 500,
        "UNAUTHENTICATED": 401,
    }
    assert set(HTTP_STATUS) == set(Code)
