"""Scripts as jobs of the session."""

import omero
import omero.clients
import pytest
from omero.rtypes import rint, rlist, rmap, robject, rstring

from omeroweb.webclient import script_jobs
from omeroweb.webclient.views import run_script


@pytest.fixture
def own(lab, ada):
    return lab(ada)


@pytest.fixture
def conn(gateway, ada):
    return gateway(ada)


def test_a_script_that_cannot_start_is_a_failed_job(get, conn):
    request = get()
    answer = run_script(request, conn, 999999, {}, "Nothing")
    assert answer["status"] in ("failed", "no processor available")
    assert answer["error"]
    (job,) = request.session["callback"].values()
    assert (job["job_type"], job["job_name"], job["status"]) == ("script", "Nothing", answer["status"])


def test_a_lost_process_is_a_failed_job(conn):
    job = {"job_type": "script", "status": "in progress"}
    assert script_jobs.update(conn, "nonsense of a handle", job) is True
    assert (job["status"], job["Message"]) == ("failed", "No process found for job")


def test_plain_outputs(conn):
    outputs = rmap({"number": rint(5), "texts": rlist([rstring("a"), rstring("b")])})
    assert script_jobs.told(conn, outputs) == {"number": 5, "texts": ["a", "b"]}


def test_objects_among_the_outputs(conn, own):
    dataset = own.dataset("made")
    assert script_jobs.told(conn, robject(omero.model.DatasetI(dataset, False))) == {
        "id": dataset,
        "type": "Dataset",
        "name": "made",
        "browse_url": f"/webclient/userdata/?show=dataset-{dataset}",
    }


def test_a_file_annotation_is_browsed_where_it_hangs(browse, conn, own, ada):
    from django.core.files.uploadedfile import SimpleUploadedFile

    image = own.image()
    upload = SimpleUploadedFile("log.txt", b"text", "text/plain")
    (annotation,) = (
        browse(ada).post("annotate_file/", {"image": image, "annotation_file": upload}).json()["fileIds"]
    )
    found = script_jobs.told(conn, robject(omero.model.FileAnnotationI(annotation, False)))
    assert (found["name"], found["fileType"]) == ("log.txt", "text")
    assert found["browse_url"] == f"/webclient/userdata/?show=image-{image}"
