"""JSON of the tree. Source: contract/webclient.md, section 5."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import Ice
import omero
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseForbidden,
    HttpResponseServerError,
    JsonResponse,
)
from django.views.decorators.http import require_GET, require_http_methods

from omeroweb.webclient import tree
from omeroweb.webclient.annotation_marshal import class_name, marshal_links, parent_name
from omeroweb.webclient.commands import delete_and_wait, error_text
from omeroweb.webclient.decorators import login_required
from omeroweb.webclient.parameters import (
    ContainerQuery,
    ImageQuery,
    InvalidParameter,
    Page,
    get_bool_or_default,
    get_comma_ids,
    get_ids,
    get_int,
    get_long_or_default,
)
from omeroweb.webclient.queries import annotations as annotation_queries
from omeroweb.webclient.queries import people
from omeroweb.webclient.queries.annotations import ANNOTATED, AnnotationQuery
from omeroweb.webclient.queries.paths import PathQuery, find_paths, parent_links, tag_paths
from omeroweb.webclient.views.pages import fake_experimenter

View = Callable[..., HttpResponse]
DEFAULT_ORPHANS_NAME = "Orphaned Images"


def tree_json(view: View) -> View:
    """Answers of the tree endpoints to bad parameters and server failures (contract/webclient.md, section 2.2).

    The body of a 400 is fixed; the reason phrase of the status line names the parameter.
    """

    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except InvalidParameter as error:
            return HttpResponseBadRequest("Invalid parameter value", reason=f"Bad Request ({error.name})")
        except omero.ApiUsageException as error:
            return HttpResponseBadRequest(error.message)
        except omero.SecurityViolation as error:
            return HttpResponseForbidden(error.message)
        except omero.ServerError as error:
            return HttpResponseServerError(error.message)
        except Ice.ObjectNotExistException:
            raise
        except Ice.Exception as error:
            return HttpResponseServerError(str(error))

    return wrapped


def check_membership(conn: Any, group_id: int) -> None:
    """403 unless the group is one of the user's, or the user is an administrator."""
    if group_id >= 0 and not conn.isAdmin() and group_id not in conn.getEventContext().memberOfGroups:
        raise NotMember(group_id)


class NotMember(Exception):
    def __init__(self, group_id: int) -> None:
        super().__init__(f"Not a member of Group: {group_id}")


def members_only(view: View) -> View:
    """Turns NotMember into 403 with its text."""

    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except NotMember as error:
            return HttpResponseForbidden(str(error))

    return wrapped


@require_GET
@login_required()
@tree_json
def api_group_list(request: HttpRequest, conn: Any = None, **kwargs: Any) -> HttpResponse:
    """Groups by name, all or those of `member`."""
    page = Page.from_request(request)
    groups = tree.marshal_groups(conn, get_int(request, "member", -1), page.number, page.limit)
    return JsonResponse({"groups": groups})


@require_GET
@login_required()
@tree_json
def api_experimenter_detail(
    request: HttpRequest, experimenter_id: str, conn: Any = None, **kwargs: Any
) -> HttpResponse:
    """One user, or the invented one for all members when the id is negative."""
    user_id = int(experimenter_id)
    if user_id < 0:
        return JsonResponse({"experimenter": fake_experimenter(request)})
    if not conn.isAdmin() and user_id != conn.getUserId() and not people.share_a_group(conn, user_id):
        raise Http404(f"Experimenter {user_id} not found")
    experimenter = tree.marshal_experimenter(conn, user_id)
    if experimenter is None:
        raise Http404(f"Experimenter {user_id} not found")
    return JsonResponse({"experimenter": experimenter})


def may_see_orphans(request: HttpRequest, conn: Any, owner_id: int) -> bool:
    """Orphans are shown to their owner, group leaders, administrators, and others unless switched off."""
    group_id = request.session.get("active_group")
    if conn.isAdmin() or owner_id == conn.getUserId() or conn.isLeader(group_id):
        return True
    return orphans_preferences(request).get("enabled", True) is not False


def orphans_preferences(request: HttpRequest) -> dict[str, Any]:
    settings = request.session.get("server_settings") or {}
    return ((settings.get("ui") or {}).get("tree") or {}).get("orphans") or {}


