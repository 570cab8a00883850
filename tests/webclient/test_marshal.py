"""Rows to dictionaries."""

from types import SimpleNamespace

import pytest
from django.test import override_settings
from omero.rtypes import rbool, rlong, rmap, rstring

from omeroweb.webclient import tree
from omeroweb.webclient.marshal import letters, run_name, well_position

CONN = SimpleNamespace(getUserId=lambda: 7, isAdmin=lambda: False)
RIGHTS = {"canEdit": True, "canAnnotate": True, "canLink": False, "canDelete": True, "canChgrp": False}


def test_rights_have_a_fixed_order():
    rights = dict.fromkeys(("canChown", "canChgrp", "canDelete", "canLink", "canAnnotate", "canEdit"), True)
    words = "canEdit canAnnotate canLink canDelete canChgrp canChown isOwned"
    assert tree.parse_permissions_css(rights, 7, CONN) == words


def test_no_rights_give_an_empty_string():
    assert tree.parse_permissions_css({}, 8, CONN) == ""


def test_a_container_row_may_hold_ice_values():
    permissions = rmap({name: rbool(value) for name, value in RIGHTS.items()})
    row = [rlong(11), rstring("Mitosis"), rlong(7), permissions, rlong(2)]
    assert tree._marshal_plate(CONN, row) == {
        "id": 11,
        "name": "Mitosis",
        "ownerId": 7,
        "childCount": 2,
        "permsCss": "canEdit canAnnotate canDelete isOwned",
    }


@override_settings(TIME_ZONE="UTC")
def test_an_image_row_with_everything():
    image = tree._marshal_image(
        CONN,
        [501, "a.tif", 8, RIGHTS, 77],
        row_pixels=[512, 256, 1, 20],
        date=1672911000000,
        acqDate=1671904800000,
        thumbVersion=3,
    )
    assert image == {
        "id": 501,
        "archived": False,
        "name": "a.tif",
        "ownerId": 8,
        "permsCss": "canEdit canAnnotate canDelete",
        "filesetId": 77,
        "sizeX": 512,
        "sizeY": 256,
        "sizeZ": 1,
        "sizeT": 20,
        "date": "2023-01-05T09:30:00+00:00",
        "acqDate": "2022-12-24T18:00:00+00:00",
        "thumbVersion": 3,
    }


def test_an_image_without_fileset_has_no_fileset_key():
    assert "filesetId" not in tree._marshal_image(CONN, [1, "a", 7, {}, None])


@override_settings(TIME_ZONE="Europe/Berlin")
def test_dates_are_local():
    assert tree._marshal_date(1672911000000) == "2023-01-05T10:30:00+01:00"


@override_settings(TIME_ZONE="Mars/Olympus")
def test_an_unknown_zone_leaves_the_offset_out():
    assert tree._marshal_date(1672911000000) == "2023-01-05T09:30:00"


def test_dates_out_of_range_are_empty():
    assert tree._marshal_date(10**18) == ""


@pytest.mark.parametrize(
    ("start", "end", "name"),
    [
        (None, None, "Run 5"),
        (0, None, "1970-01-01 00:00:00"),
        (0, 1500, "1970-01-01 00:00:00 - 1970-01-01 00:00:01.500000"),
    ],
)
def test_nameless_runs(start, end, name):
    assert run_name(5, None, start, end) == name


def test_a_tag_counts_images_and_a_tag_set_tags():
    ns = "openmicroscopy.org/omero/insight/tagset"
    tag = tree._marshal_tag(CONN, [1, "good", None, 7, {}, None, 5, 4])
    tag_set = tree._marshal_tag(CONN, [2, "all", "text", 7, {}, ns, 5, 4])
    assert (tag["set"], tag["childCount"], "description" in tag) == (False, 4, False)
    assert (tag_set["set"], tag_set["childCount"], tag_set["description"]) == (True, 5, "text")


@pytest.mark.parametrize(("index", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")])
def test_letters(index, name):
    assert letters(index) == name


@pytest.mark.parametrize(
    ("rows", "columns", "name"),
    [
        (None, None, "B12"),
        ("number", "number", "212"),
        ("letter", "letter", "BL"),
        ("Number", "Letter", "2L"),
    ],
)
def test_well_positions(rows, columns, name):
    assert well_position(1, 11, rows, columns) == name


def test_clauses():
    assert tree.build_clause([], "where", "and") == ""
    assert tree.build_clause(["a", "b"], "where", "and").split() == ["where", "a", "and", "b"]


def test_unwrapping_text():
    assert tree.unwrap_to_str(rstring("x")) == "x"
    assert tree.unwrap_to_str(None) is None
