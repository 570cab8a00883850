"""IRenderingSettings over Ice: contract/server.md, section 2.14."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import omero
import pytest
from omero.model import DatasetI, DatasetImageLinkI, ImageI
from omero.rtypes import rstring


@pytest.fixture
def user(login: Callable, make_user: Callable) -> Any:
    return login(make_user())


@contextmanager
def engine(client: Any, image: Any) -> Iterator[Any]:
    opened = client.sf.createRenderingEngine()
    try:
        opened.lookupPixels(image.pixels_id)
        if not opened.lookupRenderingDef(image.pixels_id):
            opened.resetDefaultSettings(True)
        opened.lookupRenderingDef(image.pixels_id)
        opened.load()
        yield opened
    finally:
        opened.close()


def change(client: Any, image: Any, start: float, end: float) -> None:
    with engine(client, image) as opened:
        opened.setChannelWindow(0, start, end)
        opened.setActive(1, False)
        opened.setChannelLookupTable(2, "fire.lut")
        opened.setDefaultZ(3)
        opened.saveCurrentSettings()


def window(client: Any, image: Any) -> tuple[float, float]:
    with engine(client, image) as opened:
        return opened.getChannelWindowStart(0), opened.getChannelWindowEnd(0)


def in_dataset(client: Any, *images: Any) -> int:
    update = client.sf.getUpdateService()
    dataset = DatasetI()
    dataset.name = rstring("dataset")
    dataset_id = update.saveAndReturnObject(dataset).id.val
    links = []
    for image in images:
        link = DatasetImageLinkI()
        link.parent, link.child = DatasetI(dataset_id, False), ImageI(image.id, False)
        links.append(link)
    update.saveArray(links)
    return dataset_id


def test_settings_are_copied_to_a_dataset(user: Any, make_image: Callable, samples: np.ndarray) -> None:
    source, same = make_image(user, "uint16", samples), make_image(user, "uint16", samples)
    flat, other = (
        make_image(user, "uint16", samples[:, :, :2]),
        make_image(user, "uint8", samples.astype(np.uint8)),
    )
    change(user, source, 11.0, 222.0)
    dataset = in_dataset(user, source, same, flat, other)
    service = user.sf.getRenderingSettingsService()
    result = service.applySettingsToSet(source.pixels_id, "Dataset", [dataset])
    assert sorted(result[True]) == sorted([source.id, same.id, flat.id])
    assert result[False] == [other.id]
    assert window(user, same) == (11.0, 222.0)
    with engine(user, same) as opened:
        assert [opened.isActive(c) for c in range(3)] == [True, False, True]
        assert opened.getChannelLookupTable(2) == "fire.lut"
        assert opened.getDefaultZ() == 3
    with engine(user, flat) as opened:
        assert opened.getDefaultZ() == 1
    assert not service.applySettingsToImage(source.pixels_id, other.id)
    assert service.applySettingsToImage(source.pixels_id, same.id)


def test_settings_are_reset_in_sets(user: Any, make_image: Callable, samples: np.ndarray) -> None:
    images = [make_image(user, "uint16", samples) for _ in range(2)]
    for image in images:
        change(user, image, 3.0, 33.0)
    service = user.sf.getRenderingSettingsService()
    measured = (float(samples[:, 0].min()), float(samples[:, 0].max()))
    assert service.resetDefaultsInSet("Dataset", [in_dataset(user, images[0])]) == [images[0].id]
    assert window(user, images[0]) == measured
    assert window(user, images[1]) == (3.0, 33.0)
    assert service.resetMinMaxInSet("Image", [images[1].id, 999_999_999]) == [images[1].id]
    with engine(user, images[1]) as opened:
        assert (opened.getChannelWindowStart(0), opened.getChannelWindowEnd(0)) == measured
        assert not opened.isActive(1)
    assert service.resetDefaultsInSet("Image", []) == []
    with pytest.raises(omero.ApiUsageException, match="Roi"):
        service.resetDefaultsInSet("Roi", [1])


def test_owners_settings_are_taken_over(
    login: Callable, make_group: Callable, make_user: Callable, make_image: Callable, samples: np.ndarray
) -> None:
    group = make_group("rwr---")
    owner, member = login(make_user(group)), login(make_user(group))
    image = make_image(owner, "uint16", samples)
    change(owner, image, 1.0, 10.0)
    change(member, image, 2.0, 20.0)
    service = member.sf.getRenderingSettingsService()
    assert service.resetDefaultsByOwnerInSet("Image", [image.id]) == [image.id]
    assert window(member, image) == (1.0, 10.0)
    change(member, image, 2.0, 20.0)
    assert window(owner, image) == (1.0, 10.0)


def test_foreign_images_in_private_groups_are_skipped(
    root: Any,
    login: Callable,
    make_group: Callable,
    make_user: Callable,
    make_image: Callable,
    samples: np.ndarray,
) -> None:
    group = make_group("rw----")
    owner = login(make_user(group))
    image = make_image(owner, "uint16", samples)
    change(owner, image, 1.0, 10.0)
    context = {"omero.group": str(group)}
    service = root.sf.getRenderingSettingsService()
    assert service.resetDefaultsInSet("Image", [image.id], context) == []
    assert window(owner, image) == (1.0, 10.0)


def test_unknown_source_is_refused(user: Any, make_image: Callable, samples: np.ndarray) -> None:
    image = make_image(user, "uint16", samples)
    service = user.sf.getRenderingSettingsService()
    with pytest.raises(omero.ValidationException):
        service.applySettingsToSet(999_999_999, "Image", [image.id])
    with pytest.raises(omero.ValidationException, match="no settings"):
        service.applySettingsToSet(image.pixels_id, "Image", [image.id])


def test_settings_objects_are_loaded_for_reading(
    user: Any, make_image: Callable, samples: np.ndarray
) -> None:
    image = make_image(user, "uint16", samples)
    change(user, image, 3.0, 33.0)
    for found in (
        user.sf.getPixelsService().retrieveRndSettings(image.pixels_id),
        user.sf.getRenderingSettingsService().getRenderingSettings(image.pixels_id),
        user.sf.getPixelsService().retrieveAllRndSettings(image.pixels_id, -1)[0],
    ):
        assert found.model.value.val == "rgb"
        assert found.quantization.cdEnd.val == 255
        assert [binding.active.val for binding in found.copyWaveRendering()] == [True, False, True]
        assert [binding.family.value.val for binding in found.copyWaveRendering()] == ["linear"] * 3
        assert found.version.val >= 1
        assert found.details.owner.omeName.val
        assert found.details.updateEvent.time.val
