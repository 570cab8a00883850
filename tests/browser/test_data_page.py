"""Tree, thumbnails, deleting. ui.md, sections 3, 5 and 11."""

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys


def test_thumbnails_of_a_dataset_are_not_blank(data_page, screenshot):
    data_page.open_dataset()

    screenshot("dataset")
    for name in ("stack_a", "stack_b", "pyramid"):
        thumbnail = data_page.thumbnail(data_page.image_id(name))
        assert thumbnail.std() > 8, f"{name} is blank"


def test_a_click_on_a_thumbnail_selects_the_image_everywhere(data_page):
    data_page.open_dataset()
    image_id = data_page.image_id("stack_b")

    data_page.find(f"#image_icon-{image_id}").click()

    data_page.until(lambda: data_page.selected() == [f"image-{image_id}"], "not selected")
    assert data_page.find("#dataTree .jstree-clicked").text.startswith("stack_b")
    data_page.until(lambda: "stack_b" in data_page.find(".object-name").text, "no details")
    assert "320 x 240" in data_page.find(".pane[data-pane=details]").text


def test_shift_and_ctrl_clicks_select_several(data_page):
    data_page.open_dataset()
    cards = data_page.find_all("#dataIcons li")

    cards[0].click()
    ActionChains(data_page.browser).key_down(Keys.SHIFT).click(cards[2]).key_up(Keys.SHIFT).perform()
    data_page.until(lambda: len(data_page.selected()) == 3, "range is not selected")
    ActionChains(data_page.browser).key_down(Keys.CONTROL).click(cards[1]).key_up(Keys.CONTROL).perform()

    data_page.until(lambda: len(data_page.selected()) == 2, "one is not taken out")
    data_page.until(
        lambda: "Selected 2 objects" in data_page.find("#metadata_general").text, "no batch panel"
    )


def test_arrow_keys_move_in_the_tree(data_page):
    data_page.click_node("Browser")
    data_page.node("Samples")

    ActionChains(data_page.browser).send_keys(Keys.ARROW_DOWN).perform()

    data_page.until(
        lambda: any(one.startswith("dataset-") for one in data_page.selected()), "selection did not move"
    )


def test_a_new_dataset_can_be_made_renamed_and_deleted(data_page):
    data_page.click_node("Browser")
    data_page.until(
        lambda: data_page.selected() and data_page.selected()[0].startswith("project-"), "no project"
    )
    data_page.find("#create_dataset").click()
    data_page.find("dialog[open] input[name=name]").send_keys("Fresh", Keys.ENTER)
    data_page.until(lambda: data_page.selected()[0].startswith("dataset-"), "not made")
    fresh = data_page.selected()[0]
    data_page.until(lambda: "Fresh" in data_page.find(".object-name").text, "no details")

    data_page.find(".object-name [data-start-edit]").click()
    field = data_page.find(".object-name input")
    field.clear()
    field.send_keys("Renamed", Keys.ENTER)
    data_page.node("Renamed")
    data_page.open(fresh)
    assert data_page.node("Renamed")

    data_page.find("#delete_selected").click()
    data_page.press("Yes")
    data_page.until(lambda: "Renamed" not in data_page.find("#dataTree").text, "still in the tree")


def test_a_deleted_image_is_gone(data_page, screenshot):
    data_page.open_dataset()
    image_id = data_page.image_id("doomed")
    data_page.find(f"#image_icon-{image_id}").click()
    data_page.until(lambda: data_page.selected() == [f"image-{image_id}"], "not selected")

    data_page.find("#delete_selected").click()
    question = data_page.find("dialog[open]").text
    screenshot("delete_question")
    data_page.press("Yes")

    assert "doomed" in question
    data_page.until(lambda: "doomed" not in data_page.find("#dataTree").text, "still in the tree")
    data_page.until(lambda: not data_page.find_all(f"#image_icon-{image_id}"), "still in the centre")
    data_page.browser.refresh()
    data_page.open_dataset()
    assert not data_page.find_all(f"#image_icon-{image_id}")
