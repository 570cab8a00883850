"""Planes, tiles and regions over HTTP. contract/webgateway.md, sections 3 and 4."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import omero
import pytest
from django.test import Client

from omeroweb.webgateway.pixels import CACHE
from omeroweb.webgateway.rendering import JPEGS

RDEF = "c=1|100:3000$FF0000,2|100:2000$00FF00,-3|0:10$0000FF&m=c"


def planedef(z: int, t: int, region: tuple[int, int, int, int] | None = None) -> Any:
    definition = omero.romio.PlaneDef()
    definition.slice = omero.romio.XY
    definition.z, definition.t = z, t
    if region is not None:
        definition.region = omero.romio.RegionDef(*region)
    return definition


@pytest.fixture
def engine(login: Callable[..., Any], user: Any, image: Any, closing: Any) -> Any:
    """The server's own rendering engine on the image."""
    found = login(user).sf.createRenderingEngine()
    closing.callback(found.close)
    found.lookupPixels(image.pixels_id)
    if not found.lookupRenderingDef(image.pixels_id):
        found.resetDefaultSettings(True)
        found.lookupRenderingDef(image.pixels_id)
    found.load()
    return found


def test_a_plane_is_that_of_the_servers_own_engine(browser: Client, image: Any, engine: Any) -> None:
    response = browser.get(f"/webgateway/render_image/{image.id}/1/1/")
    assert (response.status_code, response["Content-Type"]) == (200, "image/jpeg")
    assert response.content == engine.renderCompressed(planedef(1, 1))


def test_the_stored_plane_is_the_default(browser: Client, image: Any, engine: Any) -> None:
    response = browser.get(f"/webgateway/render_image/{image.id}/")
    assert response.content == engine.renderCompressed(planedef(2, 0))


def test_settings_of_the_request_are_used(browser: Client, image: Any, engine: Any) -> None:
    response = browser.get(f"/webgateway/render_image/{image.id}/0/0/?{RDEF}")
    engine.setActive(2, False)
    for channel, (end, color) in enumerate(((3000, (255, 0, 0)), (2000, (0, 255, 0)))):
        engine.setChannelWindow(channel, 100, end)
        engine.setRGBA(channel, *color, 255)
    assert response.content == engine.renderCompressed(planedef(0, 0))


def test_settings_of_the_request_are_not_stored(browser: Client, image: Any) -> None:
    before = browser.get(f"/webgateway/render_image/{image.id}/0/0/").content
    changed = browser.get(f"/webgateway/render_image/{image.id}/0/0/?{RDEF}").content
    assert changed != before
    assert browser.get(f"/webgateway/render_image/{image.id}/0/0/").content == before


def test_greyscale_shows_the_first_active_channel(
    browser: Client, image: Any, pixels_of: Callable[..., np.ndarray]
) -> None:
    picture = pixels_of(browser.get(f"/webgateway/render_image/{image.id}/0/0/?c=-1,2|0:4000$F00&m=g&q=1"))
    assert np.abs(picture[..., 0].astype(int) - picture[..., 1]).max() <= 2
    expected = np.clip(image.samples[0, 1, 0] / 4000 * 255, 0, 255)
    assert np.abs(picture[..., 0] - expected).mean() < 2


def test_inversion_turns_dark_to_bright(
    browser: Client, image: Any, pixels_of: Callable[..., np.ndarray]
) -> None:
    plain = f"/webgateway/render_image/{image.id}/0/0/?c=1|0:4000$FFFFFF&m=c&q=1"
    inverted = plain + '&maps=[{"inverted":{"enabled":true}}]'
    total = pixels_of(browser.get(plain)).astype(int) + pixels_of(browser.get(inverted))
    assert abs(total.mean() - 255) < 2


def test_no_channels_give_a_black_picture(
    browser: Client, image: Any, pixels_of: Callable[..., np.ndarray]
) -> None:
    assert pixels_of(browser.get(f"/webgateway/render_image/{image.id}/0/0/?c=")).max() == 0


