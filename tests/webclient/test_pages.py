"""Main pages, panels and switching."""

import json

import pytest


@pytest.fixture
def own(lab, ada):
    return lab(ada)


@pytest.fixture
def browser(browse, ada):
    return browse(ada)


# -- main pages ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "userdata/", "usertags/"])
def test_the_data_page(browser, ada, path):
    response = browser.get(path)
    assert response.status_code == 200
    context = response.context
    assert context["active_group"].getId() == ada.group
    assert context["active_user"].getId() == ada.id
    assert context["member_of_groups"] == [ada.group, 1] or set(context["member_of_groups"]) == {ada.group, 1}
    assert (context["initially_select"], context["initially_open"], context["isLeader"]) == ([], [], False)
    assert context["current_url"] == (
        "/webclient/usertags/" if path == "usertags/" else "/webclient/userdata/"
    )
    assert context["ome"]["user_id"] == ada.id


def test_unknown_pages_are_not_found(browser):
    assert browser.get("help/").status_code == 404


def test_show_opens_the_tree(browser, own):
    project = own.project()
    dataset = own.dataset("d", project)
    image = own.image("i", dataset)
    context = browser.get("", show=f"image-{image}").context
    assert context["initially_open"] == [f"project-{project}", f"dataset-{dataset}", f"image-{image}"]
    assert context["initially_select"] == [f"image-{image}"]


def test_show_selects_several(browser, own):
    dataset = own.dataset()
    first, second = own.image("1", dataset), own.image("2", dataset)
    context = browser.get("", show=f"image-{first}|image-{second}").context
    assert context["initially_select"] == [f"image-{first}", f"image-{second}"]
    assert context["initially_open"] == [f"dataset-{dataset}", f"image-{first}"]


def test_show_an_orphan(browser, own):
    image = own.image()
    assert browser.get("", show=f"image-{image}").context["initially_open"] == [
        "orphaned-0",
        f"image-{image}",
    ]


def test_show_by_name(browser, own):
    project = own.project("a very special name")
    assert browser.get("", show="project.name-a very special name").context["initially_select"] == [
        f"project-{project}"
    ]


def test_show_an_image_in_a_well(browser, own):
    plate = own.plate()
    run = own.run(plate)
    image = own.image()
    well = own.well(plate, 0, 0, image, run)
    context = browser.get("", show=f"image-{image}").context
    assert context["initially_open"] == [f"plate-{plate}", f"acquisition-{run}", f"well-{well}"]
    assert context["initially_select"] == [f"acquisition-{run}", f"well-{well}"]


def test_show_a_well_by_position(browser, own):
    plate = own.plate("P-7")
    well = own.well(plate, 1, 2, own.image())
    context = browser.get("", path=f"plate-{plate}|well.name-B3").context
    assert context["initially_select"] == [f"plate-{plate}", f"well-{well}"]


def test_show_a_tag_goes_to_the_tags(browser, own):
    tag = own.tag("t")
    assert browser.get("", show=f"tag-{tag}")["Location"] == f"/webclient/usertags/?show=tag-{tag}"
    assert browser.get("usertags/", show=f"tag-{tag}").context["initially_open"] == [f"tag-{tag}"]


def test_show_a_missing_object(browser):
    context = browser.get("", show="image-999999").context
    assert (context["initially_open"], context["initially_select"]) == ([], ["image.id-999999"])


def test_show_switches_group_and_user(browse, lab, make_group, make_user):
    first, second = make_group("rwra--"), make_group("rwra--")
    viewer, other = make_user(first, second), make_user(second)
    project = lab(other).project()
    context = browse(viewer).get("", show=f"project-{project}").context
    assert (context["active_group"].getId(), context["active_user"].getId()) == (second, other.id)


