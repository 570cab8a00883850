"""Saving, copying and resetting settings over HTTP. contract/webgateway.md, section 12."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.test import Client

SAVED = "c=1|10:2000$FF00FF,-2|30:400$00FF00,3|5:600$0000FF&m=g&z=2&t=2"


def windows(browser: Client, image_id: int) -> list[tuple[float, float]]:
    found = browser.get(f"/webgateway/imgData/{image_id}/").json()
    return [(channel["window"]["start"], channel["window"]["end"]) for channel in found["channels"]]


def save(browser: Client, image_id: int, settings: str = SAVED) -> None:
    response = browser.post(f"/webgateway/saveImgRDef/{image_id}/?{settings}")
    assert (response.status_code, response.content) == (200, b'"true"'), response.content


def test_saved_settings_are_found_again(browser: Client, image: Any) -> None:
    save(browser, image.id)
    found = browser.get(f"/webgateway/imgData/{image.id}/").json()
    assert windows(browser, image.id) == [(10, 2000), (30, 400), (5, 600)]
    assert [channel["active"] for channel in found["channels"]] == [True, False, True]
    assert found["channels"][0]["color"] == "FF00FF"
    assert found["rdefs"]["model"] == "greyscale"
    assert (found["rdefs"]["defaultZ"], found["rdefs"]["defaultT"]) == (1, 1)


def test_the_next_picture_uses_them(browser: Client, image: Any) -> None:
    path = f"/webgateway/render_image/{image.id}/1/1/"
    before = browser.get(path).content
    save(browser, image.id)
    saved = browser.get(path).content
    assert saved != before
    assert browser.get(f"{path}?{SAVED}").content == saved


def test_inversion_curve_and_lookup_table_are_saved(browser: Client, image: Any) -> None:
    maps = '[{"inverted":{"enabled":true}},{"quantization":{"family":"polynomial","coefficient":1.5}},{}]'
    save(browser, image.id, f"c=1|1:9$F00,2|1:9$fire.lut,3|1:9$00F&m=c&maps={maps}")
    first, second, third = browser.get(f"/webgateway/imgData/{image.id}/").json()["channels"]
    assert (first["inverted"], second["inverted"], third["inverted"]) == (True, False, False)
    assert (second["family"], second["coefficient"], second["lut"]) == ("polynomial", 1.5, "fire.lut")
    save(browser, image.id, "c=1|1:9$F00,2|1:9$0F0,3|1:9$00F&m=c&maps=[{},{},{}]")
    first, second, _ = browser.get(f"/webgateway/imgData/{image.id}/").json()["channels"]
    assert first["inverted"] is False
    assert "lut" not in second


def test_settings_can_come_in_the_body(browser: Client, image: Any) -> None:
    body = dict(part.split("=", 1) for part in SAVED.split("&"))
    response = browser.post(f"/webgateway/saveImgRDef/{image.id}/?callback=done", body)
    assert response.content == b'done("true")'
    assert windows(browser, image.id)[0] == (10, 2000)


def test_settings_of_no_image_are_not_saved(browser: Client) -> None:
    assert browser.post(f"/webgateway/saveImgRDef/999999/?{SAVED}").json() == "false"


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ("m=c", "must specify channels as c"),
        ("c=1|1:2$F00&m=c", "c must list every channel from 1 to 3"),
        (SAVED.replace("z=2", "z=9"), "z must lie in 1..4, not 9"),
        (SAVED.replace("t=2", "t=x"), "t must be a whole number"),
    ],
)
def test_incomplete_settings_are_refused(browser: Client, image: Any, settings: str, text: str) -> None:
    before = windows(browser, image.id)
    response = browser.post(f"/webgateway/saveImgRDef/{image.id}/?{settings}")
    assert response.status_code == 400
    assert text in response.json()["message"]
    assert windows(browser, image.id) == before


def test_a_reader_cannot_change_the_owners_settings(
    browser: Client, image: Any, user: Any, make_user: Callable[..., Any], log_in: Callable[..., Client]
) -> None:
    before = windows(browser, image.id)
    save(log_in(make_user(user.group)), image.id)
    assert windows(browser, image.id) == before


def test_everybody_has_settings_of_his_own(
    make_user: Callable[..., Any],
    make_group: Callable[..., int],
    make_image: Callable[..., Any],
    log_in: Callable[..., Client],
    samples: np.ndarray,
) -> None:
    group = make_group("rwra--")
    owner, colleague = make_user(group), make_user(group)
    image = make_image(owner, samples)
    owners, colleagues = log_in(owner), log_in(colleague)
    before = windows(owners, image.id)
    assert windows(colleagues, image.id) == before
    save(colleagues, image.id)
    assert windows(colleagues, image.id) == [(10, 2000), (30, 400), (5, 600)]
    assert windows(owners, image.id) == before
    definitions = owners.get(f"/webgateway/get_image_rdefs_json/{image.id}/").json()["rdefs"]
    assert {definition["owner"]["id"] for definition in definitions} == {owner.id, colleague.id}
    reset = colleagues.post("/webgateway/applyOwnersRDef/", {"toids": image.id, "to_type": "image"})
    assert reset.json() == [image.id]
    assert windows(colleagues, image.id) == before


def test_definitions_are_listed(browser: Client, image: Any, user: Any) -> None:
    save(browser, image.id)
    (found,) = browser.get(f"/webgateway/get_image_rdefs_json/{image.id}/").json()["rdefs"]
    assert (found["owner"]["id"], found["z"], found["t"], found["model"]) == (user.id, 1, 1, "greyscale")
    assert found["c"][0] == {
        "active": True,
        "start": 10.0,
        "end": 2000.0,
        "color": "FF00FF",
        "inverted": False,
        "reverseIntensity": False,
        "family": "linear",
        "coefficient": 1.0,
        "rgb": {"red": 255, "green": 0, "blue": 255},
    }


def test_definitions_of_no_image_are_an_error(browser: Client) -> None:
    found = browser.get("/webgateway/get_image_rdefs_json/999999/").json()
    assert found == {"error": "No image with id 999999"}


def test_settings_are_copied_from_image_to_image(
    browser: Client, image: Any, user: Any, make_image: Callable[..., Any], samples: np.ndarray
) -> None:
    other, fewer = make_image(user, samples), make_image(user, samples[:, :2])
    save(browser, image.id)
    assert browser.get("/webgateway/copyImgRDef/", {"fromid": image.id}).json() is True
    copied = browser.get("/webgateway/getImgRDef/").json()["rdef"]
    assert copied["c"] == "1|10.0:2000.0$FF00FF,-2|30.0:400.0$00FF00,3|5.0:600.0$0000FF"
    assert (copied["m"], copied["pixel_range"]) == ("greyscale", "0:65535")
    result = browser.post("/webgateway/copyImgRDef/", {"toids": [other.id, fewer.id], "to_type": "Image"})
    assert result.json() == {"true": [other.id], "false": [fewer.id]}
    assert windows(browser, other.id) == [(10, 2000), (30, 400), (5, 600)]


def test_settings_that_are_not_saved_are_copied_and_the_source_keeps_its_own(
    browser: Client, image: Any, user: Any, make_image: Callable[..., Any], samples: np.ndarray
) -> None:
    other = make_image(user, samples)
    before = windows(browser, image.id)
    query = {"c": "1|1:2$F00,2|3:4$0F0,3|5:6$00F", "m": "c", "imageId": image.id}
    assert browser.get("/webgateway/copyImgRDef/", query).json() is True
    assert browser.get("/webgateway/getImgRDef/").json()["rdef"]["imageId"] == image.id
    assert browser.post("/webgateway/copyImgRDef/", {"toids": [other.id]}).json()["true"] == [other.id]
    assert windows(browser, other.id) == [(1, 2), (3, 4), (5, 6)]
    assert windows(browser, image.id) == before


def test_nothing_is_copied_without_a_source(browser: Client, image: Any) -> None:
    assert browser.post("/webgateway/copyImgRDef/", {"toids": [image.id]}).json() is False
    assert browser.get("/webgateway/getImgRDef/").json() == {"rdef": None}


def test_copying_needs_an_address_of_something(browser: Client) -> None:
    response = browser.get("/webgateway/copyImgRDef/")
    assert (response.status_code, response["Allow"]) == (405, "POST")


def test_settings_are_reset_to_those_of_the_import(browser: Client, image: Any) -> None:
    before = windows(browser, image.id)
    save(browser, image.id)
    assert browser.post("/webgateway/resetRDef/", {"toids": image.id}).json() == [image.id]
    assert windows(browser, image.id) == before


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({}, 400, "Need to specify objects"),
        ({"toids": "x"}, 400, "toids must be a whole number"),
        ({"toids": "1", "to_type": "well"}, 400, "to_type must be one of"),
        ({"toids": "999999"}, 404, "Image:999999 not found"),
    ],
)
def test_resets_name_mistakes(browser: Client, body: dict[str, str], status: int, text: str) -> None:
    response = browser.post("/webgateway/resetRDef/", body)
    assert response.status_code == status
    assert text in response.json()["message"]


def test_lookup_tables_are_listed_and_shown(
    browser: Client, image: Any, pixels_of: Callable[..., np.ndarray]
) -> None:
    found = browser.get("/webgateway/luts/?rgb=true").json()
    names = [lut["name"] for lut in found["luts"]]
    assert names == sorted(names, key=str.lower)
    assert found["png_luts_new"][-1] == found["png_luts"][-1] == "gradient.png"
    assert len(found["png_luts"]) == 40
    fire = next(lut for lut in found["luts"] if lut["name"] == "fire.lut")
    assert found["png_luts"][fire["png_index"]] == "/luts/fire.lut"
    assert len(fire["rgb"]) == 256
    sprite = pixels_of(browser.get("/webgateway/luts_png/"))
    assert sprite.shape == (10 * (len(names) + 1), 256, 4)
    row = sprite[10 * fire["png_index_new"] + 5, :, :3]
    assert row.tolist() == fire["rgb"]
    assert (sprite[-1, 0, 3], sprite[-1, 200, 3]) == (255, 0)
    path = f"/webgateway/render_image/{image.id}/0/0/?m=c&q=1&c=1|0:4000$"
    picture = pixels_of(browser.get(path + "fire.lut")).astype(int)
    levels = np.clip(image.samples[0, 0, 0] / 4000 * 255, 0, 255).astype(int)
    assert np.abs(picture - np.array(fire["rgb"])[levels]).mean() < 12
