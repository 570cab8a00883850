"""JSON of the tree, asked for by browsers of the embedded server."""

import pytest

ALL = "canEdit canAnnotate canLink canDelete canChgrp isOwned"


@pytest.fixture
def own(lab, ada):
    return lab(ada)


@pytest.fixture
def browser(browse, ada):
    return browse(ada)


def names(entries):
    return [entry["name"] for entry in entries]


# -- groups and users ---------------------------------------------------------------------------------------------


def test_groups_of_a_member(browser, ada):
    groups = browser.json("api/groups/", member=ada.id)["groups"]
    assert [(group["id"], group["perm"]) for group in groups] == [(ada.group, "rwra--")]


def test_the_group_user_is_left_out(browse):
    found = names(browse().json("api/groups/", page=0)["groups"])
    assert "user" not in found
    assert "system" in found
    assert found == sorted(found, key=str.lower)


def test_one_experimenter(browser, ada):
    person = browser.json(f"api/experimenters/{ada.id}/")["experimenter"]
    assert (person["id"], person["omeName"], person["firstName"]) == (ada.id, ada.name, "User")


def test_all_members_are_an_invented_experimenter(browser):
    person = browser.json("api/experimenters/-1/")["experimenter"]
    assert person == {"id": -1, "omeName": "All Members", "firstName": "All Members", "lastName": ""}


def test_people_of_other_groups_are_not_found(browser, make_user):
    assert browser.get(f"api/experimenters/{make_user().id}/").status_code == 404


def test_unknown_experimenters_are_not_found(browse):
    assert browse().get("api/experimenters/999999/").status_code == 404


# -- containers ---------------------------------------------------------------------------------------------------


def test_what_hangs_below_a_user(browser, own, ada):
    project = own.project("Mitosis")
    own.dataset("inside", project)
    lone = own.dataset("alone")
    own.image("orphan")
    screen, plate = own.screen("S"), own.plate("P")
    own.plate("inside too", screen)
    found = browser.json("api/containers/", id=ada.id, group=ada.group)
    assert found["projects"] == [
        {"id": project, "name": "Mitosis", "ownerId": ada.id, "childCount": 1, "permsCss": ALL}
    ]
    assert [entry["id"] for entry in found["datasets"]] == [lone]
    assert [(entry["id"], entry["childCount"]) for entry in found["screens"]] == [(screen, 1)]
    assert [entry["id"] for entry in found["plates"]] == [plate]
    assert found["orphaned"] == {"id": ada.id, "childCount": 1, "name": "Orphaned Images"}


def test_others_rights_depend_on_the_group(browser, lab, make_user, ada):
    other = make_user(ada.group)
    project = lab(other).project()
    found = browser.json("api/containers/", id=other.id)["projects"]
    assert [(entry["id"], entry["permsCss"]) for entry in found] == [(project, "canAnnotate")]


def test_others_are_invisible_in_private_groups(browse, lab, make_group, make_user):
    group = make_group("rw----")
    first, second = make_user(group), make_user(group)
    lab(first).project()
    assert browse(second).json("api/containers/", id=first.id)["projects"] == []


def test_a_foreign_group_is_refused(browser, make_group):
    group = make_group()
    response = browser.get("api/containers/", group=group)
    assert (response.status_code, response.content.decode()) == (403, f"Not a member of Group: {group}")


@pytest.mark.parametrize("path", ["containers", "datasets", "images", "plates", "plate_acquisitions", "tags"])
def test_a_bad_parameter_has_a_fixed_answer(browser, path):
    response = browser.get(f"api/{path}/", id="x")
    assert (response.status_code, response.content) == (400, b"Invalid parameter value")
    assert "id" in response.reason_phrase


def test_names_are_sorted_without_regard_to_case(browser, own, ada):
    for name in ("b", "A", "C", "a"):
        own.project(name)
    assert names(browser.json("api/containers/", id=ada.id)["projects"]) == ["A", "a", "b", "C"]


def test_datasets_of_a_project_come_in_pages(browser, own):
    project = own.project()
    for name in "abcde":
        own.dataset(name, project)
    assert names(browser.json("api/datasets/", id=project, limit=2, page=2)["datasets"]) == ["c", "d"]
    assert names(browser.json("api/datasets/", id=project, limit=2, page=0)["datasets"]) == list("abcde")


