"""Properties that older releases knew. Source: contract/config-cli-deploy.md, section 5.2."""

from omeroweb.properties.parsers import identity, leave_none_unset, parse_boolean
from omeroweb.properties.property import Property

# Only this one still has an effect: it fills `omero.web.prefix` when that is unset.
DEPRECATED = (
    Property(
        "omero.web.force_script_name",
        "FORCE_SCRIPT_NAME",
        leave_none_unset,
        None,
        "use omero.web.prefix",
    ),
)

# Accepted and reported, without effect.
WITHOUT_EFFECT = (
    Property("omero.web.server_email", "SERVER_EMAIL", identity, None, "use omero.mail.from"),
    Property("omero.web.email_host", "EMAIL_HOST", identity, None, "use omero.mail.host"),
    Property(
        "omero.web.email_host_password", "EMAIL_HOST_PASSWORD", identity, None, "use omero.mail.password"
    ),
    Property("omero.web.email_host_user", "EMAIL_HOST_USER", identity, None, "use omero.mail.username"),
    Property("omero.web.email_port", "EMAIL_PORT", identity, None, "use omero.mail.port"),
    Property(
        "omero.web.email_subject_prefix",
        "EMAIL_SUBJECT_PREFIX",
        str,
        "[OMERO.web]",
        "use omero.web.admins.email_subject_prefix",
    ),
    Property("omero.web.email_use_tls", "EMAIL_USE_TLS", parse_boolean, "false", "use omero.mail.smtp.*"),
    Property(
        "omero.web.plate_download.enabled",
        "PLATE_DOWNLOAD_ENABLED",
        parse_boolean,
        "false",
        "use omero.policy.binary_access",
    ),
    Property(
        "omero.web.viewer.initial_zoom_level",
        "VIEWER_INITIAL_ZOOM_LEVEL",
        int,
        "-1",
        "use omero.client.viewer.initial_zoom_level",
    ),
    Property(
        "omero.web.send_broken_link_emails",
        "SEND_BROKEN_LINK_EMAILS",
        parse_boolean,
        "false",
        "use the broken-link middleware and omero.web.admins",
    ),
)