def test_quality_changes_the_size_of_the_file(browser: Client, image: Any) -> None:
    sizes = [
        len(browser.get(f"/webgateway/render_image/{image.id}/0/0/?q={quality}").content)
        for quality in ("0.1", "0.5", "1.0")
    ]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[2] / 2


def test_a_maximum_projection_is_that_of_the_servers_own_engine(
    browser: Client, image: Any, engine: Any
) -> None:
    response = browser.get(f"/webgateway/render_image/{image.id}/0/1/?p=intmax|0:2")
    assert response.content == engine.renderProjectedCompressed(
        omero.constants.projection.ProjectionType.MAXIMUMINTENSITY, 1, 1, 0, 2
    )


def test_a_region_is_that_of_the_servers_own_engine(browser: Client, image: Any, engine: Any) -> None:
    response = browser.get(f"/webgateway/render_image_region/{image.id}/1/0/?region=10,5,30,20")
    assert response.content == engine.renderCompressed(planedef(1, 0, (10, 5, 30, 20)))


def test_edge_regions_are_clipped(browser: Client, image: Any, pixels_of: Callable[..., np.ndarray]) -> None:
    picture = pixels_of(browser.get(f"/webgateway/render_image_region/{image.id}/0/0/?region=70,50,30,30"))
    assert picture.shape[:2] == (10, 10)


def test_tiles_of_a_plain_image_are_level_0(
    browser: Client, image: Any, pixels_of: Callable[..., np.ndarray]
) -> None:
    picture = pixels_of(browser.get(f"/webgateway/render_image_region/{image.id}/0/0/?tile=0,1,1,32,32"))
    assert picture.shape[:2] == (28, 32)


def test_every_integer_type_is_read(
    browser: Client, user: Any, make_image: Callable[..., Any], pixels_of: Callable[..., np.ndarray]
) -> None:
    for name in ("uint8", "int8", "uint16", "int16", "int32", "float"):
        samples = np.arange(20 * 30).reshape(1, 1, 1, 20, 30).astype(name if name != "float" else np.float32)
        made = make_image(user, samples, name)
        low, high = int(samples.min()), int(samples.max())
        path = f"/webgateway/render_image/{made.id}/0/0/?c=1|{low}:{high}$FFFFFF&m=g&q=1"
        picture = pixels_of(browser.get(path)).astype(int)[..., 0]
        wanted = (samples[0, 0, 0].astype(float) - low) / (high - low) * 255
        assert np.abs(picture - wanted).max() < 8, name


def test_a_picture_in_the_browsers_cache_is_confirmed_before_rendering(browser: Client, image: Any) -> None:
    path = f"/webgateway/render_image_region/{image.id}/3/1/?region=0,0,8,8&{RDEF}"
    first = browser.get(path)
    assert first["Cache-Control"] == "private, no-cache"
    held = CACHE.nbytes
    again = browser.get(path, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert CACHE.nbytes == held


def test_other_settings_are_another_picture(browser: Client, image: Any) -> None:
    path = f"/webgateway/render_image/{image.id}/0/0/"
    etag = browser.get(path)["ETag"]
    assert browser.get(path + "?c=1", headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("render_image/{id}/9/0/", 400, "z must lie in 0..3, not 9"),
        ("render_image/{id}/0/2/", 400, "t must lie in 0..1, not 2"),
        ("render_image/{id}/0/0/?q=best", 400, "q must be a number"),
        ("render_image/{id}/0/0/?p=intmax|3:1", 400, "p has a range"),
        ("render_image/{id}/0/0/?p=intmax|9:12", 400, "projection"),
        ("render_image/{id}/0/0/?c=1$F00$00F", 400, "c has an entry"),
        ("render_image_region/{id}/0/0/", 400, "tile or region argument required"),
        ("render_image_region/{id}/0/0/?tile=1,0,0", 400, "Invalid resolution level 1, non pyramid file"),
        ("render_image_region/{id}/0/0/?tile=x", 400, "malformed tile argument, tile=x"),
        ("render_image_region/{id}/0/0/?region=1,2,3", 400, "malformed region argument, region=1,2,3"),
        ("render_image_region/{id}/0/0/?tile=<b>", 400, "tile=&lt;b&gt;"),
        ("render_image_rdef/{id}/0/0/", 400, "Rendering settings must specify channels as c"),
        ("render_image_region_rdef/{id}/0/0/?c=1|0:1$F00&region=0,0,1,1", 400, "Query parameter"),
    ],
)
def test_mistakes_are_named(browser: Client, image: Any, path: str, status: int, text: str) -> None:
    response = browser.get("/webgateway/" + path.format(id=image.id))
    assert response.status_code == status, response.content[:300]
    assert text in response.content.decode()
    assert "Traceback" not in response.content.decode()


