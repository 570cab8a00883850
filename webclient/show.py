"""What a page's address asks to be selected, and where it is in the tree.

`Show` and its members are part of the surface for add-on apps: they subclass it and rebind its tuples.
Source: contract/webclient.md, section 4.4; contract/plugins.md, section 5.4.
"""

from __future__ import annotations

import re
from typing import Any

import omero
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from omero.rtypes import rint, rlong

from omeroweb.webclient.parameters import EVERYBODY, Page
from omeroweb.webclient.queries.images import images
from omeroweb.webclient.queries.paths import (
    PathQuery,
    find_paths,
    image_and_roi_of_shape,
    tag_paths,
)
from omeroweb.webclient.queries.projection import rows
from omeroweb.webclient.wrappers import owner_of

ENTITIES = {
    "project": "Project",
    "dataset": "Dataset",
    "image": "Image",
    "screen": "Screen",
    "plate": "Plate",
    "acquisition": "PlateAcquisition",
    "well": "Well",
    "tag": "TagAnnotation",
    "tagset": "TagAnnotation",
    "roi": "Roi",
    "fileset": "Fileset",
}


class IncorrectMenuError(Exception):
    """The object belongs on another page, at `uri`."""

    def __init__(self, uri: str) -> None:
        super().__init__(uri)
        self.uri = uri


