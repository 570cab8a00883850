"""Logging in with a form or a JSON body; the answer here is JSON, pages subclass the view.

Source: contract/json-api.md, section 3.4; contract/webclient.md, sections 3.2 and 3.3.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.debug import sensitive_post_parameters

from omeroweb.connector import Connector
from omeroweb.decorators import get_client_ip
from omeroweb.errors import ServerUnavailable
from omeroweb.pool import POOL
from omeroweb.servers import all_servers

logger = logging.getLogger(__name__)

NOT_RESPONDING = "Server is not responding, please contact administrator."
UNCHECKED = "Connection not available, please check your credentials and version compatibility."
INCOMPATIBLE = "Client version does not match server, please contact administrator."

EVENT_CONTEXT_KEYS = (
    "sessionId",
    "sessionUuid",
    "userId",
    "userName",
    "groupId",
    "groupName",
    "isAdmin",
    "eventId",
    "eventType",
    "memberOfGroups",
    "leaderOfGroups",
)


class LoginForm(forms.Form):
    """User name, password and server."""

    username = forms.CharField(
        max_length=255, widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "username"})
    )
    password = forms.CharField(
        strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    server = forms.TypedChoiceField(
        coerce=int,
        error_messages={
            "invalid_choice": "Select a valid choice. That choice is not one of the available choices."
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["server"].choices = [(server.id, server.label) for server in all_servers()]  # type: ignore[attr-defined]

    def clean_username(self) -> str:
        """Everybody but the guest account."""
        username: str = self.cleaned_data["username"]
        if username == "guest":
            raise forms.ValidationError("Guest account is not supported.")
        return username


class LoginView(View):
    """POST user name, password and server; the session cookie of the answer is logged in.

    Subclasses override `handle_logged_in`, `handle_not_logged_in` and `get`.
    """

    form_class = LoginForm
    useragent = "OMERO.webapi"

    @method_decorator(sensitive_post_parameters("password", "csrfmiddlewaretoken"))
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Logging in takes a POST."""
        return JsonResponse(
            {"message": "POST only with username, password, server and csrftoken"}, status=405
        )

    def handle_logged_in(self, request: HttpRequest, conn: Any, connector: Connector) -> HttpResponseBase:
        """Answer to a login that worked."""
        context = conn.getEventContext()
        facts = {name: getattr(context, name) for name in EVENT_CONTEXT_KEYS if hasattr(context, name)}
        return JsonResponse({"success": True, "eventContext": facts})

    def handle_not_logged_in(
        self, request: HttpRequest, error: str | None = None, form: LoginForm | None = None
    ) -> HttpResponseBase:
        """Answer to a login that failed: by `error`, or by the errors of `form`."""
        if error is None and form is not None:
            error = " ".join(
                f"{form.fields[name].label or name.capitalize()}: {text}"
                for name in ("username", "password", "server")
                for text in form.errors.get(name, ())
            )
        return JsonResponse({"message": error or "Login failed. Reason unknown."}, status=403)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Log in, or confirm the login of a session when there are no fields."""
        try:
            fields = self.fields(request)
        except ValueError as error:
            return JsonResponse({"message": f"The body is not a JSON object: {error}"}, status=400)
        if not set(fields) - {"csrfmiddlewaretoken"}:
            response = self._confirm(request)
            if response is not None:
                return response
        form = self.form_class(data=fields)
        if not form.is_valid():
            return self.handle_not_logged_in(request, form=form)
        connector = Connector(form.cleaned_data["server"], settings.SECURE)
        fits = not settings.CHECK_VERSION or connector.check_version(self.useragent)
        conn = self._connect(request, connector, form.cleaned_data) if fits else None
        if conn is None:
            return self.handle_not_logged_in(request, self._reason(connector, fits), form)
        try:
            # A new key, so that nobody can log a visitor into a session that he prepared.
            request.session.cycle_key()
            connector.to_session(request)
            self.forget_former_user(request, conn)
            return self.handle_logged_in(request, conn, connector)
        finally:
            POOL.release(conn)

    @staticmethod
    def fields(request: HttpRequest) -> Mapping[str, Any]:
        """The form's fields, from a form or a JSON body. Raises ValueError when the JSON is not an object."""
        if request.content_type != "application/json":
            return request.POST
        if not request.body.strip():
            return {}
        fields = json.loads(request.body)
        if not isinstance(fields, dict):
            raise ValueError("expected {}")
        return fields

    @staticmethod
    def forget_former_user(request: HttpRequest, conn: Any) -> None:
        """Drop what belongs to whoever used this browser session before."""
        group = request.session.get("active_group")
        if group is not None and group not in conn.getEventContext().memberOfGroups:
            del request.session["active_group"]
        for key in ("user_id", "server_settings"):
            request.session.pop(key, None)

    def _confirm(self, request: HttpRequest) -> HttpResponseBase | None:
        connector = Connector.from_session(request)
        if connector is None or connector.is_public:
            return None
        conn = connector.join_connection(self.useragent, get_client_ip(request))
        if conn is None:
            return None
        try:
            return self.handle_logged_in(request, conn, connector)
        finally:
            POOL.release(conn)

    def _connect(self, request: HttpRequest, connector: Connector, fields: Mapping[str, Any]) -> Any | None:
        """The new connection; None when it is refused or nobody answers, which `_reason` tells apart."""
        try:
            return connector.create_connection(
                self.useragent, fields["username"], fields["password"], userip=get_client_ip(request)
            )
        except ServerUnavailable:
            logger.warning("Server %s does not answer", connector.server.label)
            return None

    def _reason(self, connector: Connector, fits: bool) -> str:
        if not connector.is_server_up(self.useragent):
            return NOT_RESPONDING
        if not settings.CHECK_VERSION:
            return UNCHECKED
        return settings.LOGIN_INCORRECT_CREDENTIALS_TEXT if fits else INCOMPATIBLE
