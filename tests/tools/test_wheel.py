"""The wheel that `pip install .` makes."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("webclient", "webadmin", "webgateway")
FOLDERS = (*APPS, "templates", "static")
IN_PLACE = ("omeroweb", "omero_rendering", "omero_embedded", "omero/plugins")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built from a copy of what git knows."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            target = source / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
    vendor = source / "static" / "vendor"
    vendor.mkdir(exist_ok=True)
    (vendor / "fingerprint").write_text("the libraries are left out of this test")
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", folder, source],
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = folder.glob("omero_web-*.whl")
    return zipfile.ZipFile(path)


def test_it_holds_every_file_of_the_packages(wheel: zipfile.ZipFile) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *IN_PLACE, *FOLDERS],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    present = set(wheel.namelist())
    missing = []
    for name in filter(None, listed.stdout.split("\0")):
        inside = f"omeroweb/{name}" if name.startswith(FOLDERS) else name
        if (ROOT / name).exists() and inside not in present:
            missing.append(inside)
    assert not missing


def test_it_names_no_file_of_this_machine(wheel: zipfile.ZipFile) -> None:
    (name,) = (entry for entry in wheel.namelist() if entry.endswith("/METADATA"))
    metadata = wheel.read(name).decode()
    assert "file:" not in metadata
    assert "Requires-Dist: omero-py" in metadata


def test_it_holds_no_tests_and_tools(wheel: zipfile.ZipFile) -> None:
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.startswith("omero_web-")} == {
        "omero",
        "omeroweb",
        "omero_rendering",
        "omero_embedded",
    }
