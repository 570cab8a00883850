"""imgData, thumbnails and histograms over HTTP. contract/webgateway.md, sections 5, 9 and 15."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.test import Client


def test_the_document_has_every_part(browser: Client, image: Any, user: Any) -> None:
    found = browser.get(f"/webgateway/imgData/{image.id}/").json()
    assert found["id"] == image.id
    assert set(found["meta"]) == {
        "imageName",
        "imageDescription",
        "imageAuthor",
        "imageArchived",
        "projectName",
        "projectId",
        "projectDescription",
        "datasetName",
        "datasetId",
        "datasetDescription",
        "wellSampleId",
        "wellId",
        "imageTimestamp",
        "imageId",
        "pixelsType",
    }
    assert found["meta"]["pixelsType"] == "uint16"
    assert found["size"] == {"width": 80, "height": 60, "z": 4, "t": 2, "c": 3}
    assert found["perms"] == {"canAnnotate": True, "canEdit": True, "canDelete": True, "canLink": True}
    assert found["tiles"] is False
    assert "tile_size" not in found
    assert found["rdefs"] == {
        "model": "color",
        "projection": "normal",
        "defaultZ": 2,
        "defaultT": 0,
        "invertAxis": False,
    }
    channel = found["channels"][0]
    assert (channel["color"], channel["family"], channel["active"]) == ("FF0000", "linear", True)
    assert channel["window"]["min"] == float(image.samples[:, 0].min())
    assert channel["window"]["end"] == float(image.samples[:, 0].max())
    assert found["split_channel"]["c"] == {"width": 166, "height": 126, "border": 2, "gridx": 2, "gridy": 2}
    assert found["pixel_range"] == [0, 65535]


@pytest.mark.parametrize(
    ("key", "value"),
    [("size.width", 80), ("size", {"width": 80, "height": 60, "z": 4, "t": 2, "c": 3}), ("no.such", None)],
)
def test_a_part_of_the_document(browser: Client, image: Any, key: str, value: Any) -> None:
    assert browser.get(f"/webgateway/imgData/{image.id}/{key}/").json() == value


def test_a_path_into_a_number_is_refused(browser: Client, image: Any) -> None:
    response = browser.get(f"/webgateway/imgData/{image.id}/size.width.unit/")
    assert response.status_code == 400
    assert "key" in response.json()["message"]


def test_a_callback_wraps_the_document(browser: Client, image: Any) -> None:
    response = browser.get(f"/webgateway/imgData/{image.id}/size.width/?callback=jQuery_1")
    assert (response["Content-Type"], response.content) == ("application/javascript", b"jQuery_1(80)")


def test_an_odd_callback_is_refused(browser: Client, image: Any) -> None:
    response = browser.get(f"/webgateway/imgData/{image.id}/?callback=alert(1)")
    assert response.status_code == 400
    assert b"Invalid callback" in response.content


def test_an_unknown_image_is_named(browser: Client) -> None:
    response = browser.get("/webgateway/imgData/999999/")
    assert (response.status_code, response.content) == (404, b"Image:999999 not found")


def test_defaults_are_shown_without_being_saved(browser: Client, image: Any) -> None:
    save = "c=1|10:20$FFFFFF,2|10:20$FFFFFF,-3|10:20$FFFFFF&m=c"
    assert browser.post(f"/webgateway/saveImgRDef/{image.id}/?{save}").json() == "true"
    path = f"/webgateway/imgData/{image.id}/"
    assert browser.get(path).json()["channels"][0]["window"]["end"] == 20
    defaults = browser.get(path + "?getDefaults=true").json()["channels"]
    assert defaults[0]["window"]["end"] == float(image.samples[:, 0].max())
    assert defaults[2]["active"] is True
    assert browser.get(path).json()["channels"][2]["active"] is False


def test_thumbnails_have_the_size_that_was_asked_for(
    browser: Client, image: Any, pixels_of: Callable[..., np.ndarray]
) -> None:
    for path, shape in (("", (72, 96)), ("40/", (30, 40)), ("40/20/", (20, 40)), ("40/?z=1", (30, 40))):
        response = browser.get(f"/webgateway/render_thumbnail/{image.id}/{path}")
        assert response.status_code == 200, path
        picture = pixels_of(response)
        assert picture.shape[:2] == shape
        assert picture.std() > 5


def test_the_birds_eye_view_is_a_thumbnail(
    browser: Client, image: Any, pixels_of: Callable[..., np.ndarray]
) -> None:
    response = browser.get(f"/webgateway/render_birds_eye_view/{image.id}/64/")
    assert pixels_of(response).shape[:2] == (48, 64)


def test_another_plane_is_another_thumbnail(browser: Client, image: Any) -> None:
    path = f"/webgateway/render_thumbnail/{image.id}/64/"
    pictures = {browser.get(f"{path}?{query}").content for query in ("z=0", "z=3", "z=0&t=1")}
    assert len(pictures) == 3


def test_a_kept_thumbnail_is_confirmed(browser: Client, image: Any) -> None:
    path = f"/webgateway/render_thumbnail/{image.id}/"
    etag = browser.get(path)["ETag"]
    assert browser.get(path, headers={"If-None-Match": etag}).status_code == 304


def test_thumbnails_follow_saved_settings(browser: Client, image: Any) -> None:
    path = f"/webgateway/render_thumbnail/{image.id}/"
    before = browser.get(path).content
    save = "c=1|0:500$0000FF,-2|10:20$FFFFFF,-3|10:20$FFFFFF&m=c"
    assert browser.post(f"/webgateway/saveImgRDef/{image.id}/?{save}").json() == "true"
    assert browser.get(path).content != before


def test_several_thumbnails_come_at_once(
    browser: Client, image: Any, pixels_of: Callable[..., np.ndarray]
) -> None:
    found = browser.get("/webgateway/get_thumbnails/64/", {"id": [image.id, 999999, image.id]}).json()
    assert set(found) == {str(image.id), "999999"}
    assert found["999999"] is None
    head, data = found[str(image.id)].split(",")
    assert head == "data:image/jpeg;base64"
    assert pixels_of(base64.b64decode(data)).shape[:2] == (48, 64)


def test_one_thumbnail_comes_as_json(browser: Client, image: Any) -> None:
    assert browser.get(f"/webgateway/get_thumbnail/{image.id}/").json().startswith("data:image/jpeg;base64,")


def test_no_ids_give_no_thumbnails(browser: Client) -> None:
    assert browser.get("/webgateway/get_thumbnails/").json() == {}


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("get_thumbnails/?id=x", 400, "id must be a whole number"),
        (
            "get_thumbnails/?" + "&".join(f"id={number}" for number in range(51)),
            400,
            "Max 50 thumbnails at a time.",
        ),
        ("get_thumbnail/999999/", 404, "Failed to render thumbnail"),
        ("render_thumbnail/{id}/100000/", 400, "w must lie in"),
        ("render_thumbnail/{id}/0/", 400, "w must lie in"),
        ("render_thumbnail/{id}/?z=a", 400, "z must be a whole number"),
        ("render_thumbnail/{id}/?z=99", 400, "z must lie in 0..3"),
        ("histogram_json/{id}/channel/0/?bins=many", 400, "bins must be a whole number"),
        ("histogram_json/{id}/channel/0/?bins=100000000", 400, "bins must lie in"),
    ],
)
def test_mistakes_are_named(browser: Client, image: Any, path: str, status: int, text: str) -> None:
    response = browser.get("/webgateway/" + path.format(id=image.id))
    assert response.status_code == status, response.content[:300]
    assert text in response.content.decode()


def test_a_histogram_counts_every_sample(browser: Client, image: Any) -> None:
    counts = browser.get(f"/webgateway/histogram_json/{image.id}/channel/1/?theZ=2&theT=1&bins=16").json()[
        "data"
    ]
    plane, channel = image.samples[1, 1, 2], image.samples[:, 1]
    expected, _ = np.histogram(plane, 16, (channel.min(), channel.max()))
    assert len(counts) == 16
    assert sum(counts) == plane.size
    assert np.abs(np.array(counts) - expected).max() <= 2


def test_histograms_have_256_bins(browser: Client, image: Any) -> None:
    assert len(browser.get(f"/webgateway/histogram_json/{image.id}/channel/0/").json()["data"]) == 256


@pytest.mark.parametrize("path", ["channel/3/", "channel/0/?theZ=4", "channel/0/?theT=-1"])
def test_planes_outside_the_image_have_no_histogram(browser: Client, image: Any, path: str) -> None:
    assert browser.get(f"/webgateway/histogram_json/{image.id}/{path}").status_code == 404


def test_a_foreign_reader_may_look_but_not_annotate(
    browser: Client, image: Any, user: Any, make_user: Callable[..., Any], log_in: Callable[..., Client]
) -> None:
    reader = log_in(make_user(user.group))
    found = reader.get(f"/webgateway/imgData/{image.id}/").json()
    assert found["perms"] == {"canAnnotate": False, "canEdit": False, "canDelete": False, "canLink": False}
    assert reader.get(f"/webgateway/render_thumbnail/{image.id}/").status_code == 200


def test_a_new_channel_name_is_shown_at_once(
    browser: Client, image: Any, gateway: Callable[..., Any], user: Any
) -> None:
    path = f"/webgateway/imgData/{image.id}/"
    assert browser.get(path).json()["channels"][0]["label"] == "0"
    conn = gateway(user)
    conn.setChannelNames("Image", [image.id], {1: "DAPI"})
    assert browser.get(path).json()["channels"][0]["label"] == "DAPI"


def test_an_image_that_was_deleted_is_gone(
    browser: Client, image: Any, gateway: Callable[..., Any], user: Any
) -> None:
    path = f"/webgateway/imgData/{image.id}/"
    assert browser.get(path).status_code == 200
    gateway(user).deleteObjects("Image", [image.id], wait=True)
    assert browser.get(path).status_code == 404
    assert browser.get(f"/webgateway/render_thumbnail/{image.id}/").status_code == 404
    assert browser.get(f"/webgateway/render_image/{image.id}/0/0/").status_code == 404
