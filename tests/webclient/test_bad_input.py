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


@pytest.mark.parametrize("index", ["-1", "1", "99", "9" * 12, "x"])
def test_fields_that_a_well_does_not_have(browser, lab, ada, index):
    own = lab(ada)
    plate = own.plate()
    well = own.well(plate, 0, 0, own.image())
    addresses = [
        f"/webclient/{page}/well/{well}/?index={index}"
        for page in ("metadata_details", "metadata_preview", "metadata_acquisition", "metadata_hierarchy")
    ]
    addresses.append(f"/webclient/load_plate/plate/{plate}/?index={index}&show=well-x")
    assert statuses(browser.client.get, addresses) == {}


def test_images_without_pixels_have_panels(browser, lab, ada):
    image = lab(ada).image()
    pages = ("metadata_details", "metadata_preview", "metadata_acquisition", "metadata_hierarchy")
    addresses = [f"/webclient/{page}/image/{image}/" for page in pages]
    addresses += [
        f"/webclient/{page}/{image}/" for page in ("img_detail", "load_original_metadata", "imgData")
    ]
    addresses += [
        f"/webclient/batch_annotate/?image={image}",
        f"/webclient/download_placeholder/?ids=image-{image}",
    ]
    assert statuses(browser.client.get, addresses) == {}


@pytest.mark.parametrize(
    "kind", ["project", "dataset", "image", "plate", "screen", "acquisition", "well", "tag"]
)
def test_actions_on_real_objects_with_nothing_said(browser, lab, ada, kind):
    own = lab(ada)
    plate = own.plate("p")
    made = {
        "acquisition": lambda: own.run(plate),
        "well": lambda: own.well(plate, 0, 0, own.image()),
        "tag": lambda: own.tag("t"),
    }
    object_id = made.get(kind, getattr(own, kind, lambda: 0))()
    actions = (
        "editname",
        "savename",
        "editdescription",
        "savedescription",
        "remove",
        "addnewcontainer",
        "delete",
    )
    addresses = [f"/webclient/action/{action}/{kind}/{object_id}/" for action in actions]
    assert statuses(browser.client.post, [a for a in addresses if "addnew" not in a]) == {}
    named = statuses(
        lambda address: browser.client.post(address, {"name": "n", "description": "d"}), addresses[1:4:2]
    )
    assert named == {}