@require_GET
@login_required()
@members_only
@tree_json
def api_container_list(request: HttpRequest, conn: Any = None, **kwargs: Any) -> HttpResponse:
    """What hangs directly below a user: projects, screens, and what has no parent."""
    page = Page.from_request(request)
    group_id = get_int(request, "group", -1)
    owner_id = get_int(request, "id", -1)
    check_membership(conn, group_id)
    scope: dict[str, Any] = {
        "group_id": group_id,
        "experimenter_id": owner_id,
        "page": page.number,
        "limit": page.limit,
    }
    answer: dict[str, Any] = {
        "projects": tree.marshal_projects(conn, **scope),
        "datasets": tree.marshal_datasets(conn, orphaned=True, **scope),
        "screens": tree.marshal_screens(conn, **scope),
        "plates": tree.marshal_plates(conn, orphaned=True, **scope),
    }
    if may_see_orphans(request, conn, owner_id):
        orphaned = tree.marshal_orphaned(conn, group_id, owner_id)
        orphaned["name"] = orphans_preferences(request).get("name", DEFAULT_ORPHANS_NAME)
        answer["orphaned"] = orphaned
    return JsonResponse(answer)


@require_GET
@login_required()
@members_only
@tree_json
def api_dataset_list(request: HttpRequest, conn: Any = None, **kwargs: Any) -> HttpResponse:
    """Datasets of a project, or all."""
    query = ContainerQuery.from_request(request)
    check_membership(conn, query.group_id)
    datasets = tree.marshal_datasets(
        conn, query.parent_id, False, query.group_id, -1, query.page.number, query.page.limit
    )
    return JsonResponse({"datasets": datasets})


@require_GET
@login_required()
@members_only
@tree_json
def api_image_list(request: HttpRequest, conn: Any = None, **kwargs: Any) -> HttpResponse:
    """Images of a dataset, orphaned images, or all, a page at a time."""
    query = ImageQuery.from_request(request)
    check_membership(conn, query.group_id)
    return JsonResponse({"images": tree.marshal_image_query(conn, query)})


@require_GET
@login_required()
@tree_json
def api_share_image_list(
    request: HttpRequest, share_id: str, conn: Any = None, **kwargs: Any
) -> HttpResponse:
    """Images of a share."""
    query = ImageQuery.from_request(request)
    images = tree.marshal_share_images(
        conn, int(share_id), query.load_pixels, query.load_date, query.load_thumb_version, query.page
    )
    return JsonResponse({"images": images})


@require_GET
@login_required()
@members_only
@tree_json
def api_plate_list(request: HttpRequest, conn: Any = None, **kwargs: Any) -> HttpResponse:
    """Plates of a screen, or all."""
    query = ContainerQuery.from_request(request)
    check_membership(conn, query.group_id)
    plates = tree.marshal_plates(
        conn, query.parent_id, False, query.group_id, -1, query.page.number, query.page.limit
    )
    return JsonResponse({"plates": plates})


@require_GET
@login_required()
@tree_json
def api_plate_acquisition_list(request: HttpRequest, conn: Any = None, **kwargs: Any) -> HttpResponse:
    """Runs of a plate."""
    plate_id = get_long_or_default(request, "id", None)
    page = Page.from_request(request)
    if plate_id is None:
        return HttpResponseBadRequest("id (plate) must be specified")
    runs = tree.marshal_plate_acquisitions(conn, plate_id, page.number, page.limit)
    return JsonResponse({"acquisitions": runs})


@require_http_methods(["GET", "DELETE"])
@login_required()
@tree_json
def api_tags_and_tagged_list(request: HttpRequest, conn: Any = None, **kwargs: Any) -> HttpResponse:
    """GET: tags, or what a tag holds. DELETE: delete tags."""
    if request.method == "DELETE":
        return delete_tags(request, conn)
    query = ContainerQuery.from_request(request)
    page, limit = query.page.number, query.page.limit
    orphaned = get_bool_or_default(request, "orphaned", False)
    answer: dict[str, Any] = {}
    if query.parent_id is not None:
        answer = dict(
            tree.marshal_tagged(
                conn,
                query.parent_id,
                query.group_id,
                query.owner_id,
                page,
                get_bool_or_default(request, "sizeXYZ", False),
                get_bool_or_default(request, "date", False),
                limit,
            )
        )
    answer["tags"] = tree.marshal_tags(
        conn, query.parent_id, query.group_id, query.owner_id, page, orphaned, limit
    )
    return JsonResponse(answer)


def delete_tags(request: HttpRequest, conn: Any) -> HttpResponse:
    tag_ids = get_ids(request.GET, "id")
    if tag_ids:
        try:
            delete_and_wait(conn, "Annotation", tag_ids)
        except omero.CmdError as error:
            return HttpResponseBadRequest(error_text(error.err))
    return JsonResponse("", safe=False)


