"""Images made over Ice: metadata through IPixels, samples through RawPixelsStore."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import omero
import pytest
from omero.model import PixelsTypeI
from sqlalchemy import select

from omero_embedded.model.tables import table_of


class MadeImage:
    """Ids of an image, and its samples (t, c, z, y, x)."""

    def __init__(self, image_id: int, pixels_id: int, samples: np.ndarray) -> None:
        self.id = image_id
        self.pixels_id = pixels_id
        self.samples = samples


@pytest.fixture
def make_image(server: Any) -> Callable[..., MadeImage]:
    """`make_image(client, "uint16", samples, colors=None, statistics=True)`: an image of the client's user."""

    def make(
        client: Any,
        type_name: str,
        samples: np.ndarray,
        *,
        colors: list[int] | None = None,
        statistics: bool = True,
    ) -> MadeImage:
        size_t, size_c, size_z, size_y, size_x = samples.shape
        database = server.server.database
        with database.read() as connection:
            types, pixels = table_of("PixelsType"), table_of("Pixels")
            type_id = connection.scalar(select(types.c.id).where(types.c.value == type_name))
        service = client.sf.getPixelsService()
        image_id = service.createImage(
            size_x, size_y, size_z, size_t, colors or [-1] * size_c, PixelsTypeI(type_id, False), "made", ""
        ).val
        with database.read() as connection:
            pixels_id = connection.scalar(select(pixels.c.id).where(pixels.c.image == image_id))
        if statistics:
            for c in range(size_c):
                plane = samples[:, c].astype(float)
                service.setChannelGlobalMinMax(pixels_id, c, float(plane.min()), float(plane.max()))
        store = client.sf.createRawPixelsStore()
        try:
            store.setPixelsId(pixels_id, False)
            for t in range(size_t):
                for c in range(size_c):
                    for z in range(size_z):
                        store.setPlane(big_endian(samples[t, c, z], type_name), z, c, t)
        finally:
            store.close()
        return MadeImage(image_id, pixels_id, samples)

    return make


def big_endian(samples: np.ndarray, type_name: str) -> bytes:
    """Samples as clients send and get them."""
    if type_name == "bit":
        return np.packbits(samples.astype(bool)).tobytes()
    return samples.astype(samples.dtype.newbyteorder(">")).tobytes()


@pytest.fixture
def samples() -> np.ndarray:
    """Three channels, four sections, two time points of 40 x 30 pixels, uint16."""
    rng = np.random.default_rng(7)
    return rng.integers(0, 4096, (2, 3, 4, 30, 40), dtype=np.uint16)


def plane_def(z: int = 0, t: int = 0, region: tuple[int, int, int, int] | None = None) -> Any:
    """An XY plane, or a region of it."""
    definition = omero.romio.PlaneDef()
    definition.slice = omero.romio.XY
    definition.z, definition.t = z, t
    if region is not None:
        definition.region = omero.romio.RegionDef(*region)
    return definition
