"""Properties of the process, its sessions and the public user.

Source: contract/config-cli-deploy.md, sections 2.2 to 2.5, 2.10 and 3.1.
"""

import json

from omeroweb.properties.parsers import (
    check_server_type,
    check_session_engine,
    check_timezone,
    check_worker_class,
    identity,
    leave_none_unset,
    parse_boolean,
    parse_caches,
    parse_json,
    parse_middleware,
    parse_pairs,
    parse_path,
    parse_regex,
    str_slash,
)
from omeroweb.properties.property import Property

MIDDLEWARE = [
    {"index": 1, "class": "django.middleware.common.BrokenLinkEmailsMiddleware"},
    {"index": 2, "class": "django.middleware.common.CommonMiddleware"},
    {"index": 3, "class": "django.contrib.sessions.middleware.SessionMiddleware"},
    {"index": 4, "class": "django.middleware.csrf.CsrfViewMiddleware"},
    {"index": 5, "class": "django.contrib.messages.middleware.MessageMiddleware"},
    {"index": 6, "class": "django.middleware.clickjacking.XFrameOptionsMiddleware"},
]

# 2.2: Internal properties (not in the public list, but honoured)
INTERNAL = (
    Property(
        "omero.qa.feedback",
        "FEEDBACK_URL",
        str,
        "http://qa.openmicroscopy.org.uk",
        "where comment and error forms are sent",
    ),
    Property(
        "omero.web.upgrades.url",
        "UPGRADES_URL",
        leave_none_unset,
        None,
        "URL asked for newer versions after login; unset → the server's own value",
    ),
    Property(
        "omero.web.check_version",
        "CHECK_VERSION",
        parse_boolean,
        "true",
        "compare web and server version at login; also selects the text of a failed login",
    ),
    Property("omero.web.allowed_hosts", "ALLOWED_HOSTS", parse_json, '["*"]', "accepted Host values"),
    Property(
        "omero.web.system_checks",
        "SILENCED_SYSTEM_CHECKS",
        parse_json,
        '["1_8.W001"]',
        "Django checks that are not reported",
    ),
    Property("omero.mail.from", "SERVER_EMAIL", identity, None, "sender of error mails"),
    Property("omero.mail.host", "EMAIL_HOST", identity, None, "SMTP host"),
    Property("omero.mail.password", "EMAIL_HOST_PASSWORD", identity, None, "SMTP password"),
    Property("omero.mail.username", "EMAIL_HOST_USER", identity, None, "SMTP user"),
    Property("omero.mail.port", "EMAIL_PORT", identity, "25", "SMTP port"),
    Property(
        "omero.web.admins.email_subject_prefix",
        "EMAIL_SUBJECT_PREFIX",
        str,
        "[OMERO.web - admin notification]",
        "subject prefix",
    ),
    Property("omero.mail.smtp.starttls.enable", "EMAIL_USE_TLS", parse_boolean, "false", "STARTTLS"),
)

