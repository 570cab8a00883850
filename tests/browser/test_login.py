"""Logging in and out in a browser. ui.md, section 2."""

from selenium.webdriver.common.by import By

from .pages import Page, log_in


def test_it_asks_for_a_login_and_comes_back_to_the_page(browser, site):
    browser.get(site.url + "?show=project-1")

    assert "/login/" in browser.current_url
    log_in(browser, "root", site.password)

    assert browser.current_url.endswith("/webclient/?show=project-1")
    assert browser.title == "Webclient"


def test_it_refuses_a_wrong_password(browser, site):
    browser.get(site.url + "login/")
    browser.find_element(By.NAME, "username").send_keys("root")
    browser.find_element(By.NAME, "password").send_keys("wrong")
    browser.find_element(By.CSS_SELECTOR, "form button[type=submit]").click()

    assert "check your user name and password" in Page(browser).find("[role=alert]").text


def test_it_logs_out(data_page, browser):
    data_page.find("#user_menu_button").click()
    data_page.find("#logout").click()

    data_page.until(lambda: "/login/" in browser.current_url, "still logged in")
