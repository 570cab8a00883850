"""A reader that another installed package offers."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from omero_embedded.importer.conversion import Converter
from omero_embedded.importer.importing import Imported, Importer, user_context
from omero_embedded.importer.readers import is_known

from .conftest import State

PACKAGE = '''
import numpy as np
from omero_embedded.importer.metadata import ChannelMetadata, FileMetadata, ImageMetadata


class Numbers:
    """Reads a text of numbers as one row of samples."""

    suffixes = (".numbers",)

    def open(self, path):
        return NumbersReader(path)


class NumbersReader:
    def __init__(self, path):
        self.files = [path]
        self.row = np.array([path.read_text().split()], dtype="uint16")
        image = ImageMetadata(None, "uint16", self.row.size, 1, 1, 1, 1, (ChannelMetadata(name="numbers"),))
        self.metadata = FileMetadata("Numbers", (image,))

    def read_rows(self, image, z, c, t, y, height):
        return self.row[y : y + height]

    def close(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()
'''


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with an entry point, as pip would install it."""
    site = tmp_path / "site"
    information = site / "numbers_reader-1.0.dist-info"
    information.mkdir(parents=True)
    (site / "numbers_reader.py").write_text(PACKAGE)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: numbers-reader\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(
        "[omero_embedded.readers]\nnumbers = numbers_reader:Numbers\n"
    )
    monkeypatch.setattr(sys, "path", [str(site), *sys.path])


def test_its_files_are_imported(plugin: None, state: State, tmp_path: Path) -> None:
    path = tmp_path / "a.numbers"
    path.write_text("1 2 300 4")
    assert is_known(path)
    with Converter() as converter:
        context = user_context(state.database, "ann")
        importer = Importer(state.paths, state.database, context, converter=converter)
        (result,) = importer.import_files([path])
    assert isinstance(result, Imported), result
    (image,) = state.rows("Image")
    assert state.value("Format", image["format"]) == "Numbers"
    assert np.array_equal(state.pixels.open(1).read_plane(0, 0, 0), [[1, 2, 300, 4]])
