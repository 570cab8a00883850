"""IContainer, IMetadata, IRoi and ITimeline over Ice (contract/server.md, sections 2.12, 2.13 and 2.19)."""

from __future__ import annotations

import time
from typing import Any

import omero
import omero.model as model
import pytest
from omero.rtypes import rdouble, rint, rstring, rtime


def named(kind: type, name: str) -> Any:
    made = kind()
    made.name = rstring(name)
    return made


def reference(kind: type, made: Any) -> Any:
    return kind(made.id.val, False)


@pytest.fixture
def client(login: Any, make_user: Any, make_group: Any) -> Any:
    return login(make_user(make_group("rwra--")))


@pytest.fixture
def save(client: Any) -> Any:
    return client.sf.getUpdateService().saveAndReturnObject


@pytest.fixture
def hierarchy(save: Any) -> dict[str, Any]:
    """A project of two datasets, one with an image, one without."""
    project = named(model.ProjectI, "project")
    full, empty = named(model.DatasetI, "full"), named(model.DatasetI, "empty")
    project.linkDataset(full)
    project.linkDataset(empty)
    project = save(project)
    full, empty = (link.child for link in project.copyDatasetLinks())
    image = save(named(model.ImageI, "image"))
    link = model.DatasetImageLinkI()
    link.parent, link.child = reference(model.DatasetI, full), reference(model.ImageI, image)
    save(link)
    return {"project": project, "full": full, "empty": empty, "image": image}


def test_members_are_counted_for_each_id(client: Any, hierarchy: dict[str, Any]) -> None:
    ids = [hierarchy["full"].id.val, hierarchy["empty"].id.val]
    container = client.sf.getContainerService()
    assert container.getCollectionCount("Dataset", "Dataset_imageLinks", ids, None) == {ids[0]: 1, ids[1]: 0}
    assert container.getCollectionCount("ome.model.containers.Dataset", "imageLinks", ids, None)[ids[0]] == 1


def test_unknown_collection_and_unreadable_id_are_refused(client: Any) -> None:
    container = client.sf.getContainerService()
    with pytest.raises(omero.ApiUsageException, match="nothing"):
        container.getCollectionCount("Dataset", "nothing", [1], None)
    with pytest.raises(omero.SecurityViolation):
        container.getCollectionCount("Dataset", "imageLinks", [999_999], None)


def test_hierarchy_holds_leaves_when_asked(client: Any, hierarchy: dict[str, Any]) -> None:
    parameters = omero.sys.ParametersI().leaves()
    (project,) = client.sf.getContainerService().loadContainerHierarchy(
        "Project", [hierarchy["project"].id.val], parameters
    )
    datasets = {link.child.name.val: link.child for link in project.copyDatasetLinks()}
    assert set(datasets) == {"full", "empty"}
    assert [image.name.val for image in datasets["full"].linkedImageList()] == ["image"]
    assert datasets["empty"].linkedImageList() == []


def test_hierarchy_without_leaves_leaves_images_unloaded(client: Any, hierarchy: dict[str, Any]) -> None:
    (dataset,) = client.sf.getContainerService().loadContainerHierarchy(
        "Dataset", [hierarchy["full"].id.val], None
    )
    assert not dataset.isImageLinksLoaded()
    assert dataset.details.creationEvent.isLoaded()


def test_orphaned_datasets_are_appended(client: Any, save: Any, hierarchy: dict[str, Any]) -> None:
    save(named(model.DatasetI, "lonely"))
    parameters = omero.sys.ParametersI().exp(client.sf.getAdminService().getEventContext().userId).orphan()
    found = client.sf.getContainerService().loadContainerHierarchy("Project", [], parameters)
    assert {(type(obj).__name__, obj.name.val) for obj in found} == {
        ("ProjectI", "project"),
        ("DatasetI", "lonely"),
    }


def test_hierarchy_needs_ids_or_an_owner(client: Any) -> None:
    with pytest.raises(omero.ApiUsageException):
        client.sf.getContainerService().loadContainerHierarchy("Project", [], None)
    with pytest.raises(omero.ApiUsageException, match="Image"):
        client.sf.getContainerService().loadContainerHierarchy("Image", [1], None)


