"""What views are wrapped in: the login and the page renderer. Source: contract/plugins.md, section 4."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import omero
from django.conf import settings
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import render
from django.urls import NoReverseMatch, Resolver404, resolve, reverse

from omeroweb import public, server_settings
from omeroweb.connector import SESSION_KEY, Connector
from omeroweb.errors import BadRequest, ServerUnavailable
from omeroweb.httprsp import is_ajax
from omeroweb.pool import GONE, POOL, is_alive
from omeroweb.responses import ConnCleaningHttpResponse, TableClosingHttpResponse
from omeroweb.servers import find_server, only_server
from omeroweb.utils import reverse_with_params

__all__ = [
    "ConnCleaningHttpResponse",
    "TableClosingHttpResponse",
    "get_client_ip",
    "is_public_user",
    "login_required",
    "parse_url",
    "render_response",
]

logger = logging.getLogger(__name__)

View = Callable[..., Any]


def parse_url(lookup_view: Mapping[str, Any] | str) -> str:
    """A path from `{"viewname", "args", "query_string"}`, or a path that is one of this site's.

    Raises ValueError for nothing at all, NoReverseMatch for what leads nowhere.
    """
    if not lookup_view:
        raise ValueError("No lookup_view")
    if isinstance(lookup_view, Mapping):
        return reverse_with_params(
            lookup_view["viewname"],
            args=lookup_view.get("args", []),
            query_string=lookup_view.get("query_string"),
        )
    path = lookup_view.split("?", 1)[0]
    prefix = (settings.FORCE_SCRIPT_NAME or "").rstrip("/")
    try:
        resolve(path.removeprefix(prefix))
    except Resolver404 as error:
        raise NoReverseMatch(f"No view at {lookup_view!r}") from error
    return lookup_view


def get_client_ip(request: HttpRequest) -> str | None:
    """Address of the user: the last one in `X-Forwarded-For`, else the peer's."""
    forwarded = request.headers.get("X-Forwarded-For")
    return forwarded.rsplit(",", 1)[-1].strip() if forwarded else request.META.get("REMOTE_ADDR")


def is_public_user(request: HttpRequest) -> bool | None:
    """Whether the browser's session belongs to the public user; None when it has no OMERO session."""
    connector = Connector.from_session(request)
    return None if connector is None else connector.is_public


