"""What objects take on disk, and the files behind images (contract/server.md, sections 2.22 and 2.23)."""

from __future__ import annotations

from typing import Any

import numpy as np
import omero
import omero.cmd
import omero.grid
import pytest
import tifffile

from omero_embedded.importer.command import import_files

IMAGE_BYTES = 64 * 64 * 2


def ask(gateway: Any, request: Any) -> Any:
    return gateway.c.submit(request).getResponse()


@pytest.fixture
def ann(make_user: Any, gateway: Any) -> Any:
    return gateway(make_user())


def make_image(gateway: Any) -> Any:
    rng = np.random.default_rng(1)
    return gateway.createImageFromNumpySeq(iter([rng.integers(0, 60000, (64, 64), np.uint16)]), "noise")


@pytest.fixture
def imported(server: Any, tmp_path: Any, root_gateway: Any) -> Any:
    """A gateway of root and an image that was imported from a file of 64 x 64 samples."""
    path = tmp_path / f"{tmp_path.name}.tif"
    tifffile.imwrite(path, np.ones((64, 64), "uint16"))
    failures = import_files(
        server.server.paths, server.server.settings, [str(path)], dataset=path.name, say=lambda _: None
    )
    assert failures == 0
    return root_gateway, next(root_gateway.getObjects("Image", attributes={"name": path.name})), path


def test_usage_of_an_image_counts_pixels_thumbnails_and_attached_files(ann: Any, tmp_path: Any) -> None:
    image = make_image(ann)
    image.getThumbnail(direct=False)
    path = tmp_path / "notes.txt"
    path.write_bytes(b"x" * 1234)
    image.linkAnnotation(ann.createFileAnnfromLocalFile(str(path)))
    response = ask(ann, omero.cmd.DiskUsage2(targetObjects={"Image": [image.id]}))
    ((pair, used),) = response.bytesUsedByReferer.items()
    assert pair.first == ann.getUserId() and pair.second == ann.getGroupFromContext().id
    assert used["Annotation"] == 1234 and used["Pixels"] > IMAGE_BYTES / 2 and used["Thumbnail"] > 0
    assert response.fileCountByReferer[pair] == {"Annotation": 1, "Pixels": 1, "Thumbnail": 1}
    assert response.totalBytesUsed[pair] == sum(used.values()) and response.totalFileCount[pair] == 3


def test_usage_of_users_and_classes_agrees_with_that_of_the_image(ann: Any) -> None:
    image = make_image(ann)
    answers = [
        ask(ann, omero.cmd.DiskUsage2(**fields)).totalBytesUsed
        for fields in (
            {"targetObjects": {"Image": [image.id]}},
            {"targetObjects": {"Experimenter": [ann.getUserId()]}},
            {"targetClasses": ["Image"]},
        )
    ]
    # Images in the common space are readable too: only what is ann's is compared.
    mine = [{key: used for key, used in totals.items() if key.first == ann.getUserId()} for totals in answers]
    assert mine[0] and mine[0] == mine[1] == mine[2]


def test_usage_of_an_import_counts_its_files_and_log(imported: Any) -> None:
    gateway, image, path = imported
    response = ask(gateway, omero.cmd.DiskUsage2(targetObjects={"Image": [image.id]}))
    ((_, used),) = response.bytesUsedByReferer.items()
    assert used["FilesetEntry"] == path.stat().st_size and used["Job"] > 0


def test_others_objects_do_not_count(ann: Any, gateway: Any, make_user: Any) -> None:
    image = make_image(ann)
    response = ask(gateway(make_user()), omero.cmd.DiskUsage2(targetObjects={"Image": [image.id]}))
    assert not response.totalBytesUsed and not response.totalFileCount


def test_binaries_of_an_image(ann: Any) -> None:
    image = make_image(ann)
    image.getThumbnail(direct=False)
    response = ask(ann, omero.cmd.ManageImageBinaries(imageId=image.id))
    assert response.pixelsPresent and not response.pyramidPresent and response.filesetId is None
    assert response.pixelSize > 0 and response.thumbnailSize > 0 and response.archivedFiles == []
    after = ask(ann, omero.cmd.ManageImageBinaries(imageId=image.id, deleteThumbnails=True))
    assert after.thumbnailSize == 0


def test_pixel_data_cannot_be_taken_away(ann: Any) -> None:
    with pytest.raises(omero.CmdError, match="pixels-requires-fileset"):
        ask(ann, omero.cmd.ManageImageBinaries(imageId=make_image(ann).id, togglePixels=True))


def test_files_of_an_import_are_used(imported: Any) -> None:
    gateway, image, _ = imported
    response = ask(gateway, omero.cmd.UsedFilesRequest(imageId=image.id))
    assert len(response.binaryFilesThisSeries) == 1 and response.companionFilesThisSeries == []


def test_image_without_fileset_uses_no_files(ann: Any) -> None:
    response = ask(ann, omero.cmd.UsedFilesRequest(imageId=make_image(ann).id))
    assert isinstance(response, omero.cmd.UsedFilesResponsePreFs) and response.archivedFiles == []


def test_absent_image_is_an_error(ann: Any) -> None:
    for kind in (omero.cmd.UsedFilesRequest, omero.cmd.ManageImageBinaries):
        with pytest.raises(omero.CmdError, match="no readable image"):
            ask(ann, kind(imageId=987654321))


def test_pyramids_are_for_administrators_and_there_are_none(ann: Any, root_gateway: Any) -> None:
    assert ask(root_gateway, omero.cmd.FindPyramids()).pyramidFiles == []
    with pytest.raises(omero.CmdError, match="administrators"):
        ask(ann, omero.cmd.FindPyramids())


def test_requests_are_listed(ann: Any) -> None:
    listed = {request.ice_id() for request in ask(ann, omero.cmd.ListRequests()).list}
    assert {"::omero::cmd::Delete2", "::omero::cmd::Duplicate", "::omero::cmd::DoAll"} <= listed


def test_raw_access_is_refused(root_gateway: Any) -> None:
    with pytest.raises(omero.CmdError, match="not supported"):
        ask(root_gateway, omero.grid.RawAccessRequest("", "rm", [], "/"))


def test_duplicate_of_an_import_has_files_of_its_own(imported: Any, server: Any) -> None:
    gateway, image, path = imported
    response = ask(gateway, omero.cmd.Duplicate(targetObjects={"Image": [image.id]}))
    made = {name.rpartition(".")[2]: ids for name, ids in response.duplicates.items()}
    assert len(made["Fileset"]) == 1 and len(made["OriginalFile"]) == 2 and len(made["UploadJob"]) == 1
    files = [gateway.getObject("OriginalFile", file_id) for file_id in made["OriginalFile"]]
    (copied,) = [file for file in files if file.getName() == path.name]
    assert b"".join(copied.getFileInChunks()) == path.read_bytes()
    managed = server.server.paths.managed
    assert all((managed / (file.getPath() + file.getName())).is_file() for file in files)
    gateway.deleteObjects("Image", [image.id], wait=True)
    assert b"".join(copied.getFileInChunks()) == path.read_bytes()
