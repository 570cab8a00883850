"""The main pages, group and user switching, keep-alive and photos. Source: contract/webclient.md, sections 3 and 4."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET
from PIL import Image, ImageDraw

import omeroweb.decorators
from omeroweb.webclient import show as show_module
from omeroweb.webclient.decorators import login_required, render_response
from omeroweb.webclient.forms import ContainerForm, GlobalSearchForm
from omeroweb.webclient.parameters import InvalidParameter, get_long_or_default, parse_int
from omeroweb.webclient.redirects import safe_redirect
from omeroweb.webclient.wrappers import by_last_name, group_of

TEMPLATES = {
    "userdata": "webclient/data/containers.html",
    "usertags": "webclient/data/containers.html",
    "public": "webclient/public/public.html",
    "history": "webclient/history/history.html",
    "search": "webclient/search/search.html",
}
HIDDEN_GROUPS = ("user", "guest")


def fake_experimenter(request: HttpRequest, default_name: str = "All members") -> dict[str, Any]:
    """An invented user that stands for all members."""
    settings_ = request.session.get("server_settings") or {}
    everyone = settings_.get("ui", {}).get("menu", {}).get("dropdown", {}).get("everyone") or {}
    label = everyone.get("label", default_name)
    return {"id": -1, "omeName": label, "firstName": label, "lastName": ""}


def switch_active_group(request: HttpRequest, active_group: int | None = None, conn: Any = None) -> None:
    """Make a group the session's active one; one that does not exist or is not the user's is refused silently."""
    if active_group is None:
        try:
            active_group = get_long_or_default(request, "active_group", None)
        except InvalidParameter:
            return
    if active_group is None or request.session.get("active_group") == int(active_group):
        return
    if conn is not None and not conn.isValidGroup(int(active_group)):
        return
    request.session["active_group"] = int(active_group)
    request.session.modified = True


@require_GET
@login_required()
def change_active_group(
    request: HttpRequest, conn: Any = None, url: str | None = None, **kwargs: Any
) -> HttpResponse:
    """Switch the active group and go on to `url`."""
    switch_active_group(request, conn=conn)
    target = url or reverse("webindex")
    if target.startswith(reverse("change_active_group")):
        target = reverse("webindex")
    return safe_redirect(target)


def last_name_sorted(people: list[Any]) -> list[Any]:
    return sorted(people, key=by_last_name)


def displayed_user(request: HttpRequest, conn: Any, wanted: int | None, group: Any) -> int:
    """The user whose data is shown: the wanted one if in the group, else the session's, else oneself."""
    group.loadLeadersAndMembers()
    people = {person.getId() for person in (*group.leaders, *group.colleagues)}
    for candidate in (wanted, request.session.get("user_id")):
        if candidate is not None and (candidate == -1 or candidate in people):
            return int(candidate)
    return int(conn.getUserId())


def _load_template(
    request: HttpRequest, menu: str, conn: Any = None, url: str | None = None, **kwargs: Any
) -> dict[str, Any] | HttpResponse:
    """Context of a main page, or a redirect.

    Context: `menu`, `init`, `myGroups`, `groups`, `new_container_form`, `global_search_form`, `myColleagues`,
    `active_group`, `active_user`, `initially_select`, `initially_open`, `isLeader`, `current_url`, `page_size`,
    `thumbnails_batch`, `current_admin_privileges`, `leader_of_groups`, `member_of_groups`, `search_default_user`,
    `search_default_group` (contract/webclient.md, section 4.3). Groups and users are wrappers; `active_user` is None
    for all members. kwargs: `template`, `show` (an object with the Show interface), `load_template_url`.
    """
    template = kwargs.get("template") or TEMPLATES.get(menu)
    if template is None:
        raise Http404(f"There is no page {menu}")
    conn.SERVICE_OPTS.setOmeroGroup(-1)
    show = kwargs.get("show") or show_module.Show(conn, request, menu)
    try:
        first = show.first_selected
    except show_module.IncorrectMenuError as error:
        return HttpResponseRedirect(error.uri)
    if first is None and request.GET.get("show") and is_public(request):
        return HttpResponseRedirect(f"{reverse(settings.LOGIN_VIEW)}?{urlencode({'url': url or ''})}")

    if first is not None:
        group_id = group_of(first)
        if conn.isValidGroup(group_id):
            switch_active_group(request, group_id)
        else:
            first = None
    active_group_id = request.session.get("active_group")
    if active_group_id is None or conn.getObject("ExperimenterGroup", active_group_id) is None:
        active_group_id = conn.getEventContext().groupId
    active_group = conn.getObject("ExperimenterGroup", active_group_id)

    try:
        wanted = get_long_or_default(request, "experimenter", None)
    except InvalidParameter:
        wanted = None
    if first is not None and request.session.get("user_id") != -1:
        wanted = show.initially_open_owner
    user_id = displayed_user(request, conn, wanted, active_group)
    request.session["user_id"] = user_id

    own_groups = sorted(conn.getGroupsMemberOf(), key=lambda group: (group.getName() or "").lower())
    colleagues: dict[int, Any] = {}
    if menu == "search":
        for group in own_groups:
            group.loadLeadersAndMembers()
            colleagues.update({person.getId(): person for person in (*group.leaders, *group.colleagues)})
    init: dict[str, str] = {}
    if menu == "search" and request.GET.get("search_query"):
        init["query"] = request.GET["search_query"].replace("+", " ")
    event_context = conn.getEventContext()
    return {
        "menu": menu,
        "init": init,
        "myGroups": own_groups,
        "groups": own_groups,
        "new_container_form": ContainerForm(),
        "global_search_form": GlobalSearchForm(),
        "myColleagues": last_name_sorted(list(colleagues.values())) if menu == "search" else {},
        "active_group": active_group,
        "active_user": None if user_id == -1 else conn.getObject("Experimenter", user_id),
        "initially_select": show.initially_select,
        "initially_open": show.initially_open,
        "isLeader": conn.isLeader(active_group_id),
        "current_url": current_url(menu, kwargs.get("load_template_url")),
        "page_size": settings.PAGE,
        "template": template,
        "thumbnails_batch": settings.THUMBNAILS_BATCH,
        "current_admin_privileges": list(conn.getCurrentAdminPrivileges()),
        "leader_of_groups": list(event_context.leaderOfGroups),
        "member_of_groups": list(event_context.memberOfGroups),
        "search_default_user": settings.SEARCH_DEFAULT_USER,
        "search_default_group": settings.SEARCH_DEFAULT_GROUP,
    }


