"""What readers tell about a file, in plain values; `rows` turns it into rows of the model.

Quantities are (value, Slice enumerator of the unit), such as (0.5, "MICROMETER"). Enumerations are their texts.
Source: contract/model.md, sections 8 and 10.
"""

from __future__ import annotations

from dataclasses import dataclass

Quantity = tuple[float, str]
RGBA = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class DetectorSettingsMetadata:
    """How a detector was set for one channel; `detector` is its id in the file."""

    detector: str
    gain: float | None = None
    offset: float | None = None
    voltage: Quantity | None = None
    read_out_rate: Quantity | None = None
    binning: str | None = None


@dataclass(frozen=True, slots=True)
class ChannelMetadata:
    """One channel."""

    name: str | None = None
    color: RGBA | None = None
    emission: Quantity | None = None
    excitation: Quantity | None = None
    fluor: str | None = None
    pinhole: Quantity | None = None
    nd_filter: float | None = None
    mode: str | None = None
    illumination: str | None = None
    contrast: str | None = None
    samples_per_pixel: int = 1
    detector: DetectorSettingsMetadata | None = None


@dataclass(frozen=True, slots=True)
class PlaneMetadata:
    """When and where one plane was taken."""

    z: int
    c: int
    t: int
    delta_t: Quantity | None = None
    exposure: Quantity | None = None
    position_x: Quantity | None = None
    position_y: Quantity | None = None
    position_z: Quantity | None = None


@dataclass(frozen=True, slots=True)
class ObjectiveMetadata:
    """One objective; `id` is that of the file."""

    id: str
    manufacturer: str | None = None
    model: str | None = None
    serial_number: str | None = None
    lot_number: str | None = None
    nominal_magnification: float | None = None
    calibrated_magnification: float | None = None
    lens_na: float | None = None
    immersion: str | None = None
    correction: str | None = None
    working_distance: Quantity | None = None
    iris: bool | None = None


@dataclass(frozen=True, slots=True)
class DetectorMetadata:
    """One detector; `id` is that of the file."""

    id: str
    type: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    serial_number: str | None = None
    lot_number: str | None = None
    gain: float | None = None
    offset: float | None = None
    voltage: Quantity | None = None


@dataclass(frozen=True, slots=True)
class MicroscopeMetadata:
    """The stand."""

    type: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    serial_number: str | None = None
    lot_number: str | None = None


@dataclass(frozen=True, slots=True)
class InstrumentMetadata:
    """One instrument, shared by all images of the file that name its `id`."""

    id: str
    microscope: MicroscopeMetadata | None = None
    objectives: tuple[ObjectiveMetadata, ...] = ()
    detectors: tuple[DetectorMetadata, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectiveSettingsMetadata:
    """How the objective with id `objective` was used."""

    objective: str
    medium: str | None = None
    refractive_index: float | None = None
    correction_collar: float | None = None


@dataclass(frozen=True, slots=True)
class StageLabelMetadata:
    """A named stage position."""

    name: str
    x: Quantity | None = None
    y: Quantity | None = None
    z: Quantity | None = None


@dataclass(frozen=True, slots=True)
class EnvironmentMetadata:
    """Surroundings of the specimen; humidity and CO2 as fractions of 1."""

    temperature: Quantity | None = None
    air_pressure: Quantity | None = None
    humidity: float | None = None
    co2: float | None = None


@dataclass(frozen=True, slots=True)
class ImageMetadata:
    """One image of a file.

    pixel_type: value of the enumeration PixelsType. size_c counts every sample of interleaved colour as a channel, and
    `channels` has that many entries. acquired: milliseconds since 1970, UTC. is_graphics: an ordinary picture, whose
    colour channels are red, green, blue and alpha.
    """

    name: str | None
    pixel_type: str
    size_x: int
    size_y: int
    size_z: int
    size_c: int
    size_t: int
    channels: tuple[ChannelMetadata, ...]
    description: str | None = None
    acquired: int | None = None
    dimension_order: str = "XYZCT"
    significant_bits: int | None = None
    physical_size_x: Quantity | None = None
    physical_size_y: Quantity | None = None
    physical_size_z: Quantity | None = None
    time_increment: Quantity | None = None
    planes: tuple[PlaneMetadata, ...] = ()
    instrument: str | None = None
    objective: ObjectiveSettingsMetadata | None = None
    stage_label: StageLabelMetadata | None = None
    environment: EnvironmentMetadata | None = None
    key_values: tuple[tuple[str, str], ...] = ()
    is_graphics: bool = False

    @property
    def samples(self) -> int:
        """Samples of all planes."""
        return self.size_x * self.size_y * self.size_z * self.size_c * self.size_t


@dataclass(frozen=True, slots=True)
class RunMetadata:
    """One acquisition of a plate; `id` is that of the file."""

    id: str
    name: str | None = None
    description: str | None = None
    started: int | None = None
    ended: int | None = None


@dataclass(frozen=True, slots=True)
class FieldMetadata:
    """One well sample: position of its image in the file, and id of the run that it belongs to."""

    image: int
    run: str | None = None
    position_x: Quantity | None = None
    position_y: Quantity | None = None
    timepoint: int | None = None


@dataclass(frozen=True, slots=True)
class WellMetadata:
    """One well; row and column from 0."""

    row: int
    column: int
    fields: tuple[FieldMetadata, ...] = ()
    type: str | None = None
    external_description: str | None = None
    external_identifier: str | None = None
    color: RGBA | None = None


@dataclass(frozen=True, slots=True)
class PlateMetadata:
    """One plate; `screen` is the name of the screen that the file puts it in."""

    name: str
    description: str | None = None
    rows: int | None = None
    columns: int | None = None
    row_naming: str = "letter"
    column_naming: str = "number"
    status: str | None = None
    external_identifier: str | None = None
    origin_x: Quantity | None = None
    origin_y: Quantity | None = None
    runs: tuple[RunMetadata, ...] = ()
    wells: tuple[WellMetadata, ...] = ()
    screen: str | None = None
    screen_description: str | None = None


@dataclass(frozen=True, slots=True)
class FileMetadata:
    """All that a reader knows of a file but the samples. format: value of the enumeration Format."""

    format: str
    images: tuple[ImageMetadata, ...]
    instruments: tuple[InstrumentMetadata, ...] = ()
    plates: tuple[PlateMetadata, ...] = ()
