"""Tags, comments, ratings, key-value pairs and files."""

import hashlib
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

RATING = "openmicroscopy.org/omero/insight/rating"


@pytest.fixture
def own(lab, ada):
    return lab(ada)


@pytest.fixture
def browser(browse, ada):
    return browse(ada)


def annotations(browser, **params):
    return browser.json("api/annotations/", **params)["annotations"]


def tagging(tags="", new=()):
    """The fields of the tagging dialog."""
    data = {"tags": tags, "newtags-TOTAL_FORMS": str(len(new)), "newtags-INITIAL_FORMS": "0"}
    for number, fields in enumerate(new):
        data.update({f"newtags-{number}-{key}": value for key, value in fields.items()})
    return data


# -- tags ---------------------------------------------------------------------------------------------------------


def test_tags_are_added_removed_and_made(browser, own):
    image, old, wanted, tagset = own.image(), own.tag("old"), own.tag("wanted"), own.tagset("set")
    own.annotate("Image", image, old)
    new = [{"tag": "fresh", "description": "made here", "tagset": str(tagset)}]
    answer = browser.post("annotate_tags/", {"image": image, **tagging(str(wanted), new)}).json()
    assert (answer["added"], answer["removed"], len(answer["new"])) == ([wanted], [old], 1)
    assert sorted(ann["textValue"] for ann in annotations(browser, image=image, type="tag")) == [
        "fresh",
        "wanted",
    ]
    hql = "select l.child.id from AnnotationAnnotationLink l where l.parent.id = :id"
    assert own.find(hql, id=tagset) == [answer["new"]]


def test_a_tag_with_the_same_words_is_used_again(browser, own):
    image, tag = own.image(), own.tag("good", "very")
    new = [{"tag": "good", "description": "very"}]
    assert browser.post("annotate_tags/", {"image": image, **tagging("", new)}).json()["new"] == [tag]


def test_a_new_tag_needs_a_text(browser, own):
    response = browser.post("annotate_tags/", {"image": own.image(), **tagging("", [{"tag": ""}])})
    assert response.status_code == 200
    assert b"required" in response.content


def test_the_dialog_lists_tags_of_all_objects(browser, own, ada):
    first, second, both, one = own.image("1"), own.image("2"), own.tag("both"), own.tag("one")
    own.annotate("Image", first, both)
    own.annotate("Image", second, both)
    own.annotate("Image", first, one)
    response = browser.client.get(f"/webclient/annotate_tags/?image={first}&image={second}")
    assert [entry[:2] for entry in response.context["selected_tags"]] == [(both, ada.id), (both, ada.id)]


def test_data_of_the_dialog(browser, own, ada):
    tagset = own.tagset("set")
    tag = own.tag("inside", "about", tagset)
    data = {"group": ada.group}
    get = lambda mode, **more: browser.json("marshal_tagging_form_data/", jsonmode=mode, **data, **more)  # noqa: E731
    assert get("tagcount") == {"tag_count": 2}
    assert get("tags") == [[tagset, "set", ada.id, [tag]], [tag, "inside", ada.id, 0]]
    assert get("tags", offset=1, limit=1) == [[tag, "inside", ada.id, 0]]
    assert get("desc") == {str(tagset): None, str(tag): "about"}
    assert list(get("owners")) == [str(ada.id)]


def test_tagging_needs_objects(browser):
    assert browser.post("annotate_tags/", tagging()).status_code == 404


# -- comments, ratings --------------------------------------------------------------------------------------------


def test_one_comment_on_several_objects(browser, own, ada):
    first, second = own.image("1"), own.image("2")
    answer = browser.post("annotate_comment/", {"image": [first, second], "comment": "Look!"}).json()
    assert answer["added_by"] == ada.id
    for image in (first, second):
        (comment,) = annotations(browser, image=image, type="comment")
        assert (comment["id"], comment["textValue"]) == (answer["annId"], "Look!")


def test_a_comment_needs_words(browser, own):
    assert b"required" in browser.post("annotate_comment/", {"image": own.image(), "comment": ""}).content


