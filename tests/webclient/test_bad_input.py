"""Whatever a caller gets wrong, the answer is not a server error."""

import json

import pytest
from django.urls import get_resolver
from django.urls.resolvers import URLPattern

NUMBERS = {"oid", "iid", "o_id", "c_id", "o1_id", "imageId", "fileId", "annId", "share_id", "experimenter_id"}
WORDS = {
    "action": "savename",
    "o_type": "dataset",
    "c_type": "image",
    "o1_type": "plate",
    "menu": "userdata",
    "z": "0",
    "t": "0",
    "w": "64",
    "x": "1",
    "y": "1",
    "size": "64",
}
QUERIES = [
    {},
    dict.fromkeys(
        ("id", "page", "limit", "group", "image", "dataset", "tag", "rating", "index", "show", "url"), "x"
    ),
    dict.fromkeys(
        ("id", "page", "limit", "group", "image", "dataset", "tag", "z", "t", "offset", "jobId"), "-1"
    ),
    dict.fromkeys(("id", "page", "limit", "group", "image", "dataset", "tag", "fromid", "toids"), "9" * 25),
    {
        "show": "image-",
        "path": "plate-x|well.name-A1",
        "experimenter": "x",
        "c": "$$$",
        "m": "?",
        "maps": "{",
        "ids": "a",
    },
    {
        "show": "image.bad key)-1|image.details-1",
        "type": "'",
        "ns": "'",
        "jsonmode": "tags",
        "offset": "1",
        "limit": "0",
    },
]


def patterns(webclient_only="omeroweb.webclient.urls"):
    """Every pattern of the webclient, with its reversals for ids of nothing."""
    for entry in get_resolver().url_patterns:
        if (
            getattr(entry, "urlconf_name", None) is not None
            and entry.urlconf_module.__name__ == webclient_only
        ):
            return [pattern for pattern in entry.url_patterns if isinstance(pattern, URLPattern)]
    raise AssertionError("the webclient is not mounted")


def paths(object_id):
    """One address per pattern, with every part given."""
    from django.urls import reverse

    found = []
    for pattern in patterns():
        names = pattern.pattern.regex.groupindex
        arguments = {name: str(object_id) if name in NUMBERS else WORDS.get(name, "1") for name in names}
        if pattern.name == "activities_update":
            arguments["action"] = "clean"
        if pattern.name == "fileset_check":
            arguments["action"] = "delete"
        if pattern.name == "load_template" and "menu" not in names:
            continue
        if pattern.name != "api_share_images":
            arguments.pop("share_id", None)
        found.append(reverse(pattern.name, kwargs=arguments))
    return sorted(set(found))


@pytest.fixture
def browser(browse, ada):
    browser = browse(ada)
    browser.client.raise_request_exception = False
    return browser


def statuses(request, addresses):
    """Addresses that were answered with a server error, and how."""
    failed = {}
    for address in addresses:
        if address.endswith("/logout/"):
            continue
        response = request(address)
        if response.status_code >= 500:
            failed[address] = (response.status_code, response.content[:200])
        response.close()
    return failed


@pytest.mark.parametrize("query", range(len(QUERIES)))
def test_get_with_bad_queries(browser, query):
    addresses = paths(999999)
    assert len(addresses) > 50
    assert statuses(lambda address: browser.client.get(address, QUERIES[query]), addresses) == {}


def test_ids_beyond_the_server(browser):
    assert statuses(browser.client.get, paths("9" * 25)) == {}


@pytest.mark.parametrize("query", range(len(QUERIES)))
def test_post_with_bad_fields(browser, query):
    assert statuses(lambda address: browser.client.post(address, QUERIES[query]), paths(999999)) == {}


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "null", '{"dataset": {"1": {"image": ["x"]}}}', '{"jobId": 5}']
)
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_bad_json(browser, method, body):
    def send(address):
        return browser.client.generic(method, address, body, content_type="application/json")

    assert statuses(send, paths(999999)) == {}


def test_files_where_none_are_expected(browser, lab, ada):
    from django.core.files.uploadedfile import SimpleUploadedFile

    image = lab(ada).image()
    empty = SimpleUploadedFile("nothing", b"", "")
    response = browser.post("annotate_file/", {"image": image, "annotation_file": empty, "files": ["x"]})
    assert response.status_code == 400
    assert (
        browser.post("annotate_map/", {"image": image, "mapAnnotation": json.dumps({"a": 1})}).status_code
        == 400
    )
