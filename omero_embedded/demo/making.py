"""`omero embedded demo`: makes what is missing of the demonstration; a second run adds nothing."""

from __future__ import annotations

import importlib.util
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import or_, select

from ..database import Database
from ..importer.command import limits, opened_store
from ..importer.containers import Target
from ..importer.conversion import Converter
from ..importer.importing import Failure, Imported, Importer, user_context
from ..model.tables import table_of
from ..settings import StatePaths
from ..transaction import writing
from . import images
from .accounts import ADA, BEN, OPEN_GROUP, PRIVATE_GROUP, make_accounts
from .annotations import Annotator

_CELLS = "Living cells.ome.tif"
_SECTION = "Stained section.png"
_SLIDE = "Whole slide.ome.tif"
_PLATE = "Dose response.ome.tif"
_SEED, _SIZE, _SECTIONS, _TIMES, _COUNT = 3, 512, 7, 6, 34
_PUBLISHED = (
    ("stardist", "data/images", "StarDist", ("img2d.tif", "img3d.tif", "histo.jpg")),
    ("skimage", "data", "scikit-image", ("cell.png", "ihc.png", "retina.jpg", "microaneurysms.png")),
)
"""Real images that wheels carry: package, folder, dataset, files."""


class DemoFailed(Exception):
    """The demonstration cannot be made; the text says why."""


@dataclass(frozen=True, slots=True)
class Item:
    """One image file: whose it is, where it goes, and what makes it (or the file itself)."""

    name: str
    user: str
    group: str
    target: Target | None
    source: images.DemoImage | Path


def items() -> Iterator[Item]:
    """All images, those that somebody sees first at the front."""
    open_, private = OPEN_GROUP, PRIVATE_GROUP
    yield Item(
        _CELLS,
        "root",
        open_,
        Target("Time series", "Living cells"),
        images.time_series(_CELLS, _SEED, _SIZE, _SECTIONS, _TIMES, _COUNT),
    )
    yield Item(_SECTION, "root", open_, Target("Histology", "Tissue"), images.section(_SECTION, 5, 1536))
    yield Item(_SLIDE, "root", open_, Target("Histology", "Tissue"), images.slide(_SLIDE, 6, 8192))
    yield Item(_PLATE, "root", open_, None, images.plate(_PLATE, 7))
    for package, folder, dataset, files in _PUBLISHED:
        for path in _published(package, folder, files):
            yield Item(path.name, "root", open_, Target(dataset, "Published images"), path)
    for number, (user, group, dataset) in enumerate(
        (
            (ADA.name, open_, "Shared by Ada"),
            (BEN.name, open_, "Shared by Ben"),
            (ADA.name, private, "Private to Ada"),
            (BEN.name, private, "Private to Ben"),
        )
    ):
        name = f"Fixed cells {number + 1}.ome.tif"
        yield Item(name, user, group, Target(dataset), images.time_series(name, 20 + number, 256, 5, 1, 9))


def _published(package: str, folder: str, names: tuple[str, ...]) -> Iterator[Path]:
    """Image files of an installed package, which is not imported for it."""
    found = importlib.util.find_spec(package)
    for place in (found.submodule_search_locations or ()) if found is not None else ():
        for name in names:
            path = Path(place) / folder / name
            if path.is_file():
                yield path


def make(paths: StatePaths, values: Mapping[str, str], say: Callable[[str], None] = print) -> None:
    """Make the demonstration on the store of a state folder. Raises ValueError, DemoFailed when that cannot be."""
    with opened_store(paths, values) as database:
        make_accounts(database, say)
        missing = [item for item in items() if not _exists(database, item)]
        if not missing:
            say("The demonstration is complete already")
            return
        started = time.monotonic()
        with (
            Converter(limits(values)) as converter,
            tempfile.TemporaryDirectory(prefix="omero-demo-") as folder,
        ):
            for number, item in enumerate(missing):
                spent = time.monotonic() - started
                say(f"[{number + 1}/{len(missing)}, {spent:.0f} s] {item.name}")
                _add(paths, database, converter, Path(folder), item)
        say(f"{len(missing)} files in {time.monotonic() - started:.0f} s")


def _exists(database: Database, item: Item) -> bool:
    """The user has an image of that file in that group."""
    context = user_context(database, item.user, item.group)
    table = table_of("Image")
    found = select(table.c.id).where(
        table.c.owner_id == context.user_id,
        table.c.group_id == context.group_id,
        or_(table.c.name == item.name, table.c.name.startswith(f"{item.name} [", autoescape=True)),
    )
    with database.read() as connection:
        return connection.execute(found.limit(1)).first() is not None


