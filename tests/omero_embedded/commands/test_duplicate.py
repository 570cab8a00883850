"""Duplicate as clients submit it (contract/server.md, section 2.23)."""

from __future__ import annotations

from typing import Any

import numpy as np
import omero
import omero.model as model
import pytest
from omero.rtypes import rlong, rstring


class Lab:
    """A group with its owner and two members, and a gateway for each."""

    def __init__(self, level: str, gateway: Any, make_user: Any, make_group: Any) -> None:
        self.group = make_group(level)
        self.users = {
            "owner": make_user(self.group, owner_of=[self.group]),
            "ann": make_user(self.group),
            "ben": make_user(self.group),
        }
        self.gateways = {name: gateway(user) for name, user in self.users.items()}

    def save(self, user: str, obj: Any) -> Any:
        return self.gateways[user].getUpdateService().saveAndReturnObject(obj)

    def image(self, user: str, name: str = "cells", dataset: Any = None) -> Any:
        planes = [np.arange(200, dtype=np.uint16).reshape(10, 20) + 1000 * c for c in range(2)]
        return self.gateways[user].createImageFromNumpySeq(iter(planes), name, sizeC=2, dataset=dataset)

    def attach(self, user: str, image_id: int, annotation: Any) -> int:
        link = model.ImageAnnotationLinkI()
        link.parent, link.child = model.ImageI(image_id, False), annotation
        return int(self.save(user, link).child.id.val)

    def duplicate(self, user: str, targets: dict[str, list[int]], **fields: Any) -> dict[str, list[int]]:
        request = omero.cmd.Duplicate(targetObjects=targets, **fields)
        client = self.gateways[user].c
        response = client.submit(request).getResponse()
        return {name.rpartition(".")[2]: ids for name, ids in response.duplicates.items()}

    def rows(self, user: str, query: str, **ids: int) -> list[list[Any]]:
        parameters = omero.sys.ParametersI()
        for name, value in ids.items():
            parameters.add(name, rlong(value))
        found = self.gateways[user].getQueryService().projection(query, parameters, {"omero.group": "-1"})
        return [[None if cell is None else cell.val for cell in row] for row in found]


@pytest.fixture
def lab(gateway: Any, make_user: Any, make_group: Any) -> Any:
    return lambda level="rwra--": Lab(level, gateway, make_user, make_group)


def text(kind: Any, value: str) -> Any:
    annotation = kind()
    annotation.textValue = rstring(value)
    return annotation


def test_image_is_copied_with_pixels_channels_and_settings(lab: Any) -> None:
    here = lab()
    original = here.image("ann")
    original.resetDefaults()
    made = here.duplicate("ann", {"Image": [original.id]})
    assert len(made["Image"]) == len(made["Pixels"]) == 1 and len(made["Channel"]) == 2
    assert len(made["RenderingDef"]) == 1 and "Thumbnail" not in made
    copy = here.gateways["ann"].getObject("Image", made["Image"][0])
    assert copy.id != original.id and copy.name == "cells"
    for c in range(2):
        same = copy.getPrimaryPixels().getPlane(0, c, 0)
        assert np.array_equal(same, original.getPrimaryPixels().getPlane(0, c, 0))
    assert copy.renderImage(0, 0).size == (20, 10)


def test_copy_and_original_are_independent(lab: Any) -> None:
    here = lab()
    original = here.image("ann")
    made = here.duplicate("ann", {"Image": [original.id]})
    store = here.gateways["ann"].c.sf.createRawPixelsStore()
    store.setPixelsId(made["Pixels"][0], False)
    store.setPlane(np.zeros((10, 20), ">u2").tobytes(), 0, 0, 0)
    store.save()
    store.close()
    assert original.getPrimaryPixels().getPlane(0, 0, 0).max() == 199
    here.gateways["ann"].deleteObjects("Image", [original.id], wait=True)
    copy = here.gateways["ann"].getObject("Image", made["Image"][0])
    assert copy.getPrimaryPixels().getPlane(0, 0, 0).max() == 0
    assert copy.getPrimaryPixels().getPlane(0, 1, 0).max() == 1199