def current_url(menu: str, given: str | None) -> str:
    """Address of this page, which links of the page go back to."""
    if given is not None:
        return given
    try:
        return reverse("load_template", args=[menu])
    except NoReverseMatch:
        return reverse("webindex")


def is_public(request: HttpRequest) -> bool:
    return bool(settings.PUBLIC_ENABLED and omeroweb.decorators.is_public_user(request))


@require_GET
@login_required()
@render_response()
def load_template(
    request: HttpRequest, menu: str, conn: Any = None, url: str | None = None, **kwargs: Any
) -> dict[str, Any] | HttpResponse:
    """A main page; the context is that of `_load_template`."""
    return _load_template(request=request, menu=menu, conn=conn, url=url, **kwargs)


@require_GET
@login_required()
@render_response()
def group_user_content(
    request: HttpRequest, url: str | None = None, conn: Any = None, **kwargs: Any
) -> dict[str, Any]:
    """Content of the group and user chooser: `webclient/base/includes/group_user_content.html`.

    Context: `current_url`, `myGroups`, `groups` (wrappers sorted by name, each with `leaders`, `colleagues` and
    `all`: whether "all members" may be offered). Administrators get all groups but `user` and `guest` as `groups`.
    """
    own = sorted(conn.getGroupsMemberOf(), key=lambda group: (group.getName() or "").lower())
    groups = own
    if conn.isAdmin():
        every = conn.getObjects("ExperimenterGroup", opts={"load_experimenters": True})
        shown = (group for group in every if group.getName() not in HIDDEN_GROUPS)
        groups = sorted(shown, key=lambda group: (group.getName() or "").lower())
    offered: set[int] = set()
    for group in (*own, *groups):
        if id(group) in offered:
            continue
        offered.add(id(group))
        group.loadLeadersAndMembers()
        group.all = conn.isAdmin() or group.isOwner() or not group.isPrivate()
    return {
        "template": "webclient/base/includes/group_user_content.html",
        "current_url": url or request.get_full_path(),
        "groups": groups,
        "myGroups": own,
    }


@require_GET
@login_required(ignore_login_fail=True)
def keepalive_ping(request: HttpRequest, conn: Any = None, **kwargs: Any) -> HttpResponse:
    """Tell the server that the session is still in use."""
    conn.keepAlive()
    return HttpResponse("OK", content_type="text/plain")


@require_GET
@login_required()
def avatar(request: HttpRequest, oid: str, conn: Any = None, **kwargs: Any) -> HttpResponse:
    """Photo of a user, or the default picture."""
    photo = conn.getExperimenterPhoto(parse_int("oid", oid)) or default_photo()
    return HttpResponse(photo, content_type="image/jpeg")


@lru_cache(maxsize=1)
def default_photo() -> bytes:
    """The picture of users without a photo (PNG): a head and shoulders."""
    size = 96
    picture = Image.new("RGB", (size, size), (222, 227, 233))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((32, 16, 64, 50), fill=(128, 140, 154))
    draw.ellipse((14, 56, 82, 130), fill=(128, 140, 154))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