@pytest.mark.parametrize(
    "path",
    [
        "render_image/{id}/",
        "render_image_region/{id}/0/0/?region=0,0,5,5",
        "render_image_region/{id}/0/0/?region=500,0,5,5",
        "histogram_json/{id}/channel/0/",
        "render_thumbnail/{id}/",
        "render_birds_eye_view/{id}/",
    ],
)
def test_unknown_images_are_not_found(browser: Client, path: str) -> None:
    assert browser.get("/webgateway/" + path.format(id=999999)).status_code == 404


def test_a_region_outside_the_image_is_not_found(browser: Client, image: Any) -> None:
    path = f"/webgateway/render_image_region/{image.id}/0/0/?region=500,0,5,5"
    assert browser.get(path).status_code == 404


def test_private_images_of_others_are_not_found(
    make_user: Callable[..., Any],
    make_group: Callable[..., int],
    make_image: Callable[..., Any],
    log_in: Callable[..., Client],
    samples: np.ndarray,
) -> None:
    group = make_group("rw----")
    owner, other = make_user(group), make_user(group)
    made = make_image(owner, samples)
    path = f"/webgateway/render_image/{made.id}/0/0/"
    assert log_in(owner).get(path).status_code == 200
    assert log_in(other).get(path).status_code == 404


def test_images_of_a_read_only_group_are_shown_to_its_members_only(
    make_user: Callable[..., Any], log_in: Callable[..., Client], user: Any, image: Any
) -> None:
    path = f"/webgateway/render_image/{image.id}/0/0/"
    assert log_in(make_user(user.group)).get(path).status_code == 200
    assert log_in(make_user()).get(path).status_code == 404


def test_an_ended_session_sees_no_cached_pixels(
    browser: Client, image: Any, login: Callable[..., Any]
) -> None:
    path = f"/webgateway/render_image/{image.id}/0/0/"
    assert browser.get(path).status_code == 200
    browser.post("/webclient/logout/")
    assert browser.get(path).status_code == 302


def test_settings_can_come_in_the_body(browser: Client, image: Any) -> None:
    query = browser.get(f"/webgateway/render_image_rdef/{image.id}/0/0/?{RDEF}")
    body = dict(part.split("=", 1) for part in RDEF.split("&"))
    assert browser.post(f"/webgateway/render_image_rdef/{image.id}/0/0/", body).content == query.content


def test_many_pictures_at_a_time_are_the_same_as_one_by_one(
    log_in: Callable[..., Client], user: Any, image: Any
) -> None:
    first = log_in(user)
    paths = [
        f"/webgateway/render_image_region/{image.id}/{z}/{t}/?region={x},{x},20,20&c=1|0:{3000 + x}$F00&m=c"
        for z in range(4)
        for t in range(2)
        for x in (0, 7, 23)
    ]
    one_by_one = [first.get(path).content for path in paths]
    JPEGS.clear()
    CACHE.clear()

    def fetch(path: str) -> bytes:
        client = Client()
        client.cookies = first.cookies
        response = client.get(path)
        assert response.status_code == 200
        return response.content

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(fetch, paths)) == one_by_one
