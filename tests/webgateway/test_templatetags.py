"""contract/plugins.md, section 6.4."""

from __future__ import annotations

from typing import Any

import pytest
from django.template import Context, Template

from omeroweb.webgateway.templatetags.common_filters import lengthformat, lengthunit


def shown(text: str, **context: Any) -> str:
    return Template("{% load common_filters common_tags %}" + text).render(Context(context))


@pytest.mark.parametrize(
    ("micrometres", "number", "unit"),
    [
        (0.0005, 5, "\u212b"),
        (0.005, 5, "nm"),
        (0.5, 0.5, "\u00b5m"),
        (999, 999, "\u00b5m"),
        (5000, 5, "mm"),
        (500_000, 5, "cm"),
        (5_000_000, 5, "m"),
        (5e9, 5, "km"),
        (0, 0, "\u00b5m"),
    ],
)
def test_lengths_have_readable_units(micrometres: float, number: float, unit: str) -> None:
    if micrometres:
        assert lengthformat(micrometres) == pytest.approx(number)
    assert lengthunit(micrometres) == unit


def test_what_is_no_length_stays_as_it_is() -> None:
    assert lengthformat("wide") == "wide"


def test_static_needs_no_library() -> None:
    assert Template("{% static name %}").render(Context({"name": "a/b.css"})) == "/static/a/b.css"
    assert Template('{% static "a"|add:".js" %}').render(Context({})) == "/static/a.js"


def test_json_is_not_escaped_but_jsonify_is_safe_in_scripts() -> None:
    assert shown("{{ value|json_dumps }}", value={"a": "<"}) == '{"a": "<"}'
    assert shown("{{ value|jsonify }}", value="</script>") == '"\\u003c/script\\u003e"'


def test_long_texts_are_cut() -> None:
    assert shown("{{ t|truncatebefor:3 }} {{ t|truncateafter:3 }} {{ t|truncateafter:9 }}", t="abcdef") == (
        "...def abc... abcdef"
    )


def test_settings_are_walked() -> None:
    assert (
        shown('{% setting "PAGE" %}|{% setting "SERVER_LIST.0.2" %}|{% setting "NO.SUCH" %}') == "200|omero|"
    )


def test_words_have_a_plural() -> None:
    assert shown('{% plural 1 "image" "images" %} {% plural 2 "image" "images" %}') == "image images"
