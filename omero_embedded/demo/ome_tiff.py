"""Writes the demonstration images as OME-TIFF, with the metadata that a microscope would give."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import tifffile

NAMESPACE = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
_TYPES = {"uint8": "uint8", "uint16": "uint16", "float32": "float"}

Element = ElementTree.Element


@dataclass(frozen=True, slots=True)
class Dye:
    """One channel: wavelengths in nm, exposure in seconds, colour as (red, green, blue)."""

    name: str
    excitation: float
    emission: float
    color: tuple[int, int, int]
    exposure: float
    mode: str = "LaserScanningConfocalMicroscopy"


@dataclass(frozen=True, slots=True)
class Shot:
    """One image: sizes in pixels, physical sizes in µm, time step in seconds. acquired: ISO 8601."""

    name: str
    dtype: str
    size_x: int
    size_y: int
    size_z: int
    size_t: int
    dyes: Sequence[Dye]
    pixel_size: float
    section_distance: float | None = None
    time_step: float | None = None
    description: str | None = None
    acquired: str | None = None
    samples: int = 1

    @property
    def size_c(self) -> int:
        """Channels, every sample of interleaved colour counted."""
        return self.samples if self.samples > 1 else len(self.dyes)

    @property
    def pages(self) -> int:
        """Pages in the file."""
        return self.size_z * self.size_t * (self.size_c // self.samples)


def _add(parent: Element, name: str, text: str | None = None, **attributes: object) -> Element:
    found = ElementTree.SubElement(parent, name)
    for key, value in attributes.items():
        if value is not None:
            found.set(key, str(value))
    found.text = text
    return found


def document(
    shots: Sequence[Shot], *, objective: tuple[str, float, float, str] | None, plate: Element | None = None
) -> bytes:
    """OME-XML for pages in the order of `shots`, z fastest, then c, then t. ASCII, so that any reader takes it.

    objective: model, magnification, numerical aperture, immersion.
    """
    root = Element("OME", xmlns=NAMESPACE, Creator="OMERO.web demonstration data")
    screen = None if plate is None else _add(root, "Screen", ID="Screen:0", Name="Compound screen")
    if plate is not None and screen is not None:
        _add(screen, "Description", "Movement of a transcription factor into the nucleus")
        _add(screen, "PlateRef", ID="Plate:0")
        root.append(plate)
    if objective is not None:
        _add_instrument(root, *objective)
    page = 0
    for number, shot in enumerate(shots):
        _add_image(root, number, shot, page, with_objective=objective is not None)
        page += shot.pages
    xml: bytes = ElementTree.tostring(root, encoding="us-ascii")
    return xml


def _add_instrument(root: Element, model: str, magnification: float, aperture: float, immersion: str) -> None:
    instrument = _add(root, "Instrument", ID="Instrument:0")
    _add(instrument, "Microscope", Type="Inverted", Manufacturer="Demonstration", Model="Synthetic 1")
    _add(
        instrument,
        "Detector",
        ID="Detector:0",
        Type="CMOS",
        Manufacturer="Demonstration",
        Model="Noise generator",
        Gain=1.0,
        Offset=100.0,
    )
    _add(
        instrument,
        "Objective",
        ID="Objective:0",
        Manufacturer="Demonstration",
        Model=model,
        NominalMagnification=magnification,
        LensNA=aperture,
        Immersion=immersion,
        Correction="PlanApo",
    )


def _add_image(root: Element, number: int, shot: Shot, page: int, *, with_objective: bool) -> None:
    image = _add(root, "Image", ID=f"Image:{number}", Name=shot.name)
    if shot.acquired is not None:
        _add(image, "AcquisitionDate", shot.acquired)
    if shot.description is not None:
        _add(image, "Description", shot.description)
    if with_objective:
        _add(image, "InstrumentRef", ID="Instrument:0")
        _add(image, "ObjectiveSettings", ID="Objective:0", Medium="Oil", RefractiveIndex=1.518)
    pixels = _add(
        image,
        "Pixels",
        ID=f"Pixels:{number}",
        DimensionOrder="XYZCT",
        Type=_TYPES[shot.dtype],
        SizeX=shot.size_x,
        SizeY=shot.size_y,
        SizeZ=shot.size_z,
        SizeC=shot.size_c,
        SizeT=shot.size_t,
        PhysicalSizeX=shot.pixel_size,
        PhysicalSizeXUnit="µm",
        PhysicalSizeY=shot.pixel_size,
        PhysicalSizeYUnit="µm",
        PhysicalSizeZ=shot.section_distance,
        PhysicalSizeZUnit=None if shot.section_distance is None else "µm",
        TimeIncrement=shot.time_step,
        TimeIncrementUnit=None if shot.time_step is None else "s",
    )
    if shot.samples > 1:
        _add(pixels, "Channel", ID=f"Channel:{number}:0", SamplesPerPixel=shot.samples)
    for index, dye in enumerate(shot.dyes):
        red, green, blue = dye.color
        color = int.from_bytes(bytes((red, green, blue, 255)), "big", signed=True)
        channel = _add(
            pixels,
            "Channel",
            ID=f"Channel:{number}:{index}",
            Name=dye.name,
            Fluor=dye.name,
            SamplesPerPixel=1,
            Color=color,
            ExcitationWavelength=dye.excitation,
            ExcitationWavelengthUnit="nm",
            EmissionWavelength=dye.emission,
            EmissionWavelengthUnit="nm",
            AcquisitionMode=dye.mode,
            IlluminationType="Epifluorescence",
            ContrastMethod="Fluorescence",
        )
        if with_objective:
            _add(channel, "DetectorSettings", ID="Detector:0", Gain=1.0, Offset=100.0)
    _add(pixels, "TiffData", IFD=page, PlaneCount=shot.pages)
    if shot.time_step is not None:
        _add_planes(pixels, shot)


def _add_planes(pixels: Element, shot: Shot) -> None:
    for t in range(shot.size_t):
        elapsed = t * float(shot.time_step or 0)
        for c, dye in enumerate(shot.dyes):
            for z in range(shot.size_z):
                _add(
                    pixels,
                    "Plane",
                    TheZ=z,
                    TheC=c,
                    TheT=t,
                    DeltaT=round(elapsed, 3),
                    DeltaTUnit="s",
                    ExposureTime=dye.exposure,
                    ExposureTimeUnit="s",
                    PositionZ=None if shot.section_distance is None else round(z * shot.section_distance, 3),
                    PositionZUnit=None if shot.section_distance is None else "µm",
                )
                elapsed += dye.exposure


def write(path: Path, xml: bytes, planes: Iterable[np.ndarray[Any, Any]], **options: Any) -> None:
    """Write planes, (y, x) or (y, x, rgb), in the order that the document tells."""
    with tifffile.TiffWriter(path, ome=False, byteorder="<") as tiff:
        description: bytes | None = xml
        for plane in planes:
            photometric = "rgb" if plane.ndim == 3 else "minisblack"
            tiff.write(plane, description=description, metadata=None, photometric=photometric, **options)
            description = None
