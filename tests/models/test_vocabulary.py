from models.vocabulary import FIRST_ID, RARE_ID, Vocabulary


def test_each_column_counts_from_its_own_first_id():
    found = Vocabulary.of_lines([b"b=1", b"a=1", b"b=2", b"a=2"], ["a", "b"], limit=9)
    assert found.local[FIRST_ID:].tolist() == [2, 2, 3, 3]
    assert found.sizes == (4, 4)


def test_values_beyond_the_limit_are_rare():
    found = Vocabulary.of_lines([b"a=1", b"a=2", b"a=3"], ["a"], limit=2)
    assert found.local[FIRST_ID:].tolist() == [2, 3, RARE_ID]
    assert found.sizes == (4,)


def test_a_value_may_hold_the_separator_and_bytes_that_are_no_text():
    assert Vocabulary.of_lines([b"a=b=c", b"a=\xff"], ["a"], limit=9).sizes == (4,)


def test_a_line_of_no_column_is_rare_and_counts_for_none():
    found = Vocabulary.of_lines([b"49d0cd50-04bb-48c0-bc6f-5b575dce351a"], ["a"], limit=9)
    assert (found.sizes, found.local[FIRST_ID]) == ((FIRST_ID,), RARE_ID)
