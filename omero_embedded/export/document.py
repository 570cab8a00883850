"""The OME-XML description of one image (schema 2016-06), made from its loaded model objects."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any
from xml.etree import ElementTree

from ..model.units import symbol

NAMESPACE = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
CREATOR = "OMERO.web embedded server"
_SCHEMA = f"{NAMESPACE} {NAMESPACE}/ome.xsd"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Element = ElementTree.Element


def document(image: Any, planes: Iterable[Any], *, pages: int | None) -> bytes:
    """OME-XML in ASCII, so that any TIFF reader takes it.

    image: loaded with pixels, channels and logical channels. planes: loaded PlaneInfo objects. pages: number of TIFF
    pages, z fastest, then c, then t; None for a description without samples.
    """
    root = Element(
        "OME", {"xmlns": NAMESPACE, "xmlns:xsi": _XSI, "xsi:schemaLocation": _SCHEMA, "Creator": CREATOR}
    )
    element = _add(root, "Image", ID=f"Image:{image.id.val}", Name=_text(image.name))
    if image.acquisitionDate is not None:
        moment = datetime.fromtimestamp(image.acquisitionDate.val / 1000, timezone.utc)
        _add(element, "AcquisitionDate", moment.strftime("%Y-%m-%dT%H:%M:%S"))
    if image.description is not None:
        _add(element, "Description", _text(image.description))
    _add_pixels(element, image.getPrimaryPixels(), planes, pages)
    body: bytes = ElementTree.tostring(root, encoding="us-ascii")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + body


def _add_pixels(image: Element, pixels: Any, planes: Iterable[Any], pages: int | None) -> None:
    sizes = {f"Size{axis}": getattr(pixels, f"size{axis}").val for axis in "XYZCT"}
    type_name = pixels.pixelsType.value.val
    element = _add(
        image,
        "Pixels",
        ID=f"Pixels:{pixels.id.val}",
        DimensionOrder="XYZCT",
        # Bits are written as bytes of 0 and 1.
        Type="uint8" if type_name == "bit" else type_name,
        SignificantBits=None if pixels.significantBits is None else pixels.significantBits.val,
        BigEndian="false",
        Interleaved="false",
        **sizes,
    )
    for axis in "XYZ":
        _set_quantity(element, f"PhysicalSize{axis}", "Length", getattr(pixels, f"physicalSize{axis}"))
    _set_quantity(element, "TimeIncrement", "Time", pixels.timeIncrement)
    for channel in pixels.copyChannels():
        _add_channel(element, channel)
    if pages is None:
        _add(element, "MetadataOnly")
    else:
        _add(element, "TiffData", IFD=0, FirstZ=0, FirstC=0, FirstT=0, PlaneCount=pages)
    for plane in planes:
        _add_plane(element, plane)


def _add_channel(pixels: Element, channel: Any) -> None:
    logical = channel.logicalChannel
    element = _add(pixels, "Channel", ID=f"Channel:{channel.id.val}", SamplesPerPixel=1)
    for attribute, value in (("Name", logical.name), ("Fluor", logical.fluor)):
        if value is not None:
            element.set(attribute, _text(value))
    components = [getattr(channel, name) for name in ("red", "green", "blue", "alpha")]
    if None not in components:
        element.set("Color", str(_signed([component.val & 255 for component in components])))
    for attribute, kind, value in (
        ("ExcitationWavelength", "Length", logical.excitationWave),
        ("EmissionWavelength", "Length", logical.emissionWave),
        ("PinholeSize", "Length", logical.pinHoleSize),
    ):
        _set_quantity(element, attribute, kind, value)
    if logical.ndFilter is not None:
        element.set("NDFilter", str(logical.ndFilter.val))
    for attribute, value in (
        ("AcquisitionMode", logical.mode),
        ("IlluminationType", logical.illumination),
        ("ContrastMethod", logical.contrastMethod),
    ):
        if value is not None:
            element.set(attribute, _text(value.value))


def _add_plane(pixels: Element, plane: Any) -> None:
    element = _add(pixels, "Plane", TheZ=plane.theZ.val, TheC=plane.theC.val, TheT=plane.theT.val)
    _set_quantity(element, "DeltaT", "Time", plane.deltaT)
    _set_quantity(element, "ExposureTime", "Time", plane.exposureTime)
    for axis in "XYZ":
        _set_quantity(element, f"Position{axis}", "Length", getattr(plane, f"position{axis}"))


def _signed(components: list[int]) -> int:
    """Red, green, blue and alpha as OME-XML's signed number."""
    return int.from_bytes(bytes(components), "big", signed=True)


def _set_quantity(element: Element, name: str, kind: str, quantity: Any) -> None:
    if quantity is not None:
        element.set(name, str(quantity.getValue()))
        element.set(f"{name}Unit", symbol(kind, str(quantity.getUnit())))


def _text(value: Any) -> str:
    """The text of an RString without what XML cannot hold."""
    return _NOT_XML.sub("", value.val)


def _add(parent: Element, name: str, text: str | None = None, **attributes: object) -> Element:
    element = ElementTree.SubElement(parent, name)
    for key, value in attributes.items():
        if value is not None:
            element.set(key, str(value))
    element.text = text
    return element
