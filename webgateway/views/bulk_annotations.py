"""Tables that are attached to containers. Source: contract/webgateway.md, section 16.1."""

from typing import Any

from django.http import HttpRequest

from omeroweb.decorators import login_required
from omeroweb.webgateway.queries import bulk_annotations
from omeroweb.webgateway.responder import jsonp


def _bulk_file_annotations(
    request: HttpRequest | None, objtype: str, objid: str | int, conn: Any = None, **kwargs: Any
) -> dict[str, Any]:
    """Tables attached to the objects from which an object is reached. Plug-ins call this without a request."""
    try:
        return {"data": bulk_annotations.of_object(conn, objtype, int(objid))}
    except bulk_annotations.CannotBeQueried as error:
        return {"error": f"{list(error.path)} cannot be queried", "query": error.query}


annotations = login_required()(jsonp(_bulk_file_annotations))
