"""The acquisition panel: instrument and settings as read-only rows. Source: contract/webclient.md, section 15.5."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import omero
import omero.clients
from omero.rtypes import unwrap

from omeroweb.webclient.queries.projection import context, rows
from omeroweb.webclient.webclient_utils import formatPercentFraction

NOT_AVAILABLE = "N/A"
NOT_SET = "Not set"


@dataclass(frozen=True, slots=True)
class Row:
    """One field: `name` as forms call it, the label (with unit), and the value as text."""

    name: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Field:
    """How a field is read: property path, label, and whether it is an enumeration or a fraction shown in percent."""

    name: str
    label: str
    path: str = ""
    kind: str = "value"


def enum(name: str, label: str, path: str = "") -> Field:
    return Field(name, label, path, "enum")


def percent(name: str, label: str, path: str = "") -> Field:
    return Field(name, label, path, "percent")


MAKER = (
    Field("model", "Model"),
    Field("manufacturer", "Manufacturer"),
    Field("serialNumber", "Serial number"),
    Field("lotNumber", "Lot number"),
)
CHANNEL = (
    Field("name", "Name"),
    Field("excitationWave", "Excitation"),
    Field("emissionWave", "Emission"),
    percent("ndFilter", "ND filter (%)"),
    Field("pinHoleSize", "Pinhole size"),
    Field("fluor", "Fluor"),
    enum("illumination", "Illumination"),
    enum("contrastMethod", "Contrast method"),
    enum("mode", "Mode"),
    Field("pockelCellSetting", "Pockel cell"),
)
MICROSCOPE = (*MAKER, enum("type", "Type"))
OBJECTIVE = (
    *MAKER,
    Field("nominalMagnification", "Nominal magnification"),
    Field("calibratedMagnification", "Calibrated magnification"),
    Field("lensNA", "Lens NA"),
    enum("immersion", "Immersion"),
    enum("correction", "Correction"),
    Field("workingDistance", "Working distance"),
    Field("iris", "Iris"),
)
OBJECTIVE_SETTINGS = (
    Field("correctionCollar", "Correction collar"),
    enum("medium", "Medium"),
    Field("refractiveIndex", "Refractive index"),
)
FILTER = (
    *MAKER,
    enum("type", "Type"),
    Field("filterWheel", "Filter wheel"),
    Field("cutIn", "Cut in", "transmittanceRange.cutIn"),
    Field("cutOut", "Cut out", "transmittanceRange.cutOut"),
    Field("cutInTolerance", "Cut in tolerance", "transmittanceRange.cutInTolerance"),
    Field("cutOutTolerance", "Cut out tolerance", "transmittanceRange.cutOutTolerance"),
    percent("transmittance", "Transmittance (%)", "transmittanceRange.transmittance"),
)
DETECTOR = (
    *MAKER,
    enum("type", "Type"),
    Field("gain", "Gain"),
    Field("voltage", "Voltage"),
    Field("offsetValue", "Offset"),
    Field("zoom", "Zoom"),
    Field("amplificationGain", "Amplification gain"),
)
DETECTOR_SETTINGS = (
    Field("readOutRate", "Read out rate"),
    enum("binning", "Binning"),
)
LIGHT_SOURCE = (
    *MAKER,
    Field("power", "Power"),
    enum("pump", "Pump", "pump.type"),
    enum("lmedium", "Medium", "laserMedium"),
    Field("wavelength", "Wavelength"),
    Field("frequencyMultiplication", "Frequency multiplication"),
    Field("tuneable", "Tuneable"),
    enum("pulse", "Pulse"),
    Field("repetitionRate", "Repetition rate"),
    Field("pockelCell", "Pockel cell"),
)
ENVIRONMENT = (
    Field("airPressure", "Air pressure"),
    percent("co2percent", "CO2 (%)"),
    percent("humidity", "Humidity (%)"),
    Field("temperature", "Temperature"),
)
STAGE_LABEL = (
    Field("positionx", "Position X", "positionX"),
    Field("positiony", "Position Y", "positionY"),
    Field("positionz", "Position Z", "positionZ"),
)


def read(obj: Any, path: str) -> Any:
    """A property through a path of to-one properties; None where the path ends early or is not loaded."""
    for step in path.split("."):
        if obj is None or not getattr(obj, "loaded", True):
            return None
        obj = getattr(obj, step, None)
    return obj


def row(obj: Any, field: Field, settings: Any = None) -> Row:
    """One field of an object; a settings object wins where it has a value."""
    path = field.path or field.name
    value = read(settings, path) if settings is not None else None
    if value is None:
        value = read(obj, path)
    label = field.label
    if field.kind == "enum":
        text = unwrap(value.value) if value is not None and value.loaded else None
        return Row(field.name, label, NOT_SET if text is None else str(text))
    if value is not None and hasattr(value, "getSymbol"):
        label = f"{label} ({value.getSymbol()})"
        value = value.getValue()
    else:
        value = unwrap(value)
    if value is None:
        return Row(field.name, label, NOT_AVAILABLE)
    if field.kind == "percent":
        return Row(field.name, label, str(formatPercentFraction(value)))
    return Row(field.name, label, str(value))


def form(obj: Any, fields: tuple[Field, ...], settings: Any = None) -> list[Row]:
    return [row(obj, field, settings) for field in fields]


def load(conn: Any, hql: str, object_id: int) -> Any:
    """One object of a query by id, None when missing."""
    params = omero.sys.ParametersI().addId(object_id)
    return conn.getQueryService().findByQuery(hql, params, context(conn, -1))


IMAGE = (
    "select image from Image image left outer join fetch image.imagingEnvironment"
    " left outer join fetch image.stageLabel left outer join fetch image.objectiveSettings settings"
    " left outer join fetch settings.medium left outer join fetch settings.objective objective"
    " left outer join fetch objective.immersion left outer join fetch objective.correction"
    " where image.id = :id"
)
INSTRUMENT = (
    "select instrument from Instrument instrument left outer join fetch instrument.microscope microscope"
    " left outer join fetch microscope.type left outer join fetch instrument.objective objective"
    " left outer join fetch objective.immersion left outer join fetch objective.correction"
    " left outer join fetch instrument.filter filter left outer join fetch filter.type"
    " left outer join fetch filter.transmittanceRange left outer join fetch instrument.dichroic"
    " left outer join fetch instrument.detector detector left outer join fetch detector.type"
    " left outer join fetch instrument.lightSource light"
    " left outer join fetch light.laserMedium left outer join fetch light.pulse"
    " where instrument.id = (select image.instrument.id from Image image where image.id = :id)"
)
CHANNELS = (
    "select pixels from Pixels pixels join fetch pixels.channels channel"
    " join fetch channel.logicalChannel logical left outer join fetch logical.illumination"
    " left outer join fetch logical.contrastMethod left outer join fetch logical.mode"
    " left outer join fetch logical.detectorSettings dsettings left outer join fetch dsettings.binning"
    " left outer join fetch dsettings.detector detector left outer join fetch detector.type"
    " left outer join fetch logical.lightSourceSettings lsettings"
    " left outer join fetch lsettings.lightSource light"
    " left outer join fetch light.laserMedium left outer join fetch light.pulse"
    " left outer join fetch logical.lightPath path left outer join fetch path.dichroic"
    " left outer join fetch path.excitationFilterLink exlink left outer join fetch exlink.child exfilter"
    " left outer join fetch exfilter.type left outer join fetch exfilter.transmittanceRange"
    " left outer join fetch path.emissionFilterLink emlink left outer join fetch emlink.child emfilter"
    " left outer join fetch emfilter.type left outer join fetch emfilter.transmittanceRange"
    " where pixels.image.id = :id"
)
PLANES = (
    "select info from PlaneInfo info where info.pixels.image.id = :id and info.theZ = 0"
    " and (info.deltaT is not null or info.exposureTime is not null) order by info.theC, info.theT"
)


def acquisition_context(conn: Any, image: Any) -> dict[str, Any]:
    """The forms of the panel, each a list of rows; lists of such where an image may have several."""
    image_id = image.getId()
    loaded = load(conn, IMAGE, image_id)
    instrument = load(conn, INSTRUMENT, image_id)
    settings = read(loaded, "objectiveSettings")
    objective = read(settings, "objective")
    forms: dict[str, Any] = {
        "form_channels": channels(conn, image, image_id),
        "form_environment": form(read(loaded, "imagingEnvironment"), ENVIRONMENT),
        "form_stageLabel": form(read(loaded, "stageLabel"), STAGE_LABEL),
        "form_objective": None,
        "form_microscope": None,
        "form_instrument_objectives": [],
        "form_filters": [],
        "form_dichroics": [],
        "form_detectors": [],
        "form_lasers": [],
    }
    if settings is not None:
        forms["form_objective"] = form(objective, OBJECTIVE) + form(settings, OBJECTIVE_SETTINGS)
    if instrument is None:
        return forms
    if read(instrument, "microscope") is not None:
        forms["form_microscope"] = form(instrument.microscope, MICROSCOPE)
    forms["form_instrument_objectives"] = [form(item, OBJECTIVE) for item in instrument.copyObjective()]
    forms["form_filters"] = [form(item, FILTER) for item in instrument.copyFilter()]
    forms["form_dichroics"] = [form(item, MAKER) for item in instrument.copyDichroic()]
    forms["form_detectors"] = [
        form(item, (*DETECTOR, *DETECTOR_SETTINGS)) for item in instrument.copyDetector()
    ]
    sources = instrument.copyLightSource()
    types = light_types(conn, sources)
    forms["form_lasers"] = [light_source(item, types) for item in sources]
    return forms


def light_types(conn: Any, sources: list[Any]) -> dict[int, str]:
    """Type of each light source by id. Every class of light sources has types of its own, hence a query for each."""
    types: dict[int, str] = {}
    for kind in ("Laser", "Arc", "Filament"):
        ids = [source.id.val for source in sources if type(source).__name__ == f"{kind}I"]
        if ids:
            hql = f"select light.id, light.type.value from {kind} light where light.id in (:ids)"
            types.update((row[0], row[1]) for row in rows(conn, hql, omero.sys.ParametersI().addIds(ids), -1))
    return types


def light_source(source: Any, types: dict[int, str], settings: Any = None) -> dict[str, Any]:
    """A light source titled by its class."""
    fields = form(source, LIGHT_SOURCE)
    fields.insert(len(MAKER) + 1, Row("lstype", "Type", types.get(source.id.val, NOT_SET)))
    fields.append(row(settings, percent("attenuation", "Attenuation (%)")))
    return {"title": type(source).__name__.removesuffix("I"), "form": fields}


def channels(conn: Any, image: Any, image_id: int) -> list[dict[str, Any]]:
    """Per channel: `form`, `label`, `color` (RRGGBB or None), the forms of its light path, and `plane_info`."""
    pixels = load(conn, CHANNELS, image_id)
    if pixels is None:
        return []
    rendered = image.getChannels() or []
    colours = [channel.getColor() for channel in rendered]
    labels = [channel.getLabel() for channel in rendered]
    planes = plane_info(conn, image_id)
    logical_channels = [channel.logicalChannel for channel in pixels.copyChannels()]
    lit = [read(logical, "lightSourceSettings.lightSource") for logical in logical_channels]
    types = light_types(conn, [source for source in lit if source is not None])
    found = []
    for index, logical in enumerate(logical_channels):
        path = read(logical, "lightPath")
        detector_settings = read(logical, "detectorSettings")
        light_settings = read(logical, "lightSourceSettings")
        colour = colours[index] if index < len(colours) else None
        found.append(
            {
                "form": form(logical, CHANNEL),
                "label": labels[index] if index < len(labels) else unwrap(logical.name) or str(index),
                "color": None if colour is None else colour.getHtml(),
                "form_dichroic": form(path.dichroic, MAKER) if read(path, "dichroic") is not None else None,
                "form_excitation_filters": [] if path is None else filters(path.copyExcitationFilterLink()),
                "form_emission_filters": [] if path is None else filters(path.copyEmissionFilterLink()),
                "form_detector_settings": None
                if detector_settings is None
                else [
                    row(read(detector_settings, "detector"), field, detector_settings)
                    for field in (*DETECTOR, *DETECTOR_SETTINGS)
                ],
                "form_light_source": None
                if read(light_settings, "lightSource") is None
                else light_source(light_settings.lightSource, types, light_settings),
                "plane_info": planes.get(index, []),
            }
        )
    return found


def filters(links: list[Any]) -> list[list[Row]]:
    return [form(link.child, FILTER) for link in links]


def seconds(quantity: Any) -> float | None:
    if quantity is None:
        return None
    return float(omero.model.TimeI(quantity, omero.model.enums.UnitsTime.SECOND).getValue())


def plane_info(conn: Any, image_id: int) -> dict[int, list[dict[str, Any]]]:
    """Channel → `{theT, deltaT, exposureTime}` in seconds, of the planes at Z 0 that have a value."""
    params = omero.sys.ParametersI().addId(image_id)
    planes: dict[int, list[dict[str, Any]]] = {}
    for info in conn.getQueryService().findAllByQuery(PLANES, params, context(conn, -1)):
        planes.setdefault(info.theC.val, []).append(
            {
                "theT": info.theT.val,
                "deltaT": seconds(info.deltaT),
                "exposureTime": seconds(info.exposureTime),
            }
        )
    return planes