def test_other_users_image_becomes_the_callers(lab: Any) -> None:
    here = lab()
    original = here.image("ann")
    made = here.duplicate("ben", {"Image": [original.id]})
    query = "select i.details.owner.id, i.details.group.id from Image i where i.id = :id"
    assert here.rows("ben", query, id=made["Image"][0]) == [[here.users["ben"].id, here.group]]


def test_private_comment_is_copied_and_shared_tag_is_linked(lab: Any) -> None:
    here = lab()
    one, two = here.image("ann", "one"), here.image("ann", "two")
    here.attach("ann", one.id, text(model.CommentAnnotationI, "seen"))
    tag = here.attach("ann", one.id, text(model.TagAnnotationI, "shared"))
    here.attach("ann", two.id, model.TagAnnotationI(tag, False))
    made = here.duplicate("ann", {"Image": [one.id]})
    assert len(made["CommentAnnotation"]) == 1 and "TagAnnotation" not in made
    query = "select l.child.id from ImageAnnotationLink l where l.parent.id = :id order by l.child.id"
    linked = here.rows("ann", query, id=made["Image"][0])
    assert linked == sorted([[tag], [made["CommentAnnotation"][0]]])


def test_dataset_takes_its_images_along_and_stays_in_its_project(lab: Any) -> None:
    here = lab()
    link = model.ProjectDatasetLinkI()
    link.parent, link.child = model.ProjectI(), model.DatasetI()
    link.parent.name, link.child.name = rstring("p"), rstring("d")
    saved = here.save("ann", link)
    here.image("ann", dataset=here.gateways["ann"].getObject("Dataset", saved.child.id.val))
    made = here.duplicate("ann", {"Dataset": [saved.child.id.val]})
    assert {name: len(made[name]) for name in ("Dataset", "Image", "DatasetImageLink", "ProjectDatasetLink")} == {
        "Dataset": 1, "Image": 1, "DatasetImageLink": 1, "ProjectDatasetLink": 1,
    }  # fmt: skip
    query = "select l.parent.id from ProjectDatasetLink l where l.child.id = :id"
    assert here.rows("ann", query, id=made["Dataset"][0]) == [[saved.parent.id.val]]


def test_types_decide_what_is_copied_referred_to_or_left_out(lab: Any) -> None:
    here = lab()
    one, two = here.image("ann", "one"), here.image("ann", "two")
    tag = here.attach("ann", one.id, text(model.TagAnnotationI, "shared"))
    here.attach("ann", two.id, model.TagAnnotationI(tag, False))
    comment = here.attach("ann", one.id, text(model.CommentAnnotationI, "seen"))
    made = here.duplicate(
        "ann",
        {"Image": [one.id]},
        typesToDuplicate=["TagAnnotation"],
        typesToReference=["ome.model.annotations.CommentAnnotation"],
        typesToIgnore=["RenderingDef"],
    )
    assert len(made["TagAnnotation"]) == 1 and "CommentAnnotation" not in made and "RenderingDef" not in made
    query = "select l.child.id from ImageAnnotationLink l where l.parent.id = :id"
    assert sorted(here.rows("ann", query, id=made["Image"][0])) == sorted([[comment], made["TagAnnotation"]])
    without = here.duplicate("ann", {"Image": [one.id]}, typesToIgnore=["Annotation"])
    assert not [name for name in without if "Annotation" in name]


def test_type_in_two_lists_is_an_error(lab: Any) -> None:
    here = lab()
    image = here.image("ann")
    with pytest.raises(omero.CmdError, match="named in"):
        here.duplicate("ann", {"Image": [image.id]}, typesToIgnore=["Roi"], typesToDuplicate=["Roi"])


