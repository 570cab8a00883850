"""Decorators of the webclient's views. Source: contract/plugins.md, sections 4.3 and 4.4."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import omero
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.html import escape

import omeroweb.decorators
from omeroweb.feedback.views import handler500
from omeroweb.httprsp import is_ajax
from omeroweb.utils import reverse_with_params
from omeroweb.webclient.forms import GlobalSearchForm


def object_error(request: HttpRequest, status: int, message: str) -> HttpResponse:
    """Answer to an object that cannot be shown: the bare message to scripts, a page to people (section 2.3)."""
    if status >= 500:
        return handler500(request)
    if is_ajax(request) or status != 404:
        return HttpResponse(escape(message), status=status)
    return render(request, "error.html", {"error": message}, status=status)


def object_errors(view: Callable[..., Any]) -> Callable[..., Any]:
    """Marks a view whose errors name the object that was asked for."""
    view.error_format = object_error  # type: ignore[attr-defined]
    return view


class login_required(omeroweb.decorators.login_required):
    """The framework's decorator, plus the webclient's session keys and the active group.

    ignore_login_fail: without a login answer 200 `Connection Failed` (for the keep-alive).
    setGroupContext: query in the session's active group instead of in all groups.
    login_redirect: URL name to come back to after the login.
    """

    def __init__(
        self,
        ignore_login_fail: bool = False,
        setGroupContext: bool = False,
        login_redirect: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.ignore_login_fail = ignore_login_fail
        self.setGroupContext = setGroupContext
        self.login_redirect = login_redirect

    def on_logged_in(self, request: HttpRequest, conn: Any) -> None:
        super().on_logged_in(request, conn)
        self.prepare_session(request)
        if self.setGroupContext:
            group = request.session.get("active_group")
            if group is None:
                group = conn.getEventContext().groupId
            conn.SERVICE_OPTS.setOmeroGroup(group)

    def on_not_logged_in(self, request: HttpRequest, url: str, error: Any = None) -> HttpResponseBase:
        if self.ignore_login_fail:
            return HttpResponse("Connection Failed")
        if self.login_redirect is not None:
            url = reverse(self.login_redirect)
        return super().on_not_logged_in(request, url, error)

    def prepare_session(self, request: HttpRequest) -> None:
        """Session keys that jobs and add-on apps take for granted."""
        for key in ("callback", "shares"):
            if request.session.get(key) is None:
                request.session[key] = {}


class render_response(omeroweb.decorators.render_response):
    """Adds what the header and the panels of every page show."""

    def prepare_context(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> None:
        super().prepare_context(request, context, *args, **kwargs)
        conn = kwargs.get("conn")
        if conn is None:
            return
        session = request.session
        context.setdefault("omero", {"constants": omero_constants()})
        ome = context.setdefault("ome", {})
        ome["user"] = conn.getUser
        ome["user_id"] = conn.getUserId()
        ome["group_id"] = session.get("group_id")
        ome["is_admin"] = conn.isAdmin()
        active_group = session.get("active_group")
        ome["active_group"] = conn.getEventContext().groupId if active_group is None else active_group
        active_user = session.get("user_id")
        ome["active_user"] = conn.getUserId() if active_user is None else active_user
        context.setdefault("global_search_form", GlobalSearchForm())
        ome["can_create"] = session.get("can_create", True)
        is_public = omeroweb.decorators.is_public_user(request)
        if is_public is not None:
            ome["is_public_user"] = is_public
        if settings.PING_INTERVAL > 0:
            context["ping_interval"] = settings.PING_INTERVAL
        self.load_settings(request, context, conn)

    def load_settings(self, request: HttpRequest, context: dict[str, Any], conn: Any) -> None:
        """Configured links, panels and labels."""
        server_settings = request.session.get("server_settings") or {}
        preferences = server_settings.get("ui") or {}
        if preferences:
            ui = context.setdefault("ui", {})
            tree = preferences.get("tree") or {}
            ui["orphans"] = tree.get("orphans")
            ui["dropdown_menu"] = (preferences.get("menu") or {}).get("dropdown")
            ui.setdefault("tree", {})["type_order"] = tree.get("type_order")
        ome = context["ome"]
        ome["email"] = server_settings.get("email", False)
        for key, name in (("logo_src", "TOP_LOGO"), ("logo_href", "TOP_LOGO_LINK")):
            value = getattr(settings, name, None)
            if value:
                ome[key] = value
        ome["top_links"] = top_links()
        ome["metadata_panes"] = settings.METADATA_PANES
        ome["right_plugins"] = plugins(settings.RIGHT_PLUGINS)
        ome["center_plugins"] = plugins(settings.CENTER_PLUGINS)
        ome["user_dropdown"] = settings.USER_DROPDOWN
        ome["login_view"] = settings.LOGIN_VIEW


def omero_constants() -> dict[str, str]:
    return {
        "NSCOMPANIONFILE": omero.constants.namespaces.NSCOMPANIONFILE,
        "ORIGINALMETADATA": omero.constants.annotation.file.ORIGINALMETADATA,
        "NSCLIENTMAPANNOTATION": omero.constants.metadata.NSCLIENTMAPANNOTATION,
    }


def plugins(entries: list[Any]) -> list[dict[str, str]]:
    """Configured `[label, template, id]` triples as the pages read them."""
    return [{"label": entry[0], "include": entry[1], "plugin_id": entry[2]} for entry in entries]


def top_links() -> list[dict[str, Any]]:
    """Links of the header. Source: contract/webclient.md, end of section 18."""
    links = []
    for entry in settings.TOP_LINKS:
        if len(entry) < 2:
            continue
        link: dict[str, Any] = {"label": entry[0], "link": link_target(entry[1])}
        if len(entry) > 2:
            link["attrs"] = entry[2]
        links.append(link)
    return links


def link_target(target: Any) -> str:
    """A view's address; a string that names no view is the address itself."""
    if isinstance(target, str):
        try:
            return reverse(target)
        except NoReverseMatch:
            return target
    try:
        return reverse_with_params(**target)
    except NoReverseMatch:
        return ""