def test_plates_of_a_screen(browser, own):
    screen = own.screen()
    plate = own.plate("P-01", screen)
    own.run(plate)
    found = browser.json("api/plates/", id=screen)["plates"]
    assert [(entry["id"], entry["name"], entry["childCount"]) for entry in found] == [(plate, "P-01", 1)]


def test_runs_have_names(browser, own):
    plate = own.plate()
    plain = own.run(plate)
    own.run(plate, "Named")
    own.run(plate, start=0, end=1000)
    found = browser.json("api/plate_acquisitions/", id=plate)["acquisitions"]
    assert names(found) == [f"Run {plain}", "Named", "1970-01-01 00:00:00 - 1970-01-01 00:00:01"]


def test_runs_need_a_plate(browser):
    response = browser.get("api/plate_acquisitions/")
    assert (response.status_code, response.content) == (400, b"id (plate) must be specified")


# -- images -------------------------------------------------------------------------------------------------------


def test_images_of_a_dataset(browser, own, ada):
    dataset = own.dataset()
    image = own.image("a.tif", dataset)
    assert browser.json("api/images/", id=dataset)["images"] == [
        {"id": image, "archived": False, "name": "a.tif", "ownerId": ada.id, "permsCss": ALL}
    ]


def test_images_with_sizes_and_dates(browser, own):
    dataset = own.dataset()
    image = own.image("with", dataset)
    own.image("without", dataset)
    own.pixels(image, 512, 256, 3, 2)
    found = browser.json("api/images/", id=dataset, sizeXYZ="true", date="true", thumbVersion="true")[
        "images"
    ]
    sizes = [tuple(entry[f"size{axis}"] for axis in "XYZT") for entry in found]
    assert sizes == [(512, 256, 3, 2), (None, None, None, None)]
    assert all(entry["date"].startswith("20") for entry in found)
    assert not any("acqDate" in entry or "thumbVersion" in entry for entry in found)


def test_an_image_tells_its_fileset(browser, own):
    dataset, fileset = own.dataset(), own.fileset()
    own.image("a", dataset, fileset)
    assert browser.json("api/images/", id=dataset)["images"][0]["filesetId"] == fileset


def test_orphaned_images_are_in_no_dataset_and_no_well(browser, own, ada):
    own.image("in a dataset", own.dataset())
    own.well(own.plate(), 0, 0, own.image("in a well"))
    orphan = own.image("orphan")
    found = browser.json("api/images/", orphaned="true", experimenter_id=ada.id)["images"]
    assert [entry["id"] for entry in found] == [orphan]


def test_pages_of_images_follow_the_names(browser, own):
    dataset = own.dataset()
    own.images([f"image {number:03}" for number in range(25)], dataset)
    found = [
        name
        for page in (1, 2, 3)
        for name in names(browser.json("api/images/", id=dataset, limit=10, page=page)["images"])
    ]
    assert found == [f"image {number:03}" for number in range(25)]


# -- tags ---------------------------------------------------------------------------------------------------------


def test_tags_and_sets(browser, own, ada):
    tagset = own.tagset("set")
    inside = own.tag("inside", "about", tagset)
    outside = own.tag("outside")
    own.annotate("Image", own.image(), inside)
    tags = browser.json("api/tags/", experimenter_id=ada.id)["tags"]
    assert [(tag["id"], tag["set"], tag["childCount"]) for tag in tags] == [
        (tagset, True, 1),
        (inside, False, 1),
        (outside, False, 0),
    ]
    assert tags[1]["description"] == "about"
    top = browser.json("api/tags/", experimenter_id=ada.id, orphaned="true")["tags"]
    assert [tag["id"] for tag in top] == [tagset, outside]
    assert [tag["id"] for tag in browser.json("api/tags/", id=tagset)["tags"]] == [inside]


def test_tagged_objects(browser, own, ada):
    tag = own.tag("good")
    project, dataset, image = own.project("P"), own.dataset("D"), own.image("I")
    plate, screen = own.plate("P-01"), own.screen("S")
    run = own.run(plate, "R")
    well = own.well(plate, 1, 11, own.image("field"), run)
    for kind, object_id in (
        ("Project", project),
        ("Dataset", dataset),
        ("Image", image),
        ("Screen", screen),
        ("Plate", plate),
        ("PlateAcquisition", run),
        ("Well", well),
    ):
        own.annotate(kind, object_id, tag)
    found = browser.json("api/tags/", id=tag)
    for key, object_id in (
        ("projects", project),
        ("datasets", dataset),
        ("images", image),
        ("screens", screen),
        ("plates", plate),
        ("acquisitions", run),
    ):
        assert [entry["id"] for entry in found[key]] == [object_id], key
    assert found["wells"] == [
        {
            "id": well,
            "ownerId": ada.id,
            "plateId": plate,
            "permsCss": found["wells"][0]["permsCss"],
            "name": "P-01 - B12",
        }
    ]
    assert found["tags"] == []


