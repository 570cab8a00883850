"""What hangs on the demonstration images: tags, key-value pairs, comments, ratings, an attachment, regions of interest."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select

from ..checksums import DEFAULT_ALGORITHM, file_checksum
from ..importer.rows import KEY_VALUES, ensure_namespace
from ..model.tables import table_of
from ..transaction import Transaction, now
from .cells import Cell

TAG_SET = "openmicroscopy.org/omero/insight/tagset"
RATING = "openmicroscopy.org/omero/insight/rating"
_COLORS = ((255, 204, 0), (0, 220, 255), (255, 0, 200), (120, 255, 80))


class Annotator:
    """Annotates objects of one user, in one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def tag(self, entity: str, row_id: int, text: str, *, tag_set: str | None = None) -> None:
        """Link the user's tag of that text, made if need be, below the tag set of that name."""
        tag_id = self._tag(text, None)
        if tag_set is not None:
            self._link("Annotation", self._tag(tag_set, TAG_SET), tag_id)
        self._link(entity, row_id, tag_id)

    def key_values(self, entity: str, row_id: int, pairs: Sequence[tuple[str, str]]) -> None:
        """Add key-value pairs that their owner may edit."""
        ensure_namespace(self._tx, KEY_VALUES)
        self._link(
            entity, row_id, self._tx.insert("MapAnnotation", {"ns": KEY_VALUES, "mapValue": list(pairs)})
        )

    def comment(self, entity: str, row_id: int, text: str) -> None:
        """Add a comment."""
        self._link(entity, row_id, self._tx.insert("CommentAnnotation", {"textValue": text}))

    def rate(self, entity: str, row_id: int, stars: int) -> None:
        """Rate with one to five stars."""
        ensure_namespace(self._tx, RATING)
        self._link(entity, row_id, self._tx.insert("LongAnnotation", {"ns": RATING, "longValue": stars}))

    def attach(self, entity: str, row_id: int, folder: Path, name: str, text: str) -> None:
        """Attach a text file whose content lies in the folder of plain files."""
        moment = now()
        file_id = self._tx.insert(
            "OriginalFile",
            {
                "path": "",
                "name": name,
                "size": len(text.encode()),
                "hasher": self._tx.enum_id("ChecksumAlgorithm", DEFAULT_ALGORITHM),
                "mimetype": "text/plain",
                "ctime": moment,
                "mtime": moment,
            },
        )
        path = folder / str(file_id)
        with path.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        self._tx.update("OriginalFile", file_id, {"hash": file_checksum(path)})
        self._link(entity, row_id, self._tx.insert("FileAnnotation", {"file": file_id}))

    def region(
        self, image_id: int, name: str, shapes: Iterable[tuple[str, dict[str, Any]]], *, color: int = 0
    ) -> None:
        """Add a region of interest; shapes are (class, properties)."""
        roi_id = self._tx.insert("Roi", {"image": image_id, "name": name})
        red, green, blue = _COLORS[color % len(_COLORS)]
        stroke = int.from_bytes(bytes((red, green, blue, 255)), "big", signed=True)
        for index, (kind, values) in enumerate(shapes):
            self._tx.insert(
                kind,
                {
                    "roi": roi_id,
                    "roi_index": index,
                    "strokeColor": stroke,
                    "fillColor": stroke & ~0xFF | 0x30,
                    "strokeWidth": (1.5, "PIXEL"),
                    "fontSize": (12.0, "POINT"),
                    **values,
                },
            )

    def follow(self, image_id: int, cells: Sequence[Cell], times: int, size: int) -> None:
        """One region per cell: an ellipse around its nucleus at every time point."""
        for number, cell in enumerate(cells):
            shapes = []
            for t in range(times):
                y, x = cell.at(t)
                if 0 <= y < size and 0 <= x < size:
                    shapes.append(("Ellipse", self._ellipse(cell, x, y, t, f"cell {number + 1}")))
            self.region(image_id, f"Cell {number + 1}", shapes, color=number)

    def _ellipse(self, cell: Cell, x: float, y: float, t: int, text: str) -> dict[str, Any]:
        cos, sin = math.cos(cell.angle), math.sin(cell.angle)
        transform = self._tx.insert(
            "AffineTransform",
            {
                "a00": cos,
                "a10": sin,
                "a01": -sin,
                "a11": cos,
                "a02": x - cos * x + sin * y,
                "a12": y - sin * x - cos * y,
            },
        )
        return {
            "x": x,
            "y": y,
            "radiusX": cell.nucleus[0] + 2,
            "radiusY": cell.nucleus[1] + 2,
            "theT": t,
            "textValue": text,
            "transform": transform,
        }

    def _tag(self, text: str, namespace: str | None) -> int:
        table, context = table_of("Annotation"), self._tx.context
        found = self._tx.connection.scalar(
            select(table.c.id).where(
                table.c.discriminator == "TagAnnotation",
                table.c.textvalue == text,
                table.c.ns.is_(None) if namespace is None else table.c.ns == namespace,
                table.c.owner_id == context.user_id,
                table.c.group_id == context.group_id,
            )
        )
        if found is not None:
            return int(found)
        if namespace is not None:
            ensure_namespace(self._tx, namespace)
        values = {"textValue": text} if namespace is None else {"textValue": text, "ns": namespace}
        return self._tx.insert("TagAnnotation", values)

    def _link(self, entity: str, parent: int, child: int) -> None:
        """Link an annotation unless the user has linked it already."""
        name = f"{entity}AnnotationLink"
        table = table_of(name)
        present = select(table.c.id).where(
            table.c.parent == parent,
            table.c.child == child,
            table.c.owner_id == self._tx.context.user_id,
        )
        if self._tx.connection.scalar(present) is None:
            self._tx.insert(name, {"parent": parent, "child": child})
