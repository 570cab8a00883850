"""The grammar of the parameters `show` and `path`."""

import pytest

from omeroweb.webclient.show import IncorrectMenuError, Show, letters_to_index


def elements(request):
    return Show(None, request, "userdata")._initially_select


def test_ids_are_the_default_key(get):
    assert elements(get("/?show=image-1|dataset.name-a-b")) == ["image.id-1", "dataset.name-a-b"]


def test_run_is_another_word_for_acquisition(get):
    assert elements(get("/?show=run-3")) == ["acquisition.id-3"]


def test_unknown_types_are_ignored(get):
    assert elements(get("/?show=map-3|x|plate=4")) == ["plate.id-4"]


def test_only_the_last_element_of_a_path_is_selected(get):
    assert elements(get("/?path=plate.name-P1|well.name-A1")) == ["well.name-A1"]


def test_nothing_asked_is_nothing_selected(get):
    show = Show(None, get("/"), "userdata")
    assert (show.first_selected, show.initially_select, show.initially_open) == (None, [], [])
    assert show.initially_open_owner is None


@pytest.mark.parametrize("value", ["", "x", "1x", "9" * 19])
def test_an_id_that_is_no_number_finds_nothing(get, value):
    show = Show(None, get("/", QUERY_STRING=f"show=image-{value}"), "userdata")
    assert show.first_selected is None


@pytest.mark.parametrize(("element", "query"), [("tag-5", "tag-5"), ("tagset.name-x", "tagset.name-x")])
def test_tags_belong_to_their_own_page(get, element, query):
    with pytest.raises(IncorrectMenuError) as error:
        _ = Show(None, get(f"/?show={element}"), "userdata").first_selected
    assert error.value.uri.endswith(f"/webclient/usertags/?show={query}")


@pytest.mark.parametrize(
    ("name", "groups"),
    [("A1", ("A", "1", None, None)), ("1A", (None, None, "1", "A")), ("AB12", ("AB", "12", None, None))],
)
def test_well_names(name, groups):
    match = Show.WELL_REGEX.match(name)
    assert match is not None
    assert (match["alpha_row"], match["digit_column"], match["digit_row"], match["alpha_column"]) == groups


def test_letters_count_in_base_26():
    assert [letters_to_index(text) for text in ("A", "z", "AA")] == [0, 25, 26]
