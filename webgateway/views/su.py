"""Administrators who work as somebody else. Source: contract/webgateway.md, section 18.2."""

from __future__ import annotations

from typing import Any

import omero
from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import render
from django.urls import reverse

from omeroweb.connector import Connector
from omeroweb.decorators import login_required
from omeroweb.errors import NotFound
from omeroweb.webgateway.responder import jsonp


@login_required(isAdmin=True)
@jsonp
def su(request: HttpRequest, user: str, conn: Any = None, **kwargs: Any) -> Any:
    """POST makes the browser's session one of `user`; anything else asks first."""
    if request.method != "POST":
        context = {
            "url": reverse("webgateway_su", args=(user,)),
            "submit": f"Do you want to su to {user}",
        }
        return render(request, "webgateway/base/includes/post_form.html", context)
    try:
        experimenter = conn.getAdminService().lookupExperimenter(user)
    except omero.ApiUsageException as error:
        raise NotFound(f"User {user} not found") from error
    context = conn.getEventContext()
    sessions = conn.getSessionService()
    timeout = sessions.getSession(context.sessionUuid).timeToIdle.val
    principal = omero.sys.Principal()
    principal.name, principal.group, principal.eventType = user, "", "User"
    session = sessions.createSessionWithTimeouts(principal, 0, timeout)
    connector = Connector(conn.server_id, settings.SECURE, False, session.uuid.val, experimenter.id.val)
    connector.to_session(request)
    for key in ("active_group", "user_id", "server_settings", "can_create"):
        request.session.pop(key, None)
    return True
