"""OMERO.web inside IIS, driven through a stand-in of ISAPI. Source: contract/config-cli-deploy.md, section 9."""

from __future__ import annotations

import ast
import hashlib
import logging
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from wsgiref.validate import validator

import pytest

from omeroweb.deploy.iis import files
from omeroweb.deploy.iis.isapi_wsgi import STATUS_ERROR, STATUS_SUCCESS, Handler

from .conftest import Installation, site_of
from .isapi_host import request, serve

PLAIN = [("Content-Type", "text/plain")]


def echo(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """The names that a page needs, one a line."""
    start_response("200 OK", PLAIN)
    names = ("SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "HTTP_HOST", "REMOTE_ADDR", "wsgi.url_scheme")
    return ["\n".join(str(environ[name]) for name in names).encode("latin-1")]


def digest(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """SHA-256 of the body, read in parts."""
    sha = hashlib.sha256()
    left = int(environ["CONTENT_LENGTH"] or 0)
    while left:
        part = environ["wsgi.input"].read(min(left, 100_000))
        if not part:
            break
        left -= len(part)
        sha.update(part)
    start_response("200 OK", PLAIN)
    return [sha.hexdigest().encode()]


def test_a_request_becomes_a_wsgi_environment() -> None:
    block = request("/omero/webclient/Zellkörper", "show=image-1&b=%C3%B6")
    assert serve(Handler(lambda: echo, "/omero"), block) == STATUS_SUCCESS
    assert (block.status, block.HttpStatusCode) == ("200 OK", 200)
    assert block.written.decode().split("\n") == [
        "/omero",
        "/webclient/Zellkörper",
        "show=image-1&b=%C3%B6",
        "microscope.example.org",
        "192.0.2.7",
        "http",
    ]


def test_the_server_keeps_to_the_wsgi_standard() -> None:
    """wsgiref's validator complains about anything that PEP 3333 forbids."""

    def simple(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", PLAIN)
        return [environ["wsgi.input"].read(3), b"!"]

    block = request("/omero/", headers={"Content-Type": "text/plain"}, Method="POST", body=b"abc")
    assert serve(Handler(lambda: validator(simple), "/omero"), block) == STATUS_SUCCESS
    assert block.written == b"abc!"


def test_https_is_seen() -> None:
    block = request("/omero/", variables={"HTTPS": "on"})
    serve(Handler(lambda: echo, "/omero/"), block)
    assert block.written.endswith(b"https")


def test_a_header_with_an_underscore_does_not_pass_for_another() -> None:
    seen: dict[str, Any] = {}

    def look(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        seen.update(environ)
        start_response("204 No Content", [])
        return []

    block = request("/omero/", headers={"X-Real": "a", "X_Real": "b", "Cookie": "sessionid=1"})
    serve(Handler(lambda: look, "/omero"), block)
    assert (seen["HTTP_X_REAL"], seen["HTTP_COOKIE"]) == ("a", "sessionid=1")
    assert block.status == "204 No Content"


@pytest.mark.parametrize(("size", "ahead"), [(10, 49152), (3_000_000, 49152), (100_000, 0), (49152, 49152)])
def test_a_body_is_read_from_the_buffer_and_the_client(size: int, ahead: int) -> None:
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    block = request("/omero/", Method="POST", body=body, ahead=ahead)
    assert serve(Handler(lambda: digest, "/omero"), block) == STATUS_SUCCESS
    assert block.written.decode() == hashlib.sha256(body).hexdigest()


def test_a_client_that_leaves_within_its_body_is_no_error_page(caplog: pytest.LogCaptureFixture) -> None:
    block = request("/omero/", Method="POST", body=b"x" * 60_000, announced=1_000_000)
    with caplog.at_level(logging.INFO):
        assert serve(Handler(lambda: digest, "/omero"), block) == STATUS_ERROR
    assert block.status is None
    assert "given up" in caplog.text


def test_an_answer_goes_out_in_the_parts_that_iis_takes() -> None:
    def large(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", PLAIN)
        yield b"a" * 200_000
        yield b""
        yield b"b" * 5

    block = request("/omero/", takes=1000)
    assert serve(Handler(lambda: large, "/omero"), block) == STATUS_SUCCESS
    assert block.written == b"a" * 200_000 + b"b" * 5
    assert block.largest_write <= 65536


def test_a_client_that_leaves_stops_the_download() -> None:
    closed = []

    class Endless:
        def __iter__(self) -> Iterable[bytes]:
            while True:
                yield b"x" * 10_000

        def close(self) -> None:
            closed.append(True)

    def endless(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", PLAIN)
        return Endless()

    block = request("/omero/", leaves_after=50_000)
    assert serve(Handler(lambda: endless, "/omero"), block) == STATUS_ERROR
    assert closed == [True]
    assert len(block.written) < 200_000


def test_an_exception_gives_an_error_page_and_stays_inside(caplog: pytest.LogCaptureFixture) -> None:
    def broken(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        raise RuntimeError("no such thing")

    block = request("/omero/")
    assert serve(Handler(lambda: broken, "/omero"), block) == STATUS_ERROR
    assert block.status == "500 Internal Server Error"
    assert b"Internal Server Error" in block.written
    assert "no such thing" in caplog.text
    assert b"no such thing" not in block.written


def test_settings_that_cannot_be_read_are_tried_again_with_the_next_request() -> None:
    tries = []

    def load() -> Any:
        tries.append(True)
        if len(tries) == 1:
            raise ValueError("Invalid PAGE")
        return echo

    handler = Handler(load, "/omero")
    assert serve(handler, request("/omero/")) == STATUS_ERROR
    assert serve(handler, request("/omero/")) == STATUS_SUCCESS


def test_a_header_with_a_line_break_is_refused() -> None:
    def splitting(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Location", "/a\r\nSet-Cookie: x=1")])
        return [b"x"]

    block = request("/omero/")
    assert serve(Handler(lambda: splitting, "/omero"), block) == STATUS_ERROR
    assert all(name != "Set-Cookie" for name, _ in block.headers)


def test_the_applications_follow_the_properties(tmp_path: Path) -> None:
    installation = Installation(tmp_path, 4080)
    plain = files.applications(site_of(installation))
    assert (plain.site, plain.static) == ("/omero", "/static")
    named = files.applications(site_of(installation, prefix="/lab/", static_url="/lab/static/"))
    assert (named.site, named.static) == ("/lab", "/lab/static")
    with pytest.raises(ValueError, match=r"omero\.web\.static_url"):
        files.applications(site_of(installation, static_url="https://cdn.example.org/static/"))


def test_elsewhere_the_command_explains_itself_and_writes_files(installation: Installation) -> None:
    refused = installation.omero("web", "iis")
    assert refused.returncode == 2
    assert "'iis' command is for Windows only" in refused.stderr
    target = installation.omero_dir / "for windows & IIS"
    written = installation.omero("web", "iis", "--write", str(target))
    assert written.returncode == 0, written.stderr
    names = {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()}
    assert names == {"omero_web.py", "httpplatform/web.config", "wfastcgi/web.config", "static/web.config"}
    for name in names:
        text = (target / name).read_text()
        if name.endswith(".py"):
            ast.parse(text)
            assert repr(str(installation.omero_dir)) in text
        else:
            ElementTree.fromstring(text)
