"""A right-hand and a centre plug-in, written as published ones are. contract/plugins.md, sections 7.2 and 7.3."""

from selenium.webdriver.support.select import Select


def test_a_right_plugin_is_told_the_selected_object(data_page):
    data_page.open_dataset()
    dataset = data_page.selected()[0]

    data_page.find("a[href='#probe_tab']").click()

    expected = f"right 1 dataset {dataset.split('-')[1]}"
    data_page.until(lambda: data_page.find("#probe_tab").text == expected, "not loaded")


def test_a_right_plugin_is_disabled_for_other_kinds_and_general_opens(data_page):
    data_page.open_dataset()
    data_page.find("a[href='#probe_tab']").click()

    data_page.click_node("stack_a")

    data_page.until(lambda: "stack_a" in data_page.find(".object-name").text, "General does not open")
    assert "ui-state-disabled" in data_page.script(
        "return $('a[href=\"#probe_tab\"]').parent().attr('class')"
    )


def test_a_centre_plugin_is_told_the_selected_object(data_page):
    data_page.open_dataset()
    dataset = data_page.selected()[0]

    Select(data_page.find("#source")).select_by_visible_text("Probe")

    expected = f"centre 1 dataset {dataset.split('-')[1]}"
    data_page.until(lambda: data_page.find("#probe_center").text == expected, "not loaded")
    assert not data_page.find_all("#content_details:not([hidden])")


def test_handlers_of_centre_plugins_find_the_tree(data_page):
    assert data_page.script("return window.treeWasThere")
