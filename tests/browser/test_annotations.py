"""Annotations that are added in the General tab and found again. ui.md, section 7."""

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys


@pytest.fixture
def image(data_page):
    """Key of an image that is selected with its details shown."""
    data_page.open_dataset()
    image_id = data_page.image_id("stack_c")
    data_page.open(f"image-{image_id}")
    data_page.until(lambda: "stack_c" in data_page.find(".object-name").text, "no details")
    return f"image-{image_id}"


def test_a_new_tag_is_found_after_reload(data_page, image, screenshot):
    data_page.pane("tag")
    data_page.find("[data-add=tag]").click()
    data_page.find("dialog[open] input[name=new_tag]").send_keys("metaphase", Keys.ENTER)
    data_page.press("Save")
    data_page.until(lambda: "metaphase" in data_page.pane("tag").text, "no tag")

    data_page.open(image)

    data_page.until(lambda: "metaphase" in data_page.pane("tag").text, "the tag is lost")
    screenshot("tag")


def test_a_tag_can_be_taken_off(data_page, image):
    data_page.pane("tag")
    data_page.find("[data-add=tag]").click()
    data_page.find("dialog[open] input[name=new_tag]").send_keys("short lived", Keys.ENTER)
    data_page.press("Save")
    data_page.until(lambda: "short lived" in data_page.pane("tag").text, "no tag")

    data_page.find("button[aria-label='Remove tag short lived']").click()
    data_page.press("OK")

    data_page.until(lambda: "short lived" not in data_page.pane("tag").text, "still there")


def test_a_key_value_pair_is_found_after_reload(data_page, image, screenshot):
    cells = data_page.pane("map").find_elements(By.CSS_SELECTOR, ".kv input")
    cells[0].send_keys("antibody")
    cells[1].send_keys("anti-tubulin <b>", Keys.ENTER)
    data_page.until(lambda: data_page.find(".kv-tools .status").text == "Saved", "not saved")

    data_page.open(image)

    def pairs():
        return [
            cell.get_attribute("value")
            for cell in data_page.pane("map").find_elements(By.CSS_SELECTOR, ".kv input")
        ]

    data_page.until(lambda: pairs()[:2] == ["antibody", "anti-tubulin <b>"], "the pair is lost")
    screenshot("key_value_pair")


def test_a_comment_is_shown_as_text_and_can_be_deleted(data_page, image):
    field = data_page.pane("comment").find_element(By.CSS_SELECTOR, "textarea")
    field.send_keys("<i>looks</i> good")
    data_page.find(".comment-form .button").click()
    data_page.until(lambda: "<i>looks</i> good" in data_page.pane("comment").text, "no comment")

    data_page.find("button[aria-label='Delete comment']").click()
    data_page.press("Delete")

    data_page.until(lambda: "looks" not in data_page.pane("comment").text, "still there")


def test_a_rating_is_kept(data_page, image):
    data_page.pane("rating").find_elements(By.CSS_SELECTOR, "label")[3].click()
    data_page.until(lambda: "avg: 4 / 1 vote" in data_page.pane("rating").text, "not rated")

    data_page.open(image)

    data_page.until(lambda: "avg: 4 / 1 vote" in data_page.pane("rating").text, "the rating is lost")


def test_an_uploaded_file_can_be_downloaded(data_page, image, tmp_path):
    file = tmp_path / "notes for this image.txt"
    file.write_text("seen in the browser")
    data_page.pane("file")
    data_page.find("[data-add=file]").click()
    data_page.find("dialog[open] input[type=file]").send_keys(str(file))
    data_page.press("Accept")
    data_page.until(lambda: "notes for this image.txt" in data_page.pane("file").text, "not attached")

    link = data_page.pane("file").find_element(By.CSS_SELECTOR, "a").get_attribute("href")
    fetch = "const done = arguments[1]; fetch(arguments[0]).then((r) => r.text()).then(done)"

    assert data_page.browser.execute_async_script(fetch, link) == "seen in the browser"
