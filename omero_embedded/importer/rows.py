"""Rows of imported images: from what a reader tells to the model (contract/model.md, section 8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from omero_rendering import ChannelFacts, ChannelOptics, ImageFacts, default_settings

from ..display.definitions import insert_definition
from ..display.images import load_pixels
from ..model.tables import table_of
from ..pixels.staging import ImageMeasures
from ..transaction import Transaction
from .channels import channel_colors, channel_names, extremes
from .metadata import (
    DetectorMetadata,
    FileMetadata,
    ImageMetadata,
    InstrumentMetadata,
    ObjectiveMetadata,
)

KEY_VALUES = "openmicroscopy.org/omero/client/mapAnnotation"
"""Namespace of key-value pairs that users may edit (contract/model.md, section 5)."""


def given(**values: Any) -> dict[str, Any]:
    """The values that are known."""
    return {name: value for name, value in values.items() if value is not None}


def ensure_namespace(transaction: Transaction, name: str) -> None:
    """Annotations name namespaces that have rows (contract/model.md, section 5)."""
    table = table_of("Namespace")
    if transaction.connection.scalar(select(table.c.id).where(table.c.name == name)) is None:
        transaction.insert("Namespace", {"name": name})


def _fraction(value: float | None) -> float | None:
    """The model takes no share that is not between 0 and 1."""
    return value if value is not None and 0 <= value <= 1 else None


class InstrumentRows:
    """Instruments of one file, inserted when the first image needs them; ids of their parts by the file's own ids."""

    def __init__(self, transaction: Transaction, instruments: Sequence[InstrumentMetadata]) -> None:
        self._tx = transaction
        self._instruments = {instrument.id: instrument for instrument in instruments}
        self._ids: dict[str, int] = {}
        self.objectives: dict[str, int] = {}
        self.detectors: dict[str, int] = {}

    def id_of(self, name: str | None) -> int | None:
        """Id of the row of an instrument of the file; None when the file does not describe it."""
        if name is None or name not in self._instruments:
            return None
        if name not in self._ids:
            self._ids[name] = self._insert(self._instruments[name])
        return self._ids[name]

    def _enum(self, name: str, value: str | None) -> int:
        return self._tx.enum_id(name, value or "Unknown", create=True)

    def _insert(self, instrument: InstrumentMetadata) -> int:
        values: dict[str, Any] = {}
        stand = instrument.microscope
        if stand is not None:
            values["microscope"] = self._tx.insert(
                "Microscope",
                given(
                    type=self._enum("MicroscopeType", stand.type),
                    manufacturer=stand.manufacturer,
                    model=stand.model,
                    serialNumber=stand.serial_number,
                    lotNumber=stand.lot_number,
                ),
            )
        instrument_id = self._tx.insert("Instrument", values)
        for objective in instrument.objectives:
            self.objectives[objective.id] = self._insert_objective(instrument_id, objective)
        for detector in instrument.detectors:
            self.detectors[detector.id] = self._insert_detector(instrument_id, detector)
        return instrument_id

    def _insert_objective(self, instrument_id: int, objective: ObjectiveMetadata) -> int:
        return self._tx.insert(
            "Objective",
            given(
                instrument=instrument_id,
                immersion=self._enum("Immersion", objective.immersion),
                correction=self._enum("Correction", objective.correction),
                manufacturer=objective.manufacturer,
                model=objective.model,
                serialNumber=objective.serial_number,
                lotNumber=objective.lot_number,
                nominalMagnification=objective.nominal_magnification,
                calibratedMagnification=objective.calibrated_magnification,
                lensNA=objective.lens_na,
                workingDistance=objective.working_distance,
                iris=objective.iris,
            ),
        )

    def _insert_detector(self, instrument_id: int, detector: DetectorMetadata) -> int:
        return self._tx.insert(
            "Detector",
            given(
                instrument=instrument_id,
                type=self._enum("DetectorType", detector.type),
                manufacturer=detector.manufacturer,
                model=detector.model,
                serialNumber=detector.serial_number,
                lotNumber=detector.lot_number,
                gain=detector.gain,
                offsetValue=detector.offset,
                voltage=detector.voltage,
            ),
        )


