"""Reading of query strings and bodies."""

import pytest

from omeroweb.webclient.parameters import (
    ImageQuery,
    InvalidParameter,
    Page,
    Selection,
    get_bool_or_default,
    get_long_or_default,
    parse_references,
)


@pytest.mark.parametrize("word", ["true", "YES", "y", "t", "1", "on", "True"])
def test_words_for_true(get, word):
    assert get_bool_or_default(get(f"/?flag={word}"), "flag", False) is True


@pytest.mark.parametrize("word", ["false", "0", "", "nope"])
def test_other_words_are_false(get, word):
    assert get_bool_or_default(get(f"/?flag={word}"), "flag", True) is False


def test_an_absent_boolean_is_the_default(get):
    assert get_bool_or_default(get("/"), "flag", True) is True


def test_an_absent_integer_is_the_default(get):
    assert get_long_or_default(get("/"), "id", None) is None


@pytest.mark.parametrize("text", ["x", "1.5", "", "9" * 30])
def test_a_bad_integer_names_its_parameter(get, text):
    with pytest.raises(InvalidParameter) as error:
        get_long_or_default(get(f"/?id={text}"), "id", None)
    assert error.value.name == "id"
    assert isinstance(error.value, ValueError)


def test_pages_are_one_based(get):
    assert Page.from_request(get("/?page=3&limit=50")).offset == 100


def test_page_zero_switches_paging_off(get):
    page = Page.from_request(get("/?page=0"))
    assert page.whole
    assert page.parameters().theFilter is None


def test_a_limit_below_one_is_refused(get):
    with pytest.raises(InvalidParameter, match="limit"):
        Page.from_request(get("/?limit=0"))


def test_a_page_beyond_all_lists_is_refused(get):
    with pytest.raises(InvalidParameter, match="page"):
        Page.from_request(get("/?page=99999999999"))


def test_images_of_everybody_in_all_groups_by_default(get):
    query = ImageQuery.from_request(get("/"))
    assert (query.dataset_id, query.owner_id, query.group_id, query.orphaned) == (None, -1, -1, False)


def test_the_query_string_wins_over_the_body(post):
    request = post("/?image=1", {"image": ["2"], "dataset": ["3"]})
    assert Selection.from_request(request).items() == [("image", 1)]


def test_the_body_counts_without_a_query_string(post):
    request = post("/", {"image": ["2", "2", "5"], "dataset": ["3"]})
    assert Selection.from_request(request).items() == [("image", 2), ("image", 5), ("dataset", 3)]


def test_references_are_split():
    assert parse_references("parent", "dataset-1|project-22") == [("dataset", 1), ("project", 22)]


@pytest.mark.parametrize("text", ["dataset", "dataset-x", "1-dataset", "dataset-1,dataset-2"])
def test_bad_references_name_their_parameter(text):
    with pytest.raises(InvalidParameter, match="parent"):
        parse_references("parent", text)
