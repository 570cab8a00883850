"""Creating, renaming, describing, unlinking and deleting; and the activities that follow."""

import time

import pytest


@pytest.fixture
def own(lab, ada):
    return lab(ada)


@pytest.fixture
def browser(browse, ada):
    return browse(ada)


def finished(browser):
    """The session's jobs once none runs any more."""
    for _ in range(100):
        state = browser.json("activities_json/")
        if state["inprogress"] == 0:
            return {key: job for key, job in state.items() if isinstance(job, dict)}
        time.sleep(0.05)
    raise AssertionError("still running")


@pytest.mark.parametrize("kind", ["project", "dataset", "screen"])
def test_containers_are_created(browser, own, kind):
    answer = browser.post(
        "action/addnewcontainer/", {"folder_type": kind, "name": "new", "description": "why"}
    )
    assert answer.json()["bad"] == "false"
    hql = f"select c.name, c.description from {kind.title()} c where c.id = :id"
    assert own.find(hql, id=answer.json()["id"]) == [["new", "why"]]


def test_a_dataset_is_created_in_a_project(browser, own):
    project = own.project()
    new = browser.post(f"action/addnewcontainer/project/{project}/", {"folder_type": "dataset", "name": "d"})
    hql = "select l.child.id from ProjectDatasetLink l where l.parent.id = :id"
    assert own.find(hql, id=project) == [[new.json()["id"]]]


def test_a_new_dataset_takes_images(browser, own):
    image = own.image()
    data = {"folder_type": "dataset", "name": "d", "image": [image]}
    new = browser.post("action/addnewcontainer/", data).json()["id"]
    assert own.find("select l.child.id from DatasetImageLink l where l.parent.id = :id", id=new) == [[image]]


def test_a_tag_is_created_in_a_set(browser, own):
    tagset = browser.post("action/addnewcontainer/", {"folder_type": "tagset", "name": "set"}).json()["id"]
    tag = browser.post(
        f"action/addnewcontainer/tagset/{tagset}/", {"folder_type": "tag", "name": "t"}
    ).json()["id"]
    hql = "select l.child.id from AnnotationAnnotationLink l where l.parent.id = :id"
    assert own.find(hql, id=tagset) == [[tag]]


def test_a_container_needs_a_name(browser):
    answer = browser.post("action/addnewcontainer/", {"folder_type": "project", "name": ""}).json()
    assert answer["bad"] == "true"
    assert "required" in answer["errs"]["name"]


def test_creating_takes_a_post(browser):
    response = browser.get("action/addnewcontainer/")
    assert (response.status_code, response.json()) == (405, {"Error": "Must use POST to create container"})


@pytest.mark.parametrize("kind", ["project", "dataset", "image", "screen", "plate"])
def test_names_are_saved(browser, own, kind):
    object_id = getattr(own, kind)("old")
    answer = browser.post(f"action/savename/{kind}/{object_id}/", {"name": "new"})
    assert answer.json() == {"bad": "false", "o_type": kind}
    assert own.find(f"select o.name from {kind.title()} o where o.id = :id", id=object_id) == [["new"]]


def test_a_tags_name_is_its_text(browser, own):
    tag = own.tag("old")
    assert browser.post(f"action/savename/tag/{tag}/", {"name": "new"}).json()["bad"] == "false"
    assert own.find("select t.textValue from TagAnnotation t where t.id = :id", id=tag) == [["new"]]


def test_descriptions_are_saved_and_cleared(browser, own):
    project = own.project()
    hql = "select p.description from Project p where p.id = :id"
    browser.post(f"action/savedescription/project/{project}/", {"description": "text"})
    assert own.find(hql, id=project) == [["text"]]
    assert browser.post(f"action/savedescription/project/{project}/", {"description": ""}).json() == {
        "bad": "false"
    }
    assert own.find(hql, id=project) == [[None]]


def test_the_edit_form_holds_the_name(browser, own):
    project = own.project("before")
    response = browser.get(f"action/editname/project/{project}/")
    assert response.context["form"].initial == {"name": "before"}


def test_a_missing_object_is_named(browser):
    response = browser.post(
        "action/savename/dataset/999999/", {"name": "x"}, headers={"X-Requested-With": "XMLHttpRequest"}
    )
    assert response.status_code == 404
    assert response.content.decode().startswith("We are sorry, but that Dataset (id:999999) does not exist")