def _add(paths: StatePaths, database: Database, converter: Converter, folder: Path, item: Item) -> None:
    if isinstance(item.source, Path):
        path = item.source
    else:
        path = folder / item.name
        item.source.make(path)
    context = user_context(database, item.user, item.group)
    with Importer(paths, database, context, converter=converter) as importer:
        (result,) = importer.import_files([path], item.target)
    if path is not item.source:
        path.unlink()
    if isinstance(result, Failure):
        raise DemoFailed(f"{item.name}: {result.reason}")
    with writing(database, context, event_type="User") as transaction:
        annotate = Annotator(transaction)
        image_id = result.image_ids[0]
        if item.name == _CELLS:
            _annotate_cells(annotate, image_id, paths)
        elif item.name == _SLIDE:
            _annotate_slide(annotate, image_id)
        elif item.name == _PLATE:
            _annotate_plate(annotate, result)
        elif isinstance(item.source, Path) and item.target is not None:
            annotate.tag("Image", image_id, "published", tag_set="Origin")
            annotate.comment("Image", image_id, f"Comes with the Python package {item.target.dataset}")
        else:
            annotate.tag("Image", image_id, "synthetic", tag_set="Origin")


def _annotate_cells(annotate: Annotator, image_id: int, paths: StatePaths) -> None:
    for text, tag_set in (("synthetic", "Origin"), ("confocal", "Method"), ("time series", "Method")):
        annotate.tag("Image", image_id, text, tag_set=tag_set)
    annotate.key_values(
        "Image",
        image_id,
        [
            ("Cell line", "none: drawn by a program"),
            ("Stain 1", "DAPI"),
            ("Stain 2", "Phalloidin-AF568"),
            ("Stain 3", "GFP-LAMP1"),
            ("Interval", "30 s"),
        ],
    )
    annotate.comment("Image", image_id, "Follow the nuclei: their regions move with them.")
    annotate.rate("Image", image_id, 5)
    annotate.attach(
        "Image", image_id, paths.files, "How this was made.txt",
        "Nuclei are textured ellipsoids, actin filaments bent waves inside the cell's outline,\n"
        "vesicles small Gaussian spots. Noise is that of a camera: Poisson and read noise.\n",
    )  # fmt: skip
    field = images.culture(_SEED, _SIZE, _SECTIONS, _COUNT)
    annotate.follow(image_id, field.cells[:8], _TIMES, _SIZE)
    annotate.region(
        image_id,
        "Measurements",
        [
            ("Rectangle", {"x": 40.0, "y": 60.0, "width": 140.0, "height": 110.0, "textValue": "background"}),
            ("Line", {"x1": 220.0, "y1": 300.0, "x2": 330.0, "y2": 360.0, "textValue": "profile"}),
            ("Polygon", {"points": "300,60 380,40 430,110 390,180 310,160", "textValue": "colony"}),
            ("Polyline", {"points": "30,420 90,380 150,430 210,390"}),
            ("Point", {"x": 256.0, "y": 256.0, "theZ": _SECTIONS // 2, "theT": 0, "textValue": "centre"}),
            ("Label", {"x": 20.0, "y": 500.0, "textValue": "synthetic"}),
        ],
        color=1,
    )


def _annotate_slide(annotate: Annotator, image_id: int) -> None:
    annotate.tag("Image", image_id, "synthetic", tag_set="Origin")
    annotate.tag("Image", image_id, "slide scan", tag_set="Method")
    annotate.key_values("Image", image_id, [("Stain", "haematoxylin and eosin"), ("Organ", "imaginary")])
    annotate.region(
        image_id,
        "Glands",
        [
            (
                "Rectangle",
                {"x": 3000.0, "y": 3000.0, "width": 900.0, "height": 700.0, "textValue": "counted here"},
            ),
            ("Polygon", {"points": "4200,2500 4900,2400 5200,2900 4700,3300 4150,3000"}),
        ],
        color=3,
    )


def _annotate_plate(annotate: Annotator, result: Imported) -> None:
    for plate_id in result.plate_ids:
        annotate.tag("Plate", plate_id, "synthetic", tag_set="Origin")
        annotate.key_values(
            "Plate", plate_id, [("Compound", "none: drawn by a program"), ("Highest dose", "10 µM")]
        )