def test_a_rating_is_changed_and_removed(browser, own):
    image = own.image()

    def ratings():
        return [ann["longValue"] for ann in annotations(browser, image=image, type="rating")]

    for rating in (3, 5):
        assert browser.post("annotate_rating/", {"image": image, "rating": rating}).json() == {
            "success": True
        }
        assert ratings() == [rating]
    browser.post("annotate_rating/", {"image": image, "rating": 0})
    assert ratings() == []


@pytest.mark.parametrize("rating", ["6", "-1", "x"])
def test_bad_ratings_are_named(browser, own, rating):
    response = browser.post("annotate_rating/", {"image": own.image(), "rating": rating})
    assert response.status_code == 400
    assert b"rating" in response.content


@pytest.mark.parametrize("path", ["annotate_rating/", "annotate_comment/", "annotate_map/"])
def test_annotating_takes_a_post(browser, path):
    assert browser.get(path).status_code in (404, 405)


def test_annotating_needs_the_right(browse, lab, make_group, make_user):
    group = make_group("rwr---")
    owner, reader = make_user(group), make_user(group)
    image = lab(owner).image()
    assert browse(reader).post("annotate_comment/", {"image": image, "comment": "x"}).status_code == 403


# -- key-value pairs ----------------------------------------------------------------------------------------------


def test_pairs_are_made_changed_and_deleted(browser, own):
    image = own.image()
    made = browser.post(
        "annotate_map/", {"image": image, "mapAnnotation": json.dumps([["a", "1"], ["b", "2"]])}
    )
    (annotation_id,) = made.json()["annId"]
    (pairs,) = annotations(browser, image=image, type="map")
    assert (pairs["values"], pairs["ns"]) == (
        [["a", "1"], ["b", "2"]],
        "openmicroscopy.org/omero/client/mapAnnotation",
    )
    data = {"image": image, "annId": annotation_id, "mapAnnotation": json.dumps([["c", "3"]])}
    assert browser.post("annotate_map/", data).json() == {"annId": [str(annotation_id)]}
    assert annotations(browser, image=image, type="map")[0]["values"] == [["c", "3"]]
    data = {"image": image, "annId": annotation_id, "mapAnnotation": "[]"}
    assert browser.post("annotate_map/", data).json() == {"annId": None}
    assert annotations(browser, image=image, type="map") == []


def test_every_object_has_client_pairs_of_its_own(browser, own):
    images = [own.image("1"), own.image("2")]
    answer = browser.post("annotate_map/", {"image": images, "mapAnnotation": '[["a", "1"]]'}).json()
    assert len(set(answer["annId"])) == 2


def test_pairs_in_another_namespace_are_shared(browser, own):
    images = [own.image("1"), own.image("2")]
    data = {"image": images, "mapAnnotation": '[["a", "1"]]', "ns": "lab"}
    assert len(browser.post("annotate_map/", data).json()["annId"]) == 1
    assert len(browser.post("annotate_map/", {**data, "duplicate": "true"}).json()["annId"]) == 2


# -- files --------------------------------------------------------------------------------------------------------


def test_a_file_goes_up_and_comes_down(browser, own):
    image, content = own.image(), bytes(range(256)) * 9000
    upload = SimpleUploadedFile("my data.bin", content, "application/x-data")
    (annotation_id,) = browser.post("annotate_file/", {"image": image, "annotation_file": upload}).json()[
        "fileIds"
    ]
    (attached,) = annotations(browser, image=image, type="file")
    file = attached["file"]
    assert (attached["id"], file["name"], file["size"], file["mimetype"]) == (
        annotation_id,
        "my data.bin",
        len(content),
        "application/x-data",
    )
    assert attached["permissions"]["canDownload"] is True
    down = browser.get(f"annotation/{annotation_id}/")
    assert b"".join(down.streaming_content) == content
    assert down["Content-Disposition"] == "attachment; filename=my_data.bin"
    assert down["Content-Length"] == str(len(content))
    plain = browser.get(f"get_original_file/{file['id']}/")
    assert (b"".join(plain.streaming_content), plain["Content-Type"]) == (content, "application/x-data")
    assert "Content-Disposition" not in plain
    again = browser.get(f"download_original_file/{file['id']}/")
    assert again["Content-Disposition"] == "attachment; filename=my_data.bin"
    again.close()
    hql = "select f.hash from OriginalFile f where f.id = :id"
    assert own.find(hql, id=file["id"]) == [[hashlib.sha1(content).hexdigest()]]