def test_the_shown_user_is_a_member(browser, ada, make_user):
    colleague, stranger = make_user(ada.group), make_user()
    assert browser.get("", experimenter=colleague.id).context["active_user"].getId() == colleague.id
    assert browser.get("", experimenter=stranger.id).context["active_user"].getId() == colleague.id
    assert browser.get("", experimenter=-1).context["active_user"] is None


def test_switching_groups(browse, make_group, make_user):
    first, second, foreign = make_group(), make_group(), make_group()
    browser = browse(make_user(first, second))
    response = browser.get("active_group/", active_group=second, url="/webclient/usertags/")
    assert (response.status_code, response["Location"]) == (302, "/webclient/usertags/")
    assert browser.get("").context["active_group"].getId() == second
    browser.get("active_group/", active_group=foreign)
    assert browser.get("").context["active_group"].getId() == second


def test_new_containers_go_to_the_active_group(browse, lab, make_group, make_user):
    first, second = make_group(), make_group()
    user = make_user(first, second)
    browser = browse(user)
    browser.get("active_group/", active_group=second)
    project = browser.post("action/addnewcontainer/", {"folder_type": "project", "name": "p"}).json()["id"]
    assert lab(user).find("select p.details.group.id from Project p where p.id = :id", id=project) == [
        [second]
    ]


def test_the_chooser_lists_groups_and_people(browser, ada, make_user):
    colleague = make_user(ada.group)
    response = browser.get("group_user_content/")
    (group,) = [group for group in response.context["groups"] if group.getId() == ada.group]
    assert {person.getId() for person in group.colleagues} == {ada.id, colleague.id}
    assert group.all is True


def test_administrators_choose_among_all_groups(browse, make_group):
    group = make_group()
    groups = {entry.getId() for entry in browse().get("group_user_content/").context["groups"]}
    assert group in groups
    assert 1 not in groups


def test_everybody_has_a_picture(browser, ada):
    response = browser.get(f"avatar/{ada.id}/")
    assert (response["Content-Type"], response.content[:4]) == ("image/jpeg", b"\x89PNG")


# -- panels -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["project", "dataset", "screen", "plate", "image", "tag", "tagset"])
def test_details(browser, own, kind):
    object_id = getattr(own, kind)("heading")
    response = browser.get(f"metadata_details/{kind}/{object_id}/")
    assert response.status_code == 200
    manager = response.context["manager"]
    assert (manager.obj_type, manager.obj_id, manager.obj_name) == (kind, object_id, "heading")
    assert f"{kind}-{object_id}" in response.content.decode()
    assert "isOwned" in manager.getPermsCss()


def test_details_of_runs_and_wells(browser, own):
    plate = own.plate()
    run = own.run(plate)
    well = own.well(plate, 1, 2, own.image(), run)
    assert browser.get(f"metadata_details/acquisition/{run}/").context["manager"].obj_name == f"Run {run}"
    assert browser.get(f"metadata_details/well/{well}/").context["manager"].obj_name == "B3"


def test_details_count_annotations(browser, own):
    image = own.image()
    own.annotate("Image", image, own.tag("a"))
    own.annotate("Image", image, own.tag("b"))
    browser.post("annotate_comment/", {"image": image, "comment": "c"})
    browser.post("annotate_rating/", {"image": image, "rating": 4})
    assert browser.get(f"metadata_details/image/{image}/").context["annotationCounts"] == {
        "TagAnnotation": 2,
        "FileAnnotation": 0,
        "CommentAnnotation": 1,
        "LongAnnotation": 1,
        "MapAnnotation": 0,
        "OtherAnnotation": 0,
    }


def test_a_missing_object_is_named(browser):
    response = browser.client.get(
        "/webclient/metadata_details/image/999999/", headers={"X-Requested-With": "XMLHttpRequest"}
    )
    assert (response.status_code, response.content.decode()) == (
        404,
        "We are sorry, but that Image (id:999999) does not exist, or if it does, you have no permission to see it.",
    )


def test_a_missing_object_has_a_page(browser):
    response = browser.get("metadata_details/dataset/999999/")
    assert response.status_code == 404
    assert response.context["error"].startswith("We are sorry, but that Dataset")


