"""Large messages (contract/server.md, check 8 of section 5.4)."""

import omero
import pytest
from omero.model import OriginalFileI
from omero.rtypes import rstring

MEGABYTE = 1 << 20


@pytest.fixture
def store(login, make_user):
    client = login(make_user())
    file = OriginalFileI()
    file.name, file.path = rstring("big"), rstring("/")
    file = client.sf.getUpdateService().saveAndReturnObject(file)
    store = client.sf.createRawFileStore()
    store.setFileId(file.id.val)
    yield store
    store.close()


def test_forty_megabytes_travel_in_one_message(store):
    content = bytes(range(256)) * (40 * MEGABYTE // 256)
    store.write(content, 0, len(content))
    assert store.read(0, len(content)) == content


def test_too_large_a_reply_is_refused_and_the_connection_stays(store):
    store.write(b"small", 0, 5)
    with pytest.raises(omero.ServerError):
        store.read(0, 300 * MEGABYTE)
    assert store.read(0, 5) == b"small"