class Show:
    """Resolves the parameters `show` and `path` of a page."""

    TOP_LEVEL_PREFIXES: tuple[str, ...] = ("project", "screen", "tagset")
    SUPPORTED_OBJECT_TYPES: tuple[str, ...] = (
        "project",
        "dataset",
        "image",
        "screen",
        "plate",
        "tag",
        "acquisition",
        "run",
        "well",
        "tagset",
        "roi",
        "fileset",
    )
    PATH_REGEX = re.compile(r"(?P<object_type>\w+)(\.(?P<key>\w+))?(-|=)(?P<value>[^|]*)\|?")
    WELL_REGEX = re.compile(
        r"^(?:(?P<alpha_row>[a-zA-Z]+)(?P<digit_column>\d+)|(?P<digit_row>\d+)(?P<alpha_column>[a-zA-Z]+))$"
    )

    def __init__(self, conn: Any, request: HttpRequest, menu: str) -> None:
        self.conn = conn
        self.request = request
        self.menu = menu
        self.path = request.GET.get("path", "")
        self._initially_select: list[str] = []
        self._initially_open: list[str] | None = None
        self._initially_open_owner: int | None = None
        self._first_selected: Any = None
        self._resolved = False
        for element in [part for part in self.path.split("|") if part][-1:]:
            self._add_if_supported(element)
        for element in request.GET.get("show", "").split("|"):
            self._add_if_supported(element)

    def _add_if_supported(self, path: str) -> None:
        """Remember an element in the form `type.key-value` when its type is known."""
        match = self.PATH_REGEX.match(path)
        if match is None or match["object_type"] not in self.SUPPORTED_OBJECT_TYPES:
            return
        kind = "acquisition" if match["object_type"] == "run" else match["object_type"]
        self._initially_select.append(f"{kind}.{match['key'] or 'id'}-{match['value']}")

    def _find_first_selected(self) -> Any:
        """The object that the first element names; None if there is none, or not exactly one."""
        if not self._initially_select:
            return None
        match = self.PATH_REGEX.match(self._initially_select[0])
        assert match is not None
        kind, key, value = match["object_type"], match["key"], match["value"]
        if kind in ("tag", "tagset") and self.menu != "usertags":
            target = f"{kind}-{value}" if key == "id" else f"{kind}.{key}-{value}"
            raise IncorrectMenuError(
                f"{reverse('load_template', args=['usertags'])}?{urlencode({'show': target})}"
            )
        attributes: dict[str, Any] = {key: value}
        if key == "id":
            if not value.isdecimal() or len(value) > 18:
                return None
            attributes = {key: int(value)}
        self.conn.SERVICE_OPTS.setOmeroGroup("-1")
        return self._load_first_selected(kind, attributes)

    def _load_first_selected(self, first_obj: str, attributes: dict[str, Any]) -> Any:
        """Load the first object and set `_initially_open` and `_initially_open_owner` from its ancestors."""
        if first_obj == "well" and "id" not in attributes:
            first = self._well_by_name(str(next(iter(attributes.values()))))
        else:
            first = self._unique(first_obj, attributes)
        if first is None:
            return None
        if first_obj == "roi":
            image = first.getImage()
            return None if image is None else self._load_first_selected("image", {"id": image.getId()})
        if first_obj == "fileset":
            image_ids = [image.getId() for image in first.copyImages()]
            return self._load_first_selected("image", {"id": min(image_ids)}) if image_ids else None

        if first_obj == "image":
            well_id = self._well_of_lone_image(first.getId())
            if well_id is not None:
                return self._load_first_selected("well", {"id": well_id})

        here = f"{first_obj}-{first.getId()}"
        if first_obj == "well":
            self._open_well(first, here)
            return first
        self._initially_open = [here]
        if len(self._initially_select) == 1 or ".id-" not in self._initially_select[0]:
            self._initially_select = [here]
        top = first
        if first_obj not in self.TOP_LEVEL_PREFIXES:
            top = self._open_ancestors(first, first_obj)
        self._initially_open_owner = owner_of(top)
        return first

    def _unique(self, kind: str, attributes: dict[str, Any]) -> Any:
        """The only object with these attributes; None for none, several, or an attribute that does not exist."""
        key = next(iter(attributes))
        if re.fullmatch(r"[A-Za-z]\w*", key) is None:
            return None
        try:
            found = list(self.conn.getObjects(ENTITIES[kind], attributes=attributes))
        except omero.ApiUsageException:
            return None
        return found[0] if len(found) == 1 else None

    def _open_ancestors(self, first: Any, kind: str) -> Any:
        """Put the ancestors of the first object in front of it; returns the topmost one."""
        assert self._initially_open is not None
        top = first
        parent_kind = {"image": "dataset", "dataset": "project", "plate": "screen", "acquisition": "plate"}
        while kind in parent_kind:
            parents = list(top.listParents())
            if kind == "image":
                parents = [parent for parent in parents if parent.OMERO_CLASS == "Dataset"]
                if not parents:
                    self._initially_open.insert(0, "orphaned-0")
            if not parents:
                break
            top, kind = parents[0], parent_kind[kind]
            self._initially_open.insert(0, f"{kind}-{top.getId()}")
        if kind == "tag":
            sets = [tag for tag in top.listParents(withlinks=False) if tag is not None]
            if sets:
                top = sets[0]
                self._initially_open.insert(0, f"tagset-{top.getId()}")
        return top

    def _well_of_lone_image(self, image_id: int) -> int | None:
        """The well of an image that is in no dataset."""
        hql = (
            "select ws.well.id from WellSample ws where ws.image.id = :id and not exists"
            " (select link.id from DatasetImageLink link where link.child.id = ws.image.id) order by ws.id"
        )
        found = rows(self.conn, hql, omero.sys.ParametersI().addId(image_id), -1)
        return found[0][0] if found else None

    def _open_well(self, well: Any, here: str) -> None:
        """Select a well inside its run: that of its first field, the plate's only one, else in the plate itself."""
        params = omero.sys.ParametersI().addId(well.getId())
        fields = rows(
            self.conn,
            "select run.id from Well well join well.wellSamples ws left outer join ws.plateAcquisition run"
            " where well.id = :id order by index(ws)",
            params,
            -1,
        )
        plate_id = well._obj.plate.id.val
        plate = self.conn.getObject("Plate", plate_id)
        run_id = fields[0][0] if fields else None
        if run_id is None:
            runs = rows(
                self.conn,
                "select run.id from PlateAcquisition run where run.plate.id = :id order by run.id",
                omero.sys.ParametersI().addId(plate_id),
                -1,
            )
            run_id = runs[0][0] if len(runs) == 1 else None
        parent = f"plate-{plate_id}" if run_id is None else f"acquisition-{run_id}"
        ancestors = [] if run_id is None else [f"plate-{plate_id}"]
        top = plate
        for screen in plate.listParents():
            top = screen
            ancestors.insert(0, f"screen-{screen.getId()}")
            break
        self._initially_open = [*ancestors, parent, here]
        self._initially_select = [parent, here]
        self._initially_open_owner = owner_of(top)

    def _well_by_name(self, name: str) -> Any:
        """The well at a position such as `A1` of the plate that the parameter `path` names first."""
        match = self.WELL_REGEX.match(name)
        plate_id = self._plate_of_path()
        if match is None or plate_id is None:
            return None
        params = omero.sys.ParametersI()
        params.add("plate", rlong(plate_id))
        if match["alpha_row"]:
            row, column = letters_to_index(match["alpha_row"]), int(match["digit_column"]) - 1
        else:
            row, column = int(match["digit_row"]) - 1, letters_to_index(match["alpha_column"])
        if not (0 <= row < 2**31 and 0 <= column < 2**31):
            return None
        params.add("row", rint(row))
        params.add("column", rint(column))
        found = rows(
            self.conn,
            "select well.id from Well well where well.plate.id = :plate and well.row = :row"
            " and well.column = :column order by well.id",
            params,
            -1,
        )
        return self.conn.getObject("Well", found[0][0]) if len(found) == 1 else None

    def _plate_of_path(self) -> int | None:
        for element in self.path.split("|"):
            match = self.PATH_REGEX.match(element)
            if match is None or match["object_type"] not in ("plate", "acquisition", "run"):
                continue
            kind = "plate" if match["object_type"] == "plate" else "acquisition"
            key, value = match["key"] or "id", match["value"]
            if key == "id" and not value.isdecimal():
                return None
            found = self._unique(kind, {key: int(value) if key == "id" else value})
            if found is None:
                return None
            return int(found.getId() if kind == "plate" else found._obj.plate.id.val)
        return None

    @property
    def first_selected(self) -> Any:
        """The first object, None when nothing was found. Raises IncorrectMenuError for tags on other pages."""
        if not self._resolved:
            self._first_selected = self._find_first_selected()
            self._resolved = True
        return self._first_selected

    @property
    def initially_select(self) -> list[str]:
        """`type-id` of everything to select; raw elements when nothing was found."""
        found = self.first_selected is not None
        return [element.replace(".id-", "-", 1) if found else element for element in self._initially_select]

    @property
    def initially_open(self) -> list[str]:
        """`type-id` from the top of the tree down to the first object."""
        if self.first_selected is None:
            return []
        return self._initially_open or []

    @property
    def initially_open_owner(self) -> int | None:
        """Owner of the topmost ancestor of the first object."""
        if self.first_selected is None:
            return None
        return self._initially_open_owner