@pytest.mark.parametrize(
    "path", ["metadata_details/song/1/", "metadata_preview/project/1/", "load_plate/song/1/"]
)
def test_unknown_types_are_refused(browser, path):
    assert browser.get(path).status_code == 400


def test_hierarchy_of_an_image(browser, own):
    project = own.project("P")
    image = own.image("i", own.dataset("D", project))
    response = browser.get(f"metadata_hierarchy/image/{image}/")
    ((outer, inner),) = response.context["hierarchy"]
    assert (outer["type"], outer["name"], inner["type"], inner["name"]) == ("project", "P", "dataset", "D")


def test_batch_of_images(browser, own):
    first, second = own.image("1"), own.image("2")
    response = browser.client.get(f"/webclient/batch_annotate/?image={first}&image={second}")
    context = response.context
    assert context["obj_string"] == f"image={first}&image={second}"
    assert context["link_string"] == f"image-{first}|image-{second}"
    assert [label["name"] for label in context["obj_labels"]] == ["1", "2"]
    assert (context["annotationBlocked"], context["differentGroups"], context["batch_ann"]) == (
        False,
        False,
        True,
    )
    assert context["filesetInfo"] == {"count": 0, "size": 0}


def test_a_batch_without_the_right_is_blocked(browse, lab, make_group, make_user):
    group = make_group("rwr---")
    owner, reader = make_user(group), make_user(group)
    image = lab(owner).image()
    context = browse(reader).get("batch_annotate/", image=image).context
    assert context["annotationBlocked"] == "Can't add annotations because you don't have permissions"


def test_tags_have_no_batch(browser):
    assert browser.get("batch_annotate/", tag=1).content == b"<h2>Can't batch annotate tags</h2>"
    assert browser.get("batch_annotate/").status_code == 404


def test_a_plate_has_a_grid(browser, own):
    plate = own.plate()
    well = own.well(plate, 0, 0, own.image())
    context = browser.get(f"load_plate/plate/{plate}/", show=f"well-{well}").context
    assert (context["index"], context["select_wells"], context["baseurl"]) == (0, str(well), "/webgateway")
    assert context["form_well_index"].fields["index"].choices == [(0, "Field#1")]


def test_an_empty_plate_has_no_fields(browser, own):
    assert browser.get(f"load_plate/plate/{own.plate()}/").context["form_well_index"] is None


def test_split_filesets_are_told(browser, own):
    fileset = own.fileset()
    first, second = own.image("1", fileset=fileset), own.image("2", fileset=fileset)
    split = browser.get("fileset_check/delete/", Image=first).context["split_filesets"]
    assert split == [{"id": fileset, "attempted_iids": [first], "blocking_iids": [second]}]
    assert browser.get("fileset_check/delete/", Image=f"{first},{second}").context["split_filesets"] == []


def test_thumbnails_of_images_without_pixels_are_a_default_picture(browser, own):
    response = browser.get(f"render_thumbnail/size/64/{own.image()}/")
    assert (response.status_code, response.content[:4]) == (200, b"\x89PNG")
    assert json.loads(browser.get("get_thumbnails/", id=own.image()).content)


def test_external_info_is_told(browser, own):
    import omero
    from omero.rtypes import rlong, rstring

    project = omero.model.ProjectI()
    project.name = rstring("elsewhere")
    info = omero.model.ExternalInfoI()
    info.entityId, info.entityType, info.lsid = rlong(77), rstring("sample"), rstring("urn:lsid:sample:77")
    project.details.externalInfo = info
    response = browser.get(f"metadata_details/project/{own.save(project).id.val}/")
    told = response.context["manager"].external_info
    assert (told.entityId.val, told.entityType.val, told.lsid.val) == (77, "sample", "urn:lsid:sample:77")
    assert "urn:lsid:sample:77" in response.content.decode()