def test_images_of_containers(client: Any, hierarchy: dict[str, Any]) -> None:
    container = client.sf.getContainerService()
    for kind, made in (("Image", "image"), ("Dataset", "full"), ("Project", "project")):
        (image,) = container.getImages(kind, [hierarchy[made].id.val], None)
        assert image.name.val == "image"
        assert image.sizeOfPixels() == 0


def test_split_filesets_tell_included_and_missing_images(client: Any, save: Any) -> None:
    fileset = model.FilesetI()
    fileset.templatePrefix = rstring("x/")
    one, other = named(model.ImageI, "1"), named(model.ImageI, "2")
    fileset.addImage(one)
    fileset.addImage(other)
    fileset = save(fileset)
    ids = sorted(image.id.val for image in fileset.copyImages())
    container = client.sf.getContainerService()
    split = container.getImagesBySplitFilesets({"Image": ids[:1]}, None)
    assert split == {fileset.id.val: {True: ids[:1], False: ids[1:]}}
    assert container.getImagesBySplitFilesets({"Image": ids}, None) == {}
    assert container.getImagesBySplitFilesets({"Fileset": [fileset.id.val]}, None) == {}


def annotate(save: Any, image: Any, annotation: Any) -> Any:
    link = model.ImageAnnotationLinkI()
    link.parent, link.child = reference(model.ImageI, image), annotation
    return save(link).child


def test_annotations_come_for_every_id_with_owner_event_and_file(
    client: Any, save: Any, hierarchy: dict[str, Any]
) -> None:
    tag = model.TagAnnotationI()
    tag.textValue = rstring("tag")
    file = model.OriginalFileI()
    file.path, file.name = rstring("/a/"), rstring("f.txt")
    attachment = model.FileAnnotationI()
    attachment.file = file
    annotate(save, hierarchy["image"], tag)
    annotate(save, hierarchy["image"], attachment)
    image_id = hierarchy["image"].id.val
    metadata = client.sf.getMetadataService()
    found = metadata.loadAnnotations("Image", [image_id, image_id + 1000], [], [], None)
    assert found[image_id + 1000] == []
    loaded = {type(annotation).__name__: annotation for annotation in found[image_id]}
    assert loaded["FileAnnotationI"].file.name.val == "f.txt"
    assert loaded["TagAnnotationI"].details.owner.isLoaded()
    assert loaded["TagAnnotationI"].details.creationEvent.time.val > 0
    only = metadata.loadAnnotations("Image", [image_id], ["ome.model.annotations.TagAnnotation"], [], None)
    assert [type(annotation).__name__ for annotation in only[image_id]] == ["TagAnnotationI"]
    assert metadata.loadAnnotations("Image", [image_id], [], [0], None)[image_id] == []


def test_specified_annotations_are_chosen_by_namespace(client: Any, save: Any) -> None:
    for ns in ("a", "b", None):
        comment = model.CommentAnnotationI()
        comment.textValue, comment.ns = rstring("text"), None if ns is None else rstring(ns)
        save(comment)
    metadata = client.sf.getMetadataService()

    # Others' comments in the common space are visible to everybody.
    mine = omero.sys.ParametersI().exp(client.sf.getAdminService().getEventContext().userId)

    def spaces(include: list[str], exclude: list[str]) -> list[Any]:
        found = metadata.loadSpecifiedAnnotations("CommentAnnotation", include, exclude, mine)
        return [None if annotation.ns is None else annotation.ns.val for annotation in found]

    assert spaces([], []) == ["a", "b", None]
    assert spaces(["a"], []) == ["a"]
    assert spaces([], ["a"]) == ["b", None]


