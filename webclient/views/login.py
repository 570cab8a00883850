"""Login and logout pages. Source: contract/webclient.md, section 3."""

from __future__ import annotations

import logging
import re
from typing import Any

import Ice
import omero
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

import omeroweb.decorators
from omeroweb import public
from omeroweb.connector import Connector
from omeroweb.login import LoginForm, LoginView
from omeroweb.pool import POOL
from omeroweb.version import omeroweb_buildyear, omeroweb_version
from omeroweb.webclient.decorators import login_required
from omeroweb.webclient.redirects import safe_redirect

logger = logging.getLogger(__name__)


class WebclientLoginView(LoginView):
    """The login page. Sub-classes may set `template` and `useragent`."""

    template = "webclient/login.html"
    useragent = "OMERO.web"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.handle_not_logged_in(request)

    def handle_logged_in(self, request: HttpRequest, conn: Any, connector: Connector) -> HttpResponseBase:
        """On to where the user came from, or just `OK` when the form says `noredirect`."""
        if self.fields(request).get("noredirect"):
            return HttpResponse("OK")
        return safe_redirect(request.GET.get("url") or start_page())

    def handle_not_logged_in(
        self, request: HttpRequest, error: str | None = None, form: LoginForm | None = None
    ) -> HttpResponse:
        """The page with the form: `template`.

        Context: `version`, `build_year`, `error`, `form`, `url` (the string `url=…` for the form's action),
        `LOGIN_LOGO`, `public_enabled`, `public_login_redirect`, `show_forgot_password`, `show_download_links`,
        `client_download_tag_re`, `client_download_repo`.
        """
        if form is None:
            server = request.GET.get("server") or request.POST.get("server")
            form = self.form_class(initial={"server": server} if server else None)
        context: dict[str, Any] = {
            "version": omeroweb_version,
            "build_year": omeroweb_buildyear,
            "error": error,
            "form": form,
            "show_forgot_password": settings.SHOW_FORGOT_PASSWORD,
            "show_download_links": settings.SHOW_CLIENT_DOWNLOADS,
        }
        if request.GET.get("url"):
            context["url"] = urlencode({"url": request.GET["url"]})
        if getattr(settings, "LOGIN_LOGO", None):
            context["LOGIN_LOGO"] = settings.LOGIN_LOGO
        if public.enabled() and re.search(settings.PUBLIC_URL_FILTER, reverse("webindex")):
            context["public_enabled"] = True
            context["public_login_redirect"] = request.GET.get("url") or reverse("webindex")
        if settings.SHOW_CLIENT_DOWNLOADS:
            major, minor = omeroweb_version.split(".")[:2]
            context["client_download_tag_re"] = rf"^v{major}\.{minor}\.[^-]+$"
            context["client_download_repo"] = settings.CLIENT_DOWNLOAD_GITHUB_REPO
        return render(request, self.template, context)


def start_page() -> str:
    """The configured page after login, else the data page."""
    try:
        return omeroweb.decorators.parse_url(settings.LOGIN_REDIRECT)
    except (ValueError, KeyError, NoReverseMatch):
        return reverse("webindex")


@require_http_methods(["GET", "POST"])
@login_required(login_redirect="webindex")
def logout(request: HttpRequest, conn: Any = None, **kwargs: Any) -> HttpResponse:
    """POST closes the OMERO session and forgets the browser's; GET asks first."""
    if request.method == "GET":
        context = {"url": reverse("weblogout"), "submit": "Do you want to log out?"}
        return render(request, "webgateway/base/includes/post_form.html", context)
    connector = Connector.from_session(request)
    if connector is not None and connector.omero_session_key:
        POOL.forget(connector.omero_session_key)
    try:
        conn.close(hard=True)
    except (Ice.Exception, omero.ServerError, omero.ClientError):
        logger.exception("Closing the OMERO session failed")
    request.session.flush()
    return HttpResponseRedirect(reverse(settings.LOGIN_VIEW))
