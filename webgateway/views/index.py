"""Base address of the app. Source: contract/webgateway.md, section 18.4."""

from django.http import HttpRequest, HttpResponse


def index(request: HttpRequest) -> HttpResponse:
    """A greeting; other apps reverse this view to learn the base address."""
    return HttpResponse("Welcome to webgateway")