def test_tags_are_deleted(browser, own):
    tag = own.tag("away")
    response = browser.client.delete(f"/webclient/api/tags/?id={tag}")
    assert (response.status_code, response.json()) == (200, "")
    assert own.find("select t.id from TagAnnotation t where t.id = :id", id=tag) == []


# -- paths --------------------------------------------------------------------------------------------------------


def test_path_to_an_image(browser, own, ada):
    project = own.project()
    dataset = own.dataset("d", project)
    image = own.image("i", dataset)
    assert browser.json("api/paths_to_object/", image=image)["paths"] == [
        [
            {"type": "experimenter", "id": ada.id},
            {"type": "project", "id": project},
            {"type": "dataset", "id": dataset, "childCount": 1},
            {"type": "image", "id": image},
        ]
    ]


def test_a_path_tells_the_page(browser, own):
    dataset = own.dataset()
    ids = own.images([f"{number:02}" for number in range(12)], dataset)
    path = browser.json("api/paths_to_object/", image=ids[7], page_size=5)["paths"][0]
    assert path[1] == {"type": "dataset", "id": dataset, "childCount": 12, "childIndex": 7, "childPage": 2}


def test_path_to_an_orphan(browser, own, ada):
    image = own.image()
    assert browser.json("api/paths_to_object/", image=image)["paths"] == [
        [
            {"type": "experimenter", "id": ada.id},
            {"type": "orphaned", "id": ada.id},
            {"type": "image", "id": image},
        ]
    ]


def test_path_to_an_image_in_a_well(browser, own):
    screen = own.screen()
    plate = own.plate("p", screen)
    run = own.run(plate)
    image = own.image()
    well = own.well(plate, 0, 0, image, run)
    path = browser.json("api/paths_to_object/", image=image)["paths"][0]
    types = ["experimenter", "screen", "plate", "acquisition", "well", "wellsample", "image"]
    assert [node["type"] for node in path] == types
    assert [node["id"] for node in path[1:5]] == [screen, plate, run, well]
    well_path = browser.json("api/paths_to_object/", well=well)["paths"]
    assert [[node["type"] for node in path] for path in well_path] == [types[:4]]


@pytest.mark.parametrize("kind", ["project", "screen", "dataset", "plate"])
def test_paths_to_containers(browser, own, ada, kind):
    object_id = getattr(own, kind)()
    assert browser.json("api/paths_to_object/", **{kind: object_id})["paths"] == [
        [{"type": "experimenter", "id": ada.id}, {"type": kind, "id": object_id}]
    ]


def test_path_to_a_run(browser, own, ada):
    plate = own.plate()
    run = own.run(plate)
    expected = [
        {"type": "experimenter", "id": ada.id},
        {"type": "plate", "id": plate},
        {"type": "acquisition", "id": run},
    ]
    assert browser.json("api/paths_to_object/", run=run)["paths"] == [expected]


def test_paths_to_tags(browser, own, ada):
    tagset = own.tagset("s")
    tag, alone = own.tag("t", tagset=tagset), own.tag("alone")
    me = {"type": "experimenter", "id": ada.id}
    assert browser.json("api/paths_to_object/", tag=tag)["paths"] == [
        [me, {"type": "tagset", "id": tagset}, {"type": "tag", "id": tag}]
    ]
    assert browser.json("api/paths_to_object/", tag=alone)["paths"] == [[me, {"type": "tag", "id": alone}]]
    assert browser.json("api/paths_to_object/", tagset=tagset)["paths"] == [
        [me, {"type": "tagset", "id": tagset}]
    ]


def test_nothing_asked_gives_no_path(browser):
    assert browser.json("api/paths_to_object/")["paths"] == []


def test_unknown_objects_have_no_path(browser):
    assert browser.json("api/paths_to_object/", image=999999)["paths"] == []


def test_parent_links(browser, own):
    dataset = own.dataset()
    image = own.image(dataset=dataset)
    data = browser.json("api/parent_links/", image=f"{image},999999")["data"]
    assert [(link["parent"], link["child"]) for link in data] == [
        ({"type": "dataset", "id": dataset}, {"type": "image", "id": image})
    ]