def letters_to_index(text: str) -> int:
    """`A` is 0, `Z` 25, `AA` 26."""
    index = 0
    for letter in text.upper():
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1


def paths_to_object(
    conn: Any,
    experimenter_id: int | None = None,
    project_id: int | None = None,
    dataset_id: int | None = None,
    image_id: int | None = None,
    screen_id: int | None = None,
    plate_id: int | None = None,
    acquisition_id: int | None = None,
    well_id: int | None = None,
    group_id: int | None = None,
    page_size: int | None = None,
    roi_id: int | None = None,
    shape_id: int | None = None,
) -> list[list[dict[str, Any]]]:
    """Paths of `{type, id}` nodes from the experimenter down to the lowest object named."""
    return find_paths(
        conn,
        PathQuery(
            experimenter=experimenter_id,
            project=project_id,
            dataset=dataset_id,
            image=image_id,
            screen=screen_id,
            plate=plate_id,
            acquisition=acquisition_id,
            well=well_id,
            roi=roi_id,
            shape=shape_id,
            group=group_id,
            page_size=page_size,
        ),
    )


def paths_to_tag(
    conn: Any,
    experimenter_id: int | None = None,
    tagset_id: int | None = None,
    tag_id: int | None = None,
    group_id: int | None = None,
) -> list[list[dict[str, Any]]]:
    """Paths to a tag or tag set."""
    return tag_paths(conn, experimenter_id, tagset_id, tag_id, group_id)


def get_image_roi_id_for_shape(conn: Any, shape_id: int) -> tuple[int | None, int | None]:
    """(image id, ROI id) of a shape, (None, None) when there is none."""
    return image_and_roi_of_shape(conn, shape_id)


def get_image_ids(
    conn: Any, datasetId: int | None = None, groupId: int = -1, ownerId: int | None = None
) -> list[int]:
    """Ids of the images of a dataset, or of the orphaned images of an owner, in the order of the tree."""
    found = images(
        conn,
        page=Page.of(None),
        group_id=groupId,
        owner_id=EVERYBODY if ownerId is None else ownerId,
        dataset_id=datasetId,
        orphaned=datasetId is None,
    )
    return [image["id"] for image in found]