# 2.3: Process and deployment
PROCESS = (
    Property(
        "omero.web.debug",
        "DEBUG",
        parse_boolean,
        "false",
        "Django debug pages, debug log level, console log, static files served by the app; switches off the own 404/500 pages and error mails",
    ),
    Property(
        "omero.web.secret_key",
        "SECRET_KEY",
        leave_none_unset,
        None,
        "signing key; when unset, the content of $OMERODIR/var/django_secret_key, created at the first start",
    ),
    Property(
        "omero.web.admins",
        "ADMINS",
        parse_json,
        "[]",
        'list of ["Full name", "mail address"]; get mails about 500 errors and broken links when debug is off',
    ),
    Property(
        "omero.web.application_server",
        "APPLICATION_SERVER",
        check_server_type,
        "wsgi-tcp",
        "what `omero web start` runs: wsgi-tcp (gunicorn), fastcgi-tcp or fastcgi (flup; TCP or a Unix socket), development (Django); wsgi: another server loads omeroweb.wsgi",
    ),
    Property(
        "omero.web.application_server.host",
        "APPLICATION_SERVER_HOST",
        str,
        "127.0.0.1",
        "bind address, and upstream address in generated configuration",
    ),
    Property("omero.web.application_server.port", "APPLICATION_SERVER_PORT", int, "4080", "bind port"),
    Property(
        "omero.web.application_server.max_requests",
        "APPLICATION_SERVER_MAX_REQUESTS",
        int,
        "0",
        "worker is replaced after so many requests; 0 = never",
    ),
    Property(
        "omero.web.wsgi_args",
        "WSGI_ARGS",
        leave_none_unset,
        None,
        "extra arguments for the application server's command line, split at blanks",
    ),
    Property("omero.web.wsgi_workers", "WSGI_WORKERS", int, "5", "worker processes"),
    Property(
        "omero.web.wsgi_timeout", "WSGI_TIMEOUT", int, "60", "seconds after which a silent worker is killed"
    ),
    Property(
        "omero.web.middleware",
        "MIDDLEWARE_CLASSES_LIST",
        parse_middleware,
        json.dumps(MIDDLEWARE),
        'list of {"index": number, "class": dotted name}, sorted by index',
    ),
    Property(
        "omero.web.prefix",
        "FORCE_SCRIPT_NAME",
        leave_none_unset,
        None,
        "URL prefix of the whole site, e.g. /omero",
    ),
    Property(
        "omero.web.use_x_forwarded_host",
        "USE_X_FORWARDED_HOST",
        parse_boolean,
        "false",
        "trust X-Forwarded-Host",
    ),
    Property(
        "omero.web.static_url",
        "STATIC_URL",
        str_slash,
        "/static/",
        "URL of static files; may be absolute; not combined with the prefix",
    ),
    Property(
        "omero.web.static_root",
        "STATIC_ROOT",
        parse_path,
        "$OMERODIR/var/static",
        "where syncmedia/start collect static files",
    ),
    Property(
        "omero.web.staticfile_dirs",
        "STATICFILES_DIRS",
        parse_json,
        "[]",
        "more sources of static files (paths, or [prefix, path])",
    ),
    Property(
        "omero.web.template_dirs",
        "TEMPLATE_DIRS",
        parse_json,
        "[]",
        "template directories that win over the apps' templates",
    ),
    Property(
        "omero.web.databases",
        "DATABASES",
        parse_json,
        "{}",
        "Django databases; only needed for the db session engines",
    ),
    Property(
        "omero.web.caches",
        "CACHES",
        parse_caches,
        '{"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}',
        "Django caches",
    ),
    Property(
        "omero.web.logdir",
        "LOGDIR",
        str,
        "$OMERODIR/var/log",
        "only used for the debug log of the development server; OMEROweb.log stays in $OMERODIR/var/log, and the directory is not created",
    ),
    Property(
        "omero.web.time_zone", "TIME_ZONE", check_timezone, "Europe/London", "time zone of printed times"
    ),
    Property(
        "omero.web.django_additional_settings",
        "DJANGO_ADDITIONAL_SETTINGS",
        parse_pairs,
        "[]",
        "list of [name, value] pairs, set last, in order; may override anything except what was already derived (e.g. MIDDLEWARE can be overridden, LOGGING levels cannot be re-derived)",
    ),
    Property(
        "omero.web.nginx_server_extra_config",
        "NGINX_SERVER_EXTRA_CONFIG",
        parse_json,
        "[]",
        "list of lines put into the generated nginx server block",
    ),
    Property(
        "omero.web.pipeline_js_compressor",
        "PIPELINE_JS_COMPRESSOR",
        identity,
        None,
        "accepted, no effect (the pipeline is fixed to a no-op compressor)",
    ),
    Property(
        "omero.web.pipeline_css_compressor",
        "PIPELINE_CSS_COMPRESSOR",
        identity,
        None,
        "accepted, no effect (the pipeline is fixed to a no-op compressor)",
    ),
    Property(
        "omero.web.pipeline_staticfile_storage",
        "STATICFILES_STORAGE",
        str,
        "pipeline.storage.PipelineStorage",
        "with Django 5.2 the name is no longer read; Django's plain storage is in force",
    ),
)