class login_required:
    """Gives a view the connection `conn` of the browser's OMERO session, or sends the visitor to the login page.

    useragent: name under which the server knows the connection. isAdmin, isGroupOwner: others get 404.
    doConnectionCleanup: false when the view returns a ConnCleaningHttpResponse. omero_group: call context, -1 for all
    groups, None for the session's own. allowPublic: instead of the filter of public URLs. allowPublicPost: POST is
    allowed to the public user where the filter matches.
    """

    def __init__(
        self,
        useragent: str = "OMERO.web",
        isAdmin: bool = False,
        isGroupOwner: bool = False,
        doConnectionCleanup: bool = True,
        omero_group: str | int | None = "-1",
        allowPublic: bool | None = None,
        allowPublicPost: bool | None = None,
    ) -> None:
        self.useragent = useragent
        self.isAdmin = isAdmin
        self.isGroupOwner = isGroupOwner
        self.doConnectionCleanup = doConnectionCleanup
        self.omero_group = omero_group
        self.allowPublic = allowPublic
        self.allowPublicPost = allowPublicPost

    # -- hooks for subclasses -------------------------------------------------------------------------------------

    def get_login_url(self) -> str:
        """Path of the login page."""
        return reverse(settings.LOGIN_VIEW)

    login_url = property(lambda self: self.get_login_url())

    def get_share_connection(self, request: HttpRequest, conn: Any, share_id: int) -> Any | None:
        """The connection in the context of a share that is active and somebody else's; None otherwise."""
        share = conn.getShareService().getShare(int(share_id))
        if share is None or share.active is None or not share.active.val:
            return None
        if share.owner is not None and share.owner.id.val == conn.getUserId():
            return None
        limited = share.started is not None and share.timeToLive is not None
        if limited and share.started.val + share.timeToLive.val < time.time() * 1000:
            return None
        conn.SERVICE_OPTS.setOmeroShare(int(share_id))
        return conn

    def prepare_share_connection(self, request: HttpRequest, conn: Any, share_id: int | None) -> Any | None:
        """The share's connection when the view's address names a share."""
        if share_id is None:
            return None
        return self.get_share_connection(request, conn, share_id)

    def on_not_logged_in(self, request: HttpRequest, url: str, error: Any = None) -> HttpResponseBase:
        """403 for background requests, else to the login page with `url` to come back to."""
        if is_ajax(request):
            return HttpResponse(status=403)
        if self._is_redirected(url):
            try:
                url = parse_url(settings.LOGIN_REDIRECT)
            except (NoReverseMatch, KeyError):
                logger.exception("omero.web.login_redirect leads nowhere")
        return HttpResponseRedirect(f"{self.login_url}?{urlencode({'url': url})}")

    def on_logged_in(self, request: HttpRequest, conn: Any) -> None:
        """Called with the connection before the view."""
        if self.omero_group is not None:
            conn.SERVICE_OPTS.setOmeroGroup(self.omero_group)

    def on_share_connection_prepared(self, request: HttpRequest, conn_share: Any) -> None:
        """Called with the connection of a share before the view."""

    def verify_is_admin(self, conn: Any) -> None:
        """Raises Http404 for others when the view is for administrators."""
        if self.isAdmin and not conn.isAdmin():
            raise Http404

    def verify_is_group_owner(self, conn: Any, gid: Any) -> None:
        """Raises Http404 for others when the view is for leaders of group `gid`, or of the current one."""
        if not self.isGroupOwner:
            return
        group = int(gid) if gid is not None else conn.getEventContext().groupId
        if group not in conn.getEventContext().leaderOfGroups:
            raise Http404

    def is_valid_public_url(self, server_id: Any, request: HttpRequest) -> bool:
        """Whether the public user may see this address."""
        return public.allows(request, self.allowPublic, bool(self.allowPublicPost))

    def load_server_settings(self, conn: Any, request: HttpRequest) -> None:
        """Keep the server's client preferences in the browser's session, once per session."""
        if request.session.get("can_create", "") == "":
            request.session["can_create"] = server_settings.can_create(conn)
        if request.session.get("server_settings") is None:
            request.session["server_settings"] = server_settings.load(conn)

    def get_public_user_connector(self) -> Connector | None:
        """The OMERO session that public visitors share."""
        return public.cached_connector()

    def set_public_user_connector(self, connector: Connector) -> None:
        """Share a public OMERO session with later visitors."""
        public.cache_connector(connector)

    # -- connections ----------------------------------------------------------------------------------------------

    def get_connection(self, server_id: Any, request: HttpRequest) -> Any | None:
        """The connection for this request; None when the visitor must log in first."""
        conn = self.get_authenticated_connection(server_id, request)
        if conn is None:
            return None
        is_valid_public_url = self.is_valid_public_url(server_id, request)
        if is_public_user(request) and not is_valid_public_url:
            POOL.release(conn)
            return None
        return conn

    def get_authenticated_connection(self, server_id: Any, request: HttpRequest) -> Any | None:
        """Join or create an OMERO session in the order of contract/webgateway.md, section 2.1."""
        stored = Connector.from_session(request)
        if server_id is None:
            server_id = stored.server_id if stored is not None else request.GET.get("server")
        server = find_server(server_id) if server_id is not None else only_server()
        if server is None:
            if server_id is not None:
                raise BadRequest(f"server={server_id} is not one of the configured servers")
            return None
        ip = get_client_ip(request)

        session_uuid = request.GET.get("bsession")
        if session_uuid:
            connector = Connector(server.id, settings.SECURE, False, session_uuid)
            conn = connector.join_connection(self.useragent, ip)
            if conn is not None:
                connector.to_session(request)
                return conn
            logger.debug("bsession could not be joined")
            return None

        username, password = request.GET.get("username"), request.GET.get("password")
        if username and password:
            connector = Connector(server.id, settings.SECURE)
            conn = connector.create_connection(self.useragent, username, password, userip=ip)
            if conn is not None:
                connector.to_session(request)
            return conn

        if stored is not None and stored.server_id == server.id:
            conn = stored.join_connection(self.useragent, ip)
            if conn is not None:
                stored.to_session(request)
                return conn
            request.session.pop(SESSION_KEY, None)

        if self.is_valid_public_url(server_id, request):
            return self._public_connection(server.id if server_id is not None else None, request, ip)
        return None

    def _public_connection(self, server_id: int | None, request: HttpRequest, ip: str | None) -> Any | None:
        connector = self.get_public_user_connector()
        conn = connector.join_connection(self.useragent, ip) if connector is not None else None
        if conn is None:
            connector = Connector(server_id or settings.PUBLIC_SERVER_ID, settings.SECURE)
            conn = connector.create_connection(
                self.useragent, settings.PUBLIC_USER, settings.PUBLIC_PASSWORD, is_public=True, userip=ip
            )
            if conn is None:
                logger.warning("The public user could not log in")
                return None
            self.set_public_user_connector(connector)
        assert connector is not None
        connector.is_public = True
        connector.to_session(request)
        for key in ("active_group", "user_id"):
            request.session.pop(key, None)
        return conn

    def _is_redirected(self, url: str) -> bool:
        targets = settings.LOGIN_REDIRECT.get("redirect", ()) if settings.LOGIN_REDIRECT else ()
        for target in targets:
            if url == target:
                return True
            try:
                if url == reverse(target):
                    return True
            except NoReverseMatch:
                continue
        return False

    # -- the decorator --------------------------------------------------------------------------------------------

    def __call__(self, view: View) -> View:
        @functools.wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if kwargs.get("conn") is not None:
                # Another view's connection: that view logged in, and gives it back.
                return view(request, *args, **kwargs)
            url = request.GET.get("url") or request.get_full_path()
            server_id = kwargs.pop("server_id", None)
            conn = self.get_connection(server_id, request)
            if conn is None:
                return self.on_not_logged_in(request, url)
            try:
                return self._run(view, request, url, conn, args, kwargs)
            except GONE as error:
                if is_alive(conn):
                    POOL.release(conn)
                    raise
                logger.info("The connection ended during %s: %s", request.path, type(error).__name__)
                fresh = self._replacement(conn, server_id, request)
                if fresh is None:
                    return self.on_not_logged_in(request, url, error)
                if request.method not in ("GET", "HEAD"):
                    # What the view has done already is unknown; the user decides whether to do it again.
                    POOL.release(fresh)
                    raise ServerUnavailable(
                        "The connection to the server was interrupted. Please try again."
                    ) from error
                try:
                    return self._run(view, request, url, fresh, args, kwargs)
                except GONE:
                    POOL.discard(fresh)
                    raise

        return wrapped

    def _run(
        self,
        view: View,
        request: HttpRequest,
        url: str,
        conn: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """Call the view with a connection and give it back, unless a stream needs it or it may be broken."""
        keep = False
        try:
            self.on_logged_in(request, conn)
            self.verify_is_admin(conn)
            self.verify_is_group_owner(conn, kwargs.get("gid"))
            self.load_server_settings(conn, request)
            conn_share = self.prepare_share_connection(request, conn, kwargs.get("share_id"))
            if conn_share is not None:
                self.on_share_connection_prepared(request, conn_share)
            response = view(request, *args, **{**kwargs, "conn": conn, "url": url})
            if isinstance(response, ConnCleaningHttpResponse):
                if self.doConnectionCleanup:
                    raise omero.ApiUsageException(
                        None, None, "A view that streams from its connection needs doConnectionCleanup=False"
                    )
                keep = True
            return response
        except GONE:
            # Whether the connection can still be used is found out by the caller.
            keep = True
            raise
        finally:
            if not keep:
                POOL.release(conn)

    def _replacement(self, conn: Any, server_id: Any, request: HttpRequest) -> Any | None:
        """Another connection after one broke; None when the OMERO session is gone, too.

        Raises ServerUnavailable when the server does not answer: then nobody is logged out.
        """
        session_uuid = conn._lease.key.session_uuid if hasattr(conn, "_lease") else None
        POOL.discard(conn)
        if session_uuid is not None:
            POOL.forget(session_uuid)
        return self.get_connection(server_id, request)


class render_response:
    """Renders the dictionary that a view returns with its template, or as JSON when there is none."""

    def prepare_context(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> None:
        """Add what every page needs. Subclasses extend it."""
        context.setdefault("html", {})["meta_referrer"] = settings.HTML_META_REFERRER

    def __call__(self, view: View) -> View:
        @functools.wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            context = view(request, *args, **kwargs)
            if isinstance(context, HttpResponseBase):
                return context
            template = kwargs.get("template") or (
                context.get("template") if isinstance(context, dict) else None
            )
            if template is None or template == "json":
                return JsonResponse(context, safe=type(context) is dict)
            self.prepare_context(request, context, *args, **kwargs)
            return render(request, template, context)

        return wrapped
