"""Time of rendering a tile and encoding it, as a ratio to encoding alone.

    python benchmarks/rendering_tile.py [--size 512] [--channels 3] [--repeat 200]

The unit is the time Pillow needs to encode the same picture as JPEG (quality 85, 4:2:0), measured in the same run,
so that ratios of different machines can be compared.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from io import BytesIO

import numpy as np
from PIL import Image

from omero_rendering import (
    ChannelSettings,
    Color,
    RenderingSettings,
    Window,
    encode_jpeg,
    fused,
    pixel_type,
    render,
    render_rgbx,
)

COLORS = (Color(255, 0, 0), Color(0, 255, 0), Color(0, 0, 255), Color(255, 200, 90), Color(90, 10, 200))


def fluorescence(size: int, channel: int) -> np.ndarray:
    """A synthetic plane: blurred spots with photon noise; (size, size) uint16."""
    rng = np.random.default_rng(channel)
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    plane = np.full((size, size), 120, np.float32)
    for _ in range(60):
        centre_y, centre_x, width = rng.uniform(0, size), rng.uniform(0, size), rng.uniform(4, 25)
        plane += 2500 * np.exp(-((y - centre_y) ** 2 + (x - centre_x) ** 2) / (2 * width * width))
    return rng.poisson(plane).astype(np.uint16)


def best_time(action: Callable[[], object], repeat: int) -> float:
    """Median of `repeat` runs, in milliseconds, after a warm-up."""
    for _ in range(3):
        action()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return float(np.median(times) * 1000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=512, help="side of the tile in pixels")
    parser.add_argument("--channels", type=int, default=3, choices=range(1, len(COLORS) + 1))
    parser.add_argument("--repeat", type=int, default=200)
    arguments = parser.parse_args()

    planes = {c: fluorescence(arguments.size, c) for c in range(arguments.channels)}
    mixed = tuple(Color(255 - 40 * c, 60 + 30 * c, 128) for c in range(arguments.channels))
    pictures = {}
    for name, colors in (("primary colours", COLORS), ("mixed colours", mixed)):
        channels = tuple(ChannelSettings(Window(100, 3000), colors[c]) for c in planes)
        pictures[name] = RenderingSettings(pixel_type("uint16"), channels)
    rgb = Image.fromarray(render(planes, pictures["mixed colours"]))
    unit = best_time(lambda: rgb.save(BytesIO(), "JPEG", quality=85, subsampling=2), arguments.repeat)
    loops = "compiled" if fused.prepare(wait=True) else "numpy"
    print(
        f"{arguments.size} x {arguments.size} x {arguments.channels} uint16, {loops} loops; JPEG alone: {unit:.2f} ms = 1"
    )
    for name, settings in pictures.items():
        rendering = best_time(lambda s=settings: render_rgbx(planes, s), arguments.repeat)
        both = best_time(lambda s=settings: encode_jpeg(render_rgbx(planes, s)), arguments.repeat)
        print(
            f"{name:16}  render {rendering:7.2f} ms = {rendering / unit:.2f}   "
            f"render + JPEG {both:7.2f} ms = {both / unit:.2f}"
        )


if __name__ == "__main__":
    main()
