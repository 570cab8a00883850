"""The pages as a test sees them: what one can do and look at."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

WAIT = 30


def wait(browser: WebDriver, condition: Callable[[WebDriver], Any], message: str) -> Any:
    """The first true value of `condition`; fails with `message` after 30 s.

    Elements that the page exchanges meanwhile are looked for again.
    """
    patient = WebDriverWait(browser, WAIT, 0.1, ignored_exceptions=[StaleElementReferenceException])
    return patient.until(condition, message)


def log_in(browser: WebDriver, user: str, password: str) -> None:
    browser.find_element(By.NAME, "username").send_keys(user)
    browser.find_element(By.NAME, "password").send_keys(password)
    browser.find_element(By.CSS_SELECTOR, "form button[type=submit]").click()
    wait(browser, lambda b: "/login/" not in b.current_url, f"{user} is not logged in")


class Page:
    def __init__(self, browser: WebDriver) -> None:
        self.browser = browser

    def find(self, selector: str) -> WebElement:
        """The element, waited for until it is there and shown."""

        def shown(browser: WebDriver) -> WebElement | None:
            found = browser.find_elements(By.CSS_SELECTOR, selector)
            return next((element for element in found if element.is_displayed()), None)

        return wait(self.browser, shown, f"no {selector}")

    def find_all(self, selector: str) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def until(self, condition: Callable[[], Any], message: str) -> Any:
        return wait(self.browser, lambda _: condition(), message)

    def script(self, text: str, *arguments: Any) -> Any:
        return self.browser.execute_script(text, *arguments)

    def press(self, label: str) -> None:
        """The button of the open dialog with this label."""

        def enabled(_: WebDriver) -> WebElement | None:
            found = self.find_all("dialog[open] .dialog-buttons button")
            return next((one for one in found if one.text == label and one.is_enabled()), None)

        wait(self.browser, enabled, f"no dialog button {label}").click()


class DataPage(Page):
    """The three-panel page."""

    def __init__(self, browser: WebDriver, url: str) -> None:
        super().__init__(browser)
        self.url = url

    def open(self, show: str) -> None:
        """Go to `?show=…` and wait until the tree has selected it."""
        self.browser.get(f"{self.url}?show={show}")
        self.until(lambda: show in self.selected(), f"{show} is not selected")

    def selected(self) -> list[str]:
        return self.script("return ($('body').data('selected_objects.ome') || []).map((one) => one.id)")

    def node(self, text: str) -> WebElement:
        """The tree's link with this name."""

        def named(_: WebDriver) -> WebElement | None:
            found = self.find_all("#dataTree .jstree-anchor")
            return next((one for one in found if one.text.split("\n")[0].startswith(text)), None)

        return wait(self.browser, named, f"no {text} in the tree")

    def click_node(self, text: str) -> None:
        def clicked() -> bool:
            self.node(text).click()
            return True

        self.until(clicked, f"{text} cannot be clicked")

    def image_id(self, name: str) -> int:
        """Id of the image whose thumbnail carries this name."""

        def found(_: WebDriver) -> str | None:
            cards = self.find_all("#dataIcons li")
            return next(
                (c.get_attribute("data-id") for c in cards if name in (c.get_attribute("title") or "")), None
            )

        return int(wait(self.browser, found, f"no thumbnail of {name}"))

    def open_dataset(self, project: str = "Browser", dataset: str = "Samples") -> None:
        """Click down the tree to the dataset and wait for all its thumbnails."""
        self.click_node(project)
        self.click_node(dataset)
        self.until(lambda: self.find_all("#dataIcons li .thumb img"), "no thumbnails")
        self.until(lambda: not self.find_all("#dataIcons li .placeholder"), "thumbnails are missing")

    def thumbnail(self, image_id: int) -> np.ndarray:
        """Pixels of a thumbnail as shown, (y, x, 3) uint8."""
        return pixels(self.find(f"#image_icon-{image_id} .thumb img"))

    def pane(self, name: str) -> WebElement:
        """An annotation section of the General tab, opened."""
        toggle = self.find(f".pane[data-pane={name}] .pane-toggle")
        if toggle.get_attribute("aria-expanded") != "true":
            toggle.click()
        self.until(lambda: not self.find_all(f".pane[data-pane={name}] .loading"), f"{name} does not load")
        return self.find(f".pane[data-pane={name}] .pane-body")


class Viewer(Page):
    """The full image viewer."""

    def __init__(self, browser: WebDriver, url: str) -> None:
        super().__init__(browser)
        browser.get(url)
        self.await_picture()

    def await_picture(self) -> None:
        self.find("#viewer[data-ready] .viewer-view canvas")
        idle = (
            "const v = document.querySelector('.viewer-view'); return v.getAttribute('aria-busy') === 'false'"
        )
        self.until(lambda: self.script(idle), "the picture does not load")
        rendered = "window.viewport.map.once('rendercomplete', () => arguments[0](true)); window.viewport.map.render()"
        self.browser.execute_async_script(rendered)

    def picture(self) -> np.ndarray:
        """What the viewport shows, (y, x, 3) uint8."""
        return pixels(self.find(".viewer-view .ol-layers"))

    def channel(self, index: int) -> WebElement:
        return self.find(f".channel-row[data-channel='{index}']")

    def set_window(self, index: int, start: float, end: float) -> None:
        for which, value in (("start", start), ("end", end)):
            field = self.channel(index).find_element(By.CSS_SELECTOR, f".window-{which}")
            field.send_keys(Keys.CONTROL, "a")
            field.send_keys(str(value), Keys.ENTER)

    def window(self, index: int) -> tuple[float, float]:
        fields = [
            self.channel(index).find_element(By.CSS_SELECTOR, f".window-{which}")
            for which in ("start", "end")
        ]
        return tuple(float(field.get_attribute("value") or "nan") for field in fields)  # type: ignore[return-value]

    def set_colour(self, index: int, name: str) -> None:
        self.channel(index).find_element(By.CSS_SELECTOR, ".colour-button").click()
        self.until(lambda: self.find_all("dialog[open] [role=option]"), "no colours")
        next(one for one in self.find_all("dialog[open] [role=option]") if one.text == name).click()
        self.press("OK")

    def colour(self, index: int) -> str:
        return self.script("return window.renderingSettings.channels[arguments[0]].color", index)

    def save(self) -> None:
        next(one for one in self.find_all(".settings-toolbar button") if one.text.strip() == "Save").click()
        self.until(lambda: not self.find_all("dialog[open]"), "saving does not end")
        self.until(
            lambda: not self.script("return window.renderingSettings.isChanged"), "the settings are not saved"
        )

    def requested(self) -> list[str]:
        """Addresses of the pictures asked for so far."""
        return self.script("return performance.getEntriesByType('resource').map((entry) => entry.name)")


def pixels(element: WebElement) -> np.ndarray:
    """A shown element as (y, x, 3) uint8."""
    return np.asarray(Image.open(io.BytesIO(element.screenshot_as_png)).convert("RGB"))