class ImageRows:
    """Inserts the images of one file; `insert` gives the id of the image and of its pixels."""

    def __init__(self, transaction: Transaction, metadata: FileMetadata, fileset_id: int) -> None:
        self._tx = transaction
        self._metadata = metadata
        self._fileset_id = fileset_id
        self._instruments = InstrumentRows(transaction, metadata.instruments)
        self._format_id = transaction.enum_id("Format", metadata.format, create=True)

    def insert(
        self, series: int, name: str, image: ImageMetadata, measures: ImageMeasures
    ) -> tuple[int, int]:
        """Insert one image with everything that hangs on it but rendering settings."""
        image_id = self._tx.insert("Image", self._image_values(series, name, image))
        pixels_id = self._tx.insert("Pixels", self._pixels_values(image_id, image, measures))
        self._insert_channels(pixels_id, image, measures)
        self._insert_planes(pixels_id, image)
        self._insert_key_values(image_id, image.key_values)
        return image_id, pixels_id

    def _enum(self, name: str, value: str | None) -> int | None:
        return None if value is None else self._tx.enum_id(name, value, create=True)

    def _image_values(self, series: int, name: str, image: ImageMetadata) -> dict[str, Any]:
        instrument_id = self._instruments.id_of(image.instrument)
        values = given(
            name=name,
            description=image.description,
            series=series,
            acquisitionDate=image.acquired,
            archived=False,
            partial=False,
            format=self._format_id,
            fileset=self._fileset_id,
            instrument=instrument_id,
        )
        used = image.objective
        if used is not None and used.objective in self._instruments.objectives:
            values["objectiveSettings"] = self._tx.insert(
                "ObjectiveSettings",
                given(
                    objective=self._instruments.objectives[used.objective],
                    medium=self._enum("Medium", used.medium),
                    refractiveIndex=used.refractive_index,
                    correctionCollar=used.correction_collar,
                ),
            )
        label = image.stage_label
        if label is not None:
            values["stageLabel"] = self._tx.insert(
                "StageLabel",
                given(name=label.name, positionX=label.x, positionY=label.y, positionZ=label.z),
            )
        around = image.environment
        if around is not None:
            values["imagingEnvironment"] = self._tx.insert(
                "ImagingEnvironment",
                given(
                    temperature=around.temperature,
                    airPressure=around.air_pressure,
                    humidity=_fraction(around.humidity),
                    co2percent=_fraction(around.co2),
                ),
            )
        return values

    def _pixels_values(self, image_id: int, image: ImageMetadata, measures: ImageMeasures) -> dict[str, Any]:
        return given(
            image=image_id,
            image_index=0,
            pixelsType=self._tx.enum_id("PixelsType", image.pixel_type),
            dimensionOrder=self._tx.enum_id("DimensionOrder", image.dimension_order),
            sizeX=image.size_x,
            sizeY=image.size_y,
            sizeZ=image.size_z,
            sizeC=image.size_c,
            sizeT=image.size_t,
            sha1=measures.sha1,
            significantBits=image.significant_bits or None,
            physicalSizeX=image.physical_size_x,
            physicalSizeY=image.physical_size_y,
            physicalSizeZ=image.physical_size_z,
            timeIncrement=image.time_increment,
        )

    def _insert_channels(self, pixels_id: int, image: ImageMetadata, measures: ImageMeasures) -> None:
        logical = [
            self._tx.insert("LogicalChannel", self._logical_values(image, index, name))
            for index, name in enumerate(channel_names(image))
        ]
        statistics = [
            None
            if found is None
            else self._tx.insert("StatsInfo", {"globalMin": found[0], "globalMax": found[1]})
            for found in extremes(self._metadata.format, image, measures.extremes)
        ]
        self._tx.insert_many(
            "Channel",
            [
                given(
                    pixels=pixels_id,
                    pixels_index=index,
                    logicalChannel=logical[index],
                    statsInfo=statistics[index],
                    red=color.red,
                    green=color.green,
                    blue=color.blue,
                    alpha=color.alpha,
                )
                for index, color in enumerate(channel_colors(image))
            ],
        )

    def _logical_values(self, image: ImageMetadata, index: int, name: str | None) -> dict[str, Any]:
        channel = image.channels[index]
        values = given(
            name=name,
            emissionWave=channel.emission,
            excitationWave=channel.excitation,
            fluor=channel.fluor,
            pinHoleSize=channel.pinhole,
            ndFilter=channel.nd_filter,
            samplesPerPixel=channel.samples_per_pixel,
            photometricInterpretation=self._enum(
                "PhotometricInterpretation", "RGB" if channel.samples_per_pixel > 1 else "Monochrome"
            ),
            mode=self._enum("AcquisitionMode", channel.mode),
            illumination=self._enum("Illumination", channel.illumination),
            contrastMethod=self._enum("ContrastMethod", channel.contrast),
        )
        used = channel.detector
        if used is not None and used.detector in self._instruments.detectors:
            values["detectorSettings"] = self._tx.insert(
                "DetectorSettings",
                given(
                    detector=self._instruments.detectors[used.detector],
                    gain=used.gain,
                    offsetValue=used.offset,
                    voltage=used.voltage,
                    readOutRate=used.read_out_rate,
                    binning=self._enum("Binning", used.binning),
                ),
            )
        return values

    def _insert_planes(self, pixels_id: int, image: ImageMetadata) -> None:
        self._tx.insert_many(
            "PlaneInfo",
            [
                given(
                    pixels=pixels_id,
                    theZ=plane.z,
                    theC=plane.c,
                    theT=plane.t,
                    deltaT=plane.delta_t,
                    exposureTime=plane.exposure,
                    positionX=plane.position_x,
                    positionY=plane.position_y,
                    positionZ=plane.position_z,
                )
                for plane in image.planes
            ],
        )

    def _insert_key_values(self, image_id: int, pairs: Sequence[tuple[str, str]]) -> None:
        if not pairs:
            return
        ensure_namespace(self._tx, KEY_VALUES)
        annotation = self._tx.insert("MapAnnotation", {"ns": KEY_VALUES, "mapValue": list(pairs)})
        self._tx.insert("ImageAnnotationLink", {"parent": image_id, "child": annotation})


def insert_default_settings(transaction: Transaction, pixels_ids: Sequence[int]) -> None:
    """Store the default rendering settings of new pixels whose channels have colours."""
    images = load_pixels(transaction.connection, transaction.context, pixels_ids)
    for pixels_id in pixels_ids:
        image = images[pixels_id]
        if image.type_name.endswith("complex"):
            continue
        channels = tuple(
            ChannelFacts(statistics=channel.statistics, optics=ChannelOptics(color=channel.color))
            for channel in image.channels
        )
        facts = ImageFacts(image.type, image.size_x, image.size_y, image.size_z, image.size_t, channels)
        insert_definition(transaction, image, default_settings(facts))
