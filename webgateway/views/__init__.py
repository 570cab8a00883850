"""Views of the webgateway, by subject. Plug-ins import them from here."""

from omeroweb.login import LoginView
from omeroweb.user import UserProxy
from omeroweb.webgateway.parameters import get_longs, getIntOrDefault
from omeroweb.webgateway.responder import jsonp, validate_rdef_query
from omeroweb.webgateway.views.histogram import histogram_json
from omeroweb.webgateway.views.image_data import imageData_json
from omeroweb.webgateway.views.index import index
from omeroweb.webgateway.views.planes import (
    render_image,
    render_image_rdef,
    render_image_region,
    render_image_region_rdef,
)
from omeroweb.webgateway.views.thumbnails import (
    get_thumbnail_json,
    get_thumbnails_json,
    render_birds_eye_view,
    render_thumbnail,
)

__all__ = [
    "LoginView",
    "UserProxy",
    "getIntOrDefault",
    "get_longs",
    "get_thumbnail_json",
    "get_thumbnails_json",
    "histogram_json",
    "imageData_json",
    "index",
    "jsonp",
    "render_birds_eye_view",
    "render_image",
    "render_image_rdef",
    "render_image_region",
    "render_image_region_rdef",
    "render_thumbnail",
    "validate_rdef_query",
]
