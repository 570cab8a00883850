"""IProjection over Ice: contract/server.md, section 2.13."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import omero
import pytest
from omero.constants.projection import ProjectionType


@pytest.fixture
def user(login: Callable, make_user: Callable) -> Any:
    return login(make_user())


def test_projection_becomes_a_new_image(user: Any, make_image: Callable, samples: np.ndarray) -> None:
    image = make_image(user, "uint16", samples)
    new_id = user.sf.getProjectionService().projectPixels(
        image.pixels_id, None, ProjectionType.MAXIMUMINTENSITY, 0, 1, [2, 0], 1, 1, 3, "projected"
    )
    parameters = omero.sys.ParametersI().addId(new_id)
    found = user.sf.getQueryService().findByQuery(
        "select i from Image i join fetch i.pixels where i.id = :id", parameters
    )
    assert found.name.val == "projected"
    pixels = user.sf.getPixelsService().retrievePixDescription(found.getPrimaryPixels().id.val)
    sizes = (pixels.sizeX.val, pixels.sizeY.val, pixels.sizeZ.val, pixels.sizeC.val, pixels.sizeT.val)
    assert sizes == (40, 30, 1, 2, 2)
    expected = samples[:, [2, 0], 1:4].max(axis=2)
    assert pixels.copyChannels()[0].statsInfo.globalMax.val == expected[:, 0].max()
    assert pixels.copyChannels()[0].statsInfo.globalMin.val == expected[:, 0].min()
    store = user.sf.createRawPixelsStore()
    store.setPixelsId(pixels.id.val, False)
    plane = np.frombuffer(store.getPlane(0, 1, 1), ">u2").reshape(30, 40)
    store.close()
    assert np.array_equal(plane, expected[1, 1])


def test_projected_plane_can_be_had_alone(user: Any, make_image: Callable, samples: np.ndarray) -> None:
    image = make_image(user, "uint16", samples)
    raw = user.sf.getProjectionService().projectStack(
        image.pixels_id, None, ProjectionType.MEANINTENSITY, 1, 0, 1, 0, 3
    )
    mean = samples[1, 0, :3].astype(float).mean(axis=0)
    assert np.array_equal(np.frombuffer(raw, ">u2").reshape(30, 40), np.trunc(mean))


@pytest.mark.parametrize(
    "arguments",
    [
        (0, 1, [], 1, 0, 3),
        (0, 1, [9], 1, 0, 3),
        (1, 0, [0], 1, 0, 3),
        (0, 9, [0], 1, 0, 3),
        (0, 1, [0], 0, 0, 3),
    ],
)
def test_impossible_projections_are_refused(
    user: Any, make_image: Callable, samples: np.ndarray, arguments: tuple[Any, ...]
) -> None:
    image = make_image(user, "uint16", samples)
    with pytest.raises(omero.ApiUsageException):
        user.sf.getProjectionService().projectPixels(
            image.pixels_id, None, ProjectionType.MAXIMUMINTENSITY, *arguments, "projected"
        )
