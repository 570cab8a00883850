"""Images for the browser tests, made from numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile

STACKS = ("stack_a", "stack_b", "stack_c", "doomed")
PYRAMID = "pyramid"
PYRAMID_SIDE = 4096
CHANNELS = ("DAPI", "GFP", "Tubulin")


def stack(seed: int) -> np.ndarray:
    """(t, z, c, y, x) uint16: waves with a bright spot, other in every plane."""
    y, x = np.mgrid[0:240, 0:320]
    planes = np.empty((2, 4, 3, 240, 320), np.uint16)
    for t, z, c in np.ndindex(planes.shape[:3]):
        waves = 1500 + 1200 * np.sin(x / (25 + 4 * seed) + c * 2 + t) * np.cos(y / 20 + c + z / 2)
        spot = 2500 * np.exp(-((x - 80 - 60 * c) ** 2 + (y - 120) ** 2) / 900)
        planes[t, z, c] = waves + spot
    return planes


def pyramid() -> np.ndarray:
    """(c, y, x) uint8, beyond the size at which planes are tiled; fine stripes that only full resolution shows."""
    y, x = np.mgrid[0:PYRAMID_SIDE, 0:PYRAMID_SIDE].astype(np.float32)
    coarse = 90 + 80 * np.sin(x / 300) * np.cos(y / 220)
    fine = 60 * (x.astype(np.int32) % 8 < 4)
    return np.stack([coarse, coarse * 0.4 + fine]).astype(np.uint8)


def write_samples(folder: Path) -> list[Path]:
    """The files: three-channel stacks over time, and one image with a pyramid."""
    folder.mkdir(parents=True)
    files = []
    for seed, name in enumerate(STACKS):
        path = folder / f"{name}.ome.tiff"
        metadata = {
            "axes": "TZCYX",
            "Channel": {"Name": list(CHANNELS)},
            "PhysicalSizeX": 0.1075,
            "PhysicalSizeXUnit": "µm",
            "PhysicalSizeY": 0.1075,
            "PhysicalSizeYUnit": "µm",
        }
        tifffile.imwrite(path, stack(seed), ome=True, metadata=metadata, photometric="minisblack")
        files.append(path)
    path = folder / f"{PYRAMID}.ome.tiff"
    tifffile.imwrite(
        path,
        pyramid(),
        ome=True,
        tile=(512, 512),
        compression="zlib",
        metadata={"axes": "CYX", "PhysicalSizeX": 0.25, "PhysicalSizeXUnit": "µm"},
        photometric="minisblack",
    )
    files.append(path)
    return files
