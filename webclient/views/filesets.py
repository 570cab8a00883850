"""Filesets that an operation would tear apart. Source: contract/webclient.md, section 14.5."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.views.decorators.http import require_GET

from omeroweb.webclient.decorators import login_required, render_response
from omeroweb.webclient.parameters import get_comma_ids
from omeroweb.webclient.queries.filesets import split_filesets


@require_GET
@login_required()
@render_response()
def fileset_check(request: HttpRequest, action: str, conn: Any = None, **kwargs: Any) -> dict[str, Any]:
    """Content of the dialog that refuses to split filesets.

    Template `webclient/activities/fileset_check_dialog_content.html`. Context: `split_filesets`: list of
    `{id, attempted_iids, blocking_iids}` (empty when nothing would be split), `action`: `delete` or `move`.
    """
    ids = {name: get_comma_ids(request.GET, name) for name in ("Image", "Dataset", "Project")}
    return {
        "template": "webclient/activities/fileset_check_dialog_content.html",
        "split_filesets": split_filesets(conn, ids),
        "action": "delete" if action == "delete" else "move",
    }
