"""Rows of plates, wells and fields (contract/model.md, section 10)."""

from __future__ import annotations

from collections.abc import Mapping

from ..transaction import Transaction
from .containers import find_or_insert
from .metadata import FileMetadata, PlateMetadata
from .rows import given


def insert_plates(
    transaction: Transaction, metadata: FileMetadata, image_ids: Mapping[int, int]
) -> list[int]:
    """Insert the plates of a file, and their screens where it names some. Returns the plates' ids.

    `image_ids` gives the row of an image by its position in the file.
    """
    plate_ids = []
    for plate in metadata.plates:
        plate_id = _insert_plate(transaction, plate, image_ids)
        plate_ids.append(plate_id)
        if plate.screen is not None:
            screen_id = find_or_insert(
                transaction, "Screen", plate.screen, description=plate.screen_description
            )
            transaction.insert("ScreenPlateLink", {"parent": screen_id, "child": plate_id})
    return plate_ids


def _insert_plate(transaction: Transaction, plate: PlateMetadata, image_ids: Mapping[int, int]) -> int:
    plate_id = transaction.insert(
        "Plate",
        given(
            name=plate.name,
            description=plate.description,
            rows=plate.rows,
            columns=plate.columns,
            rowNamingConvention=plate.row_naming,
            columnNamingConvention=plate.column_naming,
            status=plate.status,
            externalIdentifier=plate.external_identifier,
            wellOriginX=plate.origin_x,
            wellOriginY=plate.origin_y,
            defaultSample=0,
        ),
    )
    fields = max((len(well.fields) for well in plate.wells), default=0)
    runs = {
        run.id: transaction.insert(
            "PlateAcquisition",
            given(
                plate=plate_id,
                name=run.name,
                description=run.description,
                startTime=run.started,
                endTime=run.ended,
                maximumFieldCount=fields,
            ),
        )
        for run in plate.runs
    }
    well_ids = transaction.insert_many(
        "Well",
        [
            given(
                plate=plate_id,
                row=well.row,
                column=well.column,
                type=well.type,
                externalDescription=well.external_description,
                externalIdentifier=well.external_identifier,
                **dict(zip(("red", "green", "blue", "alpha"), well.color or (), strict=False)),
            )
            for well in plate.wells
        ],
    )
    transaction.insert_many(
        "WellSample",
        [
            given(
                well=well_id,
                well_index=index,
                image=image_ids[field.image],
                plateAcquisition=runs.get(field.run) if field.run else None,
                posX=field.position_x,
                posY=field.position_y,
                timepoint=field.timepoint,
            )
            for well_id, well in zip(well_ids, plate.wells, strict=True)
            for index, field in enumerate(well.fields)
        ],
    )
    return plate_id
