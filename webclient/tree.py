"""The tree's lists as dictionaries: queries and marshallers put together.

Third-party apps import these names and signatures (contract/plugins.md, section 5.3). `limit` None is the configured
page size; `page` None, 0 or less lists everything; `group_id` -1 means every readable group.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from omero.rtypes import unwrap

from omeroweb.webclient.annotation_marshal import _marshal_annotation, marshal_links
from omeroweb.webclient.marshal import (
    _marshal_dataset,
    _marshal_date,
    _marshal_discussion,
    _marshal_exp_obj,
    _marshal_experimenter,
    _marshal_group,
    _marshal_image,
    _marshal_image_deleted,
    _marshal_image_map,
    _marshal_plate,
    _marshal_plate_acquisition,
    _marshal_project,
    _marshal_screen,
    _marshal_share,
    _marshal_tag,
    _marshal_well,
    parse_permissions_css,
)
from omeroweb.webclient.parameters import ContainerQuery, ImageQuery, Page
from omeroweb.webclient.queries import annotations as annotation_queries
from omeroweb.webclient.queries import containers, images, people, shares, tags
from omeroweb.webclient.queries.projection import build_clause

__all__ = [
    "_marshal_annotation",
    "_marshal_dataset",
    "_marshal_date",
    "_marshal_discussion",
    "_marshal_exp_obj",
    "_marshal_experimenter",
    "_marshal_group",
    "_marshal_image",
    "_marshal_image_deleted",
    "_marshal_image_map",
    "_marshal_plate",
    "_marshal_plate_acquisition",
    "_marshal_project",
    "_marshal_screen",
    "_marshal_share",
    "_marshal_tag",
    "_marshal_well",
    "build_clause",
    "parse_permissions_css",
    "unwrap_to_str",
]

Marshalled = dict[str, Any]


def unwrap_to_str(rstr: Any) -> str | None:
    """Text of an Ice string or a plain one; None stays None."""
    value = unwrap(rstr)
    return None if value is None else str(value)


def marshal_groups(
    conn: Any, member_id: int = -1, page: int | None = 1, limit: int = settings.PAGE
) -> list[Marshalled]:
    return [_marshal_group(conn, row) for row in people.groups(conn, member_id, Page.of(page, limit))]


def marshal_experimenters(
    conn: Any, group_id: int = -1, page: int | None = 1, limit: int = settings.PAGE
) -> list[Marshalled]:
    return [
        _marshal_experimenter(conn, row) for row in people.experimenters(conn, group_id, Page.of(page, limit))
    ]


def marshal_experimenter(conn: Any, experimenter_id: int) -> Marshalled | None:
    row = people.experimenter(conn, experimenter_id)
    return None if row is None else _marshal_experimenter(conn, row)


def _listing(
    conn: Any, kind: containers.Kind, query: ContainerQuery, orphaned: bool = False
) -> list[Marshalled]:
    found = containers.containers(
        conn,
        kind,
        group_id=query.group_id,
        owner_id=query.owner_id,
        page=query.page,
        parent_id=query.parent_id,
        orphaned=orphaned,
    )
    return [_marshal_project(conn, row) for row in found]


def marshal_projects(
    conn: Any, group_id: int = -1, experimenter_id: int = -1, page: int | None = 1, limit: int = settings.PAGE
) -> list[Marshalled]:
    return _listing(
        conn, containers.PROJECT, ContainerQuery(None, experimenter_id, group_id, Page.of(page, limit))
    )


def marshal_datasets(
    conn: Any,
    project_id: int | None = None,
    orphaned: bool = False,
    group_id: int = -1,
    experimenter_id: int = -1,
    page: int | None = 1,
    limit: int = settings.PAGE,
) -> list[Marshalled]:
    query = ContainerQuery(project_id or None, experimenter_id, group_id, Page.of(page, limit))
    return _listing(conn, containers.DATASET, query, orphaned)


def marshal_screens(
    conn: Any, group_id: int = -1, experimenter_id: int = -1, page: int | None = 1, limit: int = settings.PAGE
) -> list[Marshalled]:
    return _listing(
        conn, containers.SCREEN, ContainerQuery(None, experimenter_id, group_id, Page.of(page, limit))
    )


def marshal_plates(
    conn: Any,
    screen_id: int | None = None,
    orphaned: bool = False,
    group_id: int = -1,
    experimenter_id: int = -1,
    page: int | None = 1,
    limit: int = settings.PAGE,
) -> list[Marshalled]:
    query = ContainerQuery(screen_id, experimenter_id, group_id, Page.of(page, limit))
    return _listing(conn, containers.PLATE, query, orphaned)


def marshal_plate_acquisitions(
    conn: Any, plate_id: int, page: int | None = 1, limit: int = settings.PAGE
) -> list[Marshalled]:
    rows = containers.plate_acquisitions(conn, plate_id, Page.of(page, limit))
    return [_marshal_plate_acquisition(conn, row) for row in rows]


def marshal_orphaned(
    conn: Any, group_id: int = -1, experimenter_id: int = -1, page: int | None = 1, limit: int = settings.PAGE
) -> Marshalled:
    """The container of images without parents: `id` of the owner, `childCount`."""
    return {"id": experimenter_id, "childCount": images.count_orphaned(conn, group_id, experimenter_id)}


def marshal_image_query(conn: Any, query: ImageQuery) -> list[Marshalled]:
    """Images of a dataset, orphaned ones, or all, with the facts that were asked for."""
    found = images.images(
        conn,
        page=query.page,
        group_id=query.group_id,
        owner_id=query.owner_id,
        dataset_id=query.dataset_id,
        orphaned=query.orphaned,
        facts=images.ImageFacts(query.load_pixels, query.load_date, query.load_thumb_version),
    )
    return [_image_dict(conn, image) for image in found]


def _image_dict(conn: Any, image: Marshalled, share_id: int | None = None) -> Marshalled:
    return _marshal_image_map(
        conn,
        image,
        share_id=share_id,
        date=image.get("date"),
        acqDate=image.get("acqDate"),
        thumbVersion=image.get("thumbVersion"),
    )


def marshal_images(
    conn: Any,
    dataset_id: int | None = None,
    orphaned: bool = False,
    share_id: int | None = None,
    load_pixels: bool = False,
    group_id: int = -1,
    experimenter_id: int = -1,
    page: int | None = 1,
    date: bool = False,
    thumb_version: bool = False,
    limit: int = settings.PAGE,
) -> list[Marshalled]:
    if share_id is not None:
        return marshal_share_images(conn, share_id, load_pixels, date, thumb_version, Page.of(page, limit))
    return marshal_image_query(
        conn,
        ImageQuery(
            dataset_id=dataset_id,
            orphaned=orphaned,
            owner_id=experimenter_id,
            group_id=group_id,
            page=Page.of(page, limit),
            load_pixels=load_pixels,
            load_date=date,
            load_thumb_version=thumb_version,
        ),
    )


def marshal_share_images(
    conn: Any, share_id: int, load_pixels: bool, date: bool, thumb_version: bool, page: Page
) -> list[Marshalled]:
    """A page of a share's images; members that are gone come last, on every page only those of that page."""
    image_ids = shares.image_ids(conn, share_id)
    if not page.whole:
        image_ids = image_ids[page.offset : page.offset + page.limit]
    if not image_ids:
        return []
    facts = images.ImageFacts(load_pixels, date, thumb_version)
    found = images.images(conn, page=Page.of(None), ids=image_ids, facts=facts)
    present = {image["id"] for image in found}
    gone = [_marshal_image_deleted(conn, image_id) for image_id in image_ids if image_id not in present]
    return [_image_dict(conn, image, share_id) for image in found] + gone


