"""The full viewer: planes, tiles, channels, saving. ui.md, section 10."""

import re

import numpy as np
import pytest
from selenium.webdriver.support.select import Select


@pytest.fixture
def stack(data_page, viewer):
    """The viewer of a stack with three channels."""
    data_page.open_dataset()
    return viewer(data_page.image_id("stack_a"))


@pytest.fixture
def pyramid(data_page, viewer):
    """The viewer of a tiled image."""
    data_page.open_dataset()
    return viewer(data_page.image_id("pyramid"))


def test_it_shows_the_image_with_its_name_and_scale_bar(stack, browser, screenshot):
    screenshot("viewer")

    assert browser.title.startswith("stack_a")
    assert stack.picture().std() > 8
    assert "µm" in stack.find(".scale-bar").text


def test_moving_the_section_changes_the_picture(stack):
    before = stack.picture()

    stack.find("button[aria-label='Next Z'], button[aria-label='Previous Z']").click()
    stack.await_picture()

    assert np.abs(stack.picture().astype(int) - before).mean() > 1


def test_a_channel_can_be_switched_off(stack):
    before = stack.picture()

    stack.channel(0).find_element("css selector", ".channel-toggle").click()
    stack.await_picture()

    assert np.abs(stack.picture().astype(int) - before).mean() > 1


def test_colour_and_window_change_pixels_and_are_found_after_saving(stack, browser, screenshot):
    before = stack.picture()
    stack.set_colour(0, "Yellow")
    stack.await_picture()
    coloured = stack.picture()
    stack.set_window(0, 500, 1800)
    stack.await_picture()
    narrowed = stack.picture()

    assert np.abs(coloured.astype(int) - before).mean() > 1
    assert np.abs(narrowed.astype(int) - coloured).mean() > 1
    screenshot("viewer_changed")

    stack.save()
    browser.refresh()
    stack.await_picture()

    assert stack.colour(0) == "FFFF00"
    assert stack.window(0) == (500, 1800)
    assert np.abs(stack.picture().astype(int) - narrowed).mean() < 1


def test_undo_brings_back_what_was(stack):
    before = stack.window(1)
    stack.set_window(1, 700, 900)
    assert stack.window(1) == (700, 900)

    stack.find("button[title=Undo]").click()
    stack.find("button[title=Undo]").click()

    assert stack.window(1) == before


def test_the_histogram_has_a_curve(stack, screenshot):
    next(one for one in stack.find_all(".channel-options label") if "Histogram" in one.text).click()

    curve = stack.until(lambda: stack.find_all(".histogram-plot path"), "no histogram")[0].get_attribute("d")

    assert len(set(re.findall(r",([\d.]+)", curve))) > 10
    screenshot("histogram")


def test_zooming_into_a_pyramid_loads_full_resolution_tiles(pyramid, screenshot):
    def levels():
        return {int(level) for name in pyramid.requested() for level in re.findall(r"tile=(\d+),", name)}

    assert 0 not in levels(), "full resolution was asked for at once"
    screenshot("pyramid")

    pyramid.find("button[title='Actual size']").click()
    pyramid.until(lambda: 0 in levels(), "no tiles of level 0")
    pyramid.script("window.viewport.setZoom(400, false)")
    pyramid.await_picture()
    screenshot("pyramid_full_resolution")

    row = pyramid.picture()[pyramid.picture().shape[0] // 2, :, :].astype(int).sum(axis=1)
    assert np.abs(np.diff(row)).max() > 20, "the fine stripes are not seen"


def test_split_view_shows_the_channels_side_by_side_and_goes_back(stack):
    before = stack.picture()
    projection = Select(stack.find("select[aria-label=Projection]"))

    projection.select_by_visible_text("Split Channel")
    stack.until(
        lambda: stack.script("return window.viewport.extent[2]") > 640, "the split picture does not come"
    )
    stack.await_picture()
    split = stack.picture()
    projection.select_by_visible_text("Normal")
    stack.until(
        lambda: stack.script("return window.viewport.extent[2]") == 320, "the plane does not come back"
    )
    stack.await_picture()

    assert np.abs(split.astype(int) - before).mean() > 1
    assert np.abs(stack.picture().astype(int) - before).mean() < 1
