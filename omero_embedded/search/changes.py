"""Which documents a transaction makes stale: an object's own, and those of objects that its texts are part of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import Connection, select

from ..model.entities import Entity
from ..model.tables import table_of
from .documents import SEARCHED, annotation_link
from .index import reindex

_LINKS = {annotation_link(name): name for name in SEARCHED}
_CHUNK = 500


class Changes:
    """Collects changed rows during a transaction and rewrites the documents at its end."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._stale: dict[str, set[int]] = defaultdict(set)
        self._annotations: set[int] = set()

    def note(self, entity: Entity, ids: Iterable[int]) -> None:
        """Rows of a class were inserted or changed, or are about to be deleted."""
        if entity.name in SEARCHED:
            self._stale[entity.name].update(ids)
        elif entity.name in _LINKS:
            self._stale[_LINKS[entity.name]].update(self._column(entity.name, "parent", ids))
        elif entity.root == "Annotation":
            self._annotations.update(ids)
        elif entity.name == "AnnotationAnnotationLink":
            self._annotations.update(self._column(entity.name, "child", ids))
        elif entity.name == "OriginalFile":
            self._annotations.update(self._referring("Annotation", "file", ids))
        elif entity.name == "LogicalChannel":
            channels = self._referring("Channel", "logicalchannel", ids)
            pixels = self._column("Channel", "pixels", channels)
            self._stale["Image"].update(self._column("Pixels", "image", pixels))
        elif entity.name == "FolderRoiLink":
            rois = self._column(entity.name, "child", ids)
            self._stale["Image"].update(self._column("Roi", "image", rois))

    def flush(self) -> None:
        """Rewrite the documents of everything noted."""
        if self._annotations:
            tags = self._children_of_sets()
            for link, name in _LINKS.items():
                self._stale[name].update(self._annotated(link, self._annotations | tags))
        for name, ids in self._stale.items():
            if ids:
                reindex(self._connection, name, ids)
        self._stale.clear()
        self._annotations.clear()

    def _children_of_sets(self) -> set[int]:
        link = table_of("AnnotationAnnotationLink")
        found: set[int] = set()
        for chunk in _chunks(self._annotations):
            found.update(
                row[0]
                for row in self._connection.execute(select(link.c.child).where(link.c.parent.in_(chunk)))
            )
        return found

    def _annotated(self, link_name: str, annotations: set[int]) -> set[int]:
        link = table_of(link_name)
        found: set[int] = set()
        for chunk in _chunks(annotations):
            found.update(
                row[0]
                for row in self._connection.execute(select(link.c.parent).where(link.c.child.in_(chunk)))
            )
        return found

    def _column(self, name: str, column: str, ids: Iterable[int]) -> set[int]:
        table = table_of(name)
        found: set[int] = set()
        for chunk in _chunks(ids):
            rows = self._connection.execute(select(table.c[column]).where(table.c.id.in_(chunk)))
            found.update(row[0] for row in rows if row[0] is not None)
        return found

    def _referring(self, name: str, column: str, ids: Iterable[int]) -> set[int]:
        table = table_of(name)
        found: set[int] = set()
        for chunk in _chunks(ids):
            found.update(
                row[0]
                for row in self._connection.execute(select(table.c.id).where(table.c[column].in_(chunk)))
            )
        return found


def relevant(entity: Entity) -> bool:
    """Changes of this class can change a document."""
    return (
        entity.name in SEARCHED
        or entity.name in _LINKS
        or entity.root == "Annotation"
        or entity.name in ("AnnotationAnnotationLink", "OriginalFile", "LogicalChannel", "FolderRoiLink")
    )


def _chunks(ids: Iterable[int]) -> Iterable[list[int]]:
    several = sorted(ids)
    return (several[start : start + _CHUNK] for start in range(0, len(several), _CHUNK))
