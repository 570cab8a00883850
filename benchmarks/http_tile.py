"""Time of a warm 512 × 512 three-channel uint16 tile over HTTP, as a ratio to encoding the same tile as JPEG.

python -m benchmarks http_tile
"""

from __future__ import annotations

import itertools
import subprocess
import time
from http.client import HTTPConnection
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import numpy as np
import tifffile
from PIL import Image

from benchmarks._stack import median_time, site
from benchmarks.rendering_tile import fluorescence
from tools.run import OMERO

LIMIT = 3.0
SIDE = 2048
START_SECONDS = 8.0


def import_image(_omero_dir: Path, environment: dict[str, str]) -> None:
    """One image of three channels, 2048 × 2048, uint16."""
    planes = np.stack([np.tile(fluorescence(512, c), (SIDE // 512, SIDE // 512)) for c in range(3)])
    with TemporaryDirectory() as folder:
        file = Path(folder) / "tile.ome.tiff"
        tifffile.imwrite(file, planes, photometric="minisblack", metadata={"axes": "CYX"})
        subprocess.run(
            [*OMERO, "embedded", "import", str(file)], env=environment, check=True, capture_output=True
        )


def main() -> None:
    with site(import_image) as running:
        numbers = itertools.count()

        def query(end: int, quality: float) -> str:
            settings = f"c=1|100:{end}$FF3300,2|100:{end}$33FF66,3|100:{end}$4433FF&m=c&q={quality}"
            return f"/webgateway/render_image_region/1/0/0/?{settings}&region=512,512,512,512"

        # http.client: a heavier client would be measured along.
        address = urlsplit(running.url)
        connection = HTTPConnection(address.hostname or "", address.port or 80)
        cookies = "; ".join(f"{name}={value}" for name, value in running.browser.cookies.items())

        def fetch(end: int = 2999, quality: float = 0.85) -> bytes:
            connection.request("GET", address.path + query(end, quality), headers={"Cookie": cookies})
            answer = connection.getresponse()
            content = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{answer.status}: {content[:300]!r}")
            return content

        picture = Image.open(BytesIO(fetch())).convert("RGB")
        if picture.size != (512, 512):
            raise RuntimeError(f"the tile is {picture.size}")
        # Each worker gets its compiled loops ready while it renders its first tiles.
        end_of_start = time.monotonic() + START_SECONDS
        while time.monotonic() < end_of_start:
            fetch(2000 + next(numbers) % 900)
            time.sleep(0.05)
        times = {
            "seen before": median_time(fetch, 300, warm_up=30),
            # Another quality is another picture: rendered and encoded anew from cached samples and tables.
            "rendered anew": median_time(lambda: fetch(quality=0.85 - next(numbers) * 1e-6), 300, warm_up=30),
            "new windows": median_time(lambda: fetch(3000 + next(numbers)), 300, warm_up=30),
        }
        alone = median_time(lambda: picture.save(BytesIO(), "JPEG", quality=85, subsampling=2), 300)
    print(f"JPEG alone {alone:.2f} ms = 1")
    for name, over_http in times.items():
        print(f"tile over HTTP, {name}: {over_http:.2f} ms: ratio {over_http / alone:.2f} (at most {LIMIT})")


if __name__ == "__main__":
    main()
