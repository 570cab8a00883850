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
    re_path(
        r"^get_image_rdefs_json/(?P<img_id>[0-9]+)/$",
        views.get_image_rdefs_json,
        name="webgateway_get_image_rdefs_json",
    ),
    re_path(
        r"^saveImgRDef/(?P<iid>[0-9]+)/$", views.save_image_rdef_json, name="webgateway_save_image_rdef_json"
    ),
    re_path(r"^getImgRDef/$", views.get_image_rdef_json, name="webgateway_get_image_rdef_json"),
    re_path(r"^copyImgRDef/$", views.copy_image_rdef_json, name="webgateway_copy_image_rdef_json"),
    re_path(
        r"^compatImgRDef/(?P<iid>[0-9]+)/$",
        views.list_compatible_imgs_json,
        name="webgateway_list_compatible_imgs_json",
    ),
    re_path(r"^resetRDef/$", views.reset_rdef_json, name="reset_rdef_json"),
    re_path(r"^applyOwnersRDef/$", views.reset_rdef_json, {"toOwners": True}, name="reset_owners_rdef_json"),
    re_path(r"^luts/$", views.listLuts_json, name="webgateway_listLuts_json"),
    re_path(r"^luts_png/$", views.luts_png, name="webgateway_luts_png"),
    re_path(r"^get_rois_json/(?P<imageId>[0-9]+)/$", views.get_rois_json, name="webgateway_get_rois_json"),
    re_path(
        r"^get_shape_json/(?P<roiId>[0-9]+)/(?P<shapeId>[0-9]+)/$",
        views.get_shape_json,
        name="webgateway_get_shape_json",
    ),
    re_path(r"^proj/list/$", views.listProjects_json, name="webgateway_listProjects_json"),
    re_path(
        r"^proj/(?P<pid>[0-9]+)/detail/$", views.projectDetail_json, name="webgateway_projectDetail_json"
    ),
    re_path(
        r"^proj/(?P<pid>[0-9]+)/children/$", views.listDatasets_json, name="webgateway_listDatasets_json"
    ),
    re_path(
        r"^dataset/(?P<did>[0-9]+)/detail/$", views.datasetDetail_json, name="webgateway_datasetDetail_json"
    ),
    re_path(r"^dataset/(?P<did>[0-9]+)/children/$", views.listImages_json, name="webgateway_listimages_json"),
    re_path(
        r"^well/(?P<did>[0-9]+)/children/$", views.listWellImages_json, name="webgateway_listwellimages_json"
    ),
    re_path(r"^wellData/(?P<wid>[0-9]+)/$", views.wellData_json, name="webgateway_wellData_json"),
    optional(
        views.plateGrid_json, "webgateway_plategrid_json", r"plate/(?P<pid>[0-9]+)/", "field", "acquisition"
    ),
    re_path(
        r"^render_split_channel/(?P<iid>[0-9]+)/(?P<z>[0-9]+)/(?P<t>[0-9]+)/$",
        views.render_split_channel,
        name="webgateway_render_split_channel",
    ),
    optional(
        views.render_row_plot,
        "webgateway_render_row_plot",
        r"render_row_plot/(?P<iid>[0-9]+)/(?P<z>[0-9]+)/(?P<t>[0-9]+)/(?P<y>[0-9]+)/",
        "w",
    ),
    optional(
        views.render_col_plot,
        "webgateway_render_col_plot",
        r"render_col_plot/(?P<iid>[0-9]+)/(?P<z>[0-9]+)/(?P<t>[0-9]+)/(?P<x>[0-9]+)/",
        "w",
    ),
    re_path(
        r"^render_roi_thumbnail/(?P<roiId>[0-9]+)/?$",
        views.render_roi_thumbnail,
        name="webgateway_render_roi_thumbnail",
    ),
    re_path(
        r"^render_shape_thumbnail/(?P<shapeId>[0-9]+)/?$",
        views.render_shape_thumbnail,
        name="webgateway_render_shape_thumbnail",
    ),
    re_path(r"^render_shape_mask/(?P<shapeId>[0-9]+)/$", views.render_shape_mask),
    re_path(r"^img_detail/(?P<iid>[0-9]+)/$", views.full_viewer, name="webgateway_full_viewer"),
    re_path(r"^open_with/$", views.open_with_options, name="webgateway_open_with_options"),
    optional(views.download_as, "download_as", r"download_as/", "iid"),
    optional(views.archived_files, "archived_files", r"archived_files/download/", "iid"),
    re_path(r"^original_file_paths/(?P<iid>[0-9]+)/$", views.original_file_paths, name="original_file_paths"),
    re_path(r"^su/(?P<user>[^/]+)/$", views.su, name="webgateway_su"),
    re_path(
        r"^annotations/(?P<objtype>[\w.]+)/(?P<objid>[0-9]+)/$",
        views.annotations,
        name="webgateway_annotations",
    ),
    re_path(r"^search/$", views.search_json, name="webgateway_search_json"),
]
