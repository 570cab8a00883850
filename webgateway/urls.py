"""Addresses below `/webgateway/`. Source: contract/webgateway.md, section 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, URLResolver, re_path

from omeroweb.webgateway import views


def optional(view: Callable[..., Any], name: str, start: str, *parts: str) -> URLPattern:
    """A pattern whose last numbers may be left out; reversing works with any of them."""
    end = "".join(rf"(?:(?P<{part}>[0-9]+)/)?" for part in parts)
    return re_path(rf"^{start}{end}$", view, name=name)


urlpatterns: list[URLPattern | URLResolver] = [
    re_path(r"^$", views.index, name="webgateway"),
    optional(views.render_image, "webgateway_render_image", r"render_image/(?P<iid>[0-9]+)/", "z", "t"),
    optional(
        views.render_image_rdef,
        "webgateway_render_image_rdef",
        r"render_image_rdef/(?P<iid>[0-9]+)/",
        "z",
        "t",
    ),
    re_path(
        r"^render_image_region/(?P<iid>[0-9]+)/(?P<z>[0-9]+)/(?P<t>[0-9]+)/$",
        views.render_image_region,
        name="webgateway_render_image_region",
    ),
    re_path(
        r"^render_image_region_rdef/(?P<iid>[0-9]+)/(?P<z>[0-9]+)/(?P<t>[0-9]+)/$",
        views.render_image_region_rdef,
        name="webgateway_render_image_region_rdef",
    ),
    optional(
        views.render_thumbnail, "webgateway_render_thumbnail", r"render_thumbnail/(?P<iid>[0-9]+)/", "w", "h"
    ),
    optional(
        views.render_birds_eye_view,
        "webgateway_render_birds_eye_view",
        r"render_birds_eye_view/(?P<iid>[0-9]+)/",
        "size",
    ),
    optional(views.get_thumbnails_json, "webgateway_get_thumbnails_json", r"get_thumbnails/", "w"),
    optional(
        views.get_thumbnail_json, "webgateway_get_thumbnail_json", r"get_thumbnail/(?P<iid>[0-9]+)/", "w", "h"
    ),
    re_path(r"^imgData/(?P<iid>[0-9]+)/$", views.imageData_json, name="webgateway_imageData_json"),
    re_path(
        r"^imgData/(?P<iid>[0-9]+)/(?P<key>[^/]+)/$", views.imageData_json, name="webgateway_imageData_json"
    ),
    re_path(
        r"^histogram_json/(?P<iid>[0-9]+)/channel/(?P<theC>[0-9]+)/",
        views.histogram_json,
        name="histogram_json",
    ),
]