# 2.4: Sessions, cookies, cross-site rules
SESSIONS = (
    Property(
        "omero.web.session_engine",
        "SESSION_ENGINE",
        check_session_engine,
        "django.contrib.sessions.backends.file",
        "session store",
    ),
    Property(
        "omero.web.session_serializer",
        "SESSION_SERIALIZER",
        str,
        "django.contrib.sessions.serializers.JSONSerializer",
        "session encoding",
    ),
    Property(
        "omero.web.session_expire_at_browser_close",
        "SESSION_EXPIRE_AT_BROWSER_CLOSE",
        parse_boolean,
        "true",
        "true: cookie without expiry",
    ),
    Property(
        "omero.web.session_cookie_age",
        "SESSION_COOKIE_AGE",
        int,
        "86400",
        "seconds; age of the stored session, and of the cookie when the row above is false",
    ),
    Property(
        "omero.web.session_cookie_domain", "SESSION_COOKIE_DOMAIN", leave_none_unset, None, "cookie domain"
    ),
    Property(
        "omero.web.session_cookie_name",
        "SESSION_COOKIE_NAME",
        leave_none_unset,
        None,
        "cookie name; also prefix of session files",
    ),
    Property("omero.web.session_cookie_path", "SESSION_COOKIE_PATH", leave_none_unset, None, "cookie path"),
    Property(
        "omero.web.session_cookie_secure", "SESSION_COOKIE_SECURE", parse_boolean, "false", "HTTPS only"
    ),
    Property(
        "omero.web.session_cookie_samesite",
        "SESSION_COOKIE_SAMESITE",
        str,
        "Lax",
        "SameSite flag (Strict, Lax, None)",
    ),
    Property("omero.web.csrf_cookie_secure", "CSRF_COOKIE_SECURE", parse_boolean, "false", "HTTPS only"),
    Property(
        "omero.web.csrf_cookie_httponly",
        "CSRF_COOKIE_HTTPONLY",
        parse_boolean,
        "false",
        "true breaks the pages' own POSTs",
    ),
    Property("omero.web.csrf_cookie_samesite", "CSRF_COOKIE_SAMESITE", str, "Lax", "SameSite flag"),
    Property(
        "omero.web.csrf_trusted_origins",
        "CSRF_TRUSTED_ORIGINS",
        parse_json,
        "[]",
        "list of origins with scheme, * for subdomains",
    ),
    Property(
        "omero.web.secure_proxy_ssl_header",
        "SECURE_PROXY_SSL_HEADER",
        parse_json,
        "[]",
        '["HTTP_X_FORWARDED_PROTO_OMERO_WEB", "https"]: request counts as HTTPS when the header has the value; empty = off',
    ),
    Property(
        "omero.web.secure",
        "SECURE",
        parse_boolean,
        "false",
        "encrypt the whole traffic between web and OMERO.server, not just login",
    ),
    Property(
        "omero.web.cors_origin_whitelist",
        "CORS_ORIGIN_WHITELIST",
        parse_json,
        "[]",
        "origins allowed; works only with the CORS middleware added",
    ),
    Property(
        "omero.web.cors_origin_allow_all",
        "CORS_ORIGIN_ALLOW_ALL",
        parse_boolean,
        "false",
        "every origin allowed",
    ),
    Property(
        "omero.web.x_frame_options",
        "X_FRAME_OPTIONS",
        str,
        "SAMEORIGIN",
        "value of the X-Frame-Options header",
    ),
    Property(
        "omero.web.html_meta_referrer",
        "HTML_META_REFERRER",
        str,
        "origin-when-crossorigin",
        "content of the referrer meta tag of every page",
    ),
    Property(
        "omero.web.redirect_allowed_hosts",
        "REDIRECT_ALLOWED_HOSTS",
        parse_json,
        "[]",
        "hosts to which url= may lead after login or group change; other hosts → webclient index",
    ),
)

# 2.5: Public user and sharing
PUBLIC = (
    Property("omero.web.public.enabled", "PUBLIC_ENABLED", parse_boolean, "false", "automatic login"),
    Property(
        "omero.web.public.url_filter",
        "PUBLIC_URL_FILTER",
        parse_regex,
        "(?#This regular expression matches nothing)a^",
        "which paths",
    ),
    Property("omero.web.public.get_only", "PUBLIC_GET_ONLY", parse_boolean, "true", "GET requests only"),
    Property("omero.web.public.server_id", "PUBLIC_SERVER_ID", int, "1", "position in server_list"),
    Property("omero.web.public.user", "PUBLIC_USER", leave_none_unset, None, "user name"),
    Property("omero.web.public.password", "PUBLIC_PASSWORD", leave_none_unset, None, "password"),
    Property(
        "omero.web.public.cache.enabled",
        "PUBLIC_CACHE_ENABLED",
        parse_boolean,
        "false",
        "share one OMERO session among all public visitors through the Django cache",
    ),
    Property(
        "omero.web.public.cache.key", "PUBLIC_CACHE_KEY", str, "omero.web.public.cache.key", "cache key"
    ),
    Property("omero.web.public.cache.timeout", "PUBLIC_CACHE_TIMEOUT", int, "86400", "seconds"),
    Property(
        "omero.web.sharing.twitter",
        "SHARING_TWITTER",
        parse_json,
        "{}",
        '{server alias: "@site"}: adds social-media meta tags to the image page',
    ),
    Property(
        "omero.web.sharing.opengraph",
        "SHARING_OPENGRAPH",
        parse_json,
        "{}",
        '{server alias: "site name"}: same for Open Graph',
    ),
)

# 2.10: Development table
DEVELOPMENT = (
    Property(
        "omero.web.wsgi_worker_class",
        "WSGI_WORKER_CLASS",
        check_worker_class,
        "sync",
        "sync or gevent; other values stop omero web start",
    ),
    Property(
        "omero.web.wsgi_worker_connections", "WSGI_WORKER_CONNECTIONS", int, "1000", "used with gevent only"
    ),
    Property("omero.web.wsgi_threads", "WSGI_THREADS", int, "1", "used with sync only"),
)
