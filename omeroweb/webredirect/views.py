"""`/url/?show=image-1` leads to the webclient. Source: contract/webadmin.md, section 13."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from omeroweb.httprsp import is_ajax


def index(request: HttpRequest) -> HttpResponse:
    """To the object that `show` names; 404 with the pattern of such addresses without it."""
    show = request.GET.get("show")
    if show:
        # The value stays as it was written; only what would end the header is refused by Django itself.
        return HttpResponseRedirect(f"{reverse('webindex')}?show={show}")
    here = request.build_absolute_uri(reverse("webredirect"))
    message = (
        f"Path was not recognized. URL should follow the pattern: {here}?show=image-1,"
        f" or, as older links do, {here}?server=1&path=project=1|dataset=1|image=1:selected"
    )
    if is_ajax(request):
        return HttpResponse(message, status=404, content_type="text/plain; charset=utf-8")
    return render(request, "error.html", {"error": message}, status=404)
