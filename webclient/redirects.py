"""Redirects that never leave the site. Source: contract/webclient.md, section 3.3."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme


def safe_redirect(target: str) -> HttpResponseRedirect:
    """Go to the target if it is relative or on a host of `omero.web.redirect_allowed_hosts`, else to the start page."""
    if not url_has_allowed_host_and_scheme(target, allowed_hosts=set(settings.REDIRECT_ALLOWED_HOSTS)):
        target = reverse("webindex")
    return HttpResponseRedirect(target)
