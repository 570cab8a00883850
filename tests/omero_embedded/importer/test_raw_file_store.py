"""RawFileStore over Ice: contract/server.md, section 2.18."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import omero
import pytest
from omero.model import ChecksumAlgorithmI, OriginalFileI
from omero.rtypes import rlong, rstring

CONTENT = bytes(range(256)) * 5000


def new_file(client: Any, **values: Any) -> int:
    file = OriginalFileI()
    file.name, file.path = rstring("a.bin"), rstring("")
    file.mimetype = rstring("application/octet-stream")
    file.hasher = ChecksumAlgorithmI()
    file.hasher.value = rstring("SHA1-160")
    for name, value in values.items():
        setattr(file, name, value)
    return client.sf.getUpdateService().saveAndReturnObject(file).id.val


@pytest.fixture
def store(root: Any) -> Any:
    found = root.sf.createRawFileStore()
    yield found
    found.close()


def test_what_is_written_can_be_read(root: Any, store: Any) -> None:
    store.setFileId(new_file(root))
    assert not store.exists()
    assert store.size() == 0
    store.write(CONTENT[:1000], 0, 1000)
    store.write(CONTENT[1000:], 1000, len(CONTENT) - 1000)
    assert store.exists()
    assert store.size() == len(CONTENT)
    assert bytes(store.read(500, 2000)) == CONTENT[500:2500]


def test_save_stores_size_and_hash(root: Any, store: Any) -> None:
    file_id = new_file(root)
    store.setFileId(file_id)
    assert store.save() is None
    store.write(CONTENT, 0, len(CONTENT))
    saved = store.save()
    assert saved.id.val == file_id
    assert saved.size.val == len(CONTENT)
    assert saved.hash.val == hashlib.sha1(CONTENT).hexdigest()
    assert store.save() is None


def test_close_implies_save(root: Any) -> None:
    file_id = new_file(root)
    store = root.sf.createRawFileStore()
    store.setFileId(file_id)
    store.write(b"abc", 0, 3)
    store.close()
    assert root.sf.getQueryService().get("OriginalFile", file_id).size.val == 3


def test_only_the_first_bytes_of_a_buffer_are_written(root: Any, store: Any) -> None:
    store.setFileId(new_file(root))
    store.write(b"abcdef", 0, 3)
    assert store.size() == 3


def test_reading_past_the_end_gives_zeros(root: Any, store: Any) -> None:
    store.setFileId(new_file(root))
    store.write(b"abc", 0, 3)
    assert bytes(store.read(1, 5)) == b"bc\0\0\0"


def test_truncate_cuts_longer_files_only(root: Any, store: Any) -> None:
    store.setFileId(new_file(root))
    store.write(b"abcdef", 0, 6)
    assert store.truncate(9) is False
    assert store.truncate(2) is True
    assert store.size() == 2
    assert store.save().size.val == 2


def test_upload_and_download_of_the_client(root: Any, tmp_path: Any) -> None:
    (tmp_path / "up.bin").write_bytes(CONTENT)
    file = root.upload(str(tmp_path / "up.bin"))
    root.download(file, str(tmp_path / "down.bin"))
    assert (tmp_path / "down.bin").read_bytes() == CONTENT


def test_a_file_must_be_chosen_first(store: Any) -> None:
    with pytest.raises(omero.ApiUsageException, match="setFileId"):
        store.read(0, 1)


def test_absent_files_are_refused(store: Any) -> None:
    with pytest.raises(omero.ValidationException, match="OriginalFile:987654"):
        store.setFileId(987654)


@pytest.mark.parametrize(
    ("operation", "arguments", "name"),
    [
        ("read", (-1, 1), "position"),
        ("read", (0, -1), "length"),
        ("read", (0, 2**31 - 1), "length"),
        ("write", (b"abc", -1, 3), "position"),
        ("write", (b"abc", 0, 4), "length"),
        ("truncate", (-1,), "length"),
    ],
)
def test_bad_arguments_are_named(
    root: Any, store: Any, operation: str, arguments: tuple[Any, ...], name: str
) -> None:
    store.setFileId(new_file(root))
    with pytest.raises(omero.ApiUsageException, match=name):
        getattr(store, operation)(*arguments)


def test_content_that_is_missing_on_disk_is_told(root: Any, store: Any) -> None:
    store.setFileId(new_file(root, size=rlong(10)))
    with pytest.raises(omero.ResourceError, match="no content"):
        store.read(0, 10)


def test_others_files_can_be_read_but_not_written_in_a_read_only_group(
    make_group: Callable[..., int], make_user: Callable[..., Any], login: Callable[..., Any]
) -> None:
    group = make_group("rwr---")
    owner, other = login(make_user(group)), login(make_user(group))
    file_id = new_file(owner)
    mine = owner.sf.createRawFileStore()
    mine.setFileId(file_id)
    mine.write(b"abc", 0, 3)
    mine.save()
    theirs = other.sf.createRawFileStore()
    theirs.setFileId(file_id)
    assert bytes(theirs.read(0, 3)) == b"abc"
    with pytest.raises(omero.SecurityViolation):
        theirs.write(b"x", 0, 1)
    with pytest.raises(omero.SecurityViolation):
        theirs.truncate(0)


def test_others_files_of_a_private_group_are_not_there(
    make_group: Callable[..., int], make_user: Callable[..., Any], login: Callable[..., Any]
) -> None:
    group = make_group("rw----")
    owner, other = login(make_user(group)), login(make_user(group))
    file_id = new_file(owner)
    with pytest.raises(omero.ValidationException):
        other.sf.createRawFileStore().setFileId(file_id)


def test_id_of_the_file_is_null_until_one_is_chosen(root: Any) -> None:
    file = OriginalFileI()
    file.name, file.path = rstring("chosen.txt"), rstring("")
    file = root.sf.getUpdateService().saveAndReturnObject(file)
    store = root.sf.createRawFileStore()
    try:
        assert store.getFileId() is None
        store.setFileId(file.id.val)
        assert store.getFileId().val == file.id.val
    finally:
        store.close()
