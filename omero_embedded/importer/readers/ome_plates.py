"""Plates in OME-XML: wells, fields and runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..metadata import FieldMetadata, PlateMetadata, RunMetadata, WellMetadata
from .xml_elements import Element, attribute, children, color, content, first, measured, moment, whole

_NAMINGS = ("letter", "number")


def parse_plates(root: Element, images: Mapping[str | None, int]) -> tuple[PlateMetadata, ...]:
    """All plates of a document. `images` gives the position of an image by its id."""
    screens: dict[str, Element] = {}
    for screen in children(root, "Screen"):
        for reference in children(screen, "PlateRef"):
            screens[attribute(reference, "ID") or ""] = screen
    return tuple(
        _plate(element, images, screens.get(attribute(element, "ID") or ""))
        for element in children(root, "Plate")
    )


def _plate(element: Element, images: Mapping[str | None, int], screen: Element | None) -> PlateMetadata:
    runs = list(children(element, "PlateAcquisition"))
    run_of_sample = {
        attribute(reference, "ID"): attribute(run, "ID")
        for run in runs
        for reference in children(run, "WellSampleRef")
    }
    row_naming = (attribute(element, "RowNamingConvention") or "").lower()
    column_naming = (attribute(element, "ColumnNamingConvention") or "").lower()
    return PlateMetadata(
        name=attribute(element, "Name") or attribute(element, "ID") or "Plate",
        description=content(element, "Description"),
        rows=whole(element, "Rows"),
        columns=whole(element, "Columns"),
        row_naming=row_naming if row_naming in _NAMINGS else "letter",
        column_naming=column_naming if column_naming in _NAMINGS else "number",
        status=attribute(element, "Status"),
        external_identifier=attribute(element, "ExternalIdentifier"),
        origin_x=measured(element, "WellOriginX", "Length", "reference frame"),
        origin_y=measured(element, "WellOriginY", "Length", "reference frame"),
        runs=tuple(
            RunMetadata(
                id=attribute(run, "ID") or "",
                name=attribute(run, "Name"),
                description=content(run, "Description"),
                started=moment(attribute(run, "StartTime")),
                ended=moment(attribute(run, "EndTime")),
            )
            for run in runs
        ),
        wells=tuple(_wells(element, images, run_of_sample)),
        screen=None if screen is None else attribute(screen, "Name") or attribute(screen, "ID"),
        screen_description=content(screen, "Description"),
    )


def _wells(
    plate: Element, images: Mapping[str | None, int], run_of_sample: Mapping[str | None, str | None]
) -> Iterator[WellMetadata]:
    for element in children(plate, "Well"):
        row, column = whole(element, "Row"), whole(element, "Column")
        if row is None or column is None:
            continue
        samples = sorted(children(element, "WellSample"), key=lambda sample: whole(sample, "Index") or 0)
        fields = []
        for sample in samples:
            image = images.get(attribute(first(sample, "ImageRef"), "ID"))
            if image is not None:
                fields.append(
                    FieldMetadata(
                        image=image,
                        run=run_of_sample.get(attribute(sample, "ID")),
                        position_x=measured(sample, "PositionX", "Length", "reference frame"),
                        position_y=measured(sample, "PositionY", "Length", "reference frame"),
                        timepoint=moment(attribute(sample, "Timepoint")),
                    )
                )
        yield WellMetadata(
            row=row,
            column=column,
            fields=tuple(fields),
            type=attribute(element, "Type"),
            external_description=attribute(element, "ExternalDescription"),
            external_identifier=attribute(element, "ExternalIdentifier"),
            color=color(element),
        )
