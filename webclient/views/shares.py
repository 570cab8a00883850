"""Panels of existing shares. Source: contract/webclient.md, section 11."""

from __future__ import annotations

from typing import Any

import omero
from django.http import Http404

from omeroweb.webclient.forms import CommentAnnotationForm


class ShareManager:
    """A share with its members and comments, as the panel shows it."""

    def __init__(self, conn: Any, c_type: str, share_id: int) -> None:
        service = conn.getShareService()
        try:
            share = service.getShare(share_id)
        except omero.ValidationException:
            share = None
        if share is None:
            raise Http404(f"Share (id:{share_id}) does not exist, or you are not invited to it.")
        active = share.active is not None and share.active.val
        if not active and share.owner.id.val != conn.getUserId():
            raise Http404(f"{c_type.title()} is not active and cannot be visible.")
        self.share = share
        self.allInShare = list(service.getAllMembers(share_id))
        comments = service.getComments(share_id)
        self.comments = sorted(comments, key=lambda comment: comment.id.val, reverse=True)
        self.cmSize = len(self.comments)
        self.obj_type = c_type
        self.obj_id = share_id


def share_details(conn: Any, c_type: str, share_id: int) -> dict[str, Any]:
    """General tab of a share: `webclient/annotations/annotations_share.html`.

    Context: `manager` (`share`, `allInShare`, `comments` newest first, `cmSize`), `form_comment`.
    """
    return {
        "manager": ShareManager(conn, c_type, share_id),
        "form_comment": CommentAnnotationForm(),
        "template": "webclient/annotations/annotations_share.html",
    }
