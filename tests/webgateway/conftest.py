"""Django, configured for tests, browsers that are logged in to the embedded server, and images in it."""

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO

import django
import numpy as np
import pytest

os.environ.setdefault("OMERODIR", tempfile.mkdtemp(prefix="omero-web-tests-"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "omeroweb.settings")
django.setup()


@dataclass(frozen=True)
class MadeImage:
    """An image with its samples (t, c, z, y, x)."""

    id: int
    pixels_id: int
    samples: np.ndarray


@pytest.fixture
def site(server, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The web site, set to the embedded server of the tests."""
    from django.conf import settings

    from omeroweb.pool import POOL
    from omeroweb.servers import all_servers

    monkeypatch.setattr(settings, "SERVER_LIST", [[server.host, server.tls_port, "tests"]])
    all_servers.cache_clear()
    yield
    POOL.clear()
    all_servers.cache_clear()


@pytest.fixture
def log_in(site: None, server) -> Callable:
    """`log_in(user=None)`: a browser with a session of that user, or of root."""
    from django.test import Client

    def log_in(user=None) -> Client:
        client = Client()
        name = "root" if user is None else user.name
        password = server.root_password if user is None else user.password
        response = client.post(
            "/webclient/login/", {"server": 1, "username": name, "password": password, "noredirect": "1"}
        )
        assert response.content == b"OK", response.content[:2000]
        return client

    return log_in


@pytest.fixture
def make_image(gateway: Callable) -> Callable[..., MadeImage]:
    """`make_image(user, samples, name="made", dataset=None)`: an image of that user, with channel statistics."""

    def make(user, samples: np.ndarray, name: str = "made", dataset=None) -> MadeImage:
        conn = gateway(user) if user is not None else gateway()
        size_t, size_c, size_z, _, _ = samples.shape
        planes = (samples[t, c, z] for z in range(size_z) for c in range(size_c) for t in range(size_t))
        image = conn.createImageFromNumpySeq(planes, name, size_z, size_c, size_t, dataset=dataset)
        _colour_channels(conn, image.getPrimaryPixels().getId())
        return MadeImage(image.getId(), image.getPrimaryPixels().getId(), samples)

    return make


def _colour_channels(conn, pixels_id: int) -> None:
    """Red, green, blue: images made through the service have no colours of their own."""
    import omero
    from omero.rtypes import rint

    channels = conn.getQueryService().findAllByQuery(
        "select c from Channel c where c.pixels.id = :id order by c.id",
        omero.sys.ParametersI().addId(pixels_id),
        conn.SERVICE_OPTS,
    )
    for index, channel in enumerate(channels):
        for name, on in zip(("red", "green", "blue"), np.eye(3, dtype=int)[index % 3], strict=True):
            setattr(channel, name, rint(255 * int(on)))
        channel.alpha = rint(255)
    conn.getUpdateService().saveArray(channels, conn.SERVICE_OPTS)


@pytest.fixture
def user(make_user: Callable, make_group: Callable):
    """Somebody in a read-only group of his own."""
    return make_user(make_group("rwr---"))


@pytest.fixture
def browser(log_in: Callable, user):
    """A browser of `user`."""
    return log_in(user)


@pytest.fixture
def samples() -> np.ndarray:
    """Two time points, three channels, four sections of 60 x 80 pixels, uint16."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:60, 0:80]
    waves = np.sin(x / 9) * np.cos(y / 7) * 1500 + 1800
    noise = rng.integers(0, 400, (2, 3, 4, 60, 80))
    return (waves * np.array([1, 0.6, 0.3])[None, :, None, None, None] + noise).astype(np.uint16)


@pytest.fixture
def image(make_image: Callable, user, samples: np.ndarray) -> MadeImage:
    """An image of `user`."""
    return make_image(user, samples)


@pytest.fixture
def pixels_of():
    """`pixels_of(response)`: a picture's samples, (y, x) or (y, x, colours)."""
    from PIL import Image

    def decode(response) -> np.ndarray:
        content = response.content if hasattr(response, "content") else response
        return np.asarray(Image.open(BytesIO(content)))

    return decode
