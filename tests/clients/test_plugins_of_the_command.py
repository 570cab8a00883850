"""Published plug-ins of the `omero` command: metadata, render, transfer."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ezomero
import pytest

from .test_command_line import Shell, command, shell

__all__ = ["command", "shell"]


def test_csv_becomes_a_table_of_a_dataset(
    shell: Shell, conn: Any, hierarchy: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("# header s,d,l\nImage Name,Size,Count\nin the dataset,1.5,7\n")
    dataset = f"Dataset:{hierarchy['dataset'].getId()}"
    shell("metadata", "populate", dataset, "--file", str(path))
    (annotation,) = conn.getObject("Dataset", hierarchy["dataset"].getId()).listAnnotations()
    table = conn.c.sf.sharedResources().openTable(annotation.getFile()._obj)
    try:
        names = [column.name for column in table.getHeaders()]
        assert {"Image Name", "Size", "Count"} <= set(names)
        row = table.readCoordinates([0]).columns
        assert row[names.index("Size")].values == [1.5]
        assert row[names.index("Image")].values == [hierarchy["image"].getId()]
    finally:
        table.close()
    assert "Bulk annotations: 1" in shell("metadata", "summary", dataset)


def test_rows_of_a_table_become_map_annotations(
    shell: Shell, conn: Any, hierarchy: dict[str, Any], tmp_path: Path
) -> None:
    path, config = tmp_path / "rows.csv", tmp_path / "rows.yml"
    path.write_text("# header s,s\nImage Name,Gene\nin the dataset,tp53\n")
    config.write_text("---\nname: rows\nversion: 1\ncolumns:\n  - name: Gene\n    position: 1\n")
    dataset = f"Dataset:{hierarchy['dataset'].getId()}"
    shell("metadata", "populate", dataset, "--file", str(path))
    shell("metadata", "populate", dataset, "--context", "bulkmap", "--cfg", str(config))
    found = conn.getObject("Image", hierarchy["image"].getId()).listAnnotations()
    assert ("Gene", "tp53") in [pair for a in found for pair in a.getValue()]


def test_settings_are_set_told_and_copied(
    shell: Shell, conn: Any, image: Any, make_image: Callable[..., Any], tmp_path: Path
) -> None:
    settings = tmp_path / "settings.yml"
    settings.write_text(
        "version: 2\nchannels:\n"
        "  1: {label: DAPI, color: '0000FF', start: 10, end: 900, active: true}\n"
        "  2: {label: GFP, color: '00FF00', start: 20, end: 800, active: false}\n"
    )
    reference = f"Image:{image.getId()}"
    shell("render", "set", reference, str(settings))
    channels = conn.getObject("Image", image.getId()).getChannels()
    assert [c.getLabel() for c in channels] == ["DAPI", "GFP"]
    assert (channels[0].getWindowStart(), channels[0].getWindowEnd()) == (10, 900)
    assert [c.isActive() for c in channels] == [True, False]
    told = json.loads(shell("render", "info", reference, "--style", "json"))
    assert told["channels"]["1"]["color"] == "0000FF"
    other = make_image("other")
    shell("render", "copy", reference, f"Image:{other.getId()}")
    assert conn.getObject("Image", other.getId()).getChannels()[0].getWindowEnd() == 900
    shell("render", "test", reference)


@pytest.fixture
def imported(server: Any, member: Any, conn: Any, tmp_path: Path) -> int:
    """Id of a dataset with one imported image that has a comment and a region."""
    from PIL import Image

    from omero_embedded.importer.importing import Importer, user_context
    from omero_embedded.settings import StatePaths

    path = tmp_path / "photo.png"
    Image.new("L", (20, 10), 7).save(path)
    database = server.server.database
    paths = StatePaths(server.omero_dir / "embedded")
    with Importer(paths, database, user_context(database, member.name)) as importer:
        (result,) = importer.import_files([path])
    dataset = int(ezomero.post_dataset(conn, "to pack"))
    ezomero.link_images_to_dataset(conn, list(result.image_ids), dataset)
    ezomero.post_comment_annotation(conn, "Image", result.image_ids[0], "packed as well", ns="n")
    return dataset


def test_a_dataset_is_packed_with_its_files(shell: Shell, imported: int, tmp_path: Path) -> None:
    packed = tmp_path / "packed.tar"
    shell("transfer", "pack", f"Dataset:{imported}", str(packed))
    with tarfile.open(packed) as archive:
        names = archive.getnames()
    assert any(name.endswith("transfer.xml") for name in names)
    assert any(name.endswith("photo.png") for name in names)


def test_a_packed_dataset_is_told_of_in_full(shell: Shell, imported: int, tmp_path: Path) -> None:
    folder = tmp_path / "unpacked"
    folder.mkdir()
    packed = tmp_path / "packed.tar"
    shell("transfer", "pack", f"Dataset:{imported}", str(packed))
    with tarfile.open(packed) as archive:
        (member,) = [m for m in archive if m.name.endswith("transfer.xml")]
        stream = archive.extractfile(member)
        assert stream is not None
        text = stream.read().decode()
    assert "packed as well" in text
    assert "to pack" in text


def test_a_duplicate_has_the_children_too(shell: Shell, conn: Any, hierarchy: dict[str, Any]) -> None:
    shell("duplicate", f"Project:{hierarchy['project'].getId()}")
    projects = [p for p in conn.listProjects() if p.getId() != hierarchy["project"].getId()]
    (copied,) = [child for p in projects for child in p.listChildren()]
    (image,) = copied.listChildren()
    assert image.getId() != hierarchy["image"].getId()
    assert (image.getPrimaryPixels().getPlane() == hierarchy["image"].getPrimaryPixels().getPlane()).all()
