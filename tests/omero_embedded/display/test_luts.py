"""Lookup tables of the server: contract/rendering.md, section 3.2; contract/server.md, section 2.20."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omero_embedded.display import luts as lut_module
from omero_embedded.display.luts import LutFolder
from omero_embedded.display.standard_luts import write_standard_luts
from omero_rendering import LookupTable, parse_lut


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(lut_module, "_SCAN_INTERVAL", -1.0)
    return tmp_path


def test_standard_tables_are_readable_and_written_once(folder: Path) -> None:
    write_standard_luts(folder)
    tables = LutFolder(folder)
    assert tables["grays.lut"].colors[200].tolist() == [200, 200, 200]
    assert tables["hilo.lut"].colors[255].tolist() == [255, 0, 0]
    assert tables["red_hot.lut"].colors[255].tolist() == [255, 255, 255]
    assert tables["spectrum.lut"].colors[0].tolist() == [255, 0, 0]
    assert len(tables) == len({path.name for path in folder.rglob("*.lut")})
    (folder / "luts" / "grays.lut").unlink()
    write_standard_luts(folder)
    assert "grays.lut" not in tables


def test_new_and_changed_files_are_noticed(folder: Path) -> None:
    tables = LutFolder(folder)
    assert "mine.lut" not in tables
    (folder / "mine.lut").write_bytes(bytes(768))
    assert tables["mine.lut"].colors.sum() == 0
    (folder / "mine.lut").write_bytes(bytes([1]) * 768)
    (folder / "mine.lut").touch()
    assert tables["mine.lut"].colors.sum() == 768


def test_unusable_files_are_left_out(folder: Path) -> None:
    (folder / "short.lut").write_bytes(b"abc")
    (folder / "ragged.lut").write_text("1 2 3\n" * 255 + "1 2 " + " " * 100)
    assert list(LutFolder(folder)) == []


def test_tables_are_listed_as_files_and_can_be_read(root: Any) -> None:
    scripts = root.sf.getScriptService()
    listed = scripts.getScriptsByMimetype("text/x-lut")
    names = {file.path.val + file.name.val: file for file in listed}
    assert "/luts/wcif/red_hot.lut" in names
    file = names["/luts/grays.lut"]
    assert file.mimetype.val == "text/x-lut"
    assert file.size.val == 768
    store = root.sf.createRawFileStore()
    store.setFileId(file.id.val)
    table = parse_lut("grays.lut", store.read(0, 768))
    store.close()
    assert table == LookupTable("grays.lut", np.arange(256)[:, np.newaxis].repeat(3, 1))
    assert not {f.id.val for f in listed} & {f.id.val for f in scripts.getScripts()}
    assert scripts.getScriptID("/luts/grays.lut") == file.id.val
    assert scripts.getScriptID("/nowhere.py") == -1
    assert [f.id.val for f in scripts.getScriptsByMimetype("text/x-lut")] == [f.id.val for f in listed]


def test_files_put_beside_them_are_listed(server: Any, root: Any) -> None:
    script = server.server.paths.scripts / "omero" / "test_scripts" / "hello.py"
    script.parent.mkdir(parents=True)
    script.write_text("print('hello')\n")
    scripts = root.sf.getScriptService()

    def listed() -> list[str]:
        return [file.path.val + file.name.val for file in scripts.getScripts()]

    assert "/omero/test_scripts/hello.py" in listed()
    script_id = scripts.getScriptID("omero/test_scripts/hello.py")
    assert scripts.getScriptText(script_id) == "print('hello')\n"
    script.unlink()
    assert "/omero/test_scripts/hello.py" not in listed()
