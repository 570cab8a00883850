"""BlitzGateway: containers, annotations, files, ROIs, plates, search and what is done with objects."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import omero
import omero.callbacks
import omero.gateway as gw
import pytest
from omero.gateway import ColorHolder
from omero.model import (
    AnnotationAnnotationLinkI,
    DatasetI,
    ImageI,
    PlateAcquisitionI,
    PlateI,
    RectangleI,
    RoiI,
    ScreenI,
    ScreenPlateLinkI,
    TagAnnotationI,
    WellI,
    WellSampleI,
)
from omero.rtypes import rdouble, rint, rlong, rstring, rtime


def names(objects: Any) -> list[str]:
    return sorted(thing.getName() for thing in objects)


def test_containers_are_walked_down_and_up(conn: Any, hierarchy: dict[str, Any]) -> None:
    project, dataset, image = hierarchy["project"], hierarchy["dataset"], hierarchy["image"]
    assert names(conn.listProjects()) == ["study"]
    assert names(project.listChildren()) == ["cells"]
    assert names(dataset.listChildren()) == ["in the dataset"]
    assert project.countChildren() == 1
    assert dataset.countChildren_cached() == 1
    assert project.findChildByName("cells").getId() == dataset.getId()
    assert image.getParent().getId() == dataset.getId()
    assert [type(a).__name__ for a in image.getAncestry()] == ["_DatasetWrapper", "_ProjectWrapper"]
    assert [link.parent.id.val for link in dataset.getParentLinks()] == [project.getId()]
    assert [link.child.id.val for link in project.getChildLinks()] == [dataset.getId()]
    assert image.getProject().getId() == project.getId()


def test_objects_are_found_by_ids_attributes_and_containers(
    conn: Any, hierarchy: dict[str, Any], make_image: Callable[..., Any], member: Any
) -> None:
    make_image("alone")
    dataset = hierarchy["dataset"].getId()
    assert names(conn.getObjects("Image", opts={"dataset": dataset})) == ["in the dataset"]
    assert names(conn.getObjects("Image", opts={"orphaned": True, "owner": member.id})) == ["alone"]
    assert names(conn.getObjects("Image", attributes={"name": "alone"})) == ["alone"]
    options = {"owner": member.id, "order_by": "lower(obj.name)", "limit": 1, "offset": 1}
    assert names(conn.getObjects("Image", opts=options)) == ["in the dataset"]
    assert names(conn.listOrphans("Image")) == ["alone"]
    project = {"project": hierarchy["project"].getId(), "child_count": True}
    (found,) = conn.getObjects("Dataset", opts=project)
    assert found.countChildren() == 1
    with_pixels = conn.getObject("Image", hierarchy["image"].getId(), opts={"load_channels": True})
    assert with_pixels.getSizeC() == 2
    assert conn.getObject("Image", 2**40) is None
    query, parameters, _ = conn.buildQuery("Project", opts={"owner": member.id})
    assert conn.getQueryService().findAllByQuery(query, parameters, conn.SERVICE_OPTS)


def test_names_and_descriptions_are_changed(conn: Any, hierarchy: dict[str, Any]) -> None:
    dataset = hierarchy["dataset"]
    dataset.setName("new name")
    dataset.setDescription("Größe, 細胞")
    dataset.save()
    again = conn.getObject("Dataset", dataset.getId())
    assert (again.getName(), again.getDescription()) == ("new name", "Größe, 細胞")
    assert again.updateEventDate() >= again.creationEventDate()


def test_owner_and_rights_are_told(conn: Any, hierarchy: dict[str, Any], member: Any) -> None:
    project = hierarchy["project"]
    assert project.getOwnerOmeName() == member.name
    assert project.getDetails().getGroup().getId() == member.group
    assert project.isOwned()
    rights = [project.canEdit(), project.canDelete(), project.canLink(), project.canAnnotate()]
    assert rights == [True] * 4
    assert project.canChgrp()
    assert not project.canChown()
    assert project.simpleMarshal(parents=True)["name"] == "study"


@pytest.mark.parametrize(
    "wrapper, value",
    [
        (gw.TagAnnotationWrapper, "a tag"),
        (gw.CommentAnnotationWrapper, "a comment, with ümläut"),
        (gw.LongAnnotationWrapper, 5),
        (gw.DoubleAnnotationWrapper, 2.5),
        (gw.BooleanAnnotationWrapper, True),
        (gw.TermAnnotationWrapper, "GO:0005634"),
        (gw.XmlAnnotationWrapper, "<a b='c'/>"),
        (gw.MapAnnotationWrapper, [["gene", "tp53"], ["gene", "brca1"]]),
    ],
)
def test_annotations_of_each_kind_are_kept(
    conn: Any, hierarchy: dict[str, Any], wrapper: Any, value: Any
) -> None:
    dataset = hierarchy["dataset"]
    annotation = wrapper(conn)
    annotation.setNs("test.kind")
    annotation.setValue(value)
    dataset.linkAnnotation(annotation)
    again = conn.getObject("Dataset", dataset.getId())
    found = again.getAnnotation("test.kind")
    assert isinstance(found, wrapper)
    assert [list(pair) for pair in found.getValue()] if isinstance(value, list) else found.getValue() == value
    assert [a.getNs() for a in again.listAnnotations("test.kind")] == ["test.kind"]
    assert [p.getId() for p in conn.getObjectsByAnnotations("Dataset", [found.getId()])] == [dataset.getId()]
    again.unlinkAnnotations("test.kind")
    assert conn.getObject("Dataset", dataset.getId()).getAnnotation("test.kind") is None


def test_timestamp_annotation_is_kept(conn: Any, hierarchy: dict[str, Any]) -> None:
    annotation = gw.TimestampAnnotationWrapper(conn)
    annotation.setValue(rtime(1_500_000_000_000))
    hierarchy["image"].linkAnnotation(annotation)
    (found,) = hierarchy["image"].listAnnotations()
    assert found.getValue().year == 2017


def test_tags_in_a_tag_set_are_listed_and_counted(
    conn: Any, hierarchy: dict[str, Any], save: Callable[[Any], Any]
) -> None:
    tag_set, tag = gw.TagAnnotationWrapper(conn), gw.TagAnnotationWrapper(conn)
    tag_set.setNs(omero.constants.metadata.NSINSIGHTTAGSET)
    tag_set.setValue("organs")
    tag_set.save()
    tag.setValue("liver")
    tag.save()
    link = AnnotationAnnotationLinkI()
    link.parent, link.child = (TagAnnotationI(a.getId(), False) for a in (tag_set, tag))
    save(link)
    again = conn.getObject("TagAnnotation", tag_set.getId())
    assert again.countTagsInTagset() == 1
    assert [t.getValue() for t in again.listTagsInTagset()] == ["liver"]
    hierarchy["image"].linkAnnotation(tag)
    (link,) = conn.getObject("TagAnnotation", tag.getId()).getParentLinks("image")
    assert link.parent.id.val == hierarchy["image"].getId()


def test_annotations_are_counted_and_their_orphans_listed(conn: Any, hierarchy: dict[str, Any]) -> None:
    image = hierarchy["image"]
    for text in ("one", "two"):
        comment = gw.CommentAnnotationWrapper(conn)
        comment.setValue(text)
        image.linkAnnotation(comment)
    spare = gw.TagAnnotationWrapper(conn)
    spare.setValue("unused")
    spare.save()
    assert conn.countAnnotations("Image", [image.getId()])["CommentAnnotation"] == 2
    assert conn.getAnnotationCounts({"image": [image]})["CommentAnnotation"] == 2
    assert image.getAnnotationCounts()["CommentAnnotation"] == 2
    orphans = conn.listOrphanedAnnotations("Image", [image.getId()], anntype="Tag", addedByMe=False)
    assert [a.getValue() for a in orphans] == ["unused"]
    assert len(list(conn.getAnnotationLinks("Image", parent_ids=[image.getId()]))) == 2


@pytest.mark.parametrize(
    "key, value, count",
    [("gene", "tp53", 1), ("gene", "tp*", 1), ("*ene", None, 1), (None, "*53", 1), ("gene", "x", 0)],
)
def test_objects_are_found_by_key_value_pairs(
    conn: Any, hierarchy: dict[str, Any], key: str | None, value: str | None, count: int
) -> None:
    pairs = gw.MapAnnotationWrapper(conn)
    pairs.setNs("genes")
    pairs.setValue([("gene", "tp53")])
    hierarchy["image"].linkAnnotation(pairs)
    found = list(conn.getObjectsByMapAnnotations("Image", key=key, value=value, ns="genes"))
    assert len(found) == count


def test_files_are_attached_read_and_listed(conn: Any, hierarchy: dict[str, Any], tmp_path: Path) -> None:
    content = bytes(range(256)) * 12000
    path = tmp_path / "measures.bin"
    path.write_bytes(content)
    annotation = conn.createFileAnnfromLocalFile(
        str(path), mimetype="application/x-test", ns="files", desc="attached"
    )
    hierarchy["dataset"].linkAnnotation(annotation)
    again = conn.getObject("FileAnnotation", annotation.getId())
    assert (again.getFileName(), again.getFileSize(), again.getNs()) == (
        "measures.bin",
        len(content),
        "files",
    )
    assert b"".join(again.getFileInChunks(buf=100_000)) == content
    with again.getFile().asFileObj() as stream:
        stream.seek(1000)
        assert stream.read(500) == content[1000:1500]
    listed = conn.listFileAnnotations(toInclude=["files"])
    assert annotation.getId() in [a.getId() for a in listed]
    original = conn.createOriginalFileFromFileObj(io.BytesIO(b"abc"), "folder", "x.txt", 3)
    assert original.getSize() == 3
    assert len(original.getHash()) == 40


def test_rois_are_listed_and_counted_by_shape(image: Any, save: Callable[[Any], Any]) -> None:
    roi = RoiI()
    roi.setImage(ImageI(image.getId(), False))
    box = RectangleI()
    box.x, box.y, box.width, box.height = rdouble(1), rdouble(2), rdouble(3), rdouble(4)
    box.theZ, box.theT, box.textValue = rint(0), rint(0), rstring("box")
    roi.addShape(box)
    save(roi)
    assert image.getROICount() == 1
    assert image.getROICount(shapeType="Rectangle", filterByCurrentUser=True) == 1
    assert image.getROICount(shapeType="Ellipse") == 0
    (found,) = image.getROIs(shapeType="Rectangle")
    (shape,) = found.copyShapes()
    assert (shape.getWidth().val, shape.getTextValue().val) == (3.0, "box")


def test_screens_plates_and_wells_are_walked(
    conn: Any, make_image: Callable[..., Any], save: Callable[[Any], Any]
) -> None:
    image = make_image("field")
    plate, run = PlateI(), PlateAcquisitionI()
    plate.name, run.name = rstring("plate"), rstring("run")
    plate.columnNamingConvention, plate.rowNamingConvention = rstring("number"), rstring("letter")
    plate.addPlateAcquisition(run)
    well, sample = WellI(), WellSampleI()
    well.row, well.column, well.plate = rint(1), rint(2), plate
    sample.image, sample.plateAcquisition = ImageI(image.getId(), False), run
    well.addWellSample(sample)
    plate.addWell(well)
    plate = save(plate)
    screen = ScreenI()
    screen.name = rstring("screen")
    link = ScreenPlateLinkI()
    link.parent, link.child = save(screen), PlateI(plate.id.val, False)
    save(link)
    (found,) = conn.listScreens()
    (child,) = found.listChildren()
    assert child.getId() == plate.id.val
    assert child.countPlateAcquisitions() == 1
    assert names(child.listPlateAcquisitions()) == ["run"]
    assert child.getGridSize() == {"rows": 2, "columns": 3}
    assert child.getNumberOfFields() == (0, 0)
    assert (child.getColumnLabels()[-1], child.getRowLabels()[-1]) == (3, "B")
    (at,) = child.listChildren()
    assert at.getWellPos() == "B3"
    assert at.countWellSample() == 1
    assert at.getImage().getId() == image.getId()
    assert at.getWellSample().getPlateAcquisition().getId()
    assert [s.getId() for s in at.getScreens()] == [found.getId()]
    assert conn.getObject("Image", image.getId()).getPlate().getId() == plate.id.val


def test_search_finds_what_was_just_named(conn: Any, hierarchy: dict[str, Any]) -> None:
    hierarchy["dataset"].setName("Xylophonequartz")
    hierarchy["dataset"].save()
    (found,) = conn.searchObjects(["Dataset"], "xylophonequartz")
    assert found.getId() == hierarchy["dataset"].getId()
    assert conn.searchObjects(["Dataset"], "xyloph*", fields=("name",), rawQuery=False)
    assert conn.searchObjects(["Image"], "xylophonequartz") == []


def test_objects_are_deleted_with_their_children(conn: Any, hierarchy: dict[str, Any]) -> None:
    project = hierarchy["project"].getId()
    conn.deleteObjects("Project", [project], deleteAnns=True, deleteChildren=True, wait=True)
    for kind in ("project", "dataset", "image"):
        assert conn.getObject(kind.title(), hierarchy[kind].getId()) is None


def test_dry_run_deletes_nothing(conn: Any, hierarchy: dict[str, Any]) -> None:
    handle = conn.deleteObjects("Dataset", [hierarchy["dataset"].getId()], dryRun=True)
    callback = omero.callbacks.CmdCallbackI(conn.c, handle)
    callback.loop(20, 250)
    assert callback.getResponse().deletedObjects["ome.model.containers.Dataset"]
    callback.close(True)
    assert conn.getObject("Dataset", hierarchy["dataset"].getId()) is not None


def test_single_objects_are_deleted_directly(conn: Any, hierarchy: dict[str, Any]) -> None:
    comment = gw.CommentAnnotationWrapper(conn)
    comment.setValue("gone soon")
    comment.save()
    conn.deleteObject(comment._obj)
    assert conn.getObject("CommentAnnotation", comment.getId()) is None


def test_objects_move_to_another_group(
    make_group: Callable[..., int],
    make_user: Callable[..., Any],
    gateway: Callable[..., Any],
) -> None:
    one, two = make_group("rw----"), make_group("rwra--")
    conn = gateway(make_user(one, two))
    dataset = gw.DatasetWrapper(conn, DatasetI())
    dataset.setName("moves")
    dataset.save()
    handle = conn.chgrpObjects("Dataset", [dataset.getId()], two)
    omero.callbacks.CmdCallbackI(conn.c, handle).loop(20, 250)
    assert conn.getObject("Dataset", dataset.getId()) is None
    conn.SERVICE_OPTS.setOmeroGroup(-1)
    assert conn.getObject("Dataset", dataset.getId()).getDetails().getGroup().getId() == two


def test_objects_are_given_to_another_member(
    root_gateway: Any, make_user: Callable[..., Any], hierarchy: dict[str, Any], member: Any
) -> None:
    other = make_user(member.group)
    root_gateway.SERVICE_OPTS.setOmeroGroup(member.group)
    root_gateway.chownObjects("Project", [hierarchy["project"].getId()], other.id, wait=True)
    assert root_gateway.getObject("Project", hierarchy["project"].getId()).getOwner().getId() == other.id
    assert root_gateway.getObject("Image", hierarchy["image"].getId()).getOwner().getId() == other.id


def test_tables_hold_rows(conn: Any) -> None:
    table = conn.c.sf.sharedResources().newTable(1, "/gateway.h5")
    table.initialize([omero.grid.LongColumn("Image", "", [])])
    table.addData([omero.grid.LongColumn("Image", "", [3, 4])])
    file_id = table.getOriginalFile().id.val
    table.close()
    again = conn.c.sf.sharedResources().openTable(conn.getObject("OriginalFile", file_id)._obj)
    assert again.getNumberOfRows() == 2
    assert again.readCoordinates([1]).columns[0].values == [4]
    again.close()


def test_colours_are_rgba() -> None:
    assert ColorHolder.fromRGBA(255, 0, 0, 128).getHtml() == "FF0000"


def test_times_of_import_are_listed(conn: Any, image: Any) -> None:
    found = list(conn.timelineListImages(limit=5))
    assert image.getId() in [i.getId() for i in found]
    assert conn.getQueryService().get("Image", image.getId()).id == rlong(image.getId())
