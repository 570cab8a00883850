"""Views of the webgateway, by subject. Plug-ins import them from here."""

from omeroweb.login import LoginView
from omeroweb.user import UserProxy
from omeroweb.webgateway.parameters import get_longs, getIntOrDefault
from omeroweb.webgateway.responder import jsonp, validate_rdef_query
from omeroweb.webgateway.views.bulk_annotations import _bulk_file_annotations, annotations
from omeroweb.webgateway.views.downloads import archived_files, download_as, original_file_paths
from omeroweb.webgateway.views.histogram import histogram_json
from omeroweb.webgateway.views.image_data import imageData_json
from omeroweb.webgateway.views.index import index
from omeroweb.webgateway.views.listings import (
    datasetDetail_json,
    listDatasets_json,
    listImages_json,
    listProjects_json,
    listWellImages_json,
    plateGrid_json,
    projectDetail_json,
    wellData_json,
)
from omeroweb.webgateway.views.luts import listLuts_json, luts_png
from omeroweb.webgateway.views.planes import (
    render_image,
    render_image_rdef,
    render_image_region,
    render_image_region_rdef,
)
from omeroweb.webgateway.views.plots import render_col_plot, render_row_plot, render_split_channel
from omeroweb.webgateway.views.prepared_images import _get_prepared_image
from omeroweb.webgateway.views.rendering_settings import (
    get_image_rdefs_json,
    list_compatible_imgs_json,
    reset_rdef_json,
    save_image_rdef_json,
)
from omeroweb.webgateway.views.rois import get_rois_json, get_shape_json
from omeroweb.webgateway.views.search import search_json
from omeroweb.webgateway.views.settings_clipboard import copy_image_rdef_json, get_image_rdef_json
from omeroweb.webgateway.views.shape_pictures import (
    render_roi_thumbnail,
    render_shape_mask,
    render_shape_thumbnail,
)
from omeroweb.webgateway.views.su import su
from omeroweb.webgateway.views.thumbnails import (
    get_thumbnail_json,
    get_thumbnails_json,
    render_birds_eye_view,
    render_thumbnail,
)
from omeroweb.webgateway.views.viewer import full_viewer, open_with_options

__all__ = [
    "LoginView",
    "UserProxy",
    "_bulk_file_annotations",
    "_get_prepared_image",
    "annotations",
    "archived_files",
    "copy_image_rdef_json",
    "datasetDetail_json",
    "download_as",
    "full_viewer",
    "getIntOrDefault",
    "get_image_rdef_json",
    "get_image_rdefs_json",
    "get_longs",
    "get_rois_json",
    "get_shape_json",
    "get_thumbnail_json",
    "get_thumbnails_json",
    "histogram_json",
    "imageData_json",
    "index",
    "jsonp",
    "listDatasets_json",
    "listImages_json",
    "listLuts_json",
    "listProjects_json",
    "listWellImages_json",
    "list_compatible_imgs_json",
    "luts_png",
    "open_with_options",
    "original_file_paths",
    "plateGrid_json",
    "projectDetail_json",
    "render_birds_eye_view",
    "render_col_plot",
    "render_image",
    "render_image_rdef",
    "render_image_region",
    "render_image_region_rdef",
    "render_roi_thumbnail",
    "render_row_plot",
    "render_shape_mask",
    "render_shape_thumbnail",
    "render_split_channel",
    "render_thumbnail",
    "reset_rdef_json",
    "save_image_rdef_json",
    "search_json",
    "su",
    "validate_rdef_query",
    "wellData_json",
]
