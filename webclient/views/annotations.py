"""Adding and removing annotations. Source: contract/webclient.md, section 8."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from omeroweb.webclient import annotating
from omeroweb.webclient.decorators import login_required, render_response
from omeroweb.webclient.forms import CommentAnnotationForm, NewTagForm, NewTagFormSet
from omeroweb.webclient.parameters import (
    InvalidParameter,
    Page,
    Selection,
    get_ids,
    get_int,
    get_long_or_default,
    parse_int,
)
from omeroweb.webclient.queries import annotations as annotation_queries
from omeroweb.webclient.queries import panels, tags
from omeroweb.webclient.queries.projection import rows
from omeroweb.webclient.selection import Target, enter_group, ids_by_entity, load_targets
from omeroweb.webclient.wrappers import set_rating

MAX_FILES = 500


def targets_of(request: HttpRequest, conn: Any) -> list[Target]:
    """The objects a request names, with the context moved into their group. 404 when there are none."""
    targets = load_targets(conn, Selection.from_request(request))
    if not targets:
        raise Http404("No objects found")
    enter_group(conn, targets)
    return targets


def form_errors(form: Any) -> HttpResponse:
    """Invalid forms answer 200 with Django's list of errors."""
    return HttpResponse(str(form.errors))


# -- tags ---------------------------------------------------------------------------------------------------------


class TagSelectionForm(forms.Form):
    """The tags that shall be on the objects afterwards."""

    tags = forms.CharField(required=False, widget=forms.HiddenInput())

    def clean_tags(self) -> list[int]:
        return [parse_int("tags", part) for part in self.cleaned_data["tags"].split(",") if part.strip()]


