"""contract/webgateway.md, section 3."""

from __future__ import annotations

import math

import pytest
from django.test import RequestFactory

from omero_rendering import Color, Family, Model, Projection, Window
from omeroweb.errors import BadRequest
from omeroweb.webgateway.rendering_query import (
    ChannelEntry,
    Curve,
    RenderingQuery,
    ZProjection,
    require_settings,
)


def channels(c: str, maps: str | None = None) -> tuple[ChannelEntry, ...] | None:
    source = {"c": c} if maps is None else {"c": c, "maps": maps}
    return RenderingQuery.parse(source).channels


def test_it_reads_numbers_windows_colours_and_lookup_tables() -> None:
    assert channels("1|0:255$FF0000,-2,3|100:4000$cool.lut") == (
        ChannelEntry(1, True, Window(0, 255), Color(255, 0, 0)),
        ChannelEntry(2, False),
        ChannelEntry(3, True, Window(100, 4000), None, "cool.lut"),
    )


@pytest.mark.parametrize(
    ("text", "color"),
    [
        ("1$F00", Color(255, 0, 0)),
        ("2|$0F0", Color(0, 255, 0)),
        ("1$F008", Color(255, 0, 0, 0x88)),
        ("1|0:1$11223344", Color(0x11, 0x22, 0x33, 0x44)),
        ("1|0:1$F0000", None),
        ("1|0:1$GGGGGG", None),
        ("1|0:1$F00$0F0", None),
        ("1|0:1", None),
    ],
)
def test_it_reads_colours_of_3_4_6_or_8_digits(text: str, color: Color | None) -> None:
    (entry,) = channels(text) or ()
    assert entry.color == color


@pytest.mark.parametrize("text", ["1|", "1|5", "1|1:2:3", "1|a:2", "1|0:255r", "1|0:255-r", "1"])
def test_it_leaves_the_window_alone_when_it_is_malformed(text: str) -> None:
    (entry,) = channels(text) or ()
    assert entry.window is None


def test_it_accepts_whatever_python_reads_as_a_float() -> None:
    (entry,) = channels(" 1 | 1e3 : inf ") or ()
    assert entry.window == Window(1000, math.inf)


def test_it_drops_entries_without_a_number() -> None:
    assert channels("x,,2") == (ChannelEntry(2, True),)


def test_it_switches_all_channels_off_when_c_is_empty() -> None:
    assert channels("") == ()


def test_it_knows_no_channels_when_c_is_absent() -> None:
    assert RenderingQuery.parse({}).channels is None


def test_it_refuses_two_colours_before_the_bar() -> None:
    with pytest.raises(BadRequest, match=r"^c has"):
        channels("1$F00$0F0|1:2")


def test_it_pairs_values_with_channels_by_rank() -> None:
    query = RenderingQuery.parse({"c": "2|1:2$F00,1|3:4$0F0"})
    assert query.slots[1].window == Window(1, 2)
    assert query.slots[2].window == Window(3, 4)


def test_it_keeps_the_slot_of_an_inactive_entry() -> None:
    query = RenderingQuery.parse({"c": "-1|1:2,2|3:4"})
    assert query.slots[2].window == Window(3, 4)
    assert query.active_numbers == {2}


def test_it_reads_inversion_and_curve_from_maps() -> None:
    maps = (
        '[{"inverted": {"enabled": true}, "quantization": {"family": "polynomial", "coefficient": 2}}, {},'
        ' {"reverse": {"enabled": "true"}}]'
    )
    first, second, third, fourth = channels("1,2,3,4", maps) or ()
    assert (first.inverted, first.curve) == (True, Curve(Family.POLYNOMIAL, 2.0))
    assert (second.inverted, second.curve) == (False, None)
    assert third.inverted is True
    assert fourth.inverted is None


def test_it_prefers_inverted_to_its_older_name() -> None:
    (entry,) = channels("1", '[{"inverted": {"enabled": false}, "reverse": {"enabled": true}}]') or ()
    assert entry.inverted is False


