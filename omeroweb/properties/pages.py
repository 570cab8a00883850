"""Properties of servers, limits, login page and webclient.

Source: contract/config-cli-deploy.md, sections 2.6 to 2.8 and 3.
"""

import json

from omeroweb.properties.parsers import (
    identity,
    leave_none_unset,
    parse_boolean,
    parse_json,
    parse_server_list,
    str_slash,
)
from omeroweb.properties.property import Property

TOP_LINKS = [
    ["Data", "webindex", {"title": "Browse Data via Projects, Tags etc"}],
    ["History", "history", {"title": "History"}],
    [
        "Help",
        "https://help.openmicroscopy.org/",
        {"title": "Open OMERO user guide in a new tab", "target": "new"},
    ],
]
METADATA_PANES = [
    {"name": "tag", "label": "Tags", "index": 1},
    {"name": "map", "label": "Key-Value Pairs", "index": 2},
    {"name": "table", "label": "Tables", "index": 3},
    {"name": "file", "label": "Attachments", "index": 4},
    {"name": "comment", "label": "Comments", "index": 5},
    {"name": "rating", "label": "Ratings", "index": 6},
    {"name": "other", "label": "Others", "index": 7},
]
RIGHT_PLUGINS = [
    ["Acquisition", "webclient/data/includes/right_plugin.acquisition.js.html", "metadata_tab"],
    ["Preview", "webclient/data/includes/right_plugin.preview.js.html", "preview_tab"],
]
OPEN_WITH = [
    [
        "Image viewer",
        "webgateway",
        {"supported_objects": ["image"], "script_url": "webclient/javascript/ome.openwith_viewer.js"},
    ],
]

# 2.6: Servers, apps, limits
SERVERS = (
    Property(
        "omero.web.server_list",
        "SERVER_LIST",
        parse_server_list,
        '[["$HOST", 4064, "omero"]]',
        "[host, port, alias?] rows; ids 1, 2, … in order; a repeated host+port pair is one entry; the list is frozen after start",
    ),
    Property("omero.web.apps", "ADDITIONAL_APPS", parse_json, "[]", "names of plug-in apps"),
    Property(
        "omero.web.root_application",
        "OMEROWEB_ROOT_APPLICATION",
        str,
        "",
        "label of the additional app that is mounted at / instead of /<label>/",
    ),
    Property(
        "omero.web.ping_interval",
        "PING_INTERVAL",
        int,
        "60000",
        "milliseconds between keep-alive calls of the webclient; 0 or less = none",
    ),
    Property("omero.web.chunk_size", "CHUNK_SIZE", int, "1048576", "bytes per chunk when files are streamed"),
    Property(
        "omero.web.maximum_multifile_download_size",
        "MAXIMUM_MULTIFILE_DOWNLOAD_ZIP_SIZE",
        int,
        "1073741824",
        "larger zips are refused: 403 Total size of files <n> is larger than <max>. Try requesting fewer files.",
    ),
    Property(
        "omero.web.max_table_download_rows",
        "MAX_TABLE_DOWNLOAD_ROWS",
        int,
        "10000",
        "more rows are refused (404): Trying to download <n> rows exceeds configured omero.web.max_table_download_rows of <max>; also the streaming batch",
    ),
    Property(
        "omero.web.max_table_slice_size", "MAX_TABLE_SLICE_SIZE", int, "1000000", "cells per table-slice call"
    ),
    Property("omero.web.page_size", "PAGE", int, "200", "images per page in the tree and the centre panel"),
    Property(
        "omero.web.thumbnails_batch",
        "THUMBNAILS_BATCH",
        int,
        "50",
        "thumbnails per call; more → error Max <n> thumbnails at a time.",
    ),
    Property(
        "omero.web.api.limit",
        "API_LIMIT",
        int,
        "200",
        "objects per page of the JSON API when the request names no limit",
    ),
    Property("omero.web.api.max_limit", "API_MAX_LIMIT", int, "500", "largest page of the JSON API"),
    Property(
        "omero.web.api.absolute_url",
        "API_ABSOLUTE_URL",
        str_slash,
        None,
        "start of absolute URLs in JSON API answers, instead of the one of the request",
    ),
)