class ObjectsForm(forms.Form):
    """Hidden multiple selects that carry the objects through a dialog."""

    def __init__(self, targets: list[Target], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ids: dict[str, list[int]] = {}
        for target in targets:
            ids.setdefault(target.kind, []).append(target.id)
        for kind, values in ids.items():
            self.fields[kind] = forms.MultipleChoiceField(
                choices=[(value, value) for value in values],
                initial=values,
                widget=forms.MultipleHiddenInput(),
            )


@require_http_methods(["GET", "POST"])
@login_required()
@render_response()
def annotate_tags(request: HttpRequest, conn: Any = None, **kwargs: Any) -> dict[str, Any] | HttpResponse:
    """GET: the tagging dialog, `webclient/annotations/tags_form.html`. POST: make the selection so.

    Context: `form_tags` (hidden fields naming the objects, and `tags`), `newtags_formset` (fields `tag`,
    `description`, `tagset`), `selected_tags`: list of `(tag id, current user id, link owner's full name, true,
    link date, link is mine)`. The JSON of a POST is `{"added": [ids], "removed": [ids], "new": [ids]}`.
    """
    targets = targets_of(request, conn)
    if request.method == "GET":
        return {
            "template": "webclient/annotations/tags_form.html",
            "form_tags": ObjectsForm(targets),
            "newtags_formset": NewTagFormSet(prefix="newtags"),
            "selected_tags": selected_tag_rows(conn, targets),
        }
    form = TagSelectionForm(request.POST)
    new_tags = NewTagFormSet(request.POST, prefix="newtags")
    if not form.is_valid():
        return form_errors(form)
    if not new_tags.is_valid():
        return HttpResponse(
            "".join(str(errors) for errors in new_tags.errors) or str(new_tags.non_form_errors())
        )
    wanted = set(form.cleaned_data["tags"])
    before = set(annotating.selected_tags(conn, targets))
    added, removed = sorted(wanted - before), sorted(before - wanted)
    new_ids = [
        annotating.create_tag(conn, data["tag"], data["description"] or None, data["tagset"])
        for data in (tag_form.cleaned_data for tag_form in new_tags if isinstance(tag_form, NewTagForm))
    ]
    annotating.link_all(conn, targets, "Tag", [*added, *new_ids])
    if removed:
        annotating.remove_tag_links(conn, targets, removed)
    return JsonResponse({"added": added, "removed": removed, "new": new_ids})


def selected_tag_rows(conn: Any, targets: list[Target]) -> list[tuple[Any, ...]]:
    """One entry per link of a selected tag, in the order of tag ids."""
    me = conn.getUserId()
    chosen = annotating.selected_tags(conn, targets)
    if not chosen:
        return []
    found: list[tuple[Any, ...]] = []
    for entity, ids in ids_by_entity(targets).items():
        query = annotation_queries.AnnotationQuery(
            ids={name: ids if kind == entity else [] for name, kind in annotation_queries.ANNOTATED},
            kind="tag",
            ns=None,
            group_id=-1,
            page=Page.of(None),
        )
        for link in annotation_queries.annotation_links(conn, query):
            owner = link.details.owner
            if owner.id.val == me and link.child.id.val in chosen:
                name = f"{owner.firstName.val} {owner.lastName.val}"
                created = annotating.link_date(link)
                found.append((link.child.id.val, me, name, True, created, True))
    return sorted(found, key=lambda entry: entry[0])


@require_GET
@login_required()
def marshal_tagging_form_data(request: HttpRequest, conn: Any = None, **kwargs: Any) -> HttpResponse:
    """Data of the tagging dialog, in parts: `jsonmode` is `tagcount`, `tags`, `desc` or `owners`."""
    group_id = get_int(request, "group", -1)
    conn.SERVICE_OPTS.setOmeroGroup(group_id)
    offset = get_long_or_default(request, "offset", None)
    limit = get_int(request, "limit", 1000)
    if limit < 1 or (offset is not None and offset < 0):
        raise InvalidParameter("limit" if limit < 1 else "offset", "must not be negative")
    page = Page.of(None)
    if offset is not None:
        page = Page.at(offset, limit)
    owner_id = conn.getUserId() if only_own_annotations(conn, group_id) else -1
    scope: dict[str, Any] = {"group_id": group_id, "owner_id": owner_id, "page": page}
    mode = request.GET.get("jsonmode")
    if mode == "tagcount":
        return JsonResponse({"tag_count": tags.count_tags(conn, group_id)})
    if mode == "tags":
        return JsonResponse(tags.dialog_tags(conn, **scope), safe=False)
    if mode == "desc":
        return JsonResponse(tags.dialog_descriptions(conn, **scope))
    if mode == "owners":
        return JsonResponse(tags.dialog_owners(conn, **scope))
    return HttpResponse()


def only_own_annotations(conn: Any, group_id: int) -> bool:
    """Whether the dialogs offer only what the user owns: always, unless the group lets people annotate together."""
    if group_id < 0:
        return True
    group = conn.getObject("ExperimenterGroup", group_id)
    if group is None:
        return True
    if group.isReadAnnotate() or group.isReadWrite():
        return False
    return not (group.isReadOnly() and (conn.isAdmin() or conn.isLeader(group_id)))


# -- rating, comment ----------------------------------------------------------------------------------------------


@require_POST
@login_required()
def annotate_rating(request: HttpRequest, conn: Any = None, **kwargs: Any) -> HttpResponse:
    """Set the user's rating of every object; 0 removes it."""
    rating = parse_int("rating", request.POST.get("rating", "0"))
    if not 0 <= rating <= 5:
        raise InvalidParameter("rating", "must be between 0 and 5")
    for target in targets_of(request, conn):
        set_rating(conn, type(target.wrapper._obj), target.id, rating)
    return JsonResponse({"success": True})


@require_POST
@login_required()
def annotate_comment(request: HttpRequest, conn: Any = None, **kwargs: Any) -> HttpResponse:
    """One comment on all objects."""
    form = CommentAnnotationForm(request.POST)
    if not form.is_valid():
        return form_errors(form)
    targets = targets_of(request, conn)
    comment_id = annotating.add_comment(conn, targets, form.cleaned_data["comment"])
    return JsonResponse({"annId": comment_id, "added_by": conn.getUserId()})


# -- files --------------------------------------------------------------------------------------------------------


class FilesForm(ObjectsForm):
    """Existing files to attach (`files`), uploads (`annotation_file`) and the objects they go to."""

    def __init__(
        self, targets: list[Target], choices: list[tuple[int, str]], *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(targets, *args, **kwargs)
        self.fields["files"] = forms.MultipleChoiceField(
            choices=choices, required=False, widget=forms.SelectMultiple(attrs={"size": 10})
        )


@require_http_methods(["GET", "POST"])
@login_required()
@render_response()
def annotate_file(request: HttpRequest, conn: Any = None, **kwargs: Any) -> dict[str, Any] | HttpResponse:
    """GET: the dialog, `webclient/annotations/files_form.html`. POST: attach files and uploads.

    Context: `form_file` (`files` plus hidden fields naming the objects), `total_files`, `max_files`.
    The JSON of a POST is `{"fileIds": ["existing", new]}`.
    """
    targets = targets_of(request, conn)
    mine = only_own_annotations(conn, targets[0].group_id)
    if request.method == "GET":
        total, found = annotation_queries.attachable_files(conn, ids_by_entity(targets), mine, MAX_FILES)
        choices = [(row[0], row[1] or "") for row in found]
        return {
            "template": "webclient/annotations/files_form.html",
            "form_file": FilesForm(targets, choices),
            "total_files": total,
            "max_files": MAX_FILES,
        }
    chosen = get_ids(request.POST, "files")
    if chosen:
        check_files(conn, chosen)
    uploaded = [
        annotating.upload_file(conn, upload, upload.name or "", upload.size or 0, upload.content_type)
        for upload in request.FILES.getlist("annotation_file")
    ]
    annotating.link_all(conn, targets, "File", [*chosen, *uploaded])
    return JsonResponse({"fileIds": [*map(str, chosen), *uploaded]})


def check_files(conn: Any, annotation_ids: list[int]) -> None:
    """400 unless every id is a file annotation that the user can see."""
    params = annotating.id_parameters(annotation_ids)
    found = {
        row[0] for row in rows(conn, "select ann.id from FileAnnotation ann where ann.id in (:ids)", params)
    }
    missing = sorted(set(annotation_ids) - found)
    if missing:
        raise InvalidParameter("files", f"no file annotation {missing[0]}")


# -- key-value pairs ----------------------------------------------------------------------------------------------


def parse_pairs(text: str | None) -> list[tuple[str, str]]:
    """`[["key", "value"], …]` as JSON."""
    try:
        pairs = json.loads(text or "[]")
        if not isinstance(pairs, list):
            raise ValueError
        return [(str(key), str(value)) for key, value in pairs]
    except (ValueError, TypeError):
        raise InvalidParameter("mapAnnotation", "expected a JSON list of [key, value] pairs") from None


@require_POST
@login_required()
def annotate_map(request: HttpRequest, conn: Any = None, **kwargs: Any) -> HttpResponse:
    """Create, replace or delete key-value pairs."""
    pairs = parse_pairs(request.POST.get("mapAnnotation"))
    annotation_ids = get_ids(request.POST, "annId")
    ns = request.POST.get("ns") or annotating.CLIENT_NAMESPACE
    targets = load_targets(conn, Selection.from_request(request))
    enter_group(conn, targets)
    if not pairs:
        annotating.delete_annotations(conn, annotation_ids)
        return JsonResponse({"annId": None})
    if annotation_ids:
        for annotation_id in annotation_ids:
            annotating.update_map(conn, annotation_id, pairs)
        return JsonResponse({"annId": request.POST.getlist("annId")})
    if not targets:
        raise Http404("No objects found")
    duplicate = request.POST.get("duplicate", "false").lower() == "true"
    shared = ns != annotating.CLIENT_NAMESPACE and not duplicate
    return JsonResponse({"annId": annotating.create_map(conn, targets, pairs, ns, shared)})


# -- several objects ----------------------------------------------------------------------------------------------


@require_GET
@login_required()
@render_response()
def batch_annotate(request: HttpRequest, conn: Any = None, **kwargs: Any) -> dict[str, Any] | HttpResponse:
    """General tab of several objects: `webclient/annotations/batch_annotate.html`.

    Context: `iids`, `obj_string` (`image=1&image=2`), `link_string` (`image-1|image-2`), `obj_labels` (list of
    `{type, id, name}`), `batch_ann`, `figScripts`, `canExportAsJpg`, `canDownload`, `filesetInfo` (`count`, `size`),
    `annotationBlocked` (false or a reason), `differentGroups`, `annotationCounts`, `webclient_path`.
    """
    targets = load_targets(conn, Selection.from_request(request))
    if not targets:
        if "tag" in request.GET or "tagset" in request.GET:
            return HttpResponse("<h2>Can't batch annotate tags</h2>")
        raise Http404("No objects found")
    groups = {target.group_id for target in targets}
    blocked: str | bool = False
    if len(groups) > 1:
        blocked = "Can't add annotations because objects are in different groups"
    elif not all(target.wrapper.canAnnotate() for target in targets):
        blocked = "Can't add annotations because you don't have permissions"
    images = [target.wrapper for target in targets if target.kind == "image"]
    image_ids = [image.getId() for image in images]
    context: dict[str, Any] = {
        "template": "webclient/annotations/batch_annotate.html",
        "iids": image_ids,
        "obj_string": "&".join(f"{target.kind}={target.id}" for target in targets),
        "link_string": "|".join(f"{target.kind}-{target.id}" for target in targets),
        "obj_labels": [
            {"type": target.kind.title(), "id": target.id, "name": target.wrapper.getName()}
            for target in targets
        ],
        "batch_ann": True,
        "figScripts": panels.figure_scripts(conn, targets[0].kind, None),
        "canExportAsJpg": all(panels.can_export_as_jpg(conn, request, image) for image in images),
        "canDownload": all(panels.can_download(image) for image in images),
        "annotationBlocked": blocked,
        "differentGroups": len(groups) > 1,
        "annotationCounts": panels.annotation_counts_of(conn, ids_by_entity(targets)),
        "webclient_path": reverse("webindex"),
    }
    if images:
        context["filesetInfo"] = panels.original_files(conn, image_ids)
    return context
