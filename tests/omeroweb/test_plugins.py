"""An additional app: discovery, settings, addresses, templates. contract/plugins.md, section 3."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from omero.config import ConfigXml

ROOT = Path(__file__).parents[2]

SETTINGS = """
import sys
from omeroweb.settings import process_custom_settings, report_settings, str_slash

MAPPING = {
    "omero.web.sample.size": ["SAMPLE_SIZE", -1, int, "a number"],
    "omero.web.sample.url": ["SAMPLE_URL", "/a", str_slash, "an address"],
}
process_custom_settings(sys.modules[__name__], "MAPPING")
report_settings(sys.modules[__name__])
"""
HOOKED = """
CUSTOM_SETTINGS_MAPPINGS = {"omero.web.sample.hooked": ["HOOKED", "yes", str, "read by the framework"]}
"""
URLS = """
from django.http import HttpResponse
from django.urls import path
from omeroweb.webclient.decorators import login_required, render_response
from omeroweb.webgateway.marshal import imageMarshal

@login_required()
@render_response()
def index(request, conn=None, **kwargs):
    return {"template": "404.html"}

def plain(request):
    from sample import settings
    return HttpResponse(f"{settings.SAMPLE_SIZE} {settings.SAMPLE_URL}")

urlpatterns = [path("", index, name="sample_index"), path("plain/", plain, name="sample_plain")]
"""
ASK = """
import json, sys, django
django.setup()
from django.conf import settings
from django.template.loader import get_template
from django.test import Client
from django.urls import reverse
client = Client(raise_request_exception=False)
print(json.dumps({
    "plain": client.get("/sample/plain/").content.decode(),
    "index": client.get("/sample/")["Location"],
    "reverse": reverse("sample_plain"),
    "template": get_template("404.html").origin.name,
    "apps": settings.INSTALLED_APPS,
    "root": client.get("/plain/").status_code,
    "additional": __import__("omeroweb.settings").settings.ADDITIONAL_APPS,
    "hooked": __import__("hooked.settings").settings.HOOKED,
}))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two plug-ins, one with URLs and one with settings only."""
    files = {
        "sample/__init__.py": "",
        "sample/settings.py": SETTINGS,
        "sample/urls.py": URLS,
        "sample/templates/404.html": "{% static 'x.css' %}",
        "hooked/__init__.py": "",
        "hooked/settings.py": HOOKED,
    }
    for name, text in files.items():
        path = tmp_path / "apps" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def ask(folder: Path, properties: dict[str, str]) -> subprocess.CompletedProcess[str]:
    path = folder / "etc" / "grid" / "config.xml"
    path.parent.mkdir(parents=True, exist_ok=True)
    config = ConfigXml(str(path))
    for name, value in properties.items():
        config[name] = value
    config.close()
    environment = {
        **os.environ,
        "OMERODIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "omeroweb.settings",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(folder / "apps")]),
    }
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASK],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_plug_in_has_settings_addresses_and_templates(folder: Path) -> None:
    done = ask(
        folder,
        {
            "omero.web.apps": '["sample", "hooked"]',
            "omero.web.sample.size": "7",
            "omero.web.sample.hooked": "indeed",
            "omero.web.root_application": "sample",
        },
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["plain"] == "7 /a/"
    assert found["index"].startswith("/webclient/login/?url=")
    assert found["reverse"] in ("/sample/plain/", "/plain/")
    assert found["template"].startswith(str(folder))
    assert found["apps"].index("sample") < found["apps"].index("omeroweb.webgateway")
    assert found["root"] == 200
    assert found["additional"] == ["sample", "hooked"]
    assert found["hooked"] == "indeed"


def test_a_plug_in_with_broken_addresses_stops_the_start(folder: Path) -> None:
    (folder / "apps" / "sample" / "urls.py").write_text("import no_such_module_at_all\n")
    done = ask(folder, {"omero.web.apps": '["sample", "hooked"]'})
    assert done.returncode != 0
    assert "Failed to import sample.urls" in done.stdout


def test_a_plug_in_that_is_not_there_stops_the_start(folder: Path) -> None:
    done = ask(folder, {"omero.web.apps": '["no_such_app"]'})
    assert done.returncode != 0
    assert "no_such_app" in done.stderr


def test_a_plug_in_whose_settings_are_bad_is_told_so(folder: Path) -> None:
    done = ask(folder, {"omero.web.apps": '["sample", "hooked"]', "omero.web.sample.size": "large"})
    assert done.returncode != 0
    assert "Invalid SAMPLE_SIZE (omero.web.sample.size = 'large')" in done.stderr