def test_unknown_actions_are_not_found(browser):
    assert browser.post("action/dance/").status_code == 404


def test_others_objects_cannot_be_renamed(browse, own, ada, make_user):
    project = own.project("mine")
    response = browse(make_user(ada.group)).post(f"action/savename/project/{project}/", {"name": "yours"})
    assert response.status_code == 403
    assert own.find("select p.name from Project p where p.id = :id", id=project) == [["mine"]]


def test_an_image_is_taken_out_of_its_dataset(browser, own):
    dataset = own.dataset()
    image = own.image(dataset=dataset)
    assert browser.post(f"action/remove/image/{image}/", {"parent": f"dataset-{dataset}"}).json() == {
        "bad": "false"
    }
    assert own.find("select l.id from DatasetImageLink l where l.child.id = :id", id=image) == []


def test_a_tag_is_taken_off_an_image(browser, own):
    tag, image = own.tag("t"), own.image()
    own.annotate("Image", image, tag)
    assert browser.post(f"action/remove/tag/{tag}/", {"parent": f"image-{image}"}).json() == {"bad": "false"}
    assert own.find("select l.id from ImageAnnotationLink l where l.child.id = :id", id=tag) == []


def test_one_object_is_deleted(browser, own):
    image = own.image()
    assert browser.post(f"action/delete/image/{image}/").json() == {"bad": "false"}
    (job,) = finished(browser).values()
    assert (job["job_type"], job["status"], job["did"], job["dtype"], job["error"]) == (
        "delete",
        "finished",
        image,
        "image",
        0,
    )
    assert own.find("select i.id from Image i where i.id = :id", id=image) == []


def test_several_objects_are_deleted_with_one_job_per_type(browser, own):
    dataset = own.dataset()
    inside, lone, other = own.image("in", dataset), own.image("a"), own.image("b")
    data = {"dataset": [dataset], "image": [lone, other], "child": "on"}
    assert browser.post("action/deletemany/", data).json() == {"bad": "false"}
    jobs = sorted(finished(browser).values(), key=lambda job: job["dtype"])
    assert [(job["dtype"], job["did"], job["delmany"]) for job in jobs] == [
        ("Dataset", str(dataset), False),
        ("Image", [lone, other], 2),
    ]
    assert all(job["status"] == "finished" for job in jobs)
    assert own.find("select i.id from Image i where i.id in (:a, :b, :c)", a=inside, b=lone, c=other) == []


def test_contents_stay_unless_wanted(browser, own):
    dataset = own.dataset()
    image = own.image(dataset=dataset)
    browser.post("action/deletemany/", {"dataset": [dataset]})
    finished(browser)
    assert own.find("select i.id from Image i where i.id = :id", id=image) == [[image]]


def test_what_may_not_be_deleted_is_reported(browse, own, ada, make_user):
    image = own.image()
    browser = browse(make_user(ada.group))
    browser.post("action/deletemany/", {"image": [image]})
    (job,) = finished(browser).values()
    assert (job["status"], job["error"]) == ("failed", 1)
    assert job["dreport"]
    assert own.find("select i.id from Image i where i.id = :id", id=image) == [[image]]


def test_the_list_of_activities_and_its_cleaning(browser, own):
    browser.post("action/deletemany/", {"image": [own.image()]})
    finished(browser)
    response = browser.get("activities/")
    assert (response.context["sizeOfJobs"], response.context["inprogress"], response.context["failure"]) == (
        1,
        0,
        0,
    )
    assert b'id="jobsTable"' in response.content
    assert browser.post("activities_update/clean/").content == b"OK"
    assert browser.get("activities/").context["sizeOfJobs"] == 0


def test_one_activity_is_removed(browser, own):
    browser.post("action/deletemany/", {"image": [own.image()]})
    (key,) = finished(browser)
    assert browser.post("activities_update/", {"jobKey": key}).json() == {"removed": True}
    assert browser.post("activities_update/", {"jobKey": key}).json() == {"removed": False}


def test_unknown_handles_count_as_finished(browser):
    assert browser.json("activities/", jobId="nonsense") == {"finished": True}


def test_a_bad_id_is_named(browser):
    response = browser.post("action/deletemany/", {"image": ["x"]})
    assert response.status_code == 400
    assert b"image" in response.content