def test_an_existing_file_is_attached(browser, own):
    first, second = own.image("1"), own.image("2")
    upload = SimpleUploadedFile("a.txt", b"text", "text/plain")
    (file,) = browser.post("annotate_file/", {"image": first, "annotation_file": upload}).json()["fileIds"]
    form = browser.get("annotate_file/", image=second)
    assert (file, "a.txt") in form.context["form_file"].fields["files"].choices
    assert (form.context["total_files"], form.context["max_files"]) == (1, 500)
    assert browser.post("annotate_file/", {"image": second, "files": [file]}).json() == {
        "fileIds": [str(file)]
    }
    assert browser.get("annotate_file/", image=second).context["total_files"] == 0


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("annotation/999999/", "FileAnnotation does not exist (id:999999)."),
        ("get_original_file/999999/", "Original File does not exist (id:999999)."),
    ],
)
def test_missing_files_are_not_found(browser, path, message):
    assert browser.get(path).status_code == 404


# -- JSON ---------------------------------------------------------------------------------------------------------


def test_an_annotation_in_full(browser, own, ada):
    image, tag = own.image("a.tif"), own.tag("good")
    link = own.annotate("Image", image, tag)
    answer = browser.json("api/annotations/", image=image)
    (annotation,) = answer["annotations"]
    rights = dict.fromkeys(("canDelete", "canAnnotate", "canLink", "canEdit"), True)
    dates = annotation.pop("date"), annotation["link"].pop("date")
    assert all(date[4] == "-" and date[10] == "T" for date in dates)
    assert annotation == {
        "id": tag,
        "ns": None,
        "name": None,
        "description": None,
        "class": "TagAnnotationI",
        "textValue": "good",
        "owner": {"id": ada.id},
        "permissions": rights,
        "link": {
            "id": link,
            "owner": {"id": ada.id},
            "parent": {"id": image, "class": "ImageI", "name": "a.tif"},
            "permissions": rights,
        },
    }
    assert [person["id"] for person in answer["experimenters"]] == [ada.id]


def test_one_entry_per_link(browser, own):
    project, image, tag = own.project(), own.image(), own.tag("t")
    own.annotate("Image", image, tag)
    own.annotate("Project", project, tag)
    found = annotations(browser, image=image, project=project)
    assert [entry["link"]["parent"]["class"] for entry in found] == ["ProjectI", "ImageI"]


def test_annotations_are_inherited(browser, own):
    project = own.project("P")
    dataset = own.dataset("D", project)
    image = own.image("I", dataset)
    own.annotate("Project", project, own.tag("on the project"))
    own.annotate("Dataset", dataset, own.tag("on the dataset"))
    answer = browser.json("api/annotations/", image=image, parents="true")
    assert answer["annotations"] == []
    texts = [entry["textValue"] for entry in answer["parents"]["annotations"]]
    assert texts == ["on the project", "on the dataset"]
    below = [{"id": image, "class": "ImageI", "name": "I"}]
    assert answer["parents"]["lineage"] == {
        "DatasetI": {str(dataset): below},
        "ProjectI": {str(project): below},
    }


def test_annotations_of_a_well_name_the_well(browser, own):
    well = own.well(own.plate(), 1, 2, own.image())
    own.annotate("Well", well, own.tag("t"))
    (annotation,) = annotations(browser, well=well)
    assert annotation["link"]["parent"] == {"id": well, "class": "WellI", "name": "B3"}


def test_unknown_kinds_of_annotations_are_refused(browser, own):
    assert browser.get("api/annotations/", image=own.image(), type="song").status_code == 400


def test_custom_annotations_are_the_rest(browser, own):
    image = own.image()
    own.annotate("Image", image, own.tag("t"))
    assert annotations(browser, image=image, type="custom") == []