def test_instrument_and_channels_come_with_their_parts(client: Any, save: Any) -> None:
    def enum(kind: Any, value: str) -> Any:
        made = kind()
        made.value = rstring(value)
        return made

    instrument = model.InstrumentI()
    laser = model.LaserI()
    laser.type, laser.laserMedium = enum(model.LaserTypeI, "Gas"), enum(model.LaserMediumI, "Ar")
    laser.wavelength = model.LengthI(488.0, model.enums.UnitsLength.NANOMETER)
    detector = model.DetectorI()
    detector.type = enum(model.DetectorTypeI, "CCD")
    instrument.addLightSource(laser)
    instrument.addDetector(detector)
    instrument = save(instrument)
    channel = model.LogicalChannelI()
    settings = model.LightSettingsI()
    settings.lightSource = model.LaserI(instrument.copyLightSource()[0].id.val, False)
    channel.lightSourceSettings = settings
    detected = model.DetectorSettingsI()
    detected.detector = model.DetectorI(instrument.copyDetector()[0].id.val, False)
    channel.detectorSettings = detected
    channel.mode = enum(model.AcquisitionModeI, "WideField")
    channel = save(channel)
    metadata = client.sf.getMetadataService()
    loaded = metadata.loadInstrument(instrument.id.val)
    (source,) = loaded.copyLightSource()
    assert (source.type.value.val, source.laserMedium.value.val) == ("Gas", "Ar")
    assert loaded.copyDetector()[0].type.value.val == "CCD"
    assert metadata.loadInstrument(999_999) is None
    (found,) = metadata.loadChannelAcquisitionData([channel.id.val])
    assert found.mode.value.val == "WideField"
    assert found.lightSourceSettings.lightSource.type.value.val == "Gas"
    assert found.detectorSettings.detector.type.value.val == "CCD"


def test_rois_come_with_shapes_in_order_and_are_paged(
    client: Any, save: Any, hierarchy: dict[str, Any]
) -> None:
    image = hierarchy["image"]
    for count in (2, 1):
        roi = model.RoiI()
        roi.image = reference(model.ImageI, image)
        for x in range(count):
            point = model.PointI()
            point.x, point.y, point.theZ = rdouble(x), rdouble(0), rint(0)
            roi.addShape(point)
        save(roi)
    empty = model.RoiI()
    empty.image = reference(model.ImageI, image)
    save(empty)
    service = client.sf.getRoiService()
    found = service.findByImage(image.id.val, None).rois
    assert [[shape.x.val for shape in roi.copyShapes()] for roi in found] == [[0.0, 1.0], [0.0]]
    options = omero.api.RoiOptions()
    options.offset, options.limit = rint(1), rint(1)
    assert [roi.id.val for roi in service.findByImage(image.id.val, options).rois] == [found[1].id.val]
    assert [roi.id.val for roi in service.findByRoi(found[0].id.val, None).rois] == [found[0].id.val]


def test_timeline_knows_new_projects_and_acquired_images(
    client: Any, save: Any, hierarchy: dict[str, Any]
) -> None:
    acquired = named(model.ImageI, "acquired")
    acquired.acquisitionDate = rtime(1_500_000_000_000)
    save(acquired)
    timeline = client.sf.getTimelineService()
    now = int(time.time() * 1000)
    counts = timeline.countByPeriod(
        ["Project", "Image", "Roi"], rtime(now - 600_000), rtime(now + 600_000), None
    )
    assert counts == {"Project": 1, "Image": 0, "Roi": -1}
    start, end = rtime(1_499_999_999_000), rtime(1_500_000_001_000)
    found = timeline.getByPeriod(["Image"], start, end, None, False)
    assert [image.name.val for image in found["Image"]] == ["acquired"]
    logs = timeline.getEventLogsByPeriod(start, end, None)
    assert [(log.action.val, log.event.time.val) for log in logs] == [("INSERT", 1_500_000_000_000)]
    recent = timeline.getMostRecentObjects(["Dataset"], None, False)
    assert {dataset.name.val for dataset in recent["Dataset"]} == {"full", "empty"}


