"""What a deletion takes along: the table of contract/server.md, section 2.23, row by row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from omero_embedded.commands.closure import ChildOption, Closure, GraphFailure
from omero_embedded.transaction import Transaction, writing

from ..conftest import Store

Tree = Callable[..., dict[str, int]]


class Maker:
    """Inserts small graphs as one user of one group."""

    def __init__(self, transaction: Transaction) -> None:
        self.tx = transaction

    def image(self, **extra: Any) -> int:
        image = self.tx.insert("Image", {"name": "i", **extra})
        enum = self.tx.enum_id
        pixels = self.tx.insert(
            "Pixels",
            {
                "image": image, "image_index": 0, "sizeX": 1, "sizeY": 1, "sizeZ": 1, "sizeC": 1, "sizeT": 1,
                "sha1": "-", "pixelsType": enum("PixelsType", "uint8"), "dimensionOrder": enum("DimensionOrder", "XYZCT"),
            },
        )  # fmt: skip
        logical = self.tx.insert("LogicalChannel", {})
        stats = self.tx.insert("StatsInfo", {"globalMin": 0.0, "globalMax": 1.0})
        channel = {"pixels": pixels, "pixels_index": 0, "logicalChannel": logical, "statsInfo": stats}
        self.tx.insert("Channel", channel)
        return image

    def link(self, name: str, parent: int, child: int) -> int:
        return self.tx.insert(name, {"parent": parent, "child": child})


@pytest.fixture
def make(store: Store) -> Callable[..., Any]:
    def run(build: Callable[[Maker], Any], user: str = "ann", group: str = "annotate") -> Any:
        with writing(store.database, store.context(user, group)) as transaction:
            return build(Maker(transaction))

    return run


@pytest.fixture
def plan(store: Store) -> Callable[..., dict[str, list[int]]]:
    def run(user: str, options: tuple[ChildOption, ...] = (), **targets: list[int]) -> dict[str, list[int]]:
        with store.database.read() as connection:
            closure = Closure(connection, store.context(user, -1), options=options)
            closure.add_targets(targets)
            closure.check()
            return closure.by_name()

    return run


def test_image_takes_its_parts_along(make: Any, plan: Any) -> None:
    image = make(lambda m: m.image())
    assert set(plan("ann", Image=[image])) == {"Image", "Pixels", "Channel", "LogicalChannel", "StatsInfo"}


def test_project_takes_datasets_and_images_along(make: Any, plan: Any) -> None:
    def build(m: Maker) -> int:
        project, dataset = m.tx.insert("Project", {"name": "p"}), m.tx.insert("Dataset", {"name": "d"})
        m.link("ProjectDatasetLink", project, dataset)
        m.link("DatasetImageLink", dataset, m.image())
        return project

    found = plan("ann", Project=[make(build)])
    assert {"Project", "Dataset", "Image", "ProjectDatasetLink", "DatasetImageLink"} <= set(found)


def test_image_in_another_dataset_stays(make: Any, plan: Any) -> None:
    def build(m: Maker) -> int:
        one, other, image = (
            m.tx.insert("Dataset", {"name": "1"}),
            m.tx.insert("Dataset", {"name": "2"}),
            m.image(),
        )
        m.link("DatasetImageLink", one, image)
        m.link("DatasetImageLink", other, image)
        return one

    found = plan("ann", Dataset=[make(build)])
    assert set(found) == {"Dataset", "DatasetImageLink"}
    assert len(found["DatasetImageLink"]) == 1


def test_image_in_two_deleted_datasets_goes(make: Any, plan: Any) -> None:
    def build(m: Maker) -> list[int]:
        datasets, image = [m.tx.insert("Dataset", {"name": n}) for n in "12"], m.image()
        for dataset in datasets:
            m.link("DatasetImageLink", dataset, image)
        return datasets

    assert len(plan("ann", Dataset=make(build))["Image"]) == 1


def test_deleting_a_link_keeps_both_ends(make: Any, plan: Any) -> None:
    link = make(lambda m: m.link("DatasetImageLink", m.tx.insert("Dataset", {"name": "d"}), m.image()))
    assert plan("ann", DatasetImageLink=[link]) == {"DatasetImageLink": [link]}


def test_others_comment_goes_and_others_tag_stays(make: Any, plan: Any) -> None:
    image = make(lambda m: m.image())

    def annotate(m: Maker) -> None:
        m.link("ImageAnnotationLink", image, m.tx.insert("CommentAnnotation", {"textValue": "c"}))
        m.link("ImageAnnotationLink", image, m.tx.insert("TagAnnotation", {"textValue": "t"}))

    make(annotate, user="ben")
    found = plan("ann", Image=[image])
    assert "CommentAnnotation" in found
    assert "TagAnnotation" not in found
    assert len(found["ImageAnnotationLink"]) == 2


def test_own_orphaned_tag_goes_and_a_shared_one_stays(make: Any, plan: Any) -> None:
    def build(m: Maker) -> tuple[int, int, int]:
        image, other = m.image(), m.image()
        lonely, shared = (m.tx.insert("TagAnnotation", {"textValue": text}) for text in "ls")
        for tag in (lonely, shared):
            m.link("ImageAnnotationLink", image, tag)
        m.link("ImageAnnotationLink", other, shared)
        return image, lonely, shared

    image, lonely, shared = make(build)
    assert plan("ann", Image=[image])["TagAnnotation"] == [lonely]
    keep = ChildOption((), ("TagAnnotation",), (), ())
    assert "TagAnnotation" not in plan("ann", (keep,), Image=[image])
    take = ChildOption(("TagAnnotation",), (), (), ())
    assert plan("ann", (take,), Image=[image])["TagAnnotation"] == [lonely, shared]


def test_tag_set_goes_without_its_tags(make: Any, plan: Any) -> None:
    def build(m: Maker) -> int:
        tag_set, tag = (m.tx.insert("TagAnnotation", {"textValue": text}) for text in "st")
        m.link("AnnotationAnnotationLink", tag_set, tag)
        return tag_set

    tag_set = make(build)
    assert plan("ann", Annotation=[tag_set])["TagAnnotation"] == [tag_set]


def test_part_of_a_fileset_does_not_go_alone(make: Any, plan: Any) -> None:
    def build(m: Maker) -> list[int]:
        fileset = m.tx.insert("Fileset", {"templatePrefix": "x/"})
        file = m.tx.insert("OriginalFile", {"path": "/x/", "name": "f"})
        m.tx.insert(
            "FilesetEntry", {"fileset": fileset, "originalFile": file, "clientPath": "f", "fileset_index": 0}
        )
        return [m.image(fileset=fileset), m.image(fileset=fileset)]

    images = make(build)
    with pytest.raises(GraphFailure, match="fileset split"):
        plan("ann", Image=images[:1])
    assert {"Fileset", "FilesetEntry", "OriginalFile"} <= set(plan("ann", Image=images))


def test_image_of_a_well_that_stays_does_not_go(make: Any, plan: Any) -> None:
    def build(m: Maker) -> tuple[int, int]:
        plate = m.tx.insert("Plate", {"name": "p"})
        well = m.tx.insert("Well", {"plate": plate, "row": 0, "column": 0})
        image = m.image()
        m.tx.insert("WellSample", {"well": well, "image": image, "well_index": 0})
        return plate, image

    plate, image = make(build)
    with pytest.raises(GraphFailure, match="WellSample"):
        plan("ann", Image=[image])
    assert plan("ann", Plate=[plate])["Image"] == [image]


def test_roi_takes_shapes_along(make: Any, plan: Any) -> None:
    def build(m: Maker) -> int:
        image = m.image()
        roi = m.tx.insert("Roi", {"image": image})
        m.tx.insert("Point", {"roi": roi, "roi_index": 0})
        return image

    assert {"Roi", "Point"} <= set(plan("ann", Image=[make(build)]))


def test_member_may_not_delete_foreign_data(make: Any, plan: Any) -> None:
    image = make(lambda m: m.image())
    with pytest.raises(GraphFailure, match="not permitted"):
        plan("ben", Image=[image])


def test_absent_and_unreadable_targets_are_named(make: Any, plan: Any) -> None:
    with pytest.raises(GraphFailure, match=r"Image\[4711\]"):
        plan("ann", Image=[4711])
    hidden = make(lambda m: m.image(), group="private")
    with pytest.raises(GraphFailure, match=rf"Image\[{hidden}\]"):
        plan("ben", Image=[hidden])
