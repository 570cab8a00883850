"""The demonstration images as files: each maker writes one and says what it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from . import cells, histology, plates
from .ome_tiff import Dye, Shot, document, write

Planes = Iterator[np.ndarray[Any, Any]]

_DYES = (
    Dye("DAPI", 358, 461, (0, 80, 255), 0.05),
    Dye("Phalloidin-AF568", 578, 603, (255, 60, 0), 0.08),
    Dye("GFP-LAMP1", 488, 509, (0, 255, 60), 0.12),
)
_SCREEN_DYES = (
    Dye("Hoechst", 355, 465, (0, 90, 255), 0.03, "WideField"),
    Dye("GFP-FOXO3a", 488, 509, (0, 255, 0), 0.1, "WideField"),
)
_OIL = ("Plan-Apochromat 63x/1.40 Oil", 63.0, 1.4, "Oil")
_AIR = ("Plan-Apochromat 20x/0.80", 20.0, 0.8, "Air")


@dataclass(frozen=True, slots=True)
class DemoImage:
    """A file to make: its name, and what writes it to a path."""

    name: str
    make: Callable[[Path], None]


def culture(seed: int, size: int, sections: int, count: int) -> cells.Culture:
    """The cells of `time_series`; regions of interest are drawn around them."""
    return cells.Culture(seed, size, sections, count)


def time_series(name: str, seed: int, size: int, sections: int, times: int, count: int) -> DemoImage:
    """A z-stack over time in three channels."""

    def make(path: Path) -> None:
        field = culture(seed, size, sections, count)
        shot = Shot(
            name=name,
            dtype="uint16",
            size_x=size,
            size_y=size,
            size_z=sections,
            size_t=times,
            dyes=_DYES,
            pixel_size=0.18,
            section_distance=0.6,
            time_step=30.0,
            description="Cells made by a program: nuclei, actin filaments and vesicles",
            acquired="2024-03-14T09:26:53",
        )
        stacks = (field.stack(t) for t in range(times))
        write(path, document([shot], objective=_OIL), (plane for s in stacks for c in s for plane in c))

    return DemoImage(name, make)


def section(name: str, seed: int, size: int) -> DemoImage:
    """A field of view of a stained tissue section, as a PNG picture."""

    def make(path: Path) -> None:
        Image.fromarray(histology.section(seed, size)).save(path, compress_level=1)

    return DemoImage(name, make)


def slide(name: str, seed: int, size: int) -> DemoImage:
    """A whole slide, large enough for a pyramid, compressed as such files are."""

    def make(path: Path) -> None:
        shot = Shot(
            name=name,
            dtype="uint8",
            size_x=size,
            size_y=size,
            size_z=1,
            size_t=1,
            dyes=(),
            pixel_size=0.5,
            samples=3,
            description="A tissue section made by a program, coloured as with haematoxylin and eosin",
            acquired="2024-05-06T11:12:13",
        )
        write(
            path,
            document([shot], objective=_AIR),
            iter([histology.slide(seed, size)]),
            tile=(512, 512),
            compression="jpeg",
            compressionargs={"level": 88},
            maxworkers=2,
        )

    return DemoImage(name, make)


def plate(name: str, seed: int) -> DemoImage:
    """A 96-well plate with two fields per well, all in one file."""
    wells = [(row, column) for row in range(plates.ROWS) for column in range(plates.COLUMNS)]

    def planes() -> Planes:
        texture = plates.grain(seed)
        for row, column in wells:
            for field in range(plates.FIELDS):
                yield from plates.field_of_view(seed, row, column, field, texture)

    def make(path: Path) -> None:
        shots = [
            Shot(
                name=f"Well {chr(65 + row)}{column + 1}, field {field + 1}",
                dtype="uint16",
                size_x=plates.SIZE,
                size_y=plates.SIZE,
                size_z=1,
                size_t=1,
                dyes=_SCREEN_DYES,
                pixel_size=0.65,
                acquired="2024-06-07T14:15:16",
            )
            for row, column in wells
            for field in range(plates.FIELDS)
        ]
        write(path, document(shots, objective=_AIR, plate=_plate_element(wells)), planes())

    return DemoImage(name, make)


def _plate_element(wells: list[tuple[int, int]]) -> ElementTree.Element:
    element = ElementTree.Element(
        "Plate",
        ID="Plate:0",
        Name="Dose response",
        Rows=str(plates.ROWS),
        Columns=str(plates.COLUMNS),
        RowNamingConvention="letter",
        ColumnNamingConvention="number",
        ExternalIdentifier="DEMO-0001",
    )
    description = ElementTree.SubElement(element, "Description")
    description.text = "Doses rise from left to right; the first column got nothing"
    samples = []
    for number, (row, column) in enumerate(wells):
        well = ElementTree.SubElement(
            element,
            "Well",
            ID=f"Well:{number}",
            Row=str(row),
            Column=str(column),
            Type="control" if column in plates.CONTROL_COLUMNS else "treatment",
            ExternalDescription=f"{plates.dose(column):.3g} micromolar",
        )
        for field in range(plates.FIELDS):
            index = number * plates.FIELDS + field
            sample = ElementTree.SubElement(
                well,
                "WellSample",
                ID=f"WellSample:{index}",
                Index=str(index),
                PositionX=str(field * 200.0),
                PositionXUnit="µm",
                PositionY="0.0",
                PositionYUnit="µm",
            )
            ElementTree.SubElement(sample, "ImageRef", ID=f"Image:{index}")
            samples.append(f"WellSample:{index}")
    run = ElementTree.SubElement(
        element,
        "PlateAcquisition",
        ID="PlateAcquisition:0",
        Name="Run 1",
        MaximumFieldCount=str(plates.FIELDS),
        StartTime="2024-06-07T14:00:00",
        EndTime="2024-06-07T15:10:00",
    )
    for sample_id in samples:
        ElementTree.SubElement(run, "WellSampleRef", ID=sample_id)
    return element
