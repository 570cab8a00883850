"""OME-XML as it stands in OME-TIFF files, read leniently: any schema version, unknown parts left out.

What the schema defines is public: https://www.openmicroscopy.org/Schemas/ (versions 2003 to 2016-06).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from ..metadata import (
    ChannelMetadata,
    DetectorMetadata,
    DetectorSettingsMetadata,
    EnvironmentMetadata,
    ImageMetadata,
    InstrumentMetadata,
    MicroscopeMetadata,
    ObjectiveMetadata,
    ObjectiveSettingsMetadata,
    PlaneMetadata,
    PlateMetadata,
    StageLabelMetadata,
)
from .ome_plates import parse_plates
from .reader import UnreadableFile
from .xml_elements import (
    Element,
    attribute,
    children,
    color,
    content,
    first,
    local,
    measured,
    moment,
    number,
    positive,
    whole,
)


@dataclass(frozen=True, slots=True)
class TiffData:
    """Which pages hold which planes; None where the document does not say. `file` is the name of another file."""

    ifd: int | None
    count: int | None
    first_z: int
    first_c: int
    first_t: int
    file: str | None


@dataclass(frozen=True, slots=True)
class OmeImage:
    """One image and where its planes are. `samples` is the number of samples per page."""

    metadata: ImageMetadata
    tiff_data: tuple[TiffData, ...]
    samples: int


@dataclass(frozen=True, slots=True)
class OmeDocument:
    """Everything that is used of a document."""

    images: tuple[OmeImage, ...]
    instruments: tuple[InstrumentMetadata, ...]
    plates: tuple[PlateMetadata, ...]


def parse(text: str) -> OmeDocument:
    """Read a document. Raises UnreadableFile when it is no OME-XML or lacks what an image must have."""
    try:
        root = ElementTree.fromstring(text.strip("\0 \r\n\t"))
    except ElementTree.ParseError as error:
        raise UnreadableFile(f"the OME-XML cannot be parsed: {error}") from error
    if local(root) != "OME":
        raise UnreadableFile(f"the OME-XML begins with {local(root)}")
    if first(root, "BinaryOnly") is not None:
        master = attribute(first(root, "BinaryOnly"), "MetadataFile")
        raise UnreadableFile(f"the metadata are in another file, {master}: import that one")
    annotations = _key_values(root)
    images = tuple(_image(element, annotations) for element in children(root, "Image"))
    instruments = tuple(_instrument(element) for element in children(root, "Instrument"))
    positions = {attribute(element, "ID"): index for index, element in enumerate(children(root, "Image"))}
    return OmeDocument(images, instruments, parse_plates(root, positions))


def _image(element: Element, annotations: dict[str, tuple[tuple[str, str], ...]]) -> OmeImage:
    pixels = first(element, "Pixels")
    if pixels is None:
        raise UnreadableFile(f"image {attribute(element, 'ID')} of the OME-XML has no Pixels")
    sizes = {}
    for axis in "XYZCT":
        size = whole(pixels, f"Size{axis}")
        if size is None or size < 1:
            raise UnreadableFile(f"Size{axis} of the OME-XML is {attribute(pixels, f'Size{axis}')}")
        sizes[axis] = size
    described = [_channel(channel) for channel in children(pixels, "Channel")]
    samples = described[0].samples_per_pixel if described else 1
    channels = tuple(channel for channel in described for _ in range(channel.samples_per_pixel))
    if len(channels) != sizes["C"]:
        if len(channels) > sizes["C"] or samples > 1:
            channels = channels[: sizes["C"]]
        channels += (ChannelMetadata(),) * (sizes["C"] - len(channels))
    metadata = ImageMetadata(
        name=attribute(element, "Name") or content(element, "Name"),
        pixel_type=(attribute(pixels, "Type") or attribute(pixels, "PixelType") or "").lower(),
        size_x=sizes["X"],
        size_y=sizes["Y"],
        size_z=sizes["Z"],
        size_c=sizes["C"],
        size_t=sizes["T"],
        channels=channels,
        description=content(element, "Description"),
        acquired=moment(
            content(element, "AcquisitionDate")
            or content(element, "AcquiredDate")
            or content(element, "CreationDate")
        ),
        dimension_order=attribute(pixels, "DimensionOrder") or "XYZCT",
        significant_bits=whole(pixels, "SignificantBits"),
        physical_size_x=positive(measured(pixels, "PhysicalSizeX", "Length", "µm")),
        physical_size_y=positive(measured(pixels, "PhysicalSizeY", "Length", "µm")),
        physical_size_z=positive(measured(pixels, "PhysicalSizeZ", "Length", "µm")),
        time_increment=measured(pixels, "TimeIncrement", "Time", "s"),
        planes=tuple(_planes(pixels, sizes)),
        instrument=attribute(first(element, "InstrumentRef"), "ID"),
        objective=_objective_settings(first(element, "ObjectiveSettings")),
        stage_label=_stage_label(first(element, "StageLabel")),
        environment=_environment(first(element, "ImagingEnvironment")),
        key_values=tuple(
            pair
            for reference in children(element, "AnnotationRef")
            for pair in annotations.get(attribute(reference, "ID") or "", ())
        ),
    )
    return OmeImage(metadata, tuple(_tiff_data(pixels)), samples)


def _channel(element: Element) -> ChannelMetadata:
    settings = first(element, "DetectorSettings")
    detector = attribute(settings, "ID")
    return ChannelMetadata(
        name=attribute(element, "Name"),
        color=color(element),
        emission=positive(measured(element, "EmissionWavelength", "Length", "nm")),
        excitation=positive(measured(element, "ExcitationWavelength", "Length", "nm")),
        fluor=attribute(element, "Fluor"),
        pinhole=measured(element, "PinholeSize", "Length", "µm"),
        nd_filter=number(element, "NDFilter"),
        mode=attribute(element, "AcquisitionMode"),
        illumination=attribute(element, "IlluminationType"),
        contrast=attribute(element, "ContrastMethod"),
        samples_per_pixel=max(1, whole(element, "SamplesPerPixel") or 1),
        detector=None
        if detector is None
        else DetectorSettingsMetadata(
            detector=detector,
            gain=number(settings, "Gain"),
            offset=number(settings, "Offset"),
            voltage=measured(settings, "Voltage", "ElectricPotential", "V"),
            read_out_rate=measured(settings, "ReadOutRate", "Frequency", "MHz"),
            binning=attribute(settings, "Binning"),
        ),
    )


def _planes(pixels: Element, sizes: dict[str, int]) -> Iterator[PlaneMetadata]:
    seen = set()
    for element in children(pixels, "Plane"):
        at = tuple(whole(element, f"The{axis}") for axis in "ZCT")
        z, c, t = (0 if value is None else value for value in at)
        if (z, c, t) in seen or not (0 <= z < sizes["Z"] and 0 <= c < sizes["C"] and 0 <= t < sizes["T"]):
            continue
        seen.add((z, c, t))
        yield PlaneMetadata(
            z,
            c,
            t,
            delta_t=measured(element, "DeltaT", "Time", "s"),
            exposure=measured(element, "ExposureTime", "Time", "s"),
            position_x=measured(element, "PositionX", "Length", "reference frame"),
            position_y=measured(element, "PositionY", "Length", "reference frame"),
            position_z=measured(element, "PositionZ", "Length", "reference frame"),
        )


def _tiff_data(pixels: Element) -> Iterator[TiffData]:
    for element in children(pixels, "TiffData"):
        identifier = first(element, "UUID")
        yield TiffData(
            ifd=whole(element, "IFD"),
            count=whole(element, "PlaneCount") or whole(element, "NumPlanes"),
            first_z=whole(element, "FirstZ") or 0,
            first_c=whole(element, "FirstC") or 0,
            first_t=whole(element, "FirstT") or 0,
            file=attribute(identifier, "FileName"),
        )


def _objective_settings(element: Element | None) -> ObjectiveSettingsMetadata | None:
    objective = attribute(element, "ID")
    if objective is None:
        return None
    return ObjectiveSettingsMetadata(
        objective,
        medium=attribute(element, "Medium"),
        refractive_index=number(element, "RefractiveIndex"),
        correction_collar=number(element, "CorrectionCollar"),
    )


def _stage_label(element: Element | None) -> StageLabelMetadata | None:
    if element is None:
        return None
    return StageLabelMetadata(
        attribute(element, "Name") or "",
        measured(element, "X", "Length", "reference frame"),
        measured(element, "Y", "Length", "reference frame"),
        measured(element, "Z", "Length", "reference frame"),
    )


def _environment(element: Element | None) -> EnvironmentMetadata | None:
    if element is None:
        return None
    return EnvironmentMetadata(
        temperature=measured(element, "Temperature", "Temperature", "°C"),
        air_pressure=measured(element, "AirPressure", "Pressure", "mbar"),
        humidity=number(element, "Humidity"),
        co2=number(element, "CO2Percent"),
    )


def _instrument(element: Element) -> InstrumentMetadata:
    microscope = first(element, "Microscope")
    return InstrumentMetadata(
        id=attribute(element, "ID") or "",
        microscope=None
        if microscope is None
        else MicroscopeMetadata(
            type=attribute(microscope, "Type"),
            manufacturer=attribute(microscope, "Manufacturer"),
            model=attribute(microscope, "Model"),
            serial_number=attribute(microscope, "SerialNumber"),
            lot_number=attribute(microscope, "LotNumber"),
        ),
        objectives=tuple(
            ObjectiveMetadata(
                id=attribute(objective, "ID") or "",
                manufacturer=attribute(objective, "Manufacturer"),
                model=attribute(objective, "Model"),
                serial_number=attribute(objective, "SerialNumber"),
                lot_number=attribute(objective, "LotNumber"),
                nominal_magnification=number(objective, "NominalMagnification"),
                calibrated_magnification=number(objective, "CalibratedMagnification"),
                lens_na=number(objective, "LensNA"),
                immersion=attribute(objective, "Immersion"),
                correction=attribute(objective, "Correction"),
                working_distance=measured(objective, "WorkingDistance", "Length", "µm"),
                iris={"true": True, "false": False}.get((attribute(objective, "Iris") or "").lower()),
            )
            for objective in children(element, "Objective")
        ),
        detectors=tuple(
            DetectorMetadata(
                id=attribute(detector, "ID") or "",
                type=attribute(detector, "Type"),
                manufacturer=attribute(detector, "Manufacturer"),
                model=attribute(detector, "Model"),
                serial_number=attribute(detector, "SerialNumber"),
                lot_number=attribute(detector, "LotNumber"),
                gain=number(detector, "Gain"),
                offset=number(detector, "Offset"),
                voltage=measured(detector, "Voltage", "ElectricPotential", "V"),
            )
            for detector in children(element, "Detector")
        ),
    )


def _key_values(root: Element) -> dict[str, tuple[tuple[str, str], ...]]:
    """Pairs of every map annotation, by id."""
    found = {}
    for annotation in children(first(root, "StructuredAnnotations"), "MapAnnotation"):
        pairs = children(first(annotation, "Value"), "M")
        found[attribute(annotation, "ID") or ""] = tuple(
            (pair.get("K") or "", (pair.text or "").strip()) for pair in pairs
        )
    return found
