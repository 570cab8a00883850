"""Root of the site. Source: contract/webclient.md, section 1.8; contract/config-cli-deploy.md, section 10.4."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, HttpResponseRedirect
from django.shortcuts import render
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from django.template.loader import get_template
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.cache import never_cache

from omeroweb.version import omeroweb_buildyear, omeroweb_version


@never_cache
def index(request: HttpRequest) -> HttpResponse:
    """To the webclient, or to the configured start page."""
    target = "webindex" if settings.INDEX_TEMPLATE is None else "webindex_custom"
    return HttpResponsePermanentRedirect(reverse(target))


@never_cache
def custom_index(request: HttpRequest) -> HttpResponse:
    """The configured start page; the default one, with `error`, when that cannot be loaded."""
    context: dict[str, Any] = {"version": omeroweb_version, "build_year": omeroweb_buildyear}
    template = "webclient/index.html"
    if settings.INDEX_TEMPLATE is not None:
        try:
            get_template(settings.INDEX_TEMPLATE)
            template = settings.INDEX_TEMPLATE
        except (TemplateDoesNotExist, TemplateSyntaxError) as error:
            context["error"] = f"{type(error).__name__}: {error}"
    return render(request, template, context)


def favicon(request: HttpRequest) -> HttpResponse:
    """To the configured icon among the static files."""
    return HttpResponseRedirect(static(settings.FAVICON_URL))
