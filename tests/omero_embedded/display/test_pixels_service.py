"""IPixels over Ice: contract/server.md, section 2.14."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import omero
import pytest
from omero.model import PixelsTypeI
from omero.rtypes import rint, rstring


@pytest.fixture
def user(login: Callable, make_user: Callable) -> Any:
    return login(make_user())


def uint16(client: Any) -> Any:
    return client.sf.getTypesService().getEnumeration("PixelsType", "uint16")


def test_description_has_type_channels_and_statistics(
    user: Any, make_image: Callable, samples: np.ndarray
) -> None:
    colors = [0xFF8000FF - (1 << 32), -1, 0x00FF00FF]
    image = make_image(user, "uint16", samples, colors=colors)
    pixels = user.sf.getPixelsService().retrievePixDescription(image.pixels_id)
    assert pixels.pixelsType.value.val == "uint16"
    assert (pixels.sizeX.val, pixels.sizeY.val, pixels.sizeZ.val, pixels.sizeC.val, pixels.sizeT.val) == (
        40,
        30,
        4,
        3,
        2,
    )
    assert pixels.significantBits.val == 16
    channels = pixels.copyChannels()
    assert [c.red.val if c.red else None for c in channels] == [255, None, 0]
    assert channels[0].statsInfo.globalMax.val == samples[:, 0].max()
    assert channels[0].logicalChannel.isLoaded()
    assert user.sf.getPixelsService().retrievePixDescription(999_999_999) is None


@pytest.mark.parametrize(
    "sizes", [(0, 1, 1, 1, [0]), (4, 4, 1, 1, []), (4, 4, -1, 1, [0]), (2**31 - 1, 2**31 - 1, 1000, 1, [0])]
)
def test_impossible_images_are_refused(user: Any, sizes: tuple[Any, ...]) -> None:
    x, y, z, t, channels = sizes
    with pytest.raises((omero.ApiUsageException, omero.ValidationException)):
        user.sf.getPixelsService().createImage(x, y, z, t, channels, uint16(user), "name", "")


def test_unknown_pixel_type_is_refused(user: Any) -> None:
    with pytest.raises(omero.ApiUsageException, match="pixelsType"):
        user.sf.getPixelsService().createImage(4, 4, 1, 1, [0], PixelsTypeI(999_999, False), "name", "")


def test_copy_has_other_sizes_and_chosen_channels(
    user: Any, make_image: Callable, samples: np.ndarray
) -> None:
    image = make_image(user, "uint16", samples, colors=[-1, 0x0000FFFF, -1])
    copied = user.sf.getPixelsService().copyAndResizeImage(
        image.id, rint(20), None, rint(1), None, [1], "smaller", True
    )
    query = user.sf.getQueryService()
    parameters = omero.sys.ParametersI().addId(copied.val)
    found = query.findByQuery("select i from Image i join fetch i.pixels where i.id = :id", parameters)
    assert found.name == rstring("smaller")
    pixels = user.sf.getPixelsService().retrievePixDescription(found.getPrimaryPixels().id.val)
    assert (pixels.sizeX.val, pixels.sizeY.val, pixels.sizeZ.val, pixels.sizeC.val, pixels.sizeT.val) == (
        20,
        30,
        1,
        1,
        2,
    )
    (channel,) = pixels.copyChannels()
    assert channel.blue.val == 255
    assert channel.statsInfo.globalMin.val == samples[:, 1].min()
    store = user.sf.createRawPixelsStore()
    store.setPixelsId(pixels.id.val, False)
    assert store.getPlane(0, 0, 0) == bytes(20 * 30 * 2)
    store.close()


def test_statistics_of_foreign_images_cannot_be_set(
    login: Callable, make_group: Callable, make_user: Callable, make_image: Callable, samples: np.ndarray
) -> None:
    group = make_group("rwra--")
    owner, member = login(make_user(group)), login(make_user(group))
    image = make_image(owner, "uint16", samples)
    with pytest.raises(omero.SecurityViolation):
        member.sf.getPixelsService().setChannelGlobalMinMax(image.pixels_id, 0, 0.0, 1.0)


def test_bit_depths_and_enumerations(user: Any) -> None:
    service = user.sf.getPixelsService()
    assert service.getBitDepth(uint16(user)) == 16
    assert service.getEnumeration("Family", "linear").value.val == "linear"
    assert {"rgb", "greyscale"} <= {entry.value.val for entry in service.getAllEnumerations("RenderingModel")}
    with pytest.raises(omero.ApiUsageException, match="enumeration"):
        service.getAllEnumerations("Image")