def test_link_to_anothers_container_is_refused_unless_left_out(lab: Any) -> None:
    here = lab()
    dataset = model.DatasetI()
    dataset.name = rstring("d")
    saved = here.save("ann", dataset)
    image = here.image("ann", dataset=here.gateways["ann"].getObject("Dataset", saved.id.val))
    with pytest.raises(omero.CmdError, match="cannot be linked to Dataset"):
        here.duplicate("ben", {"Image": [image.id]})
    made = here.duplicate("ben", {"Image": [image.id]}, typesToIgnore=["DatasetImageLink"])
    assert "DatasetImageLink" not in made and len(made["Image"]) == 1


def test_attached_file_is_copied(lab: Any, tmp_path: Any) -> None:
    here = lab()
    image = here.image("ann")
    path = tmp_path / "notes.txt"
    path.write_bytes(b"what was seen")
    attached = here.gateways["ann"].createFileAnnfromLocalFile(str(path), mimetype="text/plain")
    image.linkAnnotation(attached)
    made = here.duplicate("ann", {"Image": [image.id]})
    assert len(made["FileAnnotation"]) == len(made["OriginalFile"]) == 1
    copy = here.gateways["ann"].getObject("FileAnnotation", made["FileAnnotation"][0])
    assert b"".join(copy.getFileInChunks()) == b"what was seen"


def test_dry_run_copies_nothing(lab: Any) -> None:
    here = lab()
    image = here.image("ann")
    planned = here.duplicate("ann", {"Image": [image.id]}, dryRun=True)
    assert planned["Image"] == [image.id]
    assert here.rows("ann", "select count(i) from Image i where i.details.group.id = :id", id=here.group) == [
        [1]
    ]


@pytest.mark.parametrize("name", ["Pixels", "Experimenter", "ImageAnnotationLink"])
def test_other_classes_are_no_targets(lab: Any, name: str) -> None:
    here = lab()
    with pytest.raises(omero.CmdError, match="bad-target"):
        here.duplicate("ann", {name: [1]})


def test_failure_of_a_later_request_leaves_no_files(lab: Any, server: Any, tmp_path: Any) -> None:
    here = lab()
    image = here.image("ann")
    path = tmp_path / "notes.txt"
    path.write_bytes(b"what was seen")
    image.linkAnnotation(here.gateways["ann"].createFileAnnfromLocalFile(str(path)))
    paths = server.server.paths
    before = [sorted(folder.iterdir()) for folder in (paths.pixels, paths.files)]
    absent = omero.cmd.Delete2(targetObjects={"Image": [987654321]})
    both = omero.cmd.DoAll([omero.cmd.Duplicate(targetObjects={"Image": [image.id]}), absent], [])
    with pytest.raises(omero.CmdError, match="cannot find"):
        here.gateways["ann"].c.submit(both)
    assert [sorted(folder.iterdir()) for folder in (paths.pixels, paths.files)] == before


def test_legal_targets_are_told(lab: Any) -> None:
    request = omero.cmd.LegalGraphTargets(omero.cmd.Duplicate())
    targets = lab().gateways["ann"].c.submit(request).getResponse().targets
    assert "ome.model.core.Image" in targets and "ome.model.core.Pixels" not in targets


def test_images_below_a_project_are_copied(lab: Any) -> None:
    here = lab()
    link = model.ProjectDatasetLinkI()
    link.parent, link.child = model.ProjectI(), model.DatasetI()
    link.parent.name, link.child.name = rstring("p"), rstring("d")
    saved = here.save("ann", link)
    here.image("ann", dataset=here.gateways["ann"].getObject("Dataset", saved.child.id.val))
    request = omero.cmd.SkipHead(
        targetObjects={"Project": [saved.parent.id.val]}, startFrom=["Image"], request=omero.cmd.Duplicate()
    )
    made = here.gateways["ann"].c.submit(request).getResponse().duplicates
    assert len(made["ome.model.core.Image"]) == len(made["ome.model.containers.DatasetImageLink"]) == 1
    assert "ome.model.containers.Dataset" not in made


def test_absent_target_is_named(lab: Any) -> None:
    here = lab()
    with pytest.raises(omero.CmdError, match="cannot find Image"):
        here.duplicate("ann", {"Image": [987654321]})
