"""ThumbnailStore over Ice: contract/server.md, section 2.17; contract/rendering.md, section 5.5."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import numpy as np
import omero
import pytest
from omero.rtypes import rint
from PIL import Image
from sqlalchemy import select

from omero_embedded.model.tables import table_of


@pytest.fixture
def user(login: Callable, make_user: Callable) -> Any:
    return login(make_user())


@pytest.fixture
def thumbnails(user: Any) -> Any:
    store = user.sf.createThumbnailStore()
    yield store
    store.close()


def size_of(jpeg: bytes) -> tuple[int, int]:
    with Image.open(BytesIO(jpeg)) as picture:
        assert picture.format == "JPEG"
        return picture.size


def rows(server: Any, pixels_id: int) -> list[tuple[int, int, int, int]]:
    """(owner, version, width, height) of the stored thumbnails."""
    table = table_of("Thumbnail")
    with server.server.database.read() as connection:
        statement = select(table.c.owner_id, table.c.version, table.c.sizex, table.c.sizey)
        return [tuple(row) for row in connection.execute(statement.where(table.c.pixels == pixels_id))]


def test_thumbnail_is_stored_once_and_made_anew_after_a_change(
    server: Any, user: Any, thumbnails: Any, make_image: Callable, samples: np.ndarray
) -> None:
    image = make_image(user, "uint16", samples)
    assert not thumbnails.setPixelsId(image.pixels_id)
    thumbnails.resetDefaults()
    first = thumbnails.getThumbnailByLongestSide(rint(96))
    assert size_of(first) == (96, 72)
    assert thumbnails.getThumbnailByLongestSide(rint(96)) == first
    owner = user.sf.getAdminService().getEventContext().userId
    assert rows(server, image.pixels_id) == [(owner, 0, 96, 72)]
    engine = user.sf.createRenderingEngine()
    engine.lookupPixels(image.pixels_id)
    engine.lookupRenderingDef(image.pixels_id)
    engine.load()
    engine.setActive(0, False)
    engine.saveCurrentSettings()
    engine.close()
    second = thumbnails.getThumbnailByLongestSide(rint(96))
    assert second != first
    assert rows(server, image.pixels_id) == [(owner, 1, 96, 72)]


def test_exact_size_and_default_size(
    user: Any, thumbnails: Any, make_image: Callable, samples: np.ndarray
) -> None:
    image = make_image(user, "uint16", samples)
    thumbnails.setPixelsId(image.pixels_id)
    assert size_of(thumbnails.getThumbnail(rint(64), rint(32))) == (64, 32)
    assert size_of(thumbnails.getThumbnail(None, None)) == (48, 48)


def test_direct_thumbnails_are_not_stored(
    server: Any, user: Any, thumbnails: Any, make_image: Callable, samples: np.ndarray
) -> None:
    image = make_image(user, "uint16", samples)
    thumbnails.setPixelsId(image.pixels_id)
    one = thumbnails.getThumbnailForSectionByLongestSideDirect(0, 0, rint(64))
    other = thumbnails.getThumbnailForSectionDirect(3, 1, rint(64), rint(48))
    assert size_of(one) == size_of(other)
    assert one != other
    assert size_of(thumbnails.getThumbnailByLongestSideDirect(rint(32))) == (32, 24)
    assert rows(server, image.pixels_id) == []


@pytest.mark.parametrize("side", [0, -5, 100_000])
def test_unusable_size_is_refused(
    user: Any, thumbnails: Any, make_image: Callable, samples: np.ndarray, side: int
) -> None:
    image = make_image(user, "uint16", samples)
    thumbnails.setPixelsId(image.pixels_id)
    with pytest.raises(omero.ApiUsageException, match="size"):
        thumbnails.getThumbnailByLongestSide(rint(side))


def test_section_outside_is_refused(
    user: Any, thumbnails: Any, make_image: Callable, samples: np.ndarray
) -> None:
    image = make_image(user, "uint16", samples)
    thumbnails.setPixelsId(image.pixels_id)
    with pytest.raises(omero.ApiUsageException, match="z must lie"):
        thumbnails.getThumbnailForSectionByLongestSideDirect(4, 0, rint(64))


def test_set_answers_for_every_id_and_creates_missing_settings(
    server: Any, user: Any, thumbnails: Any, make_image: Callable, samples: np.ndarray
) -> None:
    images = [make_image(user, "uint16", samples[:1, :c]) for c in (1, 2, 3)]
    ids = [image.pixels_id for image in images]
    found = thumbnails.getThumbnailByLongestSideSet(rint(32), [*ids, 999_999_999])
    assert sorted(found) == sorted([*ids, 999_999_999])
    assert [size_of(found[pixels_id]) for pixels_id in ids] == [(32, 24)] * 3
    assert found[999_999_999] == b""
    for pixels_id in ids:
        assert len(rows(server, pixels_id)) == 1
        assert thumbnails.setPixelsId(pixels_id)
    assert thumbnails.getThumbnailByLongestSideSet(rint(32), ids) == {i: found[i] for i in ids}


def test_members_are_served_the_owners_thumbnail(
    server: Any,
    login: Callable,
    make_group: Callable,
    make_user: Callable,
    make_image: Callable,
    samples: np.ndarray,
) -> None:
    group = make_group("rwr---")
    owner, member = login(make_user(group)), login(make_user(group))
    image = make_image(owner, "uint16", samples)
    jpeg = owner.sf.createThumbnailStore().getThumbnailByLongestSideSet(rint(64), [image.pixels_id])
    assert member.sf.createThumbnailStore().getThumbnailByLongestSideSet(rint(64), [image.pixels_id]) == jpeg
    assert len(rows(server, image.pixels_id)) == 1


def test_administrators_see_private_images_without_leaving_traces(
    server: Any,
    root: Any,
    login: Callable,
    make_group: Callable,
    make_user: Callable,
    make_image: Callable,
    samples: np.ndarray,
) -> None:
    group = make_group("rw----")
    person = make_user(group)
    image = make_image(login(person), "uint16", samples)
    everywhere = {"omero.group": "-1"}
    store = root.sf.createThumbnailStore()
    found = store.getThumbnailByLongestSideSet(rint(64), [image.pixels_id], everywhere)
    assert size_of(found[image.pixels_id]) == (64, 48)
    assert rows(server, image.pixels_id) == []
    assert not store.setPixelsId(image.pixels_id, everywhere)
    with pytest.raises(omero.ApiUsageException, match="settings"):
        store.resetDefaults(everywhere)
    with pytest.raises(omero.ResourceError):
        store.getThumbnailByLongestSideDirect(rint(64), everywhere)
    as_owner = {"omero.group": str(group), "omero.user": str(person.id)}
    store.resetDefaults(as_owner)
    assert store.setPixelsId(image.pixels_id, as_owner)
    store.close()


def test_strangers_see_nothing(
    user: Any, login: Callable, make_user: Callable, make_image: Callable, samples: np.ndarray
) -> None:
    image = make_image(user, "uint16", samples)
    stranger = login(make_user()).sf.createThumbnailStore()
    assert stranger.getThumbnailByLongestSideSet(rint(64), [image.pixels_id]) == {image.pixels_id: b""}
    with pytest.raises(omero.ValidationException):
        stranger.setPixelsId(image.pixels_id)
    stranger.close()


def test_settings_chosen_by_id_are_used_but_not_stored_as_own(
    server: Any,
    login: Callable,
    make_group: Callable,
    make_user: Callable,
    make_image: Callable,
    samples: np.ndarray,
) -> None:
    group = make_group("rwr---")
    owner, member = login(make_user(group)), login(make_user(group))
    image = make_image(owner, "uint16", samples)
    ids = {}
    for client, active in ((owner, True), (member, False)):
        engine = client.sf.createRenderingEngine()
        engine.lookupPixels(image.pixels_id)
        engine.resetDefaultSettings(True)
        engine.lookupRenderingDef(image.pixels_id)
        engine.load()
        engine.setActive(1, active)
        engine.saveCurrentSettings()
        ids[client] = engine.getRenderingDefId()
        engine.close()
    store = member.sf.createThumbnailStore()
    store.setPixelsId(image.pixels_id)
    assert store.getRenderingDefId() == ids[member]
    own = store.getThumbnailByLongestSide(rint(64))
    store.setRenderingDefId(ids[owner])
    assert store.getRenderingDefId() == ids[owner]
    assert store.getThumbnailByLongestSide(rint(64)) != own
    store.setRenderingDefId(ids[member])
    assert store.getThumbnailByLongestSide(rint(64)) == own
    with pytest.raises(omero.ValidationException):
        store.setRenderingDefId(999_999_999)
    store.close()


def test_settings_that_cannot_be_rendered_do_not_spoil_a_set(
    server: Any, user: Any, thumbnails: Any, make_image: Callable, samples: np.ndarray
) -> None:
    images = [make_image(user, "uint16", samples[:1]) for _ in range(2)]
    ids = [image.pixels_id for image in images]
    thumbnails.getThumbnailByLongestSideSet(rint(32), ids)
    definitions, quanta = table_of("RenderingDef"), table_of("QuantumDef")
    with server.server.database.write() as connection:
        quantum = select(definitions.c.quantization).where(definitions.c.pixels == ids[0]).scalar_subquery()
        connection.execute(quanta.update().where(quanta.c.id == quantum).values(cdstart=200, cdend=100))
    found = thumbnails.getThumbnailByLongestSideSet(rint(48), ids)
    assert all(found.values())


def test_many_readers_at_once_leave_one_thumbnail_and_one_setting(
    server: Any, login: Callable, make_user: Callable, make_image: Callable, samples: np.ndarray
) -> None:
    person = make_user()
    clients = [login(person) for _ in range(4)]
    ids = [make_image(clients[0], "uint16", samples[:1]).pixels_id for _ in range(3)]

    def thumbnails_of(client: Any) -> dict[int, bytes]:
        store = client.sf.createThumbnailStore()
        try:
            return store.getThumbnailByLongestSideSet(rint(64), ids)
        finally:
            store.close()

    with ThreadPoolExecutor(len(clients)) as pool:
        first, *others = pool.map(thumbnails_of, clients)
    assert all(first.values())
    assert all(other == first for other in others)
    definitions = table_of("RenderingDef")
    with server.server.database.read() as connection:
        found = connection.execute(select(definitions.c.id).where(definitions.c.pixels.in_(ids))).all()
    assert len(found) == len(ids)
    assert [len(rows(server, pixels_id)) for pixels_id in ids] == [1, 1, 1]
