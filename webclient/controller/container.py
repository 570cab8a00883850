"""One object of the tree, loaded with what the panels show of it.

The import path and constructor are part of the surface for add-on apps (contract/webclient.md, section 19).
"""

from __future__ import annotations

from typing import Any

from django.http import Http404

from omeroweb.webclient.marshal import well_position

# Parameter of the constructor: (server type, how the "not found" message names it)
TYPES: dict[str, tuple[str, str]] = {
    "project": ("Project", "Project"),
    "dataset": ("Dataset", "Dataset"),
    "image": ("Image", "Image"),
    "screen": ("Screen", "Screen"),
    "plate": ("Plate", "Plate"),
    "acquisition": ("PlateAcquisition", "Plate Acquisition"),
    "well": ("Well", "Well"),
    "tag": ("TagAnnotation", "Tag"),
    "tagset": ("TagAnnotation", "Tag"),
    "file": ("FileAnnotation", "File"),
    "comment": ("CommentAnnotation", "Comment"),
    "annotation": ("Annotation", "Annotation"),
}


class ObjectNotFound(Http404):
    """The object does not exist or may not be read. The message is for the page (contract/webclient.md, 2.3)."""

    def __init__(self, name: str, object_id: int) -> None:
        super().__init__(
            f"We are sorry, but that {name} (id:{object_id}) does not exist,"
            " or if it does, you have no permission to see it."
        )


class BaseContainer:
    """The object named by one keyword, and what pages ask about it.

    Attributes for templates: the loaded wrapper under its type's name (`image`, `dataset`, `project`, `screen`,
    `plate`, `acquisition`, `well`, `tag`, `tagset`, `file`, `comment`, `annotation`; None when not asked for),
    `obj_type`, `obj_id`, `obj_name`, `index` (0-based field of a well).
    Raises ObjectNotFound (404) when the object is missing.
    """

    obj_type: str | None = None
    project: Any = None
    dataset: Any = None
    image: Any = None
    screen: Any = None
    plate: Any = None
    acquisition: Any = None
    well: Any = None
    tag: Any = None
    tagset: Any = None
    file: Any = None
    comment: Any = None
    annotation: Any = None

    def __init__(
        self,
        conn: Any,
        project: int | None = None,
        dataset: int | None = None,
        image: int | None = None,
        screen: int | None = None,
        plate: int | None = None,
        acquisition: int | None = None,
        well: int | None = None,
        tag: int | None = None,
        tagset: int | None = None,
        file: int | None = None,
        comment: int | None = None,
        annotation: int | None = None,
        index: int | None = None,
        orphaned: Any = None,
        **kwargs: Any,
    ) -> None:
        self.conn = conn
        self.index = 0 if index is None else int(index)
        self.orphaned = bool(orphaned)
        asked = {
            "project": project,
            "dataset": dataset,
            "image": image,
            "screen": screen,
            "plate": plate,
            "acquisition": acquisition,
            "well": well,
            "tag": tag,
            "tagset": tagset,
            "file": file,
            "comment": comment,
            "annotation": annotation,
        }
        for name, object_id in asked.items():
            if object_id is not None:
                self._load(name, int(object_id))

    def _load(self, name: str, object_id: int) -> None:
        entity, label = TYPES[name]
        wrapper = self.conn.getObject(entity, object_id)
        if wrapper is None:
            raise ObjectNotFound(label, object_id)
        setattr(self, name, wrapper)
        self.obj_type = name

    @property
    def obj(self) -> Any:
        """The loaded wrapper, None when nothing was asked for."""
        return getattr(self, self.obj_type) if self.obj_type else None

    @property
    def obj_id(self) -> int | None:
        return None if self.obj is None else int(self.obj.getId())

    @property
    def obj_name(self) -> str:
        """Heading of the panel: name, text of a tag, position of a well."""
        if self.obj is None:
            return ""
        if self.obj_type in ("tag", "tagset", "comment"):
            return self.obj.getValue() or ""
        if self.obj_type == "file":
            return self.obj.getFileName() or ""
        if self.obj_type == "well":
            return self.well_name()
        return self.obj.getName() or ""

    def well_name(self) -> str:
        """Row and column of the well, labelled as the plate wants it."""
        plate = self.well.getParent()
        naming = (plate.rowNamingConvention, plate.columnNamingConvention) if plate else (None, None)
        return well_position(self.well.row, self.well.column, *naming)

    @property
    def external_info(self) -> Any:
        """The object's external info (Ice object: `id`, `lsid`, `entityType`, `entityId`), None without one."""
        info = None if self.obj is None else self.obj.getDetails().getExternalInfo()
        return None if info is None else info._obj

    def canAnnotate(self) -> bool:
        return self.obj is not None and bool(self.obj.canAnnotate())

    def canEdit(self) -> bool:
        return self.obj is not None and bool(self.obj.canEdit())

    def getPermsCss(self) -> str:
        """Rights as words for class attributes."""
        getter = getattr(self.obj, "getPermsCss", None)
        if getter is not None:
            return str(getter())
        if self.obj is None:
            return ""
        rights = ("canEdit", "canAnnotate", "canLink", "canDelete", "isOwned", "canChgrp")
        return " ".join(right for right in rights if getattr(self.obj, right)())

    def getWellSampleImage(self) -> Any:
        """The image itself, or the image in field `index` of a well; None for other types and empty wells."""
        if self.image is not None:
            return self.image
        if self.well is not None:
            return self.well.getImage(self.index)
        return None

    def getPlateId(self) -> int | None:
        """The plate that is shown: itself, or the one an acquisition belongs to."""
        if self.plate is not None:
            return int(self.plate.getId())
        if self.acquisition is not None:
            return int(self.acquisition._obj.plate.id.val)
        return None
