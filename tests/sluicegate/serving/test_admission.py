import pytest

from schemas.errors import UsageError
from sluicegate.serving import flags
from sluicegate.serving.admission import Admission, operators_of
from sluicegate.serving.status import ServingError


@pytest.mark.parametrize("given", ["Bearer s3cret", "bearer s3cret", "BEARER s3cret", "Bearer  s3cret "])
def test_the_token_comes_with_its_scheme_in_any_case_of_letters(given):
    Admission("s3cret").check({"authorization": given})


@pytest.mark.parametrize(
    "given", ["s3cret", "", "Bearer", "Bearer ", "Bearer S3CRET", "Bearer s3cret x", "Basic s3cret", "Bearers3cret"]
)
def test_a_bare_token_another_scheme_or_another_token_is_refused(given):
    with pytest.raises(ServingError) as refused:
        Admission("s3cret").check({"authorization": given})
    assert refused.value.code.name == "UNAUTHENTICATED"


def test_a_token_of_other_letters_is_compared_as_the_bytes_of_the_header():
    Admission("schlüssel").check({"authorization": "Bearer schlüssel".encode().decode("latin-1")})


def test_names_come_with_their_tokens():
    assert operators_of("# who may\n\nann a-token\n bob\tb-token \n") == {"ann": "a-token", "bob": "b-token"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names nobody"),
        ("# ann a", "names nobody"),
        ("ann", "line 1 has 1 words"),
        ("ann a b", "3 words"),
        ("ann a\nann b", "twice"),
        ("ann a\nbob a", "twice"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(text, said):
    with pytest.raises(ValueError, match=said):
        operators_of(text)


@pytest.mark.parametrize(
    ("flag", "text", "said"),
    [
        ("admin_token_file", " \n", "it is empty"),
        ("operators_file", "", "names nobody"),
        ("operators_file", "ann", "NAME TOKEN"),
    ],
)
def test_a_token_file_that_says_nothing_does_not_open_the_server_to_anybody(tmp_path, flag, text, said):
    (tmp_path / "tokens").write_text(text)
    with pytest.raises(UsageError, match="The server cannot start") as refused:
        flags.read([f"--model_base_path={tmp_path}", f"--{flag}={tmp_path / 'tokens'}"], {})
    assert said in str(refused.value)


def test_names_of_hosts_and_operators_are_read(tmp_path):
    (tmp_path / "tokens").write_text("ann a-token")
    given = [f"--operators_file={tmp_path / 'tokens'}", "--allowed_hosts=Models.example, [::2]"]
    options = flags.read([f"--model_base_path={tmp_path}", *given], {})
    assert (options.operators, options.allowed_hosts) == ((("ann", "a-token"),), ("models.example", "::2"))
