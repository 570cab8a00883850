"""Actions on objects: create, rename, describe, unlink, delete. Source: contract/webclient.md, section 7."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import omero
import omero.clients
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    HttpResponseServerError,
    JsonResponse,
)
from django.urls import reverse
from django.views.decorators.http import require_http_methods
from omero.rtypes import rstring

from omeroweb.webclient import jobs
from omeroweb.webclient.commands import delete_and_wait, delete_request, error_text, submit
from omeroweb.webclient.controller.container import TYPES, BaseContainer
from omeroweb.webclient.decorators import login_required, object_errors, render_response
from omeroweb.webclient.forms import ContainerDescriptionForm, ContainerForm, ContainerNameForm
from omeroweb.webclient.linking import LINK_TYPES, find_links, make_link, save_links
from omeroweb.webclient.parameters import get_ids, parse_int, parse_references, to_bool
from omeroweb.webclient.queries.projection import rows
from omeroweb.webclient.wrappers import group_of

# What can be created without a parent
ENTITIES = {
    "project": "Project",
    "dataset": "Dataset",
    "screen": "Screen",
    "tag": "TagAnnotation",
    "tagset": "TagAnnotation",
}
TAGSET = omero.constants.metadata.NSINSIGHTTAGSET

# Parameter of `delete` and `deletemany` → (class of the command, how the job calls it)
DELETABLE = {
    "image": ("Image", "Image"),
    "dataset": ("Dataset", "Dataset"),
    "project": ("Project", "Project"),
    "screen": ("Screen", "Screen"),
    "plate": ("Plate", "Plate"),
    "well": ("Well", "Well"),
    "acquisition": ("PlateAcquisition", "Plate Run"),
    "tag": ("Annotation", "Annotation"),
    "comment": ("Annotation", "comment"),
    "file": ("Annotation", "file"),
}
DELETE_ONE = ("image", "dataset", "project", "screen", "plate", "comment", "tag", "file")
DELETE_MANY = ("image", "dataset", "project", "tag", "screen", "plate", "well", "acquisition")
ANNOTATION_KINDS = ("tag", "file", "comment")
NO_OBJECT = "Object does not exist"

Answer = dict[str, Any] | HttpResponse
Action = Callable[[HttpRequest, Any, BaseContainer, "str | None"], Answer]


def done(**facts: Any) -> HttpResponse:
    return JsonResponse({"bad": "false", **facts})


def refused(errors: Any) -> HttpResponse:
    """Form errors as field → rendered list, or a text."""
    if hasattr(errors, "items"):
        errors = {field: str(messages) for field, messages in errors.items()}
    return JsonResponse({"bad": "true", "errs": errors})


@require_http_methods(["GET", "POST"])
@login_required(setGroupContext=True)
@render_response()
@object_errors
def manage_action_containers(
    request: HttpRequest,
    action: str,
    o_type: str | None = None,
    o_id: str | None = None,
    conn: Any = None,
    **kwargs: Any,
) -> Answer:
    """Do `action` to the object. Forms: `webclient/ajax_form/container_form_ajax.html`.

    Context of the forms: `manager`, `form` (field `name` or `description`), `o_type`, `o_id`, `action`.
    """
    perform = ACTIONS.get(action)
    if perform is None:
        raise Http404(f"There is no action {action}")
    manager = BaseContainer(conn)
    if o_type in TYPES and o_id is not None and int(o_id) > 0:
        # Loaded across groups; saving follows the object's group, creating the active one.
        active_group = conn.SERVICE_OPTS.getOmeroGroup()
        conn.SERVICE_OPTS.setOmeroGroup(-1)
        manager = BaseContainer(conn, **{o_type: parse_int("o_id", o_id)})
        conn.SERVICE_OPTS.setOmeroGroup(active_group)
    return perform(request, conn, manager, o_type)


# -- create -------------------------------------------------------------------------------------------------------


def add_new_container(request: HttpRequest, conn: Any, manager: BaseContainer, o_type: str | None) -> Answer:
    """New dataset in a project, tag in a tag set, or any container at top level."""
    if request.method != "POST":
        return JsonResponse({"Error": "Must use POST to create container"}, status=405)
    form = ContainerForm(request.POST)
    if not form.is_valid():
        return refused(form.errors)
    data = form.cleaned_data
    folder_type = request.POST.get("folder_type")
    if o_type == "project" and manager.project is not None:
        new_type, parent = "dataset", LINK_TYPES[("project", "dataset")]
    elif o_type in ("tagset", "tag") and (manager.tagset or manager.tag) is not None:
        new_type, parent = "tag", LINK_TYPES[("tagset", "tag")]
    elif folder_type in ENTITIES:
        new_type, parent = folder_type, None
    else:
        return HttpResponseServerError(NO_OBJECT)

    if parent is not None:
        conn.SERVICE_OPTS.setOmeroGroup(group_of(manager.obj))
    new_id = create(conn, new_type, data["name"], data["description"], data["owner"])
    if parent is not None and (new_type != "tag" or manager.obj.getNs() == TAGSET):
        save_links(conn, [make_link(parent, manager.obj_id or 0, new_id, data["owner"])])
    if new_type == "dataset":
        image_ids = get_ids(request.POST, "image")
        kind = LINK_TYPES[("dataset", "image")]
        if image_ids:
            save_links(conn, [make_link(kind, new_id, image_id, data["owner"]) for image_id in image_ids])
    return done(id=new_id)


def create(conn: Any, kind: str, name: str, description: str, owner_id: int | None) -> int:
    """Save a new container and return its id. Tags keep their name as text."""
    obj = getattr(omero.model, f"{ENTITIES[kind]}I")()
    if kind in ("tag", "tagset"):
        obj.setTextValue(rstring(name))
        if kind == "tagset":
            obj.setNs(rstring(TAGSET))
    else:
        obj.setName(rstring(name))
    if description:
        obj.setDescription(rstring(description))
    if owner_id is not None:
        obj.details.owner = omero.model.ExperimenterI(owner_id, False)
    return int(conn.getUpdateService().saveAndReturnObject(obj, conn.SERVICE_OPTS).id.val)


# -- names and descriptions ---------------------------------------------------------------------------------------


def edit_form(request: HttpRequest, manager: BaseContainer, form: Any, action: str) -> Answer:
    return {
        "template": "webclient/ajax_form/container_form_ajax.html",
        "manager": manager,
        "form": form,
        "o_type": manager.obj_type,
        "o_id": manager.obj_id,
        "action": action,
    }


def edit_name(request: HttpRequest, conn: Any, manager: BaseContainer, o_type: str | None) -> Answer:
    if manager.obj is None:
        return HttpResponseServerError(NO_OBJECT)
    return edit_form(request, manager, ContainerNameForm(initial={"name": manager.obj_name}), "savename")


def edit_description(request: HttpRequest, conn: Any, manager: BaseContainer, o_type: str | None) -> Answer:
    if manager.obj is None:
        return HttpResponseServerError(NO_OBJECT)
    form = ContainerDescriptionForm(initial={"description": manager.obj.getDescription() or ""})
    return edit_form(request, manager, form, "savedescription")


def save_in_own_group(conn: Any, wrapper: Any) -> None:
    conn.SERVICE_OPTS.setOmeroGroup(group_of(wrapper))
    conn.getUpdateService().saveObject(wrapper._obj, conn.SERVICE_OPTS)


def save_name(request: HttpRequest, conn: Any, manager: BaseContainer, o_type: str | None) -> Answer:
    if request.method != "POST":
        return HttpResponseRedirect(
            reverse("manage_action_containers", args=["edit", o_type, manager.obj_id])
            if manager.obj is not None
            else reverse("manage_action_containers", args=["edit"])
        )
    if manager.obj is None:
        return HttpResponseServerError(NO_OBJECT)
    form = ContainerNameForm(request.POST)
    if not form.is_valid():
        return refused(form.errors)
    name = rstring(form.cleaned_data["name"])
    obj = manager.obj._obj
    if o_type in ("tag", "tagset"):
        obj.setTextValue(name)
    elif hasattr(obj, "setName"):
        obj.setName(name)
    else:
        return refused(f"A {o_type} has no name")
    save_in_own_group(conn, manager.obj)
    return done(o_type=o_type)


def save_description(request: HttpRequest, conn: Any, manager: BaseContainer, o_type: str | None) -> Answer:
    if manager.obj is None:
        return HttpResponseServerError(NO_OBJECT)
    if request.method != "POST":
        return HttpResponseServerError(
            f"Action 'savedescription' on the '{o_type}' id:{manager.obj_id} cannot be complited"
        )
    form = ContainerDescriptionForm(request.POST)
    if not form.is_valid():
        return refused(form.errors)
    text = form.cleaned_data["description"]
    obj = manager.obj._obj
    if not hasattr(obj, "setDescription"):
        return refused(f"A {o_type} has no description")
    obj.setDescription(rstring(text) if text else None)
    save_in_own_group(conn, manager.obj)
    return done()


# -- unlink and delete --------------------------------------------------------------------------------------------

PARENT_OF = {"dataset": "project", "plate": "screen", "image": "dataset"}


def remove(request: HttpRequest, conn: Any, manager: BaseContainer, o_type: str | None) -> Answer:
    """Delete the links between the object and the parents named in `parent`."""
    if request.method != "POST" or manager.obj is None or o_type is None:
        return refused("Attribute not specified. Cannot be removed.")
    conn.SERVICE_OPTS.setOmeroGroup(-1)
    try:
        for parent_type, parent_id in parse_references("parent", request.POST.get("parent", "")):
            links = links_to_parent(conn, o_type, manager.obj_id or 0, parent_type, parent_id)
            if not links:
                return refused(f"No link found for {parent_type}-{parent_id} to {o_type}-{manager.obj_id}")
            link_type, ids = links
            delete_and_wait(conn, link_type, ids)
    except omero.CmdError as error:
        return refused(error_text(error.err))
    return done()


def links_to_parent(
    conn: Any, o_type: str, object_id: int, parent_type: str, parent_id: int
) -> tuple[str, list[int]] | None:
    """(class of link, ids); for annotations only links that the user may delete. None when there are none."""
    if o_type in ANNOTATION_KINDS and parent_type != "tagset":
        if parent_type not in TYPES:
            return None
        link_type = f"{TYPES[parent_type][0]}AnnotationLink"
        params = omero.sys.ParametersI().addId(object_id)
        params.addLong("parent", parent_id)
        hql = (
            f"select new map(link.id as id, link as link_details_permissions) from {link_type} link"
            " where link.parent.id = :parent and link.child.id = :id"
        )
        found = [row[0] for row in rows(conn, hql, params)]
        ids = [link["id"] for link in found if link["link_details_permissions"]["canDelete"]]
    else:
        kind = LINK_TYPES.get((parent_type, o_type))
        if kind is None:
            return None
        link_type = kind.link
        ids = find_links(conn, kind, parent_id, [object_id])
    return (link_type, ids) if ids else None


def delete(request: HttpRequest, conn: Any, manager: BaseContainer, o_type: str | None) -> Answer:
    """Delete one object; the outcome arrives through the activities."""
    if request.method != "POST":
        return refused("Must use POST to delete")
    if o_type not in DELETE_ONE or manager.obj is None:
        return refused(f"Cannot delete '{o_type}'")
    entity, _ = DELETABLE[o_type]
    contents = to_bool(request.POST.get("child")) or o_type == "plate"
    command = delete_request(
        entity, [manager.obj_id or 0], contents=contents, annotations=keeps_no_annotations(request, entity)
    )
    try:
        job_id = submit(conn, command)
    except omero.ServerError as error:
        return refused(error.message)
    jobs.register(
        request, job_id, "delete", delmany=False, did=manager.obj_id, dtype=o_type, error=0, dreport=None
    )
    return done()


def keeps_no_annotations(request: HttpRequest, entity: str) -> bool:
    """Whether tags and files that hang on nothing else go too. Annotations themselves always go."""
    return entity == "Annotation" or to_bool(request.POST.get("anns"))


def delete_many(request: HttpRequest, conn: Any, manager: BaseContainer, o_type: str | None) -> Answer:
    """Delete objects of several types, one command and one job per type."""
    if request.method != "POST":
        return JsonResponse({"Error": "Must use POST to delete"}, status=405)
    for kind in DELETE_MANY:
        ids = get_ids(request.POST, kind)
        if not ids:
            continue
        entity, label = DELETABLE[kind]
        command = delete_request(
            entity,
            ids,
            contents=to_bool(request.POST.get("child")),
            annotations=keeps_no_annotations(request, entity),
        )
        job_id = submit(conn, command)
        many = len(ids) > 1
        jobs.register(
            request,
            job_id,
            "delete",
            delmany=len(ids) if many else False,
            did=ids if many else str(ids[0]),
            dtype=label,
            error=0,
            dreport=None,
        )
    return done()


ACTIONS: dict[str, Action] = {
    "addnewcontainer": add_new_container,
    "editname": edit_name,
    "savename": save_name,
    "editdescription": edit_description,
    "savedescription": save_description,
    "remove": remove,
    "delete": delete,
    "deletemany": delete_many,
}