def marshal_tags(
    conn: Any,
    tag_id: int | None = None,
    group_id: int = -1,
    experimenter_id: int = -1,
    page: int | None = 1,
    orphaned: bool = False,
    limit: int = settings.PAGE,
) -> list[Marshalled]:
    rows = tags.tags(
        conn,
        group_id=group_id,
        owner_id=experimenter_id,
        page=Page.of(page, limit),
        tagset_id=tag_id,
        orphaned=orphaned,
    )
    return [_marshal_tag(conn, row) for row in rows]


def marshal_tagged(
    conn: Any,
    tag_id: int,
    group_id: int = -1,
    experimenter_id: int = -1,
    page: int | None = 1,
    load_pixels: bool = False,
    date: bool = False,
    limit: int = settings.PAGE,
) -> dict[str, list[Marshalled]]:
    """Objects that carry a tag, by kind."""
    paging = Page.of(page, limit)
    scope: dict[str, Any] = {"group_id": group_id, "owner_id": experimenter_id, "page": paging}

    def listing(kind: containers.Kind) -> list[Marshalled]:
        return [
            _marshal_project(conn, row) for row in containers.containers(conn, kind, tag_id=tag_id, **scope)
        ]

    facts = images.ImageFacts(load_pixels, date)
    runs = containers.tagged_acquisitions(conn, tag_id, **scope)
    wells = containers.tagged_wells(conn, tag_id, group_id=group_id, page=paging)
    return {
        "projects": listing(containers.PROJECT),
        "datasets": listing(containers.DATASET),
        "images": [
            _image_dict(conn, image) for image in images.images(conn, tag_id=tag_id, facts=facts, **scope)
        ],
        "screens": listing(containers.SCREEN),
        "plates": listing(containers.PLATE),
        "acquisitions": [_marshal_plate_acquisition(conn, row) for row in runs],
        "wells": [_marshal_well(conn, well) for well in wells],
    }


def marshal_shares(
    conn: Any, member_id: int = -1, owner_id: int = -1, page: int | None = 1, limit: int = settings.PAGE
) -> list[Marshalled]:
    return [
        _marshal_share(conn, row)
        for row in shares.shares(conn, member_id, owner_id, Page.of(page, limit), True)
    ]


def marshal_discussions(
    conn: Any, member_id: int = -1, owner_id: int = -1, page: int | None = 1, limit: int = settings.PAGE
) -> list[Marshalled]:
    rows = shares.shares(conn, member_id, owner_id, Page.of(page, limit), False)
    return [_marshal_discussion(conn, (row[0], row[1], *row[3:])) for row in rows]


def marshal_annotations(
    conn: Any,
    project_ids: list[int] | None = None,
    dataset_ids: list[int] | None = None,
    image_ids: list[int] | None = None,
    screen_ids: list[int] | None = None,
    plate_ids: list[int] | None = None,
    run_ids: list[int] | None = None,
    well_ids: list[int] | None = None,
    ann_type: str | None = None,
    ns: str | None = None,
    group_id: int = -1,
    page: int | None = 1,
    limit: int = settings.PAGE,
) -> tuple[list[Marshalled], list[Marshalled]]:
    """(annotations, experimenters) of the objects, one annotation per link."""
    query = annotation_queries.AnnotationQuery(
        ids={
            "project": list(project_ids or ()),
            "dataset": list(dataset_ids or ()),
            "image": list(image_ids or ()),
            "screen": list(screen_ids or ()),
            "plate": list(plate_ids or ()),
            "acquisition": list(run_ids or ()),
            "well": list(well_ids or ()),
        },
        kind=ann_type,
        ns=ns,
        group_id=group_id,
        page=Page.of(page, limit),
    )
    return marshal_links(conn, annotation_queries.annotation_links(conn, query))
