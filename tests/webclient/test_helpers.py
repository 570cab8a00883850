"""Small helpers that pages and add-on apps use."""

from datetime import datetime

import pytest
from django.test import override_settings

from omeroweb.webclient.decorators import top_links
from omeroweb.webclient.jobs import html_id
from omeroweb.webclient.parameters import InvalidParameter
from omeroweb.webclient.redirects import safe_redirect
from omeroweb.webclient.views.annotations import parse_pairs
from omeroweb.webclient.views.files import attachment_name
from omeroweb.webclient.webclient_utils import formatPercentFraction, getDateTime


@pytest.mark.parametrize(("fraction", "percent"), [(0.004, 0.4), (0.125, 13), (0.5, 50), (1, 100), (0, 0.0)])
def test_fractions_as_percent(fraction, percent):
    assert formatPercentFraction(fraction) == percent


def test_times_are_read():
    assert getDateTime("2024-02-01 10:00:00") == datetime(2024, 2, 1, 10)


@pytest.mark.parametrize("target", ["http://evil.example/", "//evil.example/x", "javascript:alert(1)"])
def test_redirects_stay_on_the_site(target):
    assert safe_redirect(target)["Location"] == "/webclient/"


def test_relative_redirects_are_followed():
    assert safe_redirect("/webclient/?show=image-1")["Location"] == "/webclient/?show=image-1"


@override_settings(REDIRECT_ALLOWED_HOSTS=["friend.example"])
def test_allowed_hosts_are_followed():
    assert safe_redirect("https://friend.example/x")["Location"] == "https://friend.example/x"


@override_settings(
    TOP_LINKS=[
        ["Data", "webindex", {"title": "Browse"}],
        ["Out", "https://example.org"],
        ["Tags", {"viewname": "load_template", "args": ["usertags"], "query_string": {"experimenter": -1}}],
        ["Lost", {"viewname": "no_such_view"}],
        ["Short"],
    ]
)
def test_top_links():
    assert top_links() == [
        {"label": "Data", "link": "/webclient/", "attrs": {"title": "Browse"}},
        {"label": "Out", "link": "https://example.org"},
        {"label": "Tags", "link": "/webclient/usertags/?experimenter=-1"},
        {"label": "Lost", "link": ""},
    ]


def test_names_of_downloads_stay_in_their_header():
    assert attachment_name('a b,c\r\n".txt') == "a_b.c___.txt"


def test_handles_become_element_ids():
    assert html_id("39f7-aa/ProcessCallback-b.c -t:tcp -h 10.0.0.2 -p 54727") == "ProcessCallback-b_c"


def test_pairs_are_read():
    assert parse_pairs('[["a", "1"], ["b", 2]]') == [("a", "1"), ("b", "2")]


@pytest.mark.parametrize("text", ["{", '{"a": 1}', "[1]", '[["a"]]', '["ab", "abc"]'])
def test_bad_pairs_name_their_parameter(text):
    with pytest.raises(InvalidParameter, match="mapAnnotation"):
        parse_pairs(text)
