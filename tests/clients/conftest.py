"""One user with images of known values, whom every client test works as."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

SIZE_Z, SIZE_C, SIZE_T, SIZE_Y, SIZE_X = 2, 2, 2, 24, 32


def plane(z: int, c: int, t: int) -> np.ndarray:
    """The samples of one plane, (y, x) uint16, different in every plane and at every place."""
    y, x = np.mgrid[:SIZE_Y, :SIZE_X]
    return (1000 * (z + 2 * c + 4 * t) + 10 * y + x).astype(np.uint16)


@pytest.fixture
def member(make_group: Callable[..., int], make_user: Callable[..., Any]) -> Any:
    """A user in a read-annotate group of his own."""
    return make_user(make_group("rwra--"))


@pytest.fixture
def conn(gateway: Callable[..., Any], member: Any) -> Any:
    """A BlitzGateway of that user."""
    return gateway(member)


@pytest.fixture
def make_image(conn: Any) -> Callable[..., Any]:
    """`make_image(name, dataset=…)`: an ImageWrapper with two planes along each of z, c and t."""

    def make(name: str = "five dimensions", dataset: Any = None) -> Any:
        planes = (
            plane(z, c, t) for z in range(SIZE_Z) for c in range(SIZE_C) for t in range(SIZE_T)
        )  # fmt: skip
        return conn.createImageFromNumpySeq(
            planes, name, SIZE_Z, SIZE_C, SIZE_T, description="made from arrays", dataset=dataset
        )

    return make


@pytest.fixture
def image(make_image: Callable[..., Any]) -> Any:
    return make_image()


@pytest.fixture
def save(conn: Any) -> Callable[[Any], Any]:
    """Save a model object as the user and return it."""

    def store(thing: Any) -> Any:
        return conn.getUpdateService().saveAndReturnObject(thing)

    return store


@pytest.fixture
def hierarchy(conn: Any, make_image: Callable[..., Any]) -> dict[str, Any]:
    """A project with a dataset with one image, as wrappers."""
    import omero.gateway as gw
    from omero.model import DatasetI, ProjectDatasetLinkI, ProjectI

    dataset = gw.DatasetWrapper(conn, DatasetI())
    dataset.setName("cells")
    dataset.save()
    project = gw.ProjectWrapper(conn, ProjectI())
    project.setName("study")
    project.setDescription("about cells")
    project.save()
    link = ProjectDatasetLinkI()
    link.parent, link.child = ProjectI(project.getId(), False), DatasetI(dataset.getId(), False)
    conn.getUpdateService().saveObject(link)
    image = make_image("in the dataset", dataset._obj)
    return {
        "project": conn.getObject("Project", project.getId()),
        "dataset": conn.getObject("Dataset", dataset.getId()),
        "image": conn.getObject("Image", image.getId()),
    }
