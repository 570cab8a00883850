"""First page of a dataset's images in the tree: 100 000 images against 1 000, as a ratio.

python -m benchmarks tree_page
"""

from __future__ import annotations

from pathlib import Path

from benchmarks._stack import Site, median_time, site
from omero_embedded.accounts import load_groups
from omero_embedded.database import Database
from omero_embedded.settings import StatePaths
from omero_embedded.transaction import Transaction, system_context, writing

LIMIT = 1.5
SIZES = (1_000, 100_000)
CHUNK = 5_000


def add_dataset(transaction: Transaction, count: int) -> int:
    """A dataset of `count` images with pixels but without pixel data; returns its id."""
    dataset = transaction.insert("Dataset", {"name": f"{count} images"})
    enum = transaction.enum_id
    pixels = {
        "sizeX": 512, "sizeY": 512, "sizeZ": 1, "sizeC": 1, "sizeT": 1, "sha1": "Pending...", "image_index": 0,
        "pixelsType": enum("PixelsType", "uint16"), "dimensionOrder": enum("DimensionOrder", "XYZCT"),
    }  # fmt: skip
    for start in range(0, count, CHUNK):
        numbers = range(start, min(start + CHUNK, count))
        images = transaction.insert_many(
            "Image", [{"name": f"image {n * 7919 % count:06}.tif"} for n in numbers]
        )
        transaction.insert_many("Pixels", [{**pixels, "image": image} for image in images])
        transaction.insert_many("DatasetImageLink", [{"parent": dataset, "child": image} for image in images])
    return dataset


def fill(omero_dir: Path, _environment: dict[str, str]) -> None:
    """Both datasets, straight into the store, in the group of root."""
    database = Database(StatePaths(omero_dir / "embedded").database_url)
    with database.read() as connection:
        levels = {group.id: group.permissions for group in load_groups(connection).values()}
    for size in SIZES:
        with writing(database, system_context(levels, group_id=0)) as transaction:
            print(f"dataset {add_dataset(transaction, size)} has {size} images", flush=True)
    database.close()


def page_time(running: Site, dataset: int) -> float:
    """Milliseconds for the first page of a dataset's images, as the tree asks for it."""

    def fetch() -> int:
        answer = running.browser.get(
            f"{running.url}/webclient/api/images/?id={dataset}&page=1&limit=200&thumbVersion=true"
        )
        answer.raise_for_status()
        return len(answer.json()["images"])

    if fetch() != 200:
        raise RuntimeError("the first page does not hold 200 images")
    return median_time(fetch, 30)


def main() -> None:
    with site(fill) as running:
        times = {size: page_time(running, dataset) for dataset, size in enumerate(SIZES, 1)}
    small, large = (times[size] for size in SIZES)
    print(
        f"first page of {SIZES[0]}: {small:.1f} ms, of {SIZES[1]}: {large:.1f} ms: ratio {large / small:.2f} (at most {LIMIT})"
    )


if __name__ == "__main__":
    main()
