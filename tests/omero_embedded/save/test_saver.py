"""Saving graphs: contract/server.md, sections 2.11 and 3.6."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import omero
import omero.clients
import omero.model
import pytest
from omero.rtypes import rint, rlong, rstring
from sqlalchemy import func, select

from omero_embedded.model.entities import MODEL
from omero_embedded.model.tables import map_table_of, table_of

from ..conftest import Store

Save = Callable[..., list[int]]


def dataset(name: str) -> Any:
    found = omero.model.DatasetI()
    found._name = rstring(name)
    return found


def link(parent: Any, child: Any, kind: type = omero.model.DatasetAnnotationLinkI) -> Any:
    found = kind()
    found._parent, found._child = parent, child
    return found


def tag(text: str) -> Any:
    found = omero.model.TagAnnotationI()
    found._textValue = rstring(text)
    return found


def row(store: Store, name: str, row_id: int) -> Any:
    table = table_of(name)
    with store.database.read() as connection:
        return connection.execute(select(table).where(table.c.id == row_id)).mappings().one()


def count(store: Store, name: str) -> int:
    with store.database.read() as connection:
        return int(connection.scalar(select(func.count()).select_from(table_of(name))) or 0)


def test_new_object_gets_id_owner_group_and_events(store: Store, save: Save) -> None:
    new = dataset("first")
    (new_id,) = save("ann", "annotate", new)
    stored = row(store, "Dataset", new_id)
    assert (stored["owner_id"], stored["group_id"]) == (store.users["ann"], store.groups["annotate"])
    assert stored["creation_id"] == stored["update_id"]
    assert new._id.val == new_id
    assert new._details._permissions._restrictions == [False, False, False, False, False, True]


def test_graph_behind_a_new_object_is_saved_in_one_event(store: Store, save: Save) -> None:
    project = omero.model.ProjectI()
    project._name = rstring("p")
    child = dataset("d")
    project.linkDataset(child)
    save("ann", "annotate", project)
    linked = row(store, "ProjectDatasetLink", 1)
    assert (linked["parent"], linked["child"]) == (project._id.val, child._id.val)
    assert linked["creation_id"] == row(store, "Dataset", child._id.val)["creation_id"]


def test_shapes_keep_the_order_of_their_list(store: Store, save: Save) -> None:
    roi = omero.model.RoiI()
    for x in (3.0, 1.0, 2.0):
        point = omero.model.PointI()
        point._x = omero.rtypes.rdouble(x)
        roi.addShape(point)
    save("ann", "annotate", roi)
    shape = table_of("Shape")
    with store.database.read() as connection:
        found = connection.execute(select(shape.c.x, shape.c.roi_index).order_by(shape.c.roi_index)).all()
    assert [tuple(r) for r in found] == [(3.0, 0), (1.0, 1), (2.0, 2)]


def test_member_saved_alone_goes_to_the_end(store: Store, save: Save) -> None:
    roi = omero.model.RoiI()
    roi.addShape(omero.model.PointI())
    save("ann", "annotate", roi)
    alone = omero.model.EllipseI()
    alone._roi = omero.model.RoiI(roi._id.val, False)
    (shape_id,) = save("ann", "annotate", alone)
    assert row(store, "Shape", shape_id)["roi_index"] == 1


def test_merge_replaces_values_and_raises_the_version(store: Store, save: Save) -> None:
    new = dataset("before")
    new._description = rstring("text")
    save("ann", "annotate", new)
    new._name, new._description = rstring("after"), None
    save("ann", "annotate", new)
    stored = row(store, "Dataset", new._id.val)
    assert (stored["name"], stored["description"], stored["version"]) == ("after", None, 1)
    assert stored["update_id"] > stored["creation_id"]


def test_merge_of_an_unchanged_object_writes_nothing(store: Store, save: Save) -> None:
    new = dataset("same")
    save("ann", "annotate", new)
    events = count(store, "Event")
    save("ann", "annotate", new)
    assert count(store, "Event") == events
    assert row(store, "Dataset", new._id.val)["version"] == 0


def test_stale_object_is_refused(store: Store, save: Save) -> None:
    new = dataset("one")
    save("ann", "annotate", new)
    stale = dataset("three")
    stale._id, stale._version = new._id, rint(0)
    new._name = rstring("two")
    save("ann", "annotate", new)
    with pytest.raises(omero.OptimisticLockException):
        save("ann", "annotate", stale)


def test_map_values_are_replaced_as_a_whole(store: Store, save: Save) -> None:
    pairs = omero.model.MapAnnotationI()
    pairs._mapValue = [omero.model.NamedValue("a", "1"), omero.model.NamedValue("a", "2")]
    save("ann", "annotate", pairs)
    pairs._mapValue = [omero.model.NamedValue("b", "3")]
    save("ann", "annotate", pairs)
    table = map_table_of(MODEL["MapAnnotation"].properties["mapValue"])
    with store.database.read() as connection:
        assert [tuple(r) for r in connection.execute(select(table.c.name, table.c.value))] == [("b", "3")]


def test_missing_required_property_is_named(save: Save) -> None:
    with pytest.raises(omero.ValidationException) as refused:
        save("ann", "annotate", omero.model.DatasetI())
    assert "Dataset.name" in refused.value.message


def test_failed_save_leaves_nothing(store: Store, save: Save) -> None:
    with pytest.raises(omero.ValidationException):
        save("ann", "annotate", dataset("good"), omero.model.DatasetI())
    assert count(store, "Dataset") == 0


def test_unknown_reference_is_refused(save: Save) -> None:
    with pytest.raises(omero.ValidationException):
        save("ann", "annotate", link(omero.model.DatasetI(4711, False), tag("t")))


def test_member_annotates_but_does_not_edit_in_a_read_annotate_group(save: Save) -> None:
    foreign = dataset("of ben")
    save("ben", "annotate", foreign)
    save("ann", "annotate", link(omero.model.DatasetI(foreign._id.val, False), tag("mine")))
    changed = dataset("renamed")
    changed._id = foreign._id
    with pytest.raises(omero.SecurityViolation):
        save("ann", "annotate", changed)


def test_member_may_not_tag_in_a_read_only_group(save: Save) -> None:
    foreign = dataset("of ben")
    save("ben", "readonly", foreign)
    with pytest.raises(omero.SecurityViolation):
        save("ann", "readonly", link(omero.model.DatasetI(foreign._id.val, False), tag("mine")))


def test_administrator_may_not_tag_foreign_data_in_a_private_group(save: Save) -> None:
    foreign = dataset("of ben")
    save("ben", "private", foreign)
    with pytest.raises(omero.ReadOnlyGroupSecurityViolation):
        save("root", "private", link(omero.model.DatasetI(foreign._id.val, False), tag("root's")))


def test_objects_of_two_groups_are_not_linked(save: Save) -> None:
    one, other = dataset("one"), tag("other")
    save("ann", "annotate", one)
    save("ann", "readonly", other)
    with pytest.raises(omero.GroupSecurityViolation) as refused:
        save(
            "ann",
            "annotate",
            link(omero.model.DatasetI(one._id.val, False), omero.model.TagAnnotationI(other._id.val, False)),
        )
    assert refused.value.message.startswith("MIXED GROUP")


def test_link_takes_the_group_of_its_ends_in_the_all_groups_context(store: Store, save: Save) -> None:
    one = dataset("one")
    save("ann", "readonly", one)
    (link_id,) = save("ann", -1, link(omero.model.DatasetI(one._id.val, False), tag("t")))
    assert row(store, "DatasetAnnotationLink", link_id)["group_id"] == store.groups["readonly"]


def test_repository_of_a_file_is_not_settable(save: Save) -> None:
    file = omero.model.OriginalFileI()
    file._path, file._name, file._repo = rstring("/a/"), rstring("b"), rstring("uuid")
    with pytest.raises(omero.SecurityViolation):
        save("ann", "annotate", file)


def test_enumeration_is_found_by_value(store: Store, save: Save) -> None:
    image = omero.model.ImageI()
    image._name = rstring("i")
    image._format = omero.model.FormatI()
    image._format._value = rstring("APNG")
    save("ann", "annotate", image)
    assert row(store, "Image", image._id.val)["format"] == image._format._id.val
    unknown = omero.model.ImageI()
    unknown._name = rstring("j")
    unknown._format = omero.model.FormatI()
    unknown._format._value = rstring("no such format")
    with pytest.raises(omero.ValidationException):
        save("ann", "annotate", unknown)


def test_folder_may_not_contain_itself(save: Save) -> None:
    top, below = omero.model.FolderI(), omero.model.FolderI()
    top._name, below._name = rstring("top"), rstring("below")
    below._parentFolder = top
    save("ann", "annotate", below)
    again = omero.model.FolderI(top._id.val)
    again.unloadCollections()
    again._name, again._version = rstring("top"), None
    again._parentFolder = omero.model.FolderI(rlong(below._id.val), False)
    with pytest.raises(omero.ValidationException):
        save("ann", "annotate", again)


def test_new_namespace_is_registered(store: Store, save: Save) -> None:
    annotation = tag("t")
    annotation._ns = rstring("example.org/ns")
    save("ann", "annotate", annotation)
    assert count(store, "Namespace") == 1
