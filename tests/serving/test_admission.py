import pytest

from serving.admission import Admission
from serving.status import ServingError


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
