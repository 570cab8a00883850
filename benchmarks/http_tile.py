"""Time of a warm 512 × 512 three-channel uint16 tile over HTTP, as a ratio to encoding the same tile as JPEG.

python -m benchmarks http_tile
"""

from __future__ import annotations

import subprocess
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
        settings = "c=1|100:3000$FF3300,2|100:3000$33FF66,3|100:3000$4433FF&m=c"
        url = f"{running.url}/webgateway/render_image_region/1/0/0/?{settings}&region=512,512,512,512"

        # http.client: a heavier client would be measured along.
        address = urlsplit(url)
        connection = HTTPConnection(address.hostname or "", address.port or 80)
        cookies = "; ".join(f"{name}={value}" for name, value in running.browser.cookies.items())

        def fetch() -> bytes:
            connection.request("GET", f"{address.path}?{address.query}", headers={"Cookie": cookies})
            answer = connection.getresponse()
            content = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{answer.status}: {content[:300]!r}")
            return content

        picture = Image.open(BytesIO(fetch())).convert("RGB")
        if picture.size != (512, 512):
            raise RuntimeError(f"the tile is {picture.size}")
        over_http = median_time(fetch, 200, warm_up=20)
    alone = median_time(lambda: picture.save(BytesIO(), "JPEG", quality=85, subsampling=2), 200)
    ratio = over_http / alone
    print(
        f"tile over HTTP {over_http:.2f} ms, JPEG alone {alone:.2f} ms: ratio {ratio:.2f} (at most {LIMIT})"
    )


if __name__ == "__main__":
    main()
