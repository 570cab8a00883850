"""The `omero` command on disk usage, duplicates and exports, unmodified."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

RUN = "import sys, omero.cli; sys.exit(omero.cli.argv(['omero', *sys.argv[1:]]))"
"""The command itself refuses to be run by the system's root user, whom tests may have in a container."""


@pytest.fixture
def user(make_user: Any) -> Any:
    return make_user()


@pytest.fixture
def ann(user: Any, gateway: Any) -> Any:
    return gateway(user)


@pytest.fixture
def image(ann: Any) -> Any:
    samples = np.random.default_rng(4).integers(0, 60000, (2, 30, 40)).astype(np.uint16)
    return ann.createImageFromNumpySeq(iter(samples), "two channels", sizeC=2)


@pytest.fixture
def omero(server: Any, user: Any, tmp_path: Path) -> Any:
    """`omero("fs", "usage", …)`: what the command writes, in the session of a user."""

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", RUN, "-q", *arguments],
            capture_output=True, text=True, cwd=tmp_path, env=environment(tmp_path), timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("login", "-s", server.host, "-p", str(server.tls_port), "-u", user.name, "-w", user.password)
    return run


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "OMERO_USERDIR": str(folder / "omero"), "HOME": str(folder)}


def test_usage_of_an_image(omero: Any, image: Any) -> None:
    assert int(omero("fs", "usage", f"Image:{image.id}", "--size-only")) > 0
    report = omero("fs", "usage", f"Image:{image.id}", "--report", "--units", "K")
    assert "Pixels" in report and "Total disk usage" in report


def test_duplicate_of_an_image(omero: Any, image: Any, ann: Any) -> None:
    report = omero("duplicate", f"Image:{image.id}", "--report")
    assert "ok" in report and "Image:" in report
    copies = [found for found in ann.getObjects("Image") if found.id != image.id]
    assert [copy.getName() for copy in copies] == ["two channels"]


def test_export_of_an_image(omero: Any, image: Any, tmp_path: Path) -> None:
    omero("export", "--file", "out.ome.tiff", f"Image:{image.id}")
    assert tifffile.imread(tmp_path / "out.ome.tiff").shape == (2, 30, 40)
    omero("export", "--type", "XML", "--file", "out.ome.xml", f"Image:{image.id}")
    assert "two channels" in (tmp_path / "out.ome.xml").read_text()