def test_deleted_object_is_gone_with_its_links(client: Any, hierarchy: dict[str, Any]) -> None:
    request = omero.cmd.Delete2(targetObjects={"Project": [hierarchy["project"].id.val]}, dryRun=True)
    dry = client.submit(request).getResponse()
    request = omero.cmd.Delete2(targetObjects={"Project": [hierarchy["project"].id.val]})
    done = client.submit(request).getResponse()
    assert dry.deletedObjects == done.deletedObjects
    assert set(done.deletedObjects) == {
        "ome.model.containers.Project", "ome.model.containers.Dataset", "ome.model.containers.ProjectDatasetLink",
        "ome.model.containers.DatasetImageLink", "ome.model.core.Image",
    }  # fmt: skip
    assert client.sf.getQueryService().find("Image", hierarchy["image"].id.val) is None


def test_deletion_of_an_absent_object_fails_with_a_reason(client: Any) -> None:
    with pytest.raises(omero.CmdError) as failed:
        client.submit(omero.cmd.Delete2(targetObjects={"Image": [999_999]}))
    assert "Image[999999]" in failed.value.err.message


def test_projects_are_deleted_in_one_transaction_with_what_fails(client: Any, save: Any) -> None:
    project = save(named(model.ProjectI, "kept"))
    good = omero.cmd.Delete2(targetObjects={"Project": [project.id.val]})
    bad = omero.cmd.Delete2(targetObjects={"Project": [999_999]})
    with pytest.raises(omero.CmdError):
        client.submit(omero.cmd.DoAll([good, bad], []))
    assert client.sf.getQueryService().find("Project", project.id.val) is not None


def test_image_moves_with_its_annotations(
    client: Any, login: Any, root: Any, make_group: Any, save: Any, hierarchy: dict[str, Any]
) -> None:
    context = client.sf.getAdminService().getEventContext()
    group = make_group("rwr---")
    root.sf.getAdminService().addGroups(
        model.ExperimenterI(context.userId, False), [model.ExperimenterGroupI(group, False)]
    )
    comment = model.CommentAnnotationI()
    comment.textValue = rstring("stays with it")
    comment = annotate(save, hierarchy["image"], comment)
    image_id = hierarchy["image"].id.val
    response = client.submit(
        omero.cmd.Chgrp2(targetObjects={"Image": [image_id]}, groupId=group)
    ).getResponse()
    assert response.includedObjects["ome.model.core.Image"] == [image_id]
    assert response.includedObjects["ome.model.annotations.CommentAnnotation"] == [comment.id.val]
    assert list(response.deletedObjects) == ["ome.model.containers.DatasetImageLink"]
    moved = client.sf.getQueryService().get("Image", image_id, {"omero.group": str(group)})
    assert moved.details.group.id.val == group


def test_objects_are_not_moved_to_a_foreign_group(
    client: Any, make_group: Any, hierarchy: dict[str, Any]
) -> None:
    with pytest.raises(omero.CmdError) as failed:
        client.submit(
            omero.cmd.Chgrp2(targetObjects={"Image": [hierarchy["image"].id.val]}, groupId=make_group())
        )
    assert failed.value.err.name == "not-in-group"


def test_request_below_a_project_reaches_its_datasets(client: Any, hierarchy: dict[str, Any]) -> None:
    request = omero.cmd.SkipHead(
        targetObjects={"Project": [hierarchy["project"].id.val]},
        startFrom=["Dataset"],
        request=omero.cmd.Delete2(),
    )
    done = client.submit(request).getResponse()
    assert len(done.deletedObjects["ome.model.containers.Dataset"]) == 2
    assert client.sf.getQueryService().find("Project", hierarchy["project"].id.val) is not None


def test_foreign_key_in_use_is_explained(client: Any, save: Any) -> None:
    file = model.OriginalFileI()
    file.path, file.name = rstring("/a/"), rstring("f")
    attachment = model.FileAnnotationI()
    attachment.file = file
    attachment = save(attachment)
    with pytest.raises(omero.ValidationException, match=f"FileAnnotation:{attachment.id.val}"):
        client.sf.getUpdateService().deleteObject(model.OriginalFileI(attachment.file.id.val, False))
