"""Templates that add-on apps extend. contract/plugins.md, section 6."""

import json
import re
from pathlib import Path

import pytest
from django.template.loader import get_template, render_to_string
from django.test import RequestFactory

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
BASES = (
    "core_html",
    "base/base_frame",
    "base/base_header",
    "base/base_main",
    "base/container2",
    "base/container3",
    "base/includes/script_src_jquery",
    "base/includes/jquery-ui",
    "base/includes/script_src_popup",
    "base/includes/shortcut_icon",
)


def page(name: str, **context) -> str:
    return render_to_string(name, context, request=RequestFactory().get("/"))


def configuration(html: str) -> dict:
    """The block that scripts read WEBCLIENT from."""
    found = re.search(r'id="webclient-config">(.*?)</script>', html, re.DOTALL)
    assert found
    return json.loads(found[1])


@pytest.mark.parametrize(
    "path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES))
)
def test_it_compiles(path):
    get_template(str(path.relative_to(TEMPLATES)))


@pytest.mark.parametrize("name", BASES)
def test_a_base_renders_without_context(name):
    assert page(f"webgateway/{name}.html")


def test_the_page_of_a_plain_view_has_no_group_and_no_user():
    values = configuration(page("webclient/base/base_container.html"))

    assert values["active_group_id"] is None
    assert values["USER"] == {"id": None, "fullName": ""}


def test_what_the_address_names_cannot_break_out_of_the_page():
    attack = "image.name-</script><script>alert(1)</script>"

    html = page("webclient/data/containers.html", initially_select=[attack])

    assert "<script>alert" not in html
    assert configuration(html)["initially_select"] == [attack]


def test_the_header_keeps_the_elements_that_apps_fill():
    html = page("webgateway/base/base_header.html")

    for name in (
        "middle_header",
        "middle_header_logo",
        "middle_header_left",
        "middle_header_right",
        "content",
    ):
        assert f'id="{name}"' in html


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_an_error_page_leads_back_to_the_data(status):
    html = page(f"{status}.html")

    assert "/webclient/" in html
    assert "<h1" in html