@require_GET
@login_required()
@tree_json
def api_share_list(request: HttpRequest, conn: Any = None, **kwargs: Any) -> HttpResponse:
    """Shares and discussions."""
    page = Page.from_request(request)
    scope = (get_int(request, "member_id", -1), get_int(request, "owner_id", -1), page.number, page.limit)
    return JsonResponse(
        {"shares": tree.marshal_shares(conn, *scope), "discussions": tree.marshal_discussions(conn, *scope)}
    )


@require_GET
@login_required()
@tree_json
def api_paths_to_object(request: HttpRequest, conn: Any = None, **kwargs: Any) -> HttpResponse:
    """All ways from the users down to an object."""
    names = (
        "experimenter",
        "project",
        "dataset",
        "image",
        "screen",
        "plate",
        "well",
        "roi",
        "shape",
        "group",
    )
    ids = {name: get_long_or_default(request, name, None) for name in names}
    acquisition = get_long_or_default(request, "acquisition", None)
    if acquisition is None:
        acquisition = get_long_or_default(request, "run", None)
    page_size = get_long_or_default(request, "page_size", None)
    if page_size is not None and page_size < 1:
        raise InvalidParameter("page_size", "must be at least 1")
    tag = get_long_or_default(request, "tag", None)
    tagset = get_long_or_default(request, "tagset", None)
    if tag is not None or tagset is not None:
        paths = tag_paths(conn, ids["experimenter"], tagset, tag, ids["group"])
    else:
        paths = find_paths(conn, PathQuery(acquisition=acquisition, page_size=page_size, **ids))
    return JsonResponse({"paths": paths})


@require_GET
@login_required()
@tree_json
def api_parent_links(request: HttpRequest, conn: Any = None, **kwargs: Any) -> HttpResponse:
    """Links from images, datasets and plates to their parents."""
    ids = {name: get_comma_ids(request.GET, name) for name in ("image", "dataset", "plate")}
    return JsonResponse({"data": parent_links(conn, ids)})


@require_GET
@login_required()
@tree_json
def api_annotations(request: HttpRequest, conn: Any = None, **kwargs: Any) -> HttpResponse:
    """Annotations of objects, one entry per link, on demand with those of their ancestors."""
    page = Page.from_request(request)
    if "limit" not in request.GET:
        page = Page(page.number, page.limit * 100)
    ids = {name: get_ids(request.GET, name) for name, _ in ANNOTATED}
    query = AnnotationQuery(
        ids=ids, kind=request.GET.get("type") or None, ns=request.GET.get("ns"), group_id=-1, page=page
    )
    links = annotation_queries.annotation_links(conn, query)
    annotations, experimenters = marshal_links(conn, links)
    if request.GET.get("parents") != "true":
        return JsonResponse({"annotations": annotations, "experimenters": experimenters})

    lineage = annotation_queries.ancestors(conn, ids)
    inherited_links = annotation_queries.annotation_links(
        conn,
        AnnotationQuery(
            {name: list(below) for name, below in lineage.items()}, query.kind, query.ns, -1, page
        ),
    )
    inherited, more_people = marshal_links(conn, inherited_links)
    by_id = {person["id"]: person for person in (*experimenters, *more_people)}
    return JsonResponse(
        {
            "annotations": annotations,
            "parents": {
                "annotations": inherited,
                "lineage": marshal_lineage(conn, lineage, inherited_links),
            },
            "experimenters": [by_id[person_id] for person_id in sorted(by_id)],
        }
    )


CLASSES = {name: f"{entity}I" for name, entity in ANNOTATED}


def marshal_lineage(
    conn: Any, lineage: dict[str, dict[int, list[tuple[str, int]]]], links: list[Any]
) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Ancestor class → id → requested objects below it."""
    wanted: dict[str, list[int]] = {}
    for below in lineage.values():
        for children in below.values():
            for name, object_id in children:
                wanted.setdefault(name, []).append(object_id)
    names = annotation_queries.names_of(conn, wanted)
    known = {(class_name(link.parent), link.parent.id.val): parent_name(link.parent) for link in links}
    result: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for ancestor, below in lineage.items():
        for ancestor_id, children in below.items():
            entries = []
            for name, object_id in children:
                entry: dict[str, Any] = {"id": object_id, "class": CLASSES[name]}
                label = names.get((name, object_id)) or known.get((CLASSES[name], object_id))
                if label is not None:
                    entry["name"] = label
                entries.append(entry)
            result.setdefault(CLASSES[ancestor], {})[str(ancestor_id)] = entries
    return result
