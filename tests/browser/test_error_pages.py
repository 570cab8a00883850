"""Pages for addresses that lead nowhere. ui.md, UI-ERR-03."""

import pytest


@pytest.mark.parametrize(
    ("address", "heading"),
    [
        ("nothing/here/", "Page not found"),
        ("annotate_tags/?image=abc", "Bad request"),
        ("img_detail/987654/", "Page not found"),
        ("metadata_details/image/987654/", "Not found"),
    ],
)
def test_an_error_is_a_page_that_leads_back(data_page, address, heading):
    data_page.browser.get(data_page.url + address)

    assert data_page.find("h1").text == heading
    data_page.find("a.button").click()
    data_page.node("Browser")