# 2.7: Login page and start page
LOGIN = (
    Property(
        "omero.web.login_view",
        "LOGIN_VIEW",
        str,
        "weblogin",
        "URL name to which unauthenticated visitors are sent (with ?url=<wanted path>) and logout leads",
    ),
    Property(
        "omero.web.login_redirect",
        "LOGIN_REDIRECT",
        parse_json,
        "{}",
        "target after login: {redirect: [names or paths], viewname, args, query_string}",
    ),
    Property("omero.web.login_logo", "LOGIN_LOGO", leave_none_unset, None, "image URL on the login page"),
    Property(
        "omero.web.login_incorrect_credentials_text",
        "LOGIN_INCORRECT_CREDENTIALS_TEXT",
        str,
        "Connection not available, please check your user name and password.",
        "text after refused credentials",
    ),
    Property(
        "omero.web.login.show_client_downloads",
        "SHOW_CLIENT_DOWNLOADS",
        parse_boolean,
        "true",
        "download links on the login page",
    ),
    Property(
        "omero.web.login.client_downloads_base",
        "CLIENT_DOWNLOAD_GITHUB_REPO",
        str,
        "ome/omero-insight",
        "repository behind these links; tags matching ^v<major>\\.<minor>\\.[^-]+$ of the web version are offered",
    ),
    Property(
        "omero.web.show_forgot_password",
        "SHOW_FORGOT_PASSWORD",
        parse_boolean,
        "true",
        '"forgot password" link',
    ),
    Property(
        "omero.web.index_template",
        "INDEX_TEMPLATE",
        identity,
        None,
        "template of /index/; when set / leads (301) to /index/, else to the webclient. A template that cannot be loaded falls back to the default page with an error in its context",
    ),
    Property(
        "omero.web.favicon_url",
        "FAVICON_URL",
        str,
        "webgateway/img/ome.ico",
        "/favicon.ico redirects (302) to static URL + this",
    ),
    Property(
        "omero.web.feedback.comment.enabled",
        "FEEDBACK_COMMENT_ENABLED",
        parse_boolean,
        "true",
        'comment form; off → redirect to the "disabled" page',
    ),
    Property(
        "omero.web.feedback.error.enabled",
        "FEEDBACK_ERROR_ENABLED",
        parse_boolean,
        "true",
        "error page with a form to submit; off → error page without",
    ),
)

# 2.8: Webclient appearance
WEBCLIENT = (
    Property("omero.web.top_logo", "TOP_LOGO", str, "", "image URL in the top bar"),
    Property("omero.web.top_logo_link", "TOP_LOGO_LINK", str, "", "its link"),
    Property("omero.web.user_dropdown", "USER_DROPDOWN", parse_boolean, "true", "user menu at the top right"),
    Property(
        "omero.web.ui.top_links", "TOP_LINKS", parse_json, json.dumps(TOP_LINKS), "links in the top bar"
    ),
    Property(
        "omero.web.ui.metadata_panes",
        "METADATA_PANES",
        parse_json,
        json.dumps(METADATA_PANES),
        "panes of the annotation accordion",
    ),
    Property(
        "omero.web.ui.right_plugins",
        "RIGHT_PLUGINS",
        parse_json,
        json.dumps(RIGHT_PLUGINS),
        "tabs of the right panel",
    ),
    Property(
        "omero.web.ui.center_plugins", "CENTER_PLUGINS", parse_json, "[]", "alternatives in the centre panel"
    ),
    Property("omero.web.open_with", "OPEN_WITH", parse_json, json.dumps(OPEN_WITH), '"Open with" entries'),
    Property(
        "omero.web.viewer.view",
        "VIEWER_VIEW",
        str,
        "omeroweb.webclient.views.image_viewer",
        "dotted name of the view behind the image-viewer URL",
    ),
    Property(
        "omero.web.base_include_template",
        "BASE_INCLUDE_TEMPLATE",
        identity,
        None,
        "template included before </body> of every page",
    ),
    Property(
        "omero.web.plate_layout",
        "PLATE_LAYOUT",
        str,
        "expand",
        "expand (grid from A1, filled up to multiples of 12 × 8), trim (A1 to last well), shrink (first to last well)",
    ),
    Property(
        "omero.web.search.default_user",
        "SEARCH_DEFAULT_USER",
        int,
        "0",
        "preselected user in search: 0 = the logged-in user, -1 = all",
    ),
    Property(
        "omero.web.search.default_group", "SEARCH_DEFAULT_GROUP", int, "0", "preselected group: 0 or -1 = all"
    ),
)
