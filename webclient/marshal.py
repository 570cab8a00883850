"""Projection rows to the dictionaries of the tree. No HQL and no HTTP here.

Rows may hold Ice values or plain ones. Source: contract/webclient.md, sections 2.5, 2.6 and 5; names and row layouts
that start with `_marshal` are used by third-party apps (contract/plugins.md, section 5.3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import omero
from django.conf import settings
from omero.rtypes import unwrap

RIGHTS = ("canEdit", "canAnnotate", "canLink", "canDelete", "canChgrp", "canChown")


def parse_permissions_css(permissions: Mapping[str, Any], ownerid: int, conn: Any) -> str:
    """The rights that are true, in a fixed order, and `isOwned` for the current user's objects."""
    words = [right for right in RIGHTS if unwrap(permissions.get(right))]
    if ownerid == conn.getUserId():
        words.append("isOwned")
    return " ".join(words)


@lru_cache(maxsize=8)
def _zone(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None


def _marshal_date(time: int | float | None) -> str:
    """Milliseconds since 1970 as local ISO-8601 in whole seconds; `""` when out of range."""
    if time is None:
        return ""
    try:
        moment = datetime.fromtimestamp(time // 1000, timezone.utc)
        zone = _zone(settings.TIME_ZONE)
        if zone is None:
            return moment.replace(tzinfo=None).isoformat()
        return moment.astimezone(zone).isoformat()
    except (ValueError, OverflowError, OSError):
        return ""


def _marshal_group(conn: Any, row: Sequence[Any]) -> dict[str, Any]:
    """row: id, name, permissions map."""
    group_id, name, permissions = (unwrap(value) for value in row)
    return {"id": group_id, "name": name, "perm": permissions["perm"]}


def _marshal_experimenter(conn: Any, row: Sequence[Any]) -> dict[str, Any]:
    """row: id, login name, first name, last name."""
    experimenter_id, name, first, last = (unwrap(value) for value in row)
    return {"id": experimenter_id, "omeName": name, "firstName": first, "lastName": last}


def _marshal_exp_obj(experimenter: Any) -> dict[str, Any]:
    """The same from a loaded experimenter object."""
    return {
        "id": unwrap(experimenter.id),
        "omeName": unwrap(experimenter.omeName),
        "firstName": unwrap(experimenter.firstName),
        "lastName": unwrap(experimenter.lastName),
    }


def _marshal_container(conn: Any, row: Sequence[Any]) -> dict[str, Any]:
    """row: id, name, owner id, permissions map, child count."""
    container_id, name, owner_id, permissions, child_count = (unwrap(value) for value in row)
    return {
        "id": container_id,
        "name": name,
        "ownerId": owner_id,
        "childCount": child_count,
        "permsCss": parse_permissions_css(permissions, owner_id, conn),
    }


_marshal_project = _marshal_container
_marshal_dataset = _marshal_container
_marshal_screen = _marshal_container
_marshal_plate = _marshal_container


def _run_time(milliseconds: int) -> str:
    """UTC as `YYYY-MM-DD HH:MM:SS`, with a fraction when there is one."""
    return str(datetime.fromtimestamp(milliseconds / 1000, timezone.utc).replace(tzinfo=None))


def run_name(run_id: int, name: str | None, start: int | None, end: int | None) -> str:
    """What an acquisition is called: its name, else its times, else `Run <id>`. Times: milliseconds UTC."""
    if name:
        return name
    if start is not None and end is not None:
        return f"{_run_time(start)} - {_run_time(end)}"
    if start is not None:
        return _run_time(start)
    return f"Run {run_id}"


def _marshal_plate_acquisition(conn: Any, row: Sequence[Any]) -> dict[str, Any]:
    """row: id, name, owner id, permissions map, start, end."""
    run_id, name, owner_id, permissions, start, end = (unwrap(value) for value in row)
    return {
        "id": run_id,
        "name": run_name(run_id, name, start, end),
        "ownerId": owner_id,
        "permsCss": parse_permissions_css(permissions, owner_id, conn),
    }


def _marshal_image(
    conn: Any,
    row: Sequence[Any],
    row_pixels: Sequence[Any] | None = None,
    share_id: int | None = None,
    date: Any = None,
    acqDate: Any = None,
    thumbVersion: int | None = None,
) -> dict[str, Any]:
    """row: id, name, owner id, permissions map, fileset id; row_pixels: sizes x, y, z, t; dates in milliseconds."""
    image_id, name, owner_id, permissions, fileset_id = (unwrap(value) for value in row)
    data: dict[str, Any] = {
        "id": image_id,
        "name": name,
        "ownerId": owner_id,
        "image_details_permissions": permissions,
        "filesetId": fileset_id,
    }
    if row_pixels is not None:
        data.update(
            zip(("sizeX", "sizeY", "sizeZ", "sizeT"), (unwrap(size) for size in row_pixels), strict=True)
        )
    return _marshal_image_map(
        conn, data, share_id=share_id, date=unwrap(date), acqDate=unwrap(acqDate), thumbVersion=thumbVersion
    )


def _marshal_image_map(
    conn: Any,
    data: Mapping[str, Any],
    share_id: int | None = None,
    date: int | None = None,
    acqDate: int | None = None,
    thumbVersion: int | None = None,
) -> dict[str, Any]:
    """data: `id, archived, name, ownerId, image_details_permissions, filesetId`, and sizes when they were asked for."""
    image: dict[str, Any] = {
        "id": data["id"],
        "archived": bool(data.get("archived")),
        "name": data["name"],
        "ownerId": data["ownerId"],
        "permsCss": parse_permissions_css(data["image_details_permissions"], data["ownerId"], conn),
    }
    if data.get("filesetId") is not None:
        image["filesetId"] = data["filesetId"]
    for size in ("sizeX", "sizeY", "sizeZ", "sizeT"):
        if size in data:
            image[size] = data[size]
    if share_id is not None:
        image["shareId"] = share_id
    if date is not None:
        image["date"] = _marshal_date(date)
    if acqDate is not None:
        image["acqDate"] = _marshal_date(acqDate)
    if thumbVersion is not None:
        image["thumbVersion"] = thumbVersion
    return image


def _marshal_image_deleted(conn: Any, image_id: int) -> dict[str, Any]:
    """A share's member that is gone."""
    return {"id": image_id, "deleted": True}


def letters(index: int) -> str:
    """Spreadsheet name of a 0-based position: A … Z, AA …"""
    name = ""
    index += 1
    while index > 0:
        index, remainder = divmod(index - 1, 26)
        name = chr(ord("A") + remainder) + name
    return name


def well_position(row: int, column: int, row_naming: str | None, column_naming: str | None) -> str:
    """`B12`: rows are letters unless named by number, columns numbers unless named by letter."""
    row_label = str(row + 1) if (row_naming or "").lower() == "number" else letters(row)
    column_label = letters(column) if (column_naming or "").lower() == "letter" else str(column + 1)
    return row_label + column_label


def _marshal_well(conn: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    """data: `id ownerId well_details_permissions plateId plateName row column rowNaming columnNaming`."""
    position = well_position(data["row"], data["column"], data["rowNaming"], data["columnNaming"])
    return {
        "id": data["id"],
        "ownerId": data["ownerId"],
        "plateId": data["plateId"],
        "permsCss": parse_permissions_css(data["well_details_permissions"], data["ownerId"], conn),
        "name": f"{data['plateName']} - {position}",
    }


def _marshal_tag(conn: Any, row: Sequence[Any]) -> dict[str, Any]:
    """row: id, text, description, owner id, permissions map, namespace, tag count, image count."""
    tag_id, text, description, owner_id, permissions, ns, tag_count, image_count = (
        unwrap(value) for value in row
    )
    is_set = ns == omero.constants.metadata.NSINSIGHTTAGSET
    tag: dict[str, Any] = {
        "id": tag_id,
        "value": text,
        "ownerId": owner_id,
        "permsCss": parse_permissions_css(permissions, owner_id, conn),
        "set": is_set,
        "childCount": tag_count if is_set else image_count,
    }
    if description:
        tag["description"] = description
    return tag


def _marshal_share(conn: Any, row: Sequence[Any]) -> dict[str, Any]:
    """row: id, owner id, child count, start (ms), time to live (ms), active."""
    share_id, owner_id, child_count, started, time_to_live, active = (unwrap(value) for value in row)
    expires = None if started is None or time_to_live is None else started + time_to_live
    now = datetime.now(timezone.utc).timestamp() * 1000
    return {
        "id": share_id,
        "ownerId": owner_id,
        "childCount": child_count,
        "isOwned": owner_id == conn.getUserId() or conn.isAdmin(),
        "expired": expires is not None and expires <= now,
        "active": active,
    }


def _marshal_discussion(conn: Any, row: Sequence[Any]) -> dict[str, Any]:
    """row: id, owner id, start (ms), time to live (ms), active."""
    share_id, owner_id, started, time_to_live, active = row
    discussion = _marshal_share(conn, (share_id, owner_id, 0, started, time_to_live, active))
    del discussion["childCount"]
    return discussion