@pytest.mark.parametrize("maps", ["[", "3", '{"a": 1}', "[1]", "null"])
def test_it_ignores_maps_that_are_no_list_of_objects(maps: str) -> None:
    (entry,) = channels("1", maps) or ()
    assert entry.inverted is None


def test_it_ignores_an_unknown_family_but_not_the_inversion_beside_it() -> None:
    (entry,) = channels("1", '[{"inverted": {"enabled": true}, "quantization": {"family": "cubic"}}]') or ()
    assert (entry.inverted, entry.curve) == (True, None)


@pytest.mark.parametrize(
    ("text", "projection"),
    [
        ("intmax", ZProjection(Projection.MAX)),
        ("intmean|0:4", ZProjection(Projection.MEAN, 0, 4)),
        ("intsum|a:4", ZProjection(Projection.SUM)),
        ("intsum|4", ZProjection(Projection.SUM)),
        ("normal", None),
        ("median", None),
    ],
)
def test_it_reads_projections(text: str, projection: ZProjection | None) -> None:
    assert RenderingQuery.parse({"p": text}).projection == projection


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ({"q": "high"}, "q"),
        ({"q": "1.5"}, "q"),
        ({"q": "nan"}, "q"),
        ({"p": "intmax|5:2"}, "p"),
        ({"z": "first"}, "z"),
        ({"t": "0"}, "t"),
    ],
)
def test_it_names_the_malformed_parameter(source: dict[str, str], name: str) -> None:
    with pytest.raises(BadRequest, match=rf"^{name} "):
        RenderingQuery.parse(source, planes=True)


def test_it_reads_the_planes_to_store_only_on_request() -> None:
    assert RenderingQuery.parse({"z": "3", "t": "1"}, planes=True).default_z == 2
    assert RenderingQuery.parse({"z": "x"}).default_z is None


@pytest.mark.parametrize(
    ("text", "model"), [("g", Model.GREYSCALE), ("c", Model.RGB), ("x", None), ("", None)]
)
def test_it_reads_the_model(text: str, model: Model | None) -> None:
    assert RenderingQuery.parse({"m": text}).model == model


def test_it_reads_the_body_of_a_post_without_c_in_the_query() -> None:
    request = RequestFactory().post("/?m=c", {"c": "1|0:1$F00", "m": "g"})
    query = RenderingQuery.from_request(request)
    assert query.model is Model.GREYSCALE
    assert query.active_numbers == {1}


def test_it_reads_the_query_of_a_post_with_c_in_it() -> None:
    request = RequestFactory().post("/?c=2&m=c", {"c": "1", "m": "g"})
    query = RenderingQuery.from_request(request)
    assert (query.model, query.active_numbers) == (Model.RGB, {2})


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("m=c", "Rendering settings must specify channels as c"),
        ("c=1&m=c", "Must specify window for each channel"),
        ("c=1|0:1&m=c", "Must specify color for each channel"),
        ("c=1|0:1$F00,2|0:1", "Must specify color for each channel"),
        ("c=1|0:1$F00", 'Query parameter "m" must be present with value either "g" or "c"'),
        ("c=1|0:1$F00&m=c&maps=[", "Failed to parse maps JSON"),
        ("c=1|0:1$F00&m=c&maps=[{},{}]", 'Number of "maps" must match number of channels'),
        ("c=1|0:1$F00&m=c&maps=3", 'Number of "maps" must match number of channels'),
    ],
)
def test_it_requires_settings_to_be_spelled_out(query: str, message: str) -> None:
    with pytest.raises(BadRequest) as raised:
        require_settings(RequestFactory().get(f"/?{query}"))
    assert raised.value.message == message


def test_it_accepts_settings_that_are_spelled_out() -> None:
    require_settings(RequestFactory().get("/?c=1|0:1$F00,-2|0:9$cool.lut,x&m=c&maps=[{},{},{}]"))


def test_it_knows_when_the_stored_settings_do_not_matter() -> None:
    assert RenderingQuery.parse({"c": "1|0:1$F00,-2", "m": "c"}).describes(2)
    assert not RenderingQuery.parse({"c": "1|0:1", "m": "c"}).describes(2)
    assert not RenderingQuery.parse({"c": "1|0:1$F00"}).describes(2)
