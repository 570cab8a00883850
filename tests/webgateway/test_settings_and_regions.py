"""contract/webgateway.md, sections 3.2, 4.2, 9 and 10.2, as far as they need no server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from omero_rendering import (
    ChannelSettings,
    Color,
    Family,
    Model,
    Region,
    RenderingSettings,
    Window,
    pixel_type,
)
from omeroweb.errors import BadRequest, NotFound
from omeroweb.webgateway import image_document, regions
from omeroweb.webgateway.applied_settings import for_rendering, for_saving
from omeroweb.webgateway.plategrid import Bounds, bounds, letters
from omeroweb.webgateway.queries.image_facts import Channel, ImageFacts
from omeroweb.webgateway.queries.limits import Limits
from omeroweb.webgateway.rendering_query import RenderingQuery

TYPE = pixel_type("uint16")
BASE = RenderingSettings(
    TYPE,
    tuple(ChannelSettings(Window(0, 100 * number), Color(number, 0, 0)) for number in (1, 2, 3)),
    default_z=1,
)
CHANNEL = Channel("DAPI", 450.0, None, None, None, Window(0, 4095))
FACTS = ImageFacts(
    1, 7, 8, 9, 3, 2, TYPE, 5, 2, (CHANNEL,) * 3, ((8192, 6144), (2048, 1536), (512, 384)), (512, 256)
)


def rendered(c: str, **source: str) -> RenderingSettings:
    return for_rendering(BASE, RenderingQuery.parse({"c": c, **source}))


def test_without_settings_the_stored_ones_are_used() -> None:
    assert for_rendering(BASE, RenderingQuery.parse({})) == BASE


def test_unlisted_channels_are_off() -> None:
    assert rendered("2").active_channels == (1,)


def test_values_of_inactive_channels_do_not_show() -> None:
    channel = rendered("-1|5:6$0F0,2").channels[0]
    assert (channel.active, channel.window, channel.color) == (False, BASE.channels[0].window, Color(1, 0, 0))


def test_unlisted_numbers_take_a_slot_all_the_same() -> None:
    settings = rendered("1|1:2,9|3:4,3|5:6")
    assert settings.channels[0].window == Window(1, 2)
    assert settings.channels[2].window == Window(3, 4)


def test_a_colour_removes_the_lookup_table_and_a_table_keeps_the_colour() -> None:
    with_lut = replace(BASE, channels=(replace(BASE.channels[0], lut="ice.lut"), *BASE.channels[1:]))
    query = RenderingQuery.parse({"c": "1$F00,2|1:2$cool.lut"})
    first, second, _ = for_rendering(with_lut, query).channels
    assert (first.lut, first.color) == (None, Color(255, 0, 0))
    assert (second.lut, second.color) == ("cool.lut", Color(2, 0, 0))


def test_maps_invert_and_bend() -> None:
    maps = '[{"inverted": {"enabled": true}, "quantization": {"family": "logarithmic"}}]'
    first, second, _ = rendered("1,2", maps=maps).channels
    assert (first.reverse, first.family) == (True, Family.LOGARITHMIC)
    assert (second.reverse, second.family) == (False, Family.LINEAR)


def test_the_model_is_replaced() -> None:
    assert rendered("1", m="g").model is Model.GREYSCALE


def test_saving_keeps_values_of_inactive_channels_and_planes() -> None:
    query = RenderingQuery.parse({"c": "-1|5:6$0F0,2,3", "z": "4", "m": "g"}, planes=True)
    saved = for_saving(BASE, query, 5, 2)
    assert (saved.channels[0].active, saved.channels[0].window) == (False, Window(5, 6))
    assert (saved.default_z, saved.default_t, saved.model) == (3, 0, Model.GREYSCALE)


@pytest.mark.parametrize("c", ["1,2", "2,1,3", "1,2,3,4", ""])
def test_saving_takes_every_channel_in_order(c: str) -> None:
    with pytest.raises(BadRequest, match=r"^c must list every channel"):
        for_saving(BASE, RenderingQuery.parse({"c": c}), 5, 2)


def test_saving_refuses_planes_outside_the_image() -> None:
    with pytest.raises(BadRequest, match=r"^t must lie in 1..2, not 3"):
        for_saving(BASE, RenderingQuery.parse({"c": "1,2,3", "t": "3"}, planes=True), 5, 2)


def parsed(**source: str) -> regions.LevelRegion:
    return regions.parse(source, FACTS, Limits())


def test_tiles_count_in_their_own_size() -> None:
    assert parsed(tile="0,2,3") == regions.LevelRegion(0, Region(1024, 768, 512, 256))
    assert parsed(tile="1,1,1,100,50") == regions.LevelRegion(1, Region(100, 50, 100, 50))


def test_tiles_are_no_larger_than_the_server_allows() -> None:
    assert parsed(tile="0,0,0,5000,-1").region == Region(0, 0, 1024, 256)


def test_edge_tiles_are_clipped() -> None:
    assert parsed(tile="2,0,1,512,256").region == Region(0, 256, 512, 128)


def test_tile_wins_over_region() -> None:
    assert parsed(tile="2,0,0", region="0,0,1,1").level == 2


def test_regions_are_of_the_full_size_and_clipped() -> None:
    assert parsed(region="8000,-5,500,100,9") == regions.LevelRegion(0, Region(8000, 0, 192, 100))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({}, "tile or region argument required"),
        ({"tile": "", "region": ""}, "tile or region argument required"),
        ({"tile": "0,1"}, "malformed tile argument, tile=0,1"),
        ({"tile": "0,a,1"}, "malformed tile argument, tile=0,a,1"),
        ({"tile": "0,99999999999,1"}, "malformed tile argument, tile=0,99999999999,1"),
        ({"tile": "-1,0,0"}, "Invalid resolution level -1 < 0"),
        (
            {"tile": "3,0,0"},
            "Invalid resolution level,                     3 > number of available levels 2 ",
        ),
        ({"region": "1,2,3"}, "malformed region argument, region=1,2,3"),
        ({"region": "1,2,3,x"}, "malformed region argument, region=1,2,3,x"),
        ({"region": "0,0,8192,6144"}, "region is too large: 8192 x 6144 is more than 10188864 pixels"),
    ],
)
def test_bad_regions_are_refused_by_name(source: dict[str, str], message: str) -> None:
    with pytest.raises(BadRequest) as raised:
        parsed(**source)
    assert raised.value.message == message


def test_levels_of_a_plain_image_are_refused() -> None:
    plain = replace(FACTS, levels=FACTS.levels[:1])
    with pytest.raises(BadRequest, match="Invalid resolution level 1, non pyramid file"):
        regions.parse({"tile": "1,0,0"}, plain, Limits())


@pytest.mark.parametrize("source", [{"tile": "0,16,0"}, {"region": "9000,0,10,10"}, {"region": "0,0,0,10"}])
def test_regions_outside_the_image_are_not_found(source: dict[str, str]) -> None:
    with pytest.raises(NotFound):
        parsed(**source)


@pytest.mark.parametrize(
    ("name", "limits"),
    [
        ("uint8", (0, 255)),
        ("uint16", (0, 65535)),
        ("int16", (-32768.0, 32767.0)),
        ("float", (-(2.0**31), 2.0**31 - 1)),
    ],
)
def test_pixel_range_is_that_of_the_bytes(name: str, limits: tuple[float, float]) -> None:
    assert image_document.pixel_range(pixel_type(name)) == limits


def test_a_part_of_the_document_has_a_path() -> None:
    found = {"size": {"width": 5}, "empty": {}, "channels": []}
    assert image_document.part(found, "size.width") == 5
    assert image_document.part(found, "size") == {"width": 5}
    assert image_document.part(found, "nothing.there") is None
    assert image_document.part(found, "empty") is None
    with pytest.raises(BadRequest, match=r"^key "):
        image_document.part(found, "size.width.unit")


def test_channels_are_labelled_by_name_wavelength_or_index() -> None:
    assert CHANNEL.label(0) == "DAPI"
    assert replace(CHANNEL, name=" ").label(0) == "450"
    assert replace(CHANNEL, name=None, emission=450.5).label(0) == "450.5"
    assert replace(CHANNEL, name=None, emission=None).label(2) == "2"


@pytest.mark.parametrize(
    ("layout", "places", "expected"),
    [
        ("expand", [], Bounds(0, 8, 0, 12)),
        ("expand", [(7, 11)], Bounds(0, 8, 0, 12)),
        ("expand", [(8, 0)], Bounds(0, 16, 0, 24)),
        ("shrink", [(2, 3), (4, 5)], Bounds(2, 5, 3, 6)),
        ("shrink", [], Bounds(0, 0, 0, 0)),
        ("trim", [(2, 3), (4, 5)], Bounds(0, 5, 0, 6)),
        ("trim", [], Bounds(0, 0, 0, 0)),
    ],
)
def test_plates_are_laid_out(layout: str, places: list[tuple[int, int]], expected: Bounds) -> None:
    assert bounds(layout, places) == expected


@pytest.mark.parametrize(
    ("index", "text"), [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ")]
)
def test_rows_have_letters(index: int, text: str) -> None:
    assert letters(index) == text
